"""Everything that reads releases and makes none: summaries, charts, exports, reports, the API."""
