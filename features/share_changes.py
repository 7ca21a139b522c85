"""Why a share changed between two years: terms that sum to the change exactly.

A share is researchers of a country over all: n / N, with N the known K and those without a country.
Between two years each factor is changed once before and once after the other, and the two results
are averaged (Shapley value of two factors, Shapley 1953). So no factor comes first, zeros do no
harm, and the term of n is linear in it: it splits into moves, entries and exits.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
import pandas as pd

from talentcast.domain.types import REST_OF_WORLD

#: Half of the width of an 80 % range, in standard deviations.
_Z80: Final = 1.2815515655446004
_MOVES: Final = ("arrivals", "departures")


class Term(StrEnum):
    """What a share changed by."""

    ARRIVALS = "arrivals"
    DEPARTURES = "departures"
    ENTRIES = "entries"
    EXITS = "exits"
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

    Arrivals and departures are told where the source counts both in every year of the span, and
    `entries` where it counts them too and everybody's country is known: `exits` are then the rest.
    Without entries the rest is `net_entries`, and without moves everything is `own_growth`.
    `total_growth` is what the growth of all others took or left. `coverage` is the part of those
    without a country; it is there where the source names them.

    Args:
        observed: country, year, researchers, arrivals and departures of one series, with the
            rest of the world, each country and year once. If they are known: `entries`, and
            `unknown_share`, the part of a year's researchers who are in the rest of the world
            because they have no country.
        span: Years that are both counted.

    Returns:
        country, term, value, lower_80, upper_80: shares. A range is for chance in the counts alone,
        as if each were Poisson; it belongs to its own term and is not to be added up.
    """
    counts = observed.pivot_table(index="country", columns="year", values="researchers")
    ends = counts[[span.first, span.last]]
    total = ends.sum().to_numpy()
    named = 1 - _unknown_share(observed).reindex([span.first, span.last]).to_numpy()
    inverse = 1 / (total * named)
    both = ends.dropna()
    is_rest = pd.Series(both.index == REST_OF_WORLD, both.index)
    unknown = np.outer(is_rest, (1 - named) * total)
    n0, n1 = ((both - unknown).clip(lower=0)[year] for year in (span.first, span.last))
    weight = np.mean(named) * np.mean(inverse)
    terms = _own_terms(observed, span, n0, n1, float(weight))
    middle = (n0 + n1) / 2
    growth = np.mean(named) * (inverse[1] - inverse[0])
    chance = np.mean(named) * np.sqrt(np.sum(inverse**3))
    terms.append(_rows(Term.TOTAL_GROWTH, middle * growth, middle * chance))
    if (named < 1).any():
        # Those who lose their country go over to the rest of the world.
        part = (n0 * inverse[0] + n1 * inverse[1]) / 2 - is_rest
        spread = np.sqrt(np.sum(named * (1 - named) / total))
        terms.append(_rows(Term.COVERAGE, part * (named[1] - named[0]), part.abs() * spread))
    return pd.concat(terms).sort_values(["country", "term"], ignore_index=True)


def _unknown_share(observed: pd.DataFrame) -> pd.Series:
    """Return the part of each year's researchers without a country; 0 where nobody says.

    Or where everybody is without one: there is no share of those who have one.
    """
    if "unknown_share" not in observed:
        return pd.Series(0.0, index=observed["year"].unique())
    stated = observed.groupby("year")["unknown_share"].first()
    return stated.where(stated < 1, 0.0)


def _own_terms(
    observed: pd.DataFrame, span: Span, n0: pd.Series, n1: pd.Series, weight: float
) -> list[pd.DataFrame]:
    """Split the change of each country's own number, in shares."""
    own = n1 - n0
    moved = _sums(observed, span, _MOVES).reindex(n0.index)
    is_told = moved.notna().all(axis=1)
    arrivals, departures = (moved.loc[is_told, name] for name in _MOVES)
    rest = own[is_told] - arrivals + departures
    began = _began(observed, span).reindex(rest.index)
    # Numbers that were rounded can leave fewer than nobody.
    is_apart = began.notna() & (began >= rest)
    entries, exits, both = began[is_apart], (began - rest)[is_apart], rest[~is_apart]
    untold = own[~is_told]
    return [
        _rows(Term.ARRIVALS, weight * arrivals, weight * arrivals.pow(0.5)),
        _rows(Term.DEPARTURES, -weight * departures, weight * departures.pow(0.5)),
        _rows(Term.ENTRIES, weight * entries, weight * entries.pow(0.5)),
        _rows(Term.EXITS, -weight * exits, weight * exits.pow(0.5)),
        _rows(Term.NET_ENTRIES, weight * both, weight * both.abs().pow(0.5)),
        _rows(Term.OWN_GROWTH, weight * untold, weight * (n0 + n1)[~is_told].pow(0.5)),
    ]


def _began(observed: pd.DataFrame, span: Span) -> pd.Series:
    """Return who was seen first within a span, by country.

    Missing where that, or anybody's country, is not known: who loses a country for some years
    ends nothing.
    """
    of_span = observed[observed["year"].between(span.first, span.last)]
    if "entries" not in of_span or (_unknown_share(of_span) > 0).any():
        return pd.Series(dtype="float64")
    return _sums(observed, span, ("entries",))["entries"]


def _sums(observed: pd.DataFrame, span: Span, names: tuple[str, ...]) -> pd.DataFrame:
    """Return sums over the years after the first, by country; missing where a year is."""
    of_span = observed[observed["year"].between(span.first + 1, span.last)]
    by_country = of_span.groupby("country")[list(names)]
    return by_country.sum().where(by_country.count() == span.last - span.first)


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
