"""Read published tables: no orchestrator, no quality suite, one release at a time."""

from __future__ import annotations

from typing import Any, Final, Required, TypedDict, Unpack

import pandas as pd

from readers import cache
from readers.summaries.joint_samples import JointDraws
from storage.paths import StorePath
from talentcast.config import load_settings
from talentcast.domain.errors import UsageError
from talentcast.domain.types import BASELINE, OutputType, Target
from talentcast.store.release import Release
from talentcast.store.signing import Verifier
from talentcast.store.verification import require_genuine

#: What must be the same in all rows of one series; the scenario has a default.
_AXES: Final = ("population", "counting_rule", "source", "model")


def read(
    table: str, release: str = "latest", *, home: StorePath | str | None = None, **filters: Any
) -> pd.DataFrame:
    """Return rows of one table of one release, in the columns and types of its contract.

    A release never changes, so its tables stay in memory once they were read.

    Args:
        table: For example ``forecasts``; see docs/data-dictionary.md.
        release: A release id, or ``latest``.
        home: Folder that holds the releases, or an address in an object store;
            `TALENTCAST_HOME` or ``./var`` by default.
        **filters: Keep rows where a column has this value, or one of these values.

    Raises:
        UsageError: If there is no such table or column.
        StoreError: If there is no such release, or it is not what its publisher made it.

    Example:
        ``read("forecasts", target="researcher_share", country=["USA", "CHN"])``
    """
    found, root = _found(release, home)
    return cache.rows(table, found, root, filters=filters)


def releases(*, home: StorePath | str | None = None) -> pd.DataFrame:
    """Return one row per release, newest first."""
    return pd.DataFrame([found.to_row() for found in cache.releases(_root(home))])


class SeriesChoice(TypedDict, total=False):
    """Which series of which release a question is about.

    Attributes:
        population: Who is counted.
        counting_rule: Needed only where a population is counted by several rules.
        source: Needed only where several sources count it.
        scenario: Stated assumptions; `baseline` by default.
        release: A release id, or `latest`, the default.
        home: Folder that holds the releases; `TALENTCAST_HOME` or `./var` by default.
    """

    population: Required[str]
    counting_rule: str
    source: str
    scenario: str
    release: str
    home: StorePath | str | None


def probability_ahead(first: str, second: str, **series: Unpack[SeriesChoice]) -> pd.Series:
    """Return, for each forecast year, the probability that the first country has more researchers.

    Args:
        first: Country code.
        second: Country code.
        **series: Which series of which release, see `SeriesChoice`.

    Returns:
        Fraction of joint samples in which the first country's share is larger, by `target_year`.

    Raises:
        UsageError: If the release has no such series, or the series no such country.

    Example:
        ``probability_ahead("CHN", "USA", population="neurips_authorships")``
    """
    return _joint_draws(series).ahead(first, second)


def probability_overtakes(
    first: str, second: str, *, by: int, **series: Unpack[SeriesChoice]
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
        **series: Which series of which release, see `SeriesChoice`.

    Raises:
        UsageError: If the release has no such series, the series no such country, or the forecast
            does not reach `by`.

    Example:
        ``probability_overtakes("CHN", "USA", by=2027, population="neurips_authorships")``
    """
    return _joint_draws(series).ahead_at_some_time(first, second, by=by)


def _joint_draws(series: SeriesChoice) -> JointDraws:
    found, root = _found(series.get("release", "latest"), series.get("home"))
    chosen = {"scenario": BASELINE} | {
        axis: str(value) for axis, value in series.items() if axis not in ("release", "home")
    }
    filters = chosen | {"target": str(Target.SHARE), "output_type": str(OutputType.SAMPLE)}
    columns = [*_AXES, "target_year", "output_type_id", "country", "value"]
    samples = cache.rows("forecasts", found, root, filters=filters, columns=columns)
    if samples.empty:
        raise UsageError(_no_series(chosen, found))
    for axis in _AXES:
        if len(options := sorted(samples[axis].unique())) > 1:
            raise UsageError(f"Several series fit. Choose {axis}: {', '.join(options)}.")
    return JointDraws.from_rows(samples)


def _no_series(chosen: dict[str, str], release: Release) -> str:
    wanted = ", ".join(f"{name} {value}" for name, value in chosen.items())
    return (
        f"Release {release.release_id} has no joint samples for {wanted}. "
        f"Its populations are {', '.join(release.populations)}."
    )


def _found(release: str, home: StorePath | str | None) -> tuple[Release, StorePath]:
    """Return a release that is what its publisher made it, and the root of its store."""
    settings = load_settings(home)
    verifier = Verifier.configured(settings.verifying_key_file)
    return require_genuine(cache.find(release, settings.releases), verifier), settings.releases


def _root(home: StorePath | str | None) -> StorePath:
    return load_settings(home).releases
