"""What a policy set may hold and still looks like a mistake: `authz check` says it, going live does not ask it."""
