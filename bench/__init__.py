"""Benchmarks against peers: each one command, one table out."""
