"""From what was computed to the rows of published tables."""
