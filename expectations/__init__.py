"""Data checks on Great Expectations. Import `expectations.gates` only where checks run."""
