"""What a page shows of a release: each chart or table with its words, source line and rows.

The dashboard and the static site draw the same figures; neither makes one of its own.
"""
