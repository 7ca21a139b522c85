"""Landmarks: observed years abroad, each described by what was known in that year.

Every feature of a landmark is a running sum or a first date over the same person's records up to
the landmark year. Records after it cannot change a feature.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from features.career_records import CareerRecords
from features.careers import OriginRule, origin_countries
from features.engine import in_locked_duckdb
from talentcast.domain.types import UNKNOWN_COUNTRY

NUMERIC_FEATURES: Final = (
    "duration_years",
    "career_age_years",
    "landmark_year",
    "log_works",
    "log_cumulative_works",
    "last_author_share",
    "first_author_share",
    "log_team_size",
    "origin_coauthor_share",
    "spell_origin_coauthor_share",
    "origin_affiliation_share",
    "earlier_moves",
    "has_returned_before",
    "spell_years_observed",
    "years_at_origin",
)
COUNTRY_FEATURES: Final = ("origin_country", "host_country")

_PERSON_YEAR: Final = ["researcher_id", "year"]


def landmark_table(records: CareerRecords, *, origin_rule: OriginRule = "first") -> pd.DataFrame:
    """Return one row per researcher and observed year abroad.

    Args:
        records: Careers and what is known of co-authors and second affiliations. Years with an
            unknown country are passed over.
        origin_rule: What counts as the origin country. Under `mode_of_three_years` only landmarks
            after those three years are kept: the origin is not known before.

    Returns:
        `researcher_id`, `origin_country`, `host_country` and `NUMERIC_FEATURES`, ordered by
        researcher and year. Shares are 0 to 1, durations in years, counts of works as log(1 + n).
    """
    careers = _with_origin(records.careers, origin_rule)
    careers = _with_spells(_only_ever_abroad(careers))
    careers = _with_coauthors(careers, records.coauthor_countries)
    careers = _with_second_affiliation(careers, records.affiliation_weights)
    careers = _with_works(careers)
    is_landmark = careers["is_abroad"] & (careers["year"] > careers["origin_known_year"])
    abroad = careers[is_landmark]
    named = abroad.rename(columns={"year": "landmark_year", "country": "host_country"})
    columns = ["researcher_id", *COUNTRY_FEATURES, *NUMERIC_FEATURES]
    return named[columns].reset_index(drop=True)


def _with_origin(careers: pd.DataFrame, rule: OriginRule) -> pd.DataFrame:
    located = careers[careers["country"] != UNKNOWN_COUNTRY]
    with in_locked_duckdb(located[[*_PERSON_YEAR, "country"]]) as years:
        origins = origin_countries(years, rule=rule).to_pandas()
    joined = located.merge(origins, on="researcher_id").sort_values(_PERSON_YEAR)
    return joined.assign(is_abroad=joined["country"] != joined["origin_country"])


def _only_ever_abroad(careers: pd.DataFrame) -> pd.DataFrame:
    """Drop the many who never left: nothing below looks across people."""
    ever_abroad = careers.loc[careers["is_abroad"], "researcher_id"].unique()
    return careers[careers["researcher_id"].isin(ever_abroad)].reset_index(drop=True)


def _with_spells(careers: pd.DataFrame) -> pd.DataFrame:
    """Add the features of the way so far; a spell abroad lasts until a year at origin."""
    person, is_home = careers["researcher_id"], ~careers["is_abroad"]
    before = careers.groupby("researcher_id")[["country", "is_abroad"]].shift(1)
    has_moved = before["country"].notna() & (before["country"] != careers["country"])
    has_returned = before["is_abroad"].eq(True) & is_home
    spell = is_home.groupby(person).cumsum()
    year_abroad = careers["year"].where(careers["is_abroad"])
    return careers.assign(
        spell=spell,
        duration_years=careers["year"] - year_abroad.groupby([person, spell]).transform("min"),
        career_age_years=careers["year"]
        - careers.groupby("researcher_id")["year"].transform("min"),
        earlier_moves=has_moved.groupby(person).cumsum(),
        has_returned_before=has_returned.groupby(person).cummax().astype(int),
        spell_years_observed=careers["is_abroad"].groupby([person, spell]).cumsum(),
        years_at_origin=spell,
    )


def _with_coauthors(careers: pd.DataFrame, coauthors: pd.DataFrame) -> pd.DataFrame:
    """Add the share of co-authors in the origin country, of the year and of the spell so far."""
    at_origin, everywhere = _at_origin_and_total(careers, coauthors, "coauthors")
    of_spell = [careers["researcher_id"], careers["spell"]]
    abroad = careers["is_abroad"]
    spell_origin = at_origin.where(abroad, 0.0).groupby(of_spell).cumsum()
    spell_total = everywhere.where(abroad, 0.0).groupby(of_spell).cumsum()
    return careers.assign(
        origin_coauthor_share=at_origin / everywhere.clip(lower=1),
        spell_origin_coauthor_share=spell_origin / spell_total.clip(lower=1),
    )


def _with_second_affiliation(careers: pd.DataFrame, weights: pd.DataFrame) -> pd.DataFrame:
    at_origin, everywhere = _at_origin_and_total(careers, weights, "weight")
    return careers.assign(origin_affiliation_share=at_origin / everywhere.where(everywhere > 0, 1))


def _at_origin_and_total(
    careers: pd.DataFrame, by_country: pd.DataFrame, column: str
) -> tuple[pd.Series, pd.Series]:
    """Sum a column per person-year: over the origin country, and over all; 0 where unknown."""
    years = careers[[*_PERSON_YEAR, "origin_country"]]
    rows = by_country.merge(years, on=_PERSON_YEAR)
    amount = rows[column].astype(float)
    sums = (
        rows[_PERSON_YEAR]
        .assign(total=amount, origin=amount.where(rows["country"] == rows["origin_country"], 0.0))
        .groupby(_PERSON_YEAR, as_index=False)
        .sum()
    )
    aligned = years.merge(sums, on=_PERSON_YEAR, how="left")
    return aligned["origin"].fillna(0.0), aligned["total"].fillna(0.0)


def _with_works(careers: pd.DataFrame) -> pd.DataFrame:
    """Add output and authorship; columns that the input lacks become constants."""
    works = careers["works"].astype(float)
    team = careers["team_size"] if "team_size" in careers else pd.Series(1.0, careers.index)
    person = careers["researcher_id"]
    cumulative = works.groupby(person).cumsum()
    shares = {
        f"{place}_author_share": _cumulative(careers, f"{place}_author_works") / cumulative
        for place in ("first", "last")
    }
    return careers.assign(
        log_works=np.log1p(works),
        log_cumulative_works=np.log1p(cumulative),
        log_team_size=np.log(team.astype(float).fillna(1).clip(lower=1)),
        **shares,
    )


def _cumulative(careers: pd.DataFrame, column: str) -> pd.Series:
    if column not in careers:
        return pd.Series(0.0, careers.index)
    return careers[column].astype(float).fillna(0).groupby(careers["researcher_id"]).cumsum()
