"""What another stay rate of foreign researchers would do to shares: a sentence and a figure."""

from __future__ import annotations

from markupsafe import Markup

from readers import html
from readers.charts.changes import changes_chart
from readers.figures.figure import Figure
from readers.figures.view import View
from readers.html import Head
from readers.summaries.stay_rates import (
    StayRateSteps,
    stay_rate_in_words,
    stay_rate_steps,
    step_words,
)
from readers.summaries.wording import in_sentence, percent, points, span

NAME = "stay-rates"


def told_steps(view: View) -> StayRateSteps | None:
    """Return what the release tells of other stay rates; None where it tells nothing."""
    scenarios = view.table("stay_rate_scenarios", view.population)
    return None if scenarios is None else stay_rate_steps(scenarios, view.series)


def title(view: View, steps: StayRateSteps) -> str:
    """Return the heading of the figure."""
    host = in_sentence(view.name(steps.host))
    return f"If foreign researchers stayed in {host} more or less often"


def stay_rate_change(
    view: View, steps: StayRateSteps, country: str, step: int
) -> tuple[str, Figure]:
    """Return what one step does, as a sentence about a country and a chart of those it moves most.

    Args:
        view: The series.
        steps: From `told_steps`.
        country: Whose numbers stand under the chart.
        step: Change of the stay rate in percentage points.
    """
    host, name = in_sentence(view.name(steps.host)), view.name(country)
    said = stay_rate_in_words(steps, step, country, name, host, view.series.words.whole)
    moved = steps.moved(step, view.full_series.names)
    arrivals = "own arrivals" if steps.are_arrivals_counted else "arrivals as of Scopus scholars"
    figure = Figure(
        NAME,
        title(view, steps),
        view.source(
            unit="% of the total, means",
            note=f"Driven by assumptions: published stay rates of graduates, {arrivals}.",
        ),
        lambda: steps.of(country).assign(host_country=steps.host, target_year=steps.year),
        numbers=_numbers(steps, country, name),
        # Without a change there is nothing to draw.
        build=(lambda palette: changes_chart(moved, palette, description=said)) if step else None,
        about=(country, step),
    )
    return said, figure


def _numbers(steps: StayRateSteps, country: str, name: str) -> Markup:
    heads = [
        Head("Stay rate", is_number=False),
        Head(f"Share in {steps.year}"),
        Head("80% range", is_secondary=True),
        Head("Change"),
    ]
    cells = [
        [
            step_words(int(row["points"])),
            percent(row["mean"], digits=2),
            span(row["lower_80"], row["upper_80"]),
            points(row["change"], digits=2),
        ]
        for row in steps.of(country).to_dict("records")
    ]
    return html.table(heads, cells, caption=f"Share of {in_sentence(name)} by stay rate")
