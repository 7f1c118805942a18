"""Compiled sets on disk: built by one process, loaded by every worker, kept for questions about the past."""
