"""Shares by year, drawn or counted, and what a question makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from features.panel import Panel
from questions.definition import Question
from talentcast.domain.types import REST_OF_WORLD, Statistic

FloatArray = NDArray[np.float64]

_RESIDUAL: Final = (REST_OF_WORLD,)
#: Differences of shares are rounded by so much at most.
_ROUNDING: Final = 1e-12


@dataclass(frozen=True, eq=False)
class SharePaths:
    """Possible shares of all countries; a year that was counted has one.

    Attributes:
        countries: Parts, in the order of the last axis.
        by_year: Shape (n_draws, n_countries) by year; (1, n_countries) of a counted year. Draw i is
            the same future in every year; a country whose count is missing is NaN.
    """

    countries: tuple[str, ...]
    by_year: Mapping[int, FloatArray]

    def of(self, country: str, year: int) -> FloatArray:
        """Return one country's share of one year, shape (n_draws,)."""
        return np.asarray(self.by_year[year][:, self.countries.index(country)])

    def lead_over_all(self, country: str, year: int) -> FloatArray:
        """Return its share less that of the largest other country counted apart; NaN without."""
        others = self.by_year[year][:, self._rivals(country)]
        if not others.shape[1]:
            return np.full(len(others), np.nan)
        return np.asarray(self.of(country, year) - others.max(axis=1))

    def has_rival(self, country: str) -> bool:
        """Return whether any other country is counted apart."""
        return bool(self._rivals(country))

    def _rivals(self, country: str) -> list[int]:
        apart = (name not in (country, *_RESIDUAL) for name in self.countries)
        return [place for place, is_rival in enumerate(apart) if is_rival]


def counted_paths(panel: Panel, *, carried: bool = False) -> SharePaths:
    """Return the shares that were counted; a year in which nothing was is not there.

    Args:
        panel: Counts of one series.
        carried: Put the last share before it in place of a missing one; else it is NaN.
    """
    shares = panel.shares().dropna(how="all")
    rows = (shares.ffill() if carried else shares).to_numpy(dtype=np.float64)
    years = [int(year) for year in shares.index]
    return SharePaths(panel.countries, dict(zip(years, rows[:, None], strict=True)))


def is_told(question: Question, paths: SharePaths) -> bool:
    """Return whether the years and countries that a question names are all there."""
    years = {question.year, question.base_year} - {None}
    countries = {question.country, question.other_country} - {None}
    if not (years <= set(paths.by_year) and countries <= set(paths.countries)):
        return False
    return question.statistic is not Statistic.LEAD_OVER_ALL or paths.has_rival(question.country)


def statistic_of(question: Question, paths: SharePaths) -> FloatArray:
    """Return what is compared with the threshold, shape (n_draws,).

    Args:
        question: Its years and countries are there, see `is_told`.
        paths: Drawn or counted.
    """
    share = paths.of(question.country, question.year)
    if question.statistic is Statistic.LEAD:
        return np.asarray(share - paths.of(str(question.other_country), question.year))
    if question.statistic is Statistic.LEAD_OVER_ALL:
        return paths.lead_over_all(question.country, question.year)
    if question.statistic is Statistic.CHANGE and question.base_year is not None:
        return np.asarray(share - paths.of(question.country, question.base_year))
    return share


def is_above(statistic: FloatArray, question: Question) -> NDArray[np.bool_]:
    """Return where the answer is yes; what equals the threshold, up to rounding, is not above."""
    return np.asarray(statistic > question.threshold + _ROUNDING)


def probability_of(question: Question, paths: SharePaths) -> float:
    """Return the part of draws in which the statistic lies above the threshold."""
    return float(is_above(statistic_of(question, paths), question).mean())
