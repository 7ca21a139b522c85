"""Data checks on Great Expectations. Importing its modules takes seconds."""
