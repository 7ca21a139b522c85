"""The closing words of a run: what was published and what it says."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from flows.steps.publish import headline_of
from publication.headline import HEADLINE_HORIZON
from readers.summaries.headlines import leading_pair, odds_by_year
from readers.summaries.published_series import load_series, published_series
from readers.summaries.series import Series
from readers.summaries.wording import percent
from storage.paths import StorePath
from talentcast.cli.output import print_table
from talentcast.cli.terminal import say
from talentcast.domain.types import BASELINE
from talentcast.store.release import Release


def print_headline(release: Release, root: StorePath) -> None:
    """Print the leading shares of each population, now and five years on; AI counted last first."""
    rows = dict(iter(headline_of(release, root).groupby(["population", "counting_rule", "source"])))
    for published in published_series(release, root):
        key = published.key
        name = (key.population, str(key.counting_rule), key.source)
        if published.scenario == BASELINE and name in rows:
            _print_series(load_series(published, release, root).until(HEADLINE_HORIZON), rows[name])


def _print_series(series: Series, rows: pd.DataFrame) -> None:
    key, target = series.key, int(rows["target_year"].iloc[0])
    status = series.status_of(target)
    say()
    print_table(
        [
            "country",
            f"share {rows['counted_year'].iloc[0]}",
            f"{target}{', ' if status else ''}{status}",
            "80 % interval",
        ],
        [_headline_cells(row) for row in rows.to_dict("records")],
        title=f"{key.population} ({key.counting_rule}, {key.source}), {series.freshness}",
    )
    if (pair := leading_pair(series)) is not None:
        years = ", ".join(f"{text} in {year}" for year, text in odds_by_year(series, *pair))
        say(f"P({pair[0]} ahead of {pair[1]}): {years}")
    if series.reliability is not None:
        say(series.reliability.sentence())


def _headline_cells(row: Mapping[Hashable, Any]) -> list[str]:
    share, median, lower, upper = (
        percent(100 * row[name], gap=" ") for name in ("share", "median", "lower_80", "upper_80")
    )
    return [str(row["country"]), share, median, f"{lower} to {upper}"]
