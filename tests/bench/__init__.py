"""Benchmarks: `python -m tests.bench`. Each prints its figures with spread and target; none asserts."""
