"""`tests.yaml`: its cases, read, run, and counted in cells of the contract."""
