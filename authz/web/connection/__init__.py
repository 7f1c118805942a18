"""One connection: its deadline, the fast path, and what every request is held to."""
