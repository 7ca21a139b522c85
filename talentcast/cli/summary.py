"""The closing words of a run: what was published and what it says."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from pathlib import Path
from typing import Any

from flows.steps.publish import headline_of
from publication.headline import HEADLINE_HORIZON
from readers.summaries.headlines import leading_pair, odds_by_year
from readers.summaries.published_series import load_series, published_series
from readers.summaries.wording import percent
from talentcast.cli.output import print_table
from talentcast.cli.terminal import say
from talentcast.domain.types import BASELINE
from talentcast.store.release import Release


def print_headline(release: Release, root: Path) -> None:
    """Print the leading shares of each population, now and five years on."""
    headline = headline_of(release, root)
    odds = _odds_of(release, root)
    for (population, rule, source), rows in headline.groupby(
        ["population", "counting_rule", "source"], sort=True
    ):
        say()
        print_table(
            [
                "country",
                f"share {rows['origin_year'].iloc[0]}",
                f"{rows['target_year'].iloc[0]}",
                "80 % interval",
            ],
            [_headline_cells(row) for row in rows.to_dict("records")],
            title=f"{population} ({rule}, {source})",
        )
        if (said := odds.get((str(population), str(rule), str(source)))) is not None:
            say(said)


def _odds_of(release: Release, root: Path) -> dict[tuple[str, str, str], str]:
    """Say, by series, how likely the order of its two largest countries is in each year."""
    said = {}
    for published in published_series(release, root):
        if published.scenario != BASELINE:
            continue
        series = load_series(published, release, root).until(HEADLINE_HORIZON)
        if (pair := leading_pair(series)) is not None:
            years = ", ".join(f"{text} in {year}" for year, text in odds_by_year(series, *pair))
            key = (published.key.population, str(published.key.counting_rule), published.key.source)
            said[key] = f"P({pair[0]} ahead of {pair[1]}): {years}"
    return said


def _headline_cells(row: Mapping[Hashable, Any]) -> list[str]:
    share, median, lower, upper = (
        percent(100 * row[name], gap=" ") for name in ("share", "median", "lower_80", "upper_80")
    )
    return [str(row["country"]), share, median, f"{lower} to {upper}"]
