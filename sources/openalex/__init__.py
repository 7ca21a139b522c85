"""OpenAlex: counts of works by country and year, asked for page by page."""
