"""Counts of all workers, and the page for Prometheus."""
