"""What a page says about one series, and the page: drawings, numbers as tables, no other host."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import vl_convert
from markupsafe import Markup

from readers.charts.fan import fan_chart
from readers.charts.intervals import interval_bars
from readers.charts.theme import PALETTES, Spec, country_colours
from readers.fan import field
from readers.summaries.describe import fan_description, forecast_cells, interval_description
from readers.summaries.headlines import overview_headline
from readers.summaries.joint_samples import order_changes
from readers.summaries.series import Series, interval_rows, share_fan
from readers.summaries.wording import odds, probability
from talentcast.templates import render

PALETTE: Final = PALETTES["light"]
_WIDTH: Final = 900


def page(
    title: str,
    heading: str,
    sections: Sequence[dict[str, Any]],
    *,
    about: str,
    notes: Sequence[tuple[str, str]],
) -> str:
    """Return a whole page.

    Args:
        title: For the tab of a browser.
        heading: Above the first section.
        sections: From `series_section`.
        about: Heading of the notes.
        notes: Labels and texts.
    """
    return render(
        "readers",
        "report.html",
        title=title,
        heading=heading,
        sections=sections,
        about=about,
        notes=notes,
    )


def series_section(
    series: Series, source: str, *, track_record: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return what the template says about one series.

    Args:
        series: Up to the last year that is shown.
        source: The line under its charts.
        track_record: How good earlier forecasts were, where that is known.
    """
    return {
        "headline": overview_headline(series),
        "source": source,
        "fan": drawn(fan(series)),
        "forecasts": [
            (series.names.get(code, code), forecast_cells(series, code))
            for code in series.leaders[:2]
        ],
        "bars": _bars(series) if len(series.leaders) > 2 else None,
        "target_year": series.target_year,
        "order_changes": _order_changes(series),
        "track_record": track_record,
    }


def fan(series: Series) -> Spec:
    """Return the chart of the leading countries."""
    shown = series.leaders[:4]
    return fan_chart(
        share_fan(series, shown),
        PALETTE,
        colours=country_colours(shown, PALETTE),
        description=fan_description(series, shown),
        width=_WIDTH,
        height=400,
    )


def drawn(spec: Spec) -> Markup:
    """Return a chart as a drawing."""
    return Markup(vl_convert.vegalite_to_svg(spec))  # noqa: S704 - the renderer escapes its text


def _bars(series: Series) -> Markup:
    shown = sorted(series.leaders[2:12], key=lambda code: -series.ahead(code)[field(0.5)])
    rows = interval_rows(series, shown)
    bars = interval_bars(rows, PALETTE, description=interval_description(rows))
    return drawn(bars | {"width": _WIDTH})


def _order_changes(series: Series) -> list[tuple[str, str, str]]:
    """Return who may pass whom, with the probability as a number and in words."""
    if series.joint_draws is None:
        return []
    year, names = series.target_year, series.names
    changes = order_changes(series.joint_draws, series.last_shares, years=(year, year)).head(8)
    return [
        (
            f"{names.get(row['behind'], row['behind'])} passes "
            f"{names.get(row['ahead'], row['ahead'])}",
            probability(row["late"]),
            odds(row["late"]),
        )
        for row in changes.to_dict("records")
    ]
