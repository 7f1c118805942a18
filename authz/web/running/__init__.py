"""The processes of one installation, from the first check to the last signal."""
