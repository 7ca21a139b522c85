"""Shares of a year that a source has not finished counting."""
