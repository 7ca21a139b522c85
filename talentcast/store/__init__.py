"""Snapshots of inputs and published releases."""
