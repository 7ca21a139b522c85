"""How good past forecasts of one series were, beside baselines that anybody could make."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import pandas as pd
from markupsafe import Markup

from readers import html
from readers.charts.scores import coverage_chart, error_chart, placement_chart
from readers.figures.figure import Figure
from readers.figures.view import View
from readers.html import Cell, Head, NoNumber
from readers.summaries.track_record import COUNTRY_GROUPS, TrackRecord, placement
from readers.summaries.wording import percent
from talentcast.domain.types import ACROSS_VINTAGES, Target

#: Mean middle and outside parts, per cent, beyond which outcomes were not where promised.
_TOO_OFTEN_IN_THE_MIDDLE, _TOO_OFTEN_OUTSIDE = 56, 8
#: Group of countries over which ranges across vintages are counted.
_EVERY_COUNTRY: Final = "all"
_NOT_SCORED: Final = NoNumber("not scored")


def series_scores(view: View) -> pd.DataFrame | None:
    """Return the scores of shares of the series; None if the release holds none."""
    key = view.full_series.key
    scores = view.table("scores", key.population)
    if scores is None:
        return None
    return scores[
        (scores["target"] == str(Target.SHARE))
        & (scores["counting_rule"] == str(key.counting_rule))
        & (scores["source"] == key.source)
    ]


def country_groups(scores: pd.DataFrame) -> list[str]:
    """Return the groups of countries that scores are means over, the one to show first in front."""
    return [name for name in COUNTRY_GROUPS if name in set(scores["country_group"])]


def vintage_note(scores: pd.DataFrame, model: str) -> str:
    """Say what flatters the scores, and how often ranges held across vintages where that is known.

    Args:
        scores: From `series_scores`.
        model: The model that is quoted.
    """
    said = []
    if scores["is_pseudo_vintage"].any():
        said.append("Trained on data as revised later, which flatters every model alike.")
    across = scores[
        (scores["metric"] == ACROSS_VINTAGES["coverage_80"])
        & (scores["country_group"] == _EVERY_COUNTRY)
        & (scores["model"] == model)
    ]
    if len(across):
        trained, scored = (
            f"{across[name].iloc[0]:%Y-%m-%d}" for name in ("training_vintage", "truth_vintage")
        )
        held = percent(100 * float(across["value"].mean()), digits=0)
        said.append(
            f"Trained on the vintage of {trained} and scored against that of {scored}, 80% ranges "
            f"held {held} of outcomes."
        )
    return " ".join(said)


def error_beside_baselines(view: View, record: TrackRecord, group: str, *, note: str) -> Figure:
    """Return error by horizon of the model that is quoted, and of the baselines."""
    errors = record.errors
    description = "Error by horizon. " + "; ".join(
        f"{row.name}, {row.year} years ahead: {row.value:.3f}"
        for row in errors[errors["year"] == errors["year"].max()].itertuples(index=False)
    )
    return Figure(
        "error",
        "Error beside baselines: lower is better",
        view.source(
            unit="weighted interval score of the logarithm of shares",
            counting=f"mean over origins; countries count {COUNTRY_GROUPS[group]}",
            note=note,
        ),
        lambda: errors.assign(country_group=group),
        numbers=_by_horizon(
            errors,
            "name",
            "{}",
            "{:.3f}".format,
            caption="Mean error score. Beside no change: all pairs of models are compared on the "
            "forecasts that both made",
            below=record.relative,
        ),
        build=lambda palette: error_chart(
            errors, palette, default_model=record.model, description=description
        ),
        about=(group,),
    )


def ranges_held(view: View, record: TrackRecord, group: str, *, note: str) -> Figure:
    """Return how often the ranges held the outcome, by horizon."""
    coverage = record.coverage
    description = "Outcomes inside the range, by years ahead. " + "; ".join(
        f"{row['level']}% range, {row['year']}: {percent(row['value'], digits=0)}"
        for row in coverage.to_dict("records")
    )
    return Figure(
        "coverage",
        "How often the ranges held the outcome",
        view.source(
            unit="% of outcomes inside the range; dashed: what was promised",
            counting="bars: 95% interval, clustered by origin; "
            f"countries count {COUNTRY_GROUPS[group]}",
            note=note,
        ),
        lambda: coverage.assign(country_group=group),
        numbers=_by_horizon(
            coverage, "level", "{}% range held", percent, caption="Outcomes inside the range"
        ),
        build=lambda palette: coverage_chart(coverage, palette, description=description),
        about=(group,),
    )


def outcomes_placed(view: View, record: TrackRecord, group: str) -> Figure:
    """Return where outcomes fell in the forecasts that were made for them."""
    placed = placement(record)
    description = "Where outcomes fell. " + "; ".join(
        f"{row.zone}: {row.value:.0f}%, promised {row.promised:.0f}%" for row in placed.itertuples()
    )
    cells = [
        [row["zone"], percent(row["value"]), percent(row["promised"])]
        for row in placed.to_dict("records")
    ]
    return Figure(
        "placement",
        "Were outcomes spread as the forecasts said?",
        view.source(
            unit="% of outcomes in each part of the forecast; tick: what was promised",
            counting="all horizons and origins",
        ),
        lambda: placed,
        numbers=html.table(
            [Head("Part of the forecast", is_number=False), Head("Outcomes"), Head("Promised")],
            cells,
            caption="Where outcomes fell",
        ),
        build=lambda palette: placement_chart(placed, palette, description=description),
        about=(group,),
    )


def how_to_read_placement(record: TrackRecord) -> tuple[str, str]:
    """Say how to read where outcomes fell, and whether they were where promised."""
    placed = placement(record)
    middle, outside = (float(placed["value"].iloc[at]) for at in (0, -1))
    return (
        "How to read this.",
        " Each outcome is placed in the forecast that was made for it. Half should fall "
        "into the middle half, and one in twenty outside the widest range. Here "
        f"{middle:.0f}% fell into the middle half and {outside:.0f}% outside: outcomes "
        f"were {_width_words(middle, outside)}.",
    )


def _width_words(middle: float, outside: float) -> str:
    if middle > _TOO_OFTEN_IN_THE_MIDDLE:
        return "closer to the middle than promised: the ranges were too wide"
    if outside > _TOO_OFTEN_OUTSIDE:
        return "further out than promised: the ranges were too narrow"
    return "about where they were promised"


def _by_horizon(
    rows: pd.DataFrame,
    column: str,
    head: str,
    write: Callable[[float], str],
    *,
    caption: str,
    below: Mapping[str, float] | None = None,
) -> Markup:
    """Return a table of values: one row a horizon, one column a value of `column`.

    Args:
        rows: `year`, `value` and the column.
        column: What the columns of the table are.
        head: How a column is headed.
        write: How a value is written.
        caption: Of the table.
        below: One more row, errors by column beside no change.
    """
    wide = rows.pivot_table(index="year", columns=column, values="value")
    cells: list[list[Cell]] = [
        [str(year), *map(write, row)] for year, row in zip(wide.index, wide.to_numpy(), strict=True)
    ]
    if below:
        others = (f"{below[name]:.2f}" if name in below else _NOT_SCORED for name in map(str, wide))
        cells.append(["beside no change", *others])
    return html.table(
        [Head("Years ahead"), *(Head(head.format(name)) for name in wide)], cells, caption=caption
    )
