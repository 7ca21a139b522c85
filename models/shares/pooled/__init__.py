"""The pooled share model: countries learn from each other what one short series cannot tell."""
