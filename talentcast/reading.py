"""Read published tables: no orchestrator, no quality suite, one release at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from talentcast import held
from talentcast.config import load_settings
from talentcast.domain.errors import UsageError
from talentcast.domain.types import OutputType, Target
from talentcast.findings.joint_samples import Worlds
from talentcast.store.release import Release


def read(
    table: str, release: str = "latest", *, home: Path | str | None = None, **filters: Any
) -> pd.DataFrame:
    """Return rows of one table of one release, in the columns and types of its contract.

    A release never changes, so its tables stay in memory once they were read.

    Args:
        table: For example ``forecasts``; see docs/data-dictionary.md.
        release: A release id, or ``latest``.
        home: Folder that holds the releases; `TALENTCAST_HOME` or ``./var`` by default.
        **filters: Keep rows where a column has this value, or one of these values.

    Raises:
        UsageError: If there is no such table or column.
        StoreError: If there is no such release.

    Example:
        ``read("forecasts", target="researcher_share", country=["USA", "CHN"])``
    """
    root = _root(home)
    return held.rows(table, held.find(release, root), root, filters=filters)


def releases(*, home: Path | str | None = None) -> pd.DataFrame:
    """Return one row per release, newest first."""
    return pd.DataFrame([found.to_row() for found in held.releases(_root(home))])


def probability_ahead(
    first: str,
    second: str,
    *,
    population: str,
    counting_rule: str | None = None,
    source: str | None = None,
    scenario: str = "baseline",
    release: str = "latest",
    home: Path | str | None = None,
) -> pd.Series:
    """Return, for each forecast year, the probability that the first country has more researchers.

    Args:
        first: Country code.
        second: Country code.
        population: Who is counted.
        counting_rule: Needed only where a population is counted by several rules.
        source: Needed only where several sources count it.
        scenario: Stated assumptions.
        release: A release id, or ``latest``.
        home: Folder that holds the releases.

    Returns:
        Fraction of joint samples in which the first country's share is larger, by `target_year`.

    Raises:
        UsageError: If the release has no such series, or the series no such country.
    """
    chosen = _series(population, counting_rule, source, scenario)
    return _worlds(chosen, release, home).ahead(first, second)


def probability_overtakes(
    first: str,
    second: str,
    *,
    by: int,
    population: str,
    counting_rule: str | None = None,
    source: str | None = None,
    scenario: str = "baseline",
    release: str = "latest",
    home: Path | str | None = None,
) -> float:
    """Return the probability that the first country is ahead in at least one year up to `by`.

    It comes from joint samples, because quantiles of two countries do not say how they move
    together. It is never below the probability of being ahead in the year `by` itself; see
    `probability_ahead` for that. Where the first country leads already, it is the probability
    that it leads in at least one of the forecast years.

    Args:
        first: Country code.
        second: Country code.
        by: Last year that counts.
        population: Who is counted.
        counting_rule: Needed only where a population is counted by several rules.
        source: Needed only where several sources count it.
        scenario: Stated assumptions.
        release: A release id, or ``latest``.
        home: Folder that holds the releases.

    Raises:
        UsageError: If the release has no such series, the series no such country, or the forecast
            does not reach `by`.

    Example:
        ``probability_overtakes("CHN", "USA", by=2027, population="neurips_authorships")``
    """
    chosen = _series(population, counting_rule, source, scenario)
    return _worlds(chosen, release, home).ahead_at_some_time(first, second, by=by)


def _series(
    population: str, counting_rule: str | None, source: str | None, scenario: str
) -> dict[str, str]:
    given = {
        "population": population, "counting_rule": counting_rule, "source": source,
        "scenario": scenario,
    }  # fmt: skip
    return {name: value for name, value in given.items() if value is not None}


def _worlds(chosen: dict[str, str], release: str, home: Path | str | None) -> Worlds:
    root = _root(home)
    found = held.find(release, root)
    filters = chosen | {"target": str(Target.SHARE), "output_type": str(OutputType.SAMPLE)}
    samples = held.rows("forecasts", found, root, filters=filters)
    if samples.empty:
        raise UsageError(_no_series(chosen, found))
    for axis in ("counting_rule", "source", "model"):
        if len(options := sorted(samples[axis].unique())) > 1:
            raise UsageError(f"Several series fit. Choose {axis}: {', '.join(options)}.")
    return Worlds.from_rows(samples)


def _no_series(chosen: dict[str, str], release: Release) -> str:
    wanted = ", ".join(f"{name} {value}" for name, value in chosen.items())
    return (
        f"Release {release.release_id} has no joint samples for {wanted}. "
        f"Its populations are {', '.join(release.populations)}."
    )


def _root(home: Path | str | None) -> Path:
    return load_settings(None if home is None else Path(home)).releases
