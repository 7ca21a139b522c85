"""Pages and charts that read published releases."""
