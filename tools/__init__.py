"""Benchmarks and maintenance scripts, each runnable as `python -m tools.NAME`."""
