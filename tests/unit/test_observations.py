"""Observations use the parts that are forecast, and every year sums to one."""

from __future__ import annotations

import pandas as pd
import pytest

from features.panel import build_panel
from features.series import rows_of, select_populations, vintage_of
from publication.observations import observation_rows
from talentcast.domain.errors import UsageError
from talentcast.domain.types import CountingRule, SeriesKey

KEY = SeriesKey("lab", CountingRule.MODAL_COUNTRY, "file")


def counts(*, unknown: float = 0, provisional: int | None = None) -> pd.DataFrame:
    rows = [
        (year, country, size + (year - 2000), 4.0, 3.0)
        for year in range(2000, 2006)
        for country, size in (("FRA", 100), ("ITA", 90), ("LUX", 3), ("MCO", 1))
    ]
    if unknown:
        rows += [(year, "UNK", unknown, None, None) for year in range(2000, 2006)]
    table = pd.DataFrame(
        rows, columns=["year", "country", "researchers", "arrivals", "departures"]
    ).astype({"researchers": float, "arrivals": float, "departures": float})
    return table.assign(
        population="lab",
        counting_rule="modal_country",
        source="file",
        vintage=pd.Timestamp("2010-01-01"),
        is_provisional=table["year"] == provisional,
    )


def observed(table: pd.DataFrame) -> pd.DataFrame:
    return observation_rows(table, build_panel(table, KEY))


def test_small_countries_are_summed_to_the_rest_of_the_world() -> None:
    rows = observed(counts()).set_index(["year", "country"])
    assert rows.loc[(2000, "ROW"), "researchers"] == 4
    assert set(rows.index.get_level_values("country")) == {"FRA", "ITA", "ROW"}


def test_shares_of_every_year_sum_to_one() -> None:
    sums = observed(counts(unknown=7)).groupby("year")["share"].sum()
    assert sums.tolist() == pytest.approx([1.0] * 6, abs=1e-12)


def test_moves_of_the_rest_of_the_world_are_missing() -> None:
    rows = observed(counts()).set_index(["year", "country"])
    assert rows.loc[(2003, "FRA"), "arrivals"] == 4
    assert pd.isna(rows.loc[(2003, "ROW"), "arrivals"])


def test_the_unknown_share_is_stated_only_where_the_source_names_it() -> None:
    assert observed(counts())["unknown_share"].isna().all()
    stated = observed(counts(unknown=6)).set_index(["year", "country"])["unknown_share"]
    assert stated.loc[(2000, "FRA")] == pytest.approx(6 / 200)


def test_a_provisional_year_is_shown_and_marked() -> None:
    rows = observed(counts(provisional=2005))
    assert rows.loc[rows["is_provisional"], "year"].unique().tolist() == [2005]


def test_series_are_picked_by_their_key() -> None:
    table = pd.concat([counts(), counts().assign(population="other")])
    assert len(rows_of(table, KEY)) == len(counts())
    assert vintage_of(table, KEY).as_of.year == 2010
    assert set(select_populations(table, ["other"])["population"]) == {"other"}
    with pytest.raises(UsageError, match="lab, other"):
        select_populations(table, ["nobody"])
