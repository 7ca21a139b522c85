"""Pages of the dashboard, by their place in its address."""

from __future__ import annotations

PAGES = (
    "overview",
    "country",
    "returns",
    "track-record",
    "questions",
    "claims",
    "quality",
    "releases",
)
