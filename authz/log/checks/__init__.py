"""`authz log verify`: whether the log is as it was written."""
