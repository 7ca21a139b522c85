"""Careers small enough to check by head."""

from datetime import date

import ibis
import numpy as np
import pandas as pd
import pytest

from features.career_counts import CareerTally, entries_and_exits, researcher_counts
from features.careers import fill_gaps, moves, observation_gaps, origin_countries, person_years
from features.edge_years import years_until_seen_again
from talentcast.domain.tables import RESEARCHER_COUNTS
from talentcast.domain.types import CountingRule, SeriesKey, Vintage


def records(*rows: tuple[str, int, str, float]) -> ibis.Table:
    frame = pd.DataFrame(rows, columns=["researcher_id", "year", "country", "weight"])
    return ibis.memtable(frame.assign(works=1))


def careers(*rows: tuple[str, int, str]) -> ibis.Table:
    return ibis.memtable(pd.DataFrame(rows, columns=["researcher_id", "year", "country"]))


def countries(affiliations: ibis.Table) -> list[str]:
    return list(person_years(affiliations).order_by("researcher_id", "year").execute()["country"])


def test_the_country_of_most_weight_is_modal() -> None:
    table = records(("a", 2000, "FRA", 0.4), ("a", 2000, "USA", 0.6))
    assert countries(table) == ["USA"]


def test_a_tie_without_a_past_goes_to_the_first_in_the_alphabet() -> None:
    assert countries(records(("a", 2000, "USA", 0.5), ("a", 2000, "FRA", 0.5))) == ["FRA"]


def test_a_tie_goes_to_last_years_country() -> None:
    table = records(("a", 1998, "USA", 1.0), ("a", 2000, "USA", 0.5), ("a", 2000, "FRA", 0.5))
    assert countries(table) == ["USA", "USA"]


def test_a_tie_after_a_tie_looks_at_how_the_earlier_one_was_settled() -> None:
    table = records(
        ("a", 2000, "DEU", 0.5),
        ("a", 2000, "FRA", 0.5),
        ("a", 2001, "DEU", 0.5),
        ("a", 2001, "CHN", 0.5),
        ("a", 2002, "FRA", 0.5),
        ("a", 2002, "CHN", 0.5),
        ("a", 2003, "FRA", 0.5),
        ("a", 2003, "CHN", 0.5),
    )
    assert countries(table) == ["DEU", "DEU", "CHN", "CHN"]


def test_half_a_century_of_ties_is_settled_like_a_few_years() -> None:
    rows = [("a", year, code, 0.5) for year in range(1970, 2026) for code in ("FRA", "USA")]
    table = records(("a", 1969, "USA", 1.0), *rows, ("a", 2026, "CHN", 1.0))
    assert countries(table) == ["USA"] * 57 + ["CHN"]


@pytest.mark.parametrize("most_years", [6, 20])
def test_ties_are_settled_as_by_going_through_the_years_one_by_one(most_years: int) -> None:
    rng = np.random.default_rng(0)
    rows, expected = [], []
    for person in range(60):
        last = ""
        for year in sorted(
            rng.choice(range(1990, 2020), int(rng.integers(1, most_years)), replace=False)
        ):
            tied = sorted(rng.choice(["CHN", "DEU", "FRA", "USA"], rng.integers(1, 4), False))
            rows += [(f"{person:02d}", int(year), str(code), 0.25) for code in tied]
            last = last if last in tied else tied[0]
            expected.append(last)
    assert countries(records(*rows)) == expected


def test_weights_that_differ_by_rounding_alone_are_tied() -> None:
    table = records(("a", 2000, "USA", 0.1), ("a", 2000, "USA", 0.2), ("a", 2000, "FRA", 0.3))
    assert countries(table) == ["FRA"]


def test_an_unknown_country_wins_only_alone() -> None:
    table = records(("a", 2000, "UNK", 0.9), ("a", 2000, "USA", 0.1), ("a", 2001, "UNK", 1.0))
    assert countries(table) == ["USA", "UNK"]


def test_a_gap_takes_the_earlier_country_and_nothing_follows_the_last_year() -> None:
    filled = fill_gaps(careers(("a", 2000, "FRA"), ("a", 2003, "USA"))).order_by("year").execute()
    assert filled["year"].tolist() == [2000, 2001, 2002, 2003]
    assert filled["country"].tolist() == ["FRA", "FRA", "FRA", "USA"]
    assert filled["is_observed"].tolist() == [True, False, False, True]


def test_a_move_is_dated_to_the_first_year_in_the_new_country() -> None:
    table = careers(("a", 2000, "FRA"), ("a", 2003, "USA"), ("a", 2004, "UNK"), ("a", 2005, "USA"))
    assert moves(table).execute().to_dict("records") == [
        {
            "researcher_id": "a",
            "from_country": "FRA",
            "last_seen_year": 2000,
            "year": 2003,
            "to_country": "USA",
        }
    ]


def test_origin_is_the_first_located_country() -> None:
    table = careers(("a", 1999, "UNK"), ("a", 2000, "FRA"), ("a", 2001, "USA"), ("a", 2002, "USA"))
    first = origin_countries(table).execute().iloc[0]
    mode = origin_countries(table, rule="mode_of_three_years").execute().iloc[0]
    assert (first["origin_country"], first["origin_known_year"]) == ("FRA", 2000)
    assert (mode["origin_country"], mode["origin_known_year"]) == ("USA", 2002)


KEY = SeriesKey("demo", CountingRule.MODAL_COUNTRY, "file")
VINTAGE = Vintage(date(2005, 1, 1))


def counts(table: ibis.Table) -> pd.DataFrame:
    return researcher_counts(CareerTally.of(table), KEY, vintage=VINTAGE)


def test_counts_have_the_columns_of_their_contract() -> None:
    assert tuple(counts(careers(("a", 2000, "FRA"))).columns) == RESEARCHER_COUNTS.column_names


def test_stocks_and_flows_are_those_counted_by_hand() -> None:
    table = careers(
        ("a", 2000, "FRA"),
        ("a", 2002, "USA"),
        ("b", 2000, "FRA"),
        ("b", 2001, "FRA"),
        ("b", 2002, "FRA"),
    )
    found = counts(table).set_index(["year", "country"])
    assert found["researchers"].to_dict() == {
        (2000, "FRA"): 2,
        (2001, "FRA"): 2,
        (2002, "FRA"): 1,
        (2002, "USA"): 1,
    }
    assert found.loc[2002, "arrivals"].to_dict() == {"FRA": 0, "USA": 1}
    assert found.loc[2002, "departures"].to_dict() == {"FRA": 1, "USA": 0}
    assert found.loc[2000, "arrivals"].isna().all()


def test_stocks_change_by_moves_entries_and_exits() -> None:
    table = careers(
        ("a", 2000, "FRA"),
        ("a", 2002, "USA"),
        ("a", 2003, "USA"),
        ("b", 2001, "FRA"),
        ("b", 2002, "FRA"),
        ("c", 2000, "FRA"),
        ("d", 2002, "USA"),
        ("d", 2004, "USA"),
    )
    tally = CareerTally.of(table)
    found = counts(table).merge(entries_and_exits(tally), on=["year", "country"])
    assert len(found) == len(counts(table))
    ends = found.set_index(["year", "country"])[["entries", "exits"]]
    assert ends.loc[2000].isna().all(axis=None)
    assert ends.loc[(2001, "FRA")].tolist() == [1, 1]
    assert ends.loc[(2002, "USA")].tolist() == [1, 0]
    assert ends.loc[(2004, "USA")].tolist() == [0, 1]
    names = ["researchers", "arrivals", "departures", "entries", "exits"]
    wide = {
        name: found.pivot_table(index="year", columns="country", values=name, fill_value=0)
        for name in names
    }
    told = wide["arrivals"] - wide["departures"] + wide["entries"] - wide["exits"]
    off = wide["researchers"].diff().loc[2001:] - told.loc[2001:]
    # France had nobody left: without people and moves there is no row for that last exit.
    assert off.loc[2003, "FRA"] == -1
    assert off.abs().sum(axis=None) == 1


def test_a_country_everybody_left_keeps_its_departures() -> None:
    found = counts(careers(("a", 2000, "FRA"), ("a", 2001, "USA"))).set_index(["year", "country"])
    assert found.loc[(2001, "FRA"), ["researchers", "departures"]].tolist() == [0, 1]


def test_years_are_provisional_until_most_gaps_would_have_closed() -> None:
    yearly = [("a", year, "FRA") for year in range(1980, 2000)]
    table = careers(*yearly, ("b", 1980, "FRA"), ("b", 1983, "FRA"), ("b", 1986, "FRA"))
    assert years_until_seen_again(observation_gaps(table).to_pandas()) == 3
    provisional = counts(table).set_index("year")["is_provisional"]
    assert provisional[provisional].index.tolist() == [1997, 1998, 1999]


@pytest.mark.parametrize("share, wait", [(0.5, 1), (0.95, 3)])
def test_a_higher_share_waits_longer(share: float, wait: int) -> None:
    yearly = [("a", year, "FRA") for year in range(1980, 1990)]
    table = careers(*yearly, ("b", 1980, "FRA"), ("b", 1983, "FRA"), ("b", 1986, "FRA"))
    assert years_until_seen_again(observation_gaps(table).to_pandas(), share) == wait
