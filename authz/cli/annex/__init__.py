"""`authz annex`: signed annexes imported, approved, listed and written."""
