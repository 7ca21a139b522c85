"""The report of one release as a single HTML file."""
