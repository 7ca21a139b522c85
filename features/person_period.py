"""What followed a landmark, and the person-period rows that hazards are learned from."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from talentcast.domain.types import UNKNOWN_COUNTRY

#: Years after which a next observation has come if it comes at all.
_LONGEST_GAP: Final = 6
#: Fewer gaps than this do not tell how long it takes to be seen again.
_MIN_GAPS: Final = 50


class Exit(IntEnum):
    """How a stay in the host country ended, as far as was seen."""

    STAY = 0
    RETURN = 1
    THIRD_COUNTRY = 2


def with_outcomes(landmarks: pd.DataFrame, careers: pd.DataFrame) -> pd.DataFrame:
    """Return the landmarks with what was seen of the same person afterwards.

    To train as of a year, rebuild both tables from the records known by then. Censoring this one
    afterwards is not enough: that a person was followed up to that year is itself news from later.

    The first later year in another country ends the stay: at origin it is a return, elsewhere a
    move to a third country, which competes with it. A person not seen elsewhere is right-censored
    at the last observation.

    Args:
        landmarks: From `features.landmarks.landmark_table`.
        careers: `researcher_id`, `year`, `country`: the records to look into, which may end later
            than those the features come from.

    Returns:
        The landmarks and, in years since the landmark: `exit` (an `Exit`; `STAY` means censored),
        `followed_years` (until first seen elsewhere, or until last seen), `last_seen_years`
        (until last seen still in the host country), `next_exit` and `next_seen_years` (what the
        next observation shows and when it is; -1 and 0 without one).
    """
    located = careers[careers["country"] != UNKNOWN_COUNTRY]
    located = located[located["researcher_id"].isin(landmarks["researcher_id"].unique())]
    stays = _stays(located.sort_values(["researcher_id", "year"])).rename(
        columns={"year": "landmark_year"}
    )
    joined = landmarks.merge(stays, on=["researcher_id", "landmark_year"], how="left")
    year = joined["landmark_year"]
    has_exit, has_next = joined["left_year"].notna(), joined["next_year"].notna()
    ended = joined["left_year"].fillna(joined["stay_end_year"])
    return landmarks.assign(
        exit=_kind(joined["left_for"], joined["origin_country"]).where(has_exit, 0).astype(int),
        followed_years=(ended - year).astype(int),
        last_seen_years=(joined["stay_end_year"] - year).astype(int),
        next_exit=_kind(joined["next_country"], joined["origin_country"])
        .where(joined["next_country"] != joined["host_country"], Exit.STAY)
        .where(has_next, -1)
        .astype(int),
        next_seen_years=(joined["next_year"] - year).fillna(0).astype(int),
    )


def stacked_steps(outcomes: pd.DataFrame, horizon_years: int) -> pd.DataFrame:
    """Return the person-period rows of stacked landmarks (van Houwelingen and Putter 2012, ch. 7).

    A landmark gives one row per step k = 0 ... horizon - 1 while at risk. Where the stay ended
    between two observations, Ta years and Tb years after the landmark, nobody knows in which year:
    each of the steps Ta ... Tb - 1 carries the event with weight 1 / (Tb - Ta) and stays at risk
    with weight (Tb - k) / (Tb - Ta), the event included.

    Returns:
        `position` (row number in `outcomes`), `step`, `exit`, `weight`; positive weights only.
    """
    count = len(outcomes)
    kind = outcomes["exit"].to_numpy()
    start = outcomes["last_seen_years"].to_numpy(dtype=float)
    end = outcomes["followed_years"].to_numpy(dtype=float)
    has_exit = kind > 0
    width = np.where(has_exit, np.maximum(end - start, 1.0), 1.0)
    parts = []
    for step in range(horizon_years):
        is_between = has_exit & (step >= start) & (step < end)
        event = np.where(is_between, 1.0 / width, 0.0)
        at_risk = np.where(is_between, (end - step) / width, (step < end).astype(float))
        for label, weight in ((np.zeros(count, dtype=int), at_risk - event), (kind, event)):
            rows = np.flatnonzero(weight > 1e-9)
            parts.append(
                pd.DataFrame(
                    {"position": rows, "step": step, "exit": label[rows], "weight": weight[rows]}
                )
            )
    return pd.concat(parts, ignore_index=True)


def observed_gaps(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return one row per landmark that was followed by another observation.

    Returns:
        `position` (row number in `outcomes`), `gap_years` (at risk for that long), `exit` (what
        the next observation shows).
    """
    rows = np.flatnonzero(outcomes["next_exit"].to_numpy() >= 0)
    seen = outcomes.iloc[rows]
    return pd.DataFrame(
        {
            "position": rows,
            "gap_years": seen["next_seen_years"].to_numpy(),
            "exit": seen["next_exit"].to_numpy(),
        }
    )


def chances_of_being_seen(outcomes: pd.DataFrame, until: int, n_years: int) -> NDArray[np.float64]:
    """Return how likely somebody who is seen again at all is seen within 1, 2, ... years.

    Learned from people who stayed where they were, and could be followed for long enough.

    Args:
        outcomes: Landmarks with outcomes as they stood at the end of a year.
        until: That year.
        n_years: How many chances.

    Returns:
        Shape (n_years,), rising; all 1 where there are too few gaps to tell.
    """
    gaps = outcomes.loc[
        (outcomes["next_exit"] == Exit.STAY) & (outcomes["landmark_year"] <= until - _LONGEST_GAP),
        "next_seen_years",
    ]
    years = gaps[gaps <= _LONGEST_GAP].to_numpy()
    if len(years) < _MIN_GAPS:
        return np.ones(n_years)
    return np.array([(years <= within).mean() for within in range(1, n_years + 1)])


def years_at_risk(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Return each year at risk once, between a landmark and the next observation.

    Returns:
        `origin_country`, `duration_years`, `exit` (`STAY` in all years of a gap but the last).
    """
    gaps = observed_gaps(outcomes)
    repeats = gaps["gap_years"].to_numpy()
    row = np.repeat(np.arange(len(gaps)), repeats)
    offset = np.arange(len(row)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    followed = outcomes.iloc[gaps["position"].to_numpy()[row]]
    is_last = offset == repeats[row] - 1
    return pd.DataFrame(
        {
            "origin_country": followed["origin_country"].to_numpy(),
            "duration_years": followed["duration_years"].to_numpy(dtype=float) + offset,
            "exit": np.where(is_last, gaps["exit"].to_numpy()[row], Exit.STAY),
        }
    )


def _stays(careers: pd.DataFrame) -> pd.DataFrame:
    """Per person-year: the last year of the unbroken stay, and where and when the next one began.

    All years of one stay share its end, so one look at the row after a stay answers for all.
    """
    before = careers.groupby("researcher_id")["country"].shift(1)
    stay = (before != careers["country"]).cumsum().rename("stay")
    first, last = careers.groupby(stay).first(), careers.groupby(stay).last()
    after = first.groupby("researcher_id")[["year", "country"]].shift(-1)
    following = careers.groupby("researcher_id")[["year", "country"]].shift(-1)
    return careers[["researcher_id", "year"]].assign(
        stay_end_year=stay.map(last["year"]),
        left_year=stay.map(after["year"]),
        left_for=stay.map(after["country"]),
        next_year=following["year"],
        next_country=following["country"],
    )


def _kind(country: pd.Series, origin: pd.Series) -> pd.Series:
    return pd.Series(
        np.where(country == origin, int(Exit.RETURN), int(Exit.THIRD_COUNTRY)), country.index
    )
