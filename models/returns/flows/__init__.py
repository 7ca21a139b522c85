"""Yearly flows of returning researchers."""
