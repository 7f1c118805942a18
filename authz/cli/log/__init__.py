"""`authz log`: the decision log verified, searched, replayed and exported; receipts."""
