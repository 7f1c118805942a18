"""`authz check`: whether policy sets are fit to go live, and what looks like a mistake."""
