"""Releases as a web site of plain files."""
