"""How good the forecasts of earlier releases turned out to be, now that the truth is in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import pandas as pd

from features.series import SERIES_COLUMNS
from models.evaluation.quantiles import LEVELS
from models.evaluation.scores import Cell, quantile_scores
from talentcast.domain.tables import SCORES
from talentcast.domain.types import BASELINE, REST_OF_WORLD, OutputType, Target, Vintage

_SERIES: Final = list(SERIES_COLUMNS)
_FORECAST: Final = [*_SERIES, "model", "origin_year", "horizon_years", "target_year"]


def score_published(
    forecasts: pd.DataFrame,
    at_origin: pd.DataFrame,
    truth: pd.DataFrame,
    *,
    training_vintage: Vintage,
    is_pseudo_vintage: bool,
) -> pd.DataFrame:
    """Score the share forecasts of one earlier release against later observations.

    Args:
        forecasts: `forecasts` rows of the earlier release.
        at_origin: `observations` of the earlier release; shares at the origin weigh the scores.
        truth: `observations` of today. Provisional years are no truth.
        training_vintage: As-of date of the earlier release.
        is_pseudo_vintage: It was made from data archived later than that date.

    Returns:
        `scores` rows without `release_id`: WIS of log share and coverage; none before the first
        target year has been counted.
    """
    quantiles = forecasts[
        (forecasts["target"] == Target.SHARE)
        & (forecasts["output_type"] == OutputType.QUANTILE)
        & (forecasts["scenario"] == BASELINE)
    ]
    counted = truth[~truth["is_provisional"]]
    known = counted[[*_SERIES, "year"]].drop_duplicates().rename(columns={"year": "target_year"})
    due = quantiles.merge(known, on=[*_SERIES, "target_year"])
    origins, truths = _Years(at_origin), _Years(counted)
    rows = [row for made in _each(due) for row in _scored(made, origins, truths)]
    columns = list(SCORES.unpublished_columns)
    return pd.DataFrame(rows, columns=None if rows else columns).assign(
        training_vintage=pd.Timestamp(training_vintage.as_of), is_pseudo_vintage=is_pseudo_vintage
    )[columns]


def _each(due: pd.DataFrame) -> Iterator[tuple[dict[str, Any], pd.DataFrame]]:
    for values, rows in due.groupby(_FORECAST, sort=True):
        named = dict(zip(_FORECAST, values, strict=True))
        # Keys are unique, so that nothing has to be aggregated.
        yield named, rows.pivot(index="output_type_id", columns="country", values="value")  # noqa: PD010


def _scored(
    made: tuple[dict[str, Any], pd.DataFrame], origins: _Years, truths: _Years
) -> Iterator[dict[str, Any]]:
    named, table = made
    if len(table) != len(LEVELS):
        return
    countries = list(table.columns)
    before = origins.of(named, "origin_year")["share"].reindex(countries)
    rows = truths.of(named, "target_year")
    after = rows["share"].reindex(countries)
    own = [country for country in countries if country != REST_OF_WORLD]
    if REST_OF_WORLD in countries:
        # Everyone not forecast apart is the rest, whatever the parts of today are.
        after[REST_OF_WORLD] = 1 - after[own].sum(skipna=False)
    cell = Cell(
        history=before.to_numpy(dtype=float)[None],
        at_origin=before.fillna(0.0).to_numpy(dtype=float),
        truth=after.where(after > 0).to_numpy(dtype=float),
        is_rest=np.array([country == REST_OF_WORLD for country in countries]),
    )
    constant = {name: named[name] for name in _FORECAST if name != "target_year"}
    for score in quantile_scores(table.to_numpy(dtype=float), cell):
        if np.isfinite(score.value):
            yield constant | score._asdict() | {"truth_vintage": rows["vintage"].max()}


class _Years:
    """Observations by series and year, each found without a search."""

    def __init__(self, observations: pd.DataFrame) -> None:
        self._rows = dict(iter(observations.groupby([*_SERIES, "year"])))
        self._none = observations.head(0)

    def of(self, named: dict[str, Any], year: str) -> pd.DataFrame:
        """Return the rows of a series in the year that is named so, indexed by country."""
        key = (*(named[name] for name in _SERIES), named[year])
        return self._rows.get(key, self._none).set_index("country")
