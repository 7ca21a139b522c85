"""Forecasts as the tables have them, for what is shown of them."""

from __future__ import annotations

from typing import Any

import talentcast


def median(store: Any, country: str, year: int, **filters: Any) -> float:
    """Return a forecast share in per cent, read from the table and not through the dashboard."""
    chosen = {
        "population": "scholars_scopus",
        "counting_rule": "modal_country",
        "scenario": "baseline",
        "release": store.latest,
        **filters,
    }
    rows = talentcast.read(
        "forecasts",
        home=store.home,
        target="researcher_share",
        model="sarimax110",
        output_type="quantile",
        output_type_id=0.5,
        country=country,
        target_year=year,
        **chosen,
    )
    assert len(rows) == 1
    return 100 * float(rows["value"].iloc[0])
