"""Any folder of messages through reception and reading: `python -m tests.corpus DIR`."""
