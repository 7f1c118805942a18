"""The routes of the recorded decisions."""
