"""What the key of the log is put to: checkpoints of how far each segment reached, and receipts of single lines."""
