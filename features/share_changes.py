"""Why a share changed between two years: terms that sum to the change exactly.

A share is researchers of a country over all: n / N, with N the known K and those without a country.
Between two years each factor is changed once before and once after the other, and the two results
are averaged (Shapley value of two factors, Shapley 1953). So no factor comes first, zeros do no
harm, and the term of n is linear in it: it splits into arrivals, departures and the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import pandas as pd

from talentcast.domain.types import UNKNOWN_COUNTRY

#: Half of the width of an 80 % range, in standard deviations.
_Z80: Final = 1.2815515655446004
_FLOWS: Final = ("arrivals", "departures")


class Term(StrEnum):
    """What a share changed by."""

    ARRIVALS = "arrivals"
    DEPARTURES = "departures"
    NET_ENTRIES = "net_entries"
    OWN_GROWTH = "own_growth"
    TOTAL_GROWTH = "total_growth"
    COVERAGE = "coverage"
    REVISION = "revision"


@dataclass(frozen=True, slots=True)
class Span:
    """Two years that are compared."""

    first: int
    last: int


def share_change_terms(observed: pd.DataFrame, span: Span) -> pd.DataFrame:
    """Split the change of every country's share between two years.

    Arrivals and departures are told where the source counts both in every year of the span;
    `net_entries` is then the rest: who began or ended, or was seen again, and otherwise everything
    is `own_growth`. `total_growth` is what the growth of all others took or left. `coverage` is
    the part of those without a country; it is there where the source names them.

    Args:
        observed: country, year, researchers, arrivals and departures of one series, with the
            rest of the world, each country and year once.
        span: Years that are both counted.

    Returns:
        country, term, value, lower_80, upper_80: shares. A range is for chance in the counts alone,
        as if each were Poisson; it belongs to its own term and is not to be added up.
    """
    counts = observed.pivot_table(index="country", columns="year", values="researchers")
    n0, n1 = counts[span.first], counts[span.last]
    both = n0.notna() & n1.notna() & (n0.index != UNKNOWN_COUNTRY)
    unknown = counts.reindex([UNKNOWN_COUNTRY]).fillna(0.0).iloc[0]
    total = counts.sum()[[span.first, span.last]].to_numpy()
    known = total - unknown[[span.first, span.last]].to_numpy()
    named, inverse = known / total, 1 / known
    n0, n1 = n0[both], n1[both]
    weight = np.mean(named) * np.mean(inverse)
    terms = _own_terms(observed, span, n0, n1, float(weight))
    middle = (n0 + n1) / 2
    growth = np.mean(named) * (inverse[1] - inverse[0])
    chance = np.mean(named) * np.sqrt(np.sum(inverse**3))
    terms.append(_rows(Term.TOTAL_GROWTH, middle * growth, middle * chance))
    if unknown.any():
        part = (n0 * inverse[0] + n1 * inverse[1]) / 2
        spread = np.sum(named**2 * (1 - named) / known)
        terms.append(_rows(Term.COVERAGE, part * (named[1] - named[0]), part * np.sqrt(spread)))
    return pd.concat(terms).sort_values(["country", "term"], ignore_index=True)


def _own_terms(
    observed: pd.DataFrame, span: Span, n0: pd.Series, n1: pd.Series, weight: float
) -> list[pd.DataFrame]:
    """Split the change of each country's own number, in shares."""
    is_inside = (observed["year"] > span.first) & (observed["year"] <= span.last)
    by_country = observed[is_inside].groupby("country")[list(_FLOWS)]
    flows = by_country.sum().reindex(n0.index)
    is_told = (by_country.count() == span.last - span.first).all(axis=1).reindex(n0.index)
    is_told = is_told.fillna(False).astype(bool)
    own = n1 - n0
    arrivals, departures = (flows.loc[is_told, name] for name in _FLOWS)
    rest = own[is_told] - arrivals + departures
    untold = own[~is_told]
    return [
        _rows(Term.ARRIVALS, weight * arrivals, weight * arrivals.pow(0.5)),
        _rows(Term.DEPARTURES, -weight * departures, weight * departures.pow(0.5)),
        _rows(Term.NET_ENTRIES, weight * rest, weight * rest.abs().pow(0.5)),
        _rows(Term.OWN_GROWTH, weight * untold, weight * (n0 + n1)[~is_told].pow(0.5)),
    ]


def _rows(term: Term, value: pd.Series, spread: pd.Series) -> pd.DataFrame:
    half = _Z80 * spread
    return pd.DataFrame(
        {
            "country": value.index,
            "term": str(term),
            "value": value.to_numpy(),
            "lower_80": (value - half).to_numpy(),
            "upper_80": (value + half).to_numpy(),
        }
    )
