"""Documentation, and what is generated from the code."""
