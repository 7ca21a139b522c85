"""Why shares of simulated people changed, told from their records, is what truly happened."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from features.career_counts import CareerTally, entries_and_exits, researcher_counts
from features.share_changes import Span, share_change_terms
from models.simulation.careers import (
    AT_HOME,
    HOSTS,
    NOT_STARTED,
    ORIGINS,
    SimulatedCareers,
    simulate_careers,
)
from talentcast.domain.types import REST_OF_WORLD, CountingRule, SeriesKey, Vintage

SPAN = Span(2013, 2018)
COUNTRIES = ["CHN", "DEU", "IND", "USA"]
COUNTED = ["researchers", "arrivals", "departures", "entries"]
KEY = SeriesKey("people", CountingRule.MODAL_COUNTRY, "simulator")


def true_counts(simulated: SimulatedCareers) -> pd.DataFrame:
    """Count where everybody truly was, seen there or not."""
    places = simulated.places
    home = np.array(ORIGINS)[simulated.people.origin][:, None]
    abroad = np.array(HOSTS)[np.clip(places, 0, None)]
    country = np.where(places == AT_HOME, home, np.where(places >= 0, abroad, ""))
    rows = [
        (year, name, *_of(country[:, column - 1], country[:, column], name))
        for column, year in enumerate(simulated.world.years)
        for name in sorted(set(np.unique(country[:, column])) - {""})
        if SPAN.first <= year <= SPAN.last
    ]
    return pd.DataFrame(rows, columns=["year", "country", *COUNTED])


def _of(before: NDArray[np.str_], now: NDArray[np.str_], name: str) -> list[float]:
    moved = (before != now) & (before != "") & (now != "")
    is_here, was_here = now == name, before == name
    counted = (is_here, moved & is_here, moved & was_here, is_here & (before == ""))
    return [float(who.sum()) for who in counted]


def terms_of(counts: pd.DataFrame) -> pd.Series:
    counts = counts[counts["year"].between(SPAN.first, SPAN.last)]
    part = counts["country"].where(counts["country"].isin(COUNTRIES), REST_OF_WORLD)
    summed = counts.groupby([part, "year"], as_index=False)[COUNTED].sum()
    terms = share_change_terms(summed, SPAN)
    return terms[terms["country"] != REST_OF_WORLD].set_index(["country", "term"])["value"]


def since_first_publication(simulated: SimulatedCareers) -> SimulatedCareers:
    """Let everybody's career begin with a first publication, in the records or not."""
    years = np.arange(simulated.places.shape[1])
    is_published = simulated.works > 0
    first = np.where(is_published.any(axis=1), is_published.argmax(axis=1), len(years))
    places = np.where(years < first[:, None], NOT_STARTED, simulated.places)
    return replace(simulated, places=places.astype(simulated.places.dtype))


@pytest.fixture(scope="module")
def means() -> dict[str, pd.Series]:
    """Terms as told, and as they truly were by two ideas of when a career begins."""
    terms: dict[str, list[pd.Series]] = {"told": [], "career": [], "publication": []}
    for seed in range(10):
        simulated = simulate_careers(4_000, np.random.default_rng(seed))
        tally = CareerTally.of_parts(simulated.records)
        counts = researcher_counts(tally, KEY, vintage=Vintage.parse("2026-01-01"))
        told = counts.merge(entries_and_exits(tally), on=["year", "country"])
        terms["told"].append(terms_of(told))
        terms["career"].append(terms_of(true_counts(simulated)))
        terms["publication"].append(terms_of(true_counts(since_first_publication(simulated))))
    return {name: pd.concat(found, axis=1).mean(axis=1) for name, found in terms.items()}


# In each, one of twenty is off by more: somebody who went to the United States before a first
# publication seems to enter there, and somebody whose move is not seen did not leave from there.
@pytest.mark.parametrize(
    ("begins_with", "further_off", "part"),
    [("career", ("USA", "entries"), 0.125), ("publication", ("USA", "departures"), 0.12)],
)
def test_terms_of_what_was_seen_are_within_a_tenth_of_the_truth(
    means: dict[str, pd.Series], begins_with: str, further_off: tuple[str, str], part: float
) -> None:
    told, true = means["told"], means[begins_with]
    assert len(true) == 5 * len(COUNTRIES)
    # Terms of a country share their errors: those under three points are compared with three.
    allowed = 0.1 * true.abs().clip(lower=0.03)
    allowed[further_off] *= part / 0.1
    error = (told - true).abs()
    assert (error <= allowed).all(), pd.concat([true, told], axis=1).to_string()
    net_error = error_of_net_entries(told, true)
    assert (net_error <= 0.1 * 0.03).all(), net_error.to_string()


def error_of_net_entries(told: pd.Series, true: pd.Series) -> pd.Series:
    off = (told - true).unstack("term")  # noqa: PD010 - one column a term
    return (off["entries"] + off["exits"]).abs()
