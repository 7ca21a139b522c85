"""Why a share changed, and why its forecast did: a sentence and a waterfall each."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from readers import html
from readers.charts.waterfall import waterfall_chart
from readers.figures.figure import Figure
from readers.figures.view import View
from readers.html import Head
from readers.summaries.forecast_changes import forecast_change, forecast_change_in_words
from readers.summaries.share_changes import change_in_words, share_change
from readers.summaries.share_steps import ShareSteps
from readers.summaries.source_line import SourceLine
from readers.summaries.wording import points

_UNIT = "percentage points"


def reasons(view: View, country: str) -> list[tuple[str, Figure]]:
    """Return why a share and its forecast changed, as far as the release tells it."""
    found = (share_reasons(view, country), forecast_reasons(view, country))
    return [one for one in found if one is not None]


def share_reasons(view: View, country: str) -> tuple[str, Figure] | None:
    """Return why the share changed; None where it is not told."""
    changes = view.table("share_changes", view.population)
    found = None if changes is None else share_change(changes, view.series, country)
    if found is None:
        return None
    said = change_in_words(found, view.name(country), view.series.words.whole)
    note = "Terms sum to the change. Ranges are of chance in the counts alone."
    figure = _waterfall(
        ("reasons", f"Why the share changed since {found.from_year}"),
        found.share,
        (str(found.from_year), str(found.year)),
        view.source(unit=_UNIT, note=note),
        said,
        {"country": country, **_key(view)},
        from_year=found.from_year,
        year=found.year,
    )
    return said, figure


def forecast_reasons(view: View, country: str) -> tuple[str, Figure] | None:
    """Return why the forecast changed since the release before; None where it is not told."""
    changes = view.table("forecast_changes", view.population)
    found = None if changes is None else forecast_change(changes, view.series, country)
    if found is None:
        return None
    said = forecast_change_in_words(found, view.name(country), view.series.words.whole)
    note = (
        f"Mean forecasts. Compared with {found.previous_release_id}, one thing changed at a time."
    )
    figure = _waterfall(
        ("forecast-reasons", f"Why the forecast of {found.year} moved"),
        found.share,
        ("Before", "Now"),
        view.source(unit=_UNIT, note=note),
        said,
        {"country": country, **_key(view)},
        target_year=found.year,
        compared_with=found.previous_release_id,
    )
    return said, figure


def _waterfall(
    named: tuple[str, str],
    share: ShareSteps,
    ends: tuple[str, str],
    line: SourceLine,
    said: str,
    about: Mapping[str, str],
    **facts: int | str,
) -> Figure:
    """Return a figure, `named` by id and title; its data say in every row what they are about."""
    name, title = named
    drawn = share.steps.assign(text=share.steps["value"].map(points))
    return Figure(
        name,
        title,
        line,
        lambda: share.steps.assign(**about, **facts),
        numbers=_numbers(share),
        build=lambda palette: waterfall_chart(drawn, ends, share.before, palette, description=said),
        about=(about["country"],),
    )


def _key(view: View) -> dict[str, str]:
    key = view.series.key
    return {
        "population": key.population,
        "counting_rule": str(key.counting_rule),
        "source": key.source,
    }


def _numbers(share: ShareSteps) -> Markup:
    has_range = "lower_80" in share.steps
    heads = [Head("Reason", is_number=False), Head("Points")]
    ranges = [Head("80% range of chance", is_secondary=True)] if has_range else []
    cells = [
        [
            str(step["name"]),
            points(step["value"]),
            *([f"{points(step['lower_80'])} to {points(step['upper_80'])}"] if has_range else []),
        ]
        for step in share.steps.to_dict("records")
    ]
    return html.table([*heads, *ranges], cells, caption="What the change is made of")
