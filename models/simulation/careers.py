"""Careers of people who do not exist, drawn from hazards that are known exactly.

The embedded demonstration data, and the yardstick for the return model: because the true
probabilities are known, the best score anybody could reach is known too. Everything made from it
is labelled synthetic.

The hazards are set so that stay rates resemble published ones: about 83 % of Chinese and 51 % of
Korean doctorates of US universities still there after some years (NSF 25-325), falling return
hazards after the third year abroad (Finn 2014), and 22-28 % of junior emigrants from Germany back
within five years (Zhao et al. 2022).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import expit

from features.career_records import CareerRecords

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: origin country: (share of entrants, log-odds of return relative to the mean)
_ORIGINS: Final[Mapping[str, tuple[float, float]]] = {
    "CHN": (0.22, -0.95),
    "IND": (0.13, -1.10),
    "KOR": (0.05, 0.75),
    "TUR": (0.03, 0.45),
    "TWN": (0.03, 0.15),
    "IRN": (0.03, -1.70),
    "DEU": (0.09, 0.15),
    "FRA": (0.07, 0.20),
    "GBR": (0.08, 0.05),
    "ITA": (0.06, -0.05),
    "JPN": (0.05, 0.70),
    "ESP": (0.04, 0.20),
    "BRA": (0.03, 0.55),
    "ISR": (0.02, 0.50),
    "CAN": (0.04, 0.10),
    "USA": (0.10, 0.55),
}
#: host country: (share of emigrants, log-odds of return from there)
_HOSTS: Final[Mapping[str, tuple[float, float]]] = {
    "USA": (0.45, -0.15),
    "GBR": (0.12, 0.10),
    "DEU": (0.10, 0.15),
    "CAN": (0.08, -0.10),
    "CHE": (0.05, 0.15),
    "AUS": (0.06, -0.05),
    "SGP": (0.04, 0.10),
    "FRA": (0.04, 0.10),
    "NLD": (0.03, 0.10),
    "CHN": (0.03, 0.35),
}
ORIGINS: Final = tuple(_ORIGINS)
HOSTS: Final = tuple(_HOSTS)
_DURATION_EFFECT: Final = np.array(
    [0.25, 0.45, 0.5, 0.35, 0.1, -0.15, -0.4, -0.6, -0.8, -1.0, -1.2]
)
_KEEN_TO_LEAVE: Final = np.isin(ORIGINS, ["CHN", "IND", "IRN"])
#: Place codes besides the positions in HOSTS.
AT_HOME: Final = -1
LEFT_SCIENCE: Final = -2
NOT_STARTED: Final = -9
_TIE_EFFECT: Final = 1.8


@dataclass(frozen=True)
class CareerWorld:
    """What can be switched in the simulated world.

    Attributes:
        frailty_sd: Spread of what nobody observes about a person, on the logit scale.
        is_every_year_seen: Drop the observation layer: every active year has a publication.
        return_shocks: Per year, one shift of the return log-odds per origin; none by default.
        first_year: First year of entry.
        last_year: Last year with records; latent careers go on for `years_beyond`.
    """

    frailty_sd: float = 0.6
    is_every_year_seen: bool = False
    return_shocks: Mapping[int, Floats] = field(default_factory=dict)
    first_year: int = 1995
    last_year: int = 2025
    years_beyond: int = 7

    @property
    def years(self) -> range:
        """Years that are simulated, including those that nobody sees."""
        return range(self.first_year, self.last_year + self.years_beyond + 1)


@dataclass(frozen=True, eq=False)
class SimulatedPeople:
    """What is fixed about each person; arrays of shape (n_people,)."""

    origin: Integers
    entry_year: Integers
    frailty: Floats
    productivity: Floats
    mean_tie: Floats

    def return_log_odds(
        self, rows: Integers, place: Integers, duration: Integers, tie: Floats, year: int | Integers
    ) -> Floats:
        """Return the log-odds of returning in this year, for people who are abroad.

        Args:
            rows: Which people.
            place: Positions in `HOSTS`.
            duration: Full years abroad.
            tie: Share of co-authors in the origin country, 0 to 1.
            year: Calendar year of the possible return.
        """
        effects = origin_effects()[self.origin[rows]] + host_effects()[place]
        productivity = self.productivity[rows]
        age = year - self.entry_year[rows]
        year_effect = np.where(self.origin[rows] == 0, 0.035 * np.clip(year - 2008, 0, None), 0.0)
        return np.asarray(
            -3.2
            + effects
            + _DURATION_EFFECT[np.clip(duration, 0, 10)]
            + year_effect
            - 0.1 * (np.asarray(year) >= 2020)
            - 0.03 * np.clip(age - 10, 0, None)
            + _TIE_EFFECT * (tie - 0.25)
            + (0.25 * (tie > 0.4) - 0.15) * productivity
            + self.frailty[rows]
        )

    def onward_probability(self, rows: Integers, duration: Integers) -> Floats:
        """Return the yearly probability of moving on to a third country."""
        return np.asarray(expit(-4.2 + 0.12 * self.productivity[rows] - 0.04 * duration))

    def exit_probability(self, rows: Integers) -> Floats:
        """Return the yearly probability of leaving science."""
        return np.asarray(expit(-3.2 - 0.3 * self.productivity[rows]))


@dataclass(frozen=True, eq=False)
class SimulatedCareers:
    """Records as an analyst would see them, and the truth behind them.

    Attributes:
        records: Labelled synthetic; ids start with `synthetic-`.
        people: Fixed traits, in the order of the numbers in the ids.
        places: Shape (n_people, n_years): place at the end of each simulated year.
        durations: Same shape: full years abroad in the present spell.
        ties: Same shape: share of co-authors at origin, as it truly is.
        works: Shape (n_people, n_years up to the last one with records): what everybody published,
            in the records or not.
    """

    world: CareerWorld
    records: CareerRecords
    people: SimulatedPeople
    places: NDArray[np.int16]
    durations: NDArray[np.int16]
    ties: Floats
    works: Integers


def origin_effects() -> Floats:
    """Return the true log-odds of return by origin, in the order of `ORIGINS`."""
    return np.array([effect for _, effect in _ORIGINS.values()])


def host_effects() -> Floats:
    """Return the true log-odds of return by host, in the order of `HOSTS`."""
    return np.array([effect for _, effect in _HOSTS.values()])


def true_tie_effect() -> float:
    """Return the true effect of the share of co-authors at origin on the log-odds of return."""
    return _TIE_EFFECT


def simulate_careers(
    n_people: int, rng: np.random.Generator, *, world: CareerWorld | None = None
) -> SimulatedCareers:
    """Draw careers. The same generator state gives the same people."""
    world = CareerWorld() if world is None else world
    people = _draw_people(n_people, rng, world)
    shape = (n_people, len(world.years))
    places = np.full(shape, NOT_STARTED, dtype=np.int16)
    durations, ties = np.zeros(shape, dtype=np.int16), np.zeros(shape)
    place = np.full(n_people, NOT_STARTED, dtype=np.int64)
    duration, tie = np.zeros(n_people, dtype=np.int64), np.zeros(n_people)
    for column, year in enumerate(world.years):
        place, duration, tie = _one_year(people, place, duration, tie, year, rng, world)
        place = np.where(people.entry_year == year, AT_HOME, place)
        places[:, column], durations[:, column], ties[:, column] = place, duration, tie
    records, works = _records(people, places, ties, rng, world)
    return SimulatedCareers(world, records, people, places, durations, ties, works)


def _draw_people(n_people: int, rng: np.random.Generator, world: CareerWorld) -> SimulatedPeople:
    shares = np.array([share for share, _ in _ORIGINS.values()])
    return SimulatedPeople(
        origin=rng.choice(len(ORIGINS), n_people, p=shares / shares.sum()),
        entry_year=rng.integers(world.first_year, world.last_year - 3, n_people),
        frailty=world.frailty_sd * rng.standard_normal(n_people),
        productivity=rng.standard_normal(n_people),
        mean_tie=rng.beta(1.2, 2.2, n_people),
    )


def _one_year(
    people: SimulatedPeople,
    place: Integers,
    duration: Integers,
    tie: Floats,
    year: int,
    rng: np.random.Generator,
    world: CareerWorld,
) -> tuple[Integers, Integers, Floats]:
    """Move everybody by one year; return places, durations and ties at its end."""
    n_people = len(place)
    everyone = np.arange(n_people)
    is_home, is_abroad = place == AT_HOME, place >= 0
    log_odds = people.return_log_odds(everyone, np.clip(place, 0, None), duration, tie, year)
    shock = world.return_shocks.get(year)
    if shock is not None:
        log_odds = log_odds + shock[people.origin]
    p_return, p_onward = expit(log_odds), people.onward_probability(everyone, duration)
    chance = rng.random(n_people)
    returns = is_abroad & (chance < p_return)
    moves_on = is_abroad & ~returns & (chance < p_return + p_onward)
    stops = (is_home | is_abroad) & ~returns & ~moves_on
    stops &= rng.random(n_people) < people.exit_probability(everyone)
    leaves = is_home & ~stops & (rng.random(n_people) < _emigration(people, year))
    destination = _destinations(people, np.where(moves_on, place, NOT_STARTED), rng)

    drift = 0.85 * tie + 0.15 * people.mean_tie + 0.08 * rng.standard_normal(n_people)
    new_place = np.where(returns, AT_HOME, np.where(moves_on | leaves, destination, place))
    new_duration = np.where(leaves, 0, np.where(is_abroad & ~returns, duration + 1, 0))
    new_tie = np.where(leaves, people.mean_tie, np.where(returns, 0.0, np.clip(drift, 0, 1)))
    return (
        np.where(stops, LEFT_SCIENCE, new_place),
        new_duration,
        np.where(is_abroad | leaves, new_tie, 0.0),
    )


def _emigration(people: SimulatedPeople, year: int) -> Floats:
    age = year - people.entry_year
    log_odds = (
        -3.3
        + 0.2 * people.productivity
        - 0.09 * np.clip(age - 6, 0, None)
        + 0.25 * (age <= 2)
        + 0.3 * _KEEN_TO_LEAVE[people.origin]
    )
    return np.asarray(expit(log_odds))


def _destinations(people: SimulatedPeople, left: Integers, rng: np.random.Generator) -> Integers:
    """Draw a host that is neither the origin nor the host just left."""
    shares = np.array([share for share, _ in _HOSTS.values()])
    chosen = rng.choice(len(HOSTS), len(left), p=shares / shares.sum())
    origin = np.array(ORIGINS)[people.origin]
    for _ in range(2):
        is_taken = (np.array(HOSTS)[chosen] == origin) | (chosen == left)
        chosen = np.where(is_taken, (chosen + 1) % len(HOSTS), chosen)
    return chosen


def _records(
    people: SimulatedPeople,
    places: NDArray[np.int16],
    ties: Floats,
    rng: np.random.Generator,
    world: CareerWorld,
) -> tuple[CareerRecords, Integers]:
    """See a year only where something is published in it; return also what truly was."""
    parts, published = [], []
    for year in range(world.first_year, world.last_year + 1):
        place = places[:, year - world.first_year]
        age = year - people.entry_year
        rate = np.exp(0.35 + 0.55 * people.productivity - 0.03 * np.clip(age - 12, 0, None))
        works = rng.poisson(rate)
        is_seen = (works > 0) & (rng.random(len(place)) < 0.9)
        if world.is_every_year_seen:
            works, is_seen = np.maximum(works, 1), np.full(len(place), True)
        published.append(np.where(place >= AT_HOME, works, 0))
        rows = np.flatnonzero((place >= AT_HOME) & is_seen)
        tie = ties[rows, year - world.first_year]
        seen = _seen_in(people, rows, works[rows], place[rows], age[rows], tie, rng)
        parts.append(seen.assign(year=year))
    seen = pd.concat(parts, ignore_index=True)
    ids = "synthetic-" + seen["person"].astype(str).str.zfill(7)
    return _as_records(seen.assign(researcher_id=ids)), np.stack(published, axis=1)


def _seen_in(
    people: SimulatedPeople,
    rows: Integers,
    works: Integers,
    place: NDArray[np.int16],
    age: Integers,
    tie: Floats,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Return what is seen of some people in one year."""
    abroad = place >= 0
    origin = np.array(ORIGINS)[people.origin[rows]]
    coauthors = rng.poisson(3 * works)
    return pd.DataFrame(
        {
            "person": rows,
            "origin": origin,
            "country": np.where(abroad, np.array(HOSTS)[np.clip(place, 0, None)], origin),
            "works": works,
            "first_author_works": rng.binomial(works, 0.3 * np.exp(-age / 10) + 0.05),
            "last_author_works": rng.binomial(works, np.clip(0.03 * age, 0, 0.6)),
            "team_size": 2.0 + rng.poisson(2, len(rows)),
            "coauthors": coauthors,
            "origin_coauthors": rng.binomial(coauthors, np.where(abroad, tie, 0.7)),
        }
    )


def _as_records(seen: pd.DataFrame) -> CareerRecords:
    keys = ["researcher_id", "year", "country"]
    works = ["works", "first_author_works", "last_author_works", "team_size"]
    at_origin = seen.assign(country=seen["origin"], coauthors=seen["origin_coauthors"])
    elsewhere = seen.assign(country="ROW", coauthors=seen["coauthors"] - seen["origin_coauthors"])
    coauthors = pd.concat([at_origin, elsewhere])[[*keys, "coauthors"]]
    return CareerRecords(
        careers=seen[[*keys, *works]],
        coauthor_countries=coauthors[coauthors["coauthors"] > 0].reset_index(drop=True),
        affiliation_weights=seen[keys].assign(weight=1.0),
        is_synthetic=True,
    )
