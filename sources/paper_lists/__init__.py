"""Conferences, counted from lists of their accepted papers."""
