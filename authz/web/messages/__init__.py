"""What is read from a request and written in an answer: strict JSON, queries, problems, statuses."""
