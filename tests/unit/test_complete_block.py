"""Years and countries that hang together; nobody is lost on the way."""

from __future__ import annotations

import pandas as pd

from features.complete_block import largest_complete_block


def counts(rows: list[tuple[int, str, float]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["year", "country", "researchers"])
    return table.assign(
        population="lab",
        counting_rule="modal_country",
        source="affiliations",
        vintage=pd.Timestamp("2024-01-01"),
        arrivals=1.0,
        departures=None,
        is_provisional=False,
    ).astype({"departures": float})


def test_a_country_with_a_hole_goes_to_the_rest_in_all_years() -> None:
    table = counts(
        [
            *((year, "FRA", 50) for year in (2000, 2001, 2002)),
            *((year, "ITA", 20) for year in (2000, 2002)),
            (2001, "ROW", 30),
        ]
    )
    block = largest_complete_block(table)
    assert set(block["country"]) == {"FRA", "ROW"}
    assert block.groupby("year")["researchers"].sum().tolist() == [70, 80, 70]


def test_years_before_the_countries_are_there_are_left_out() -> None:
    early = [(1990, "FRA", 12.0)]
    late = [(year, c, 40.0) for year in (1991, 1992, 1993) for c in ("FRA", "ITA", "ESP")]
    block = largest_complete_block(counts(early + late))
    assert block["year"].min() == 1991
    assert set(block["country"]) == {"FRA", "ITA", "ESP"}


def test_missing_moves_stay_missing_in_a_sum() -> None:
    block = largest_complete_block(counts([(2000, "FRA", 50), (2000, "ROW", 30)]))
    assert block["departures"].isna().all()
    assert block["arrivals"].tolist() == [1.0, 1.0]
