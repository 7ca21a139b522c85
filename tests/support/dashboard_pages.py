"""Pages of the dashboard, by their place in its address, and when one is drawn."""

from __future__ import annotations

from typing import Any

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


def settle(page: Any) -> None:
    """Wait until nothing of a page is being drawn any more."""
    page.wait_for_selector(".tc-footer, .tc-empty", timeout=60_000)
    page.wait_for_function(
        "() => !document.querySelector('[data-testid=stStatusWidget]')"
        " && !document.querySelector('[data-stale=true]')",
        timeout=60_000,
    )
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-testid=stVegaLiteChart]')]"
        ".every(chart => chart.querySelector('svg, canvas'))",
        timeout=60_000,
    )
    page.wait_for_timeout(400)
