"""From records to disk: queued, linked and written by each worker, and ended for one that was killed."""
