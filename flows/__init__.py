"""Prefect flows: when, how often and what next; no arithmetic."""
