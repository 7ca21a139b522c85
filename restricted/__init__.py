"""The restricted store: everything about individuals, apart from all that is published."""
