"""`authz diff`: two versions of policy sets compared, and whether the change accepts what it opens."""
