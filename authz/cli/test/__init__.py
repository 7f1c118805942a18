"""`authz test`: the cases of policy sets, why one fails, and how much of the contract they cover."""
