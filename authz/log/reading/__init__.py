"""What was recorded, read again: the newest records, the networks beside them, what a record tells."""
