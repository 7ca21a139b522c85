"""Moves between pairs of countries: traps of their files, and the test they put counts to."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from sources.moves import (
    ParsedMoves,
    agreement_notes,
    arrivals_and_departures,
    to_moves,
)
from sources.tabular import read_table
from talentcast.domain.checks import CheckResult, Outcome
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.tables import COUNTRY_MOVES
from talentcast.domain.types import Vintage

VINTAGE = Vintage(date(2024, 7, 24))
HEADER = "n_migrations,year,iso3codefrom,iso3codeto"


def parse(*rows: str, header: str = HEADER) -> ParsedMoves:
    content = "\n".join([header, *rows, ""]).encode()
    return to_moves(read_table(content, "moves.csv"), VINTAGE)


def refusal(*rows: str, header: str = HEADER) -> InputRejectedError:
    with pytest.raises(InputRejectedError) as caught:
        parse(*rows, header=header)
    return caught.value


def test_moves_have_the_columns_of_the_contract() -> None:
    moves = parse("1270,2014.0,USA,DEU").moves
    assert tuple(moves.columns) == COUNTRY_MOVES.column_names
    row = moves.iloc[0]
    assert (row["from_country"], row["to_country"]) == ("USA", "DEU")
    assert (row["year"], row["researchers"]) == (2014, 1270.0)
    assert row["vintage"] == pd.Timestamp("2024-07-24")


def test_years_with_a_point_are_noted() -> None:
    notes = parse("1,2014.0,USA,DEU", "1,2014,DEU,USA").notes
    assert [note.observed for note in notes if note.check == "YEAR_COERCED"] == [
        "1 years like '2013.0'"
    ]
    assert refusal("1,2014.5,USA,DEU").code == "NOT_INTEGER"


def test_namibia_is_a_country_and_a_blank_is_unknown() -> None:
    moves = parse("3,2014,NA,US", "4,2014,,US", header="n_migrations,year,iso2codefrom,iso2codeto")
    assert moves.moves["from_country"].tolist() == ["NAM", "UNK"]


def test_three_letters_are_preferred_to_two() -> None:
    header = "n_migrations,year,iso2codefrom,iso2codeto,iso3codefrom,iso3codeto"
    moves = parse("3,2014,XX,YY,USA,DEU", header=header).moves
    assert moves["from_country"].tolist() == ["USA"]


def test_each_direction_is_a_row_and_a_move_is_counted_once() -> None:
    moves = parse("5,2014,USA,DEU", "3,2014,DEU,USA", "2,2014,USA,FRA").moves
    totals = arrivals_and_departures(moves).set_index("country")
    assert totals.loc["USA", ["arrivals", "departures"]].tolist() == [3, 7]
    assert totals.loc["FRA", ["arrivals", "departures"]].tolist() == [2, 0]
    assert totals["arrivals"].sum() == totals["departures"].sum() == 10


def test_moves_of_unknown_partners_are_summed_and_no_repeats() -> None:
    moves = parse("1,2014,,USA", "2,2014,,USA", "4,2014,,").moves
    assert moves["researchers"].tolist() == [3, 4]


@pytest.mark.parametrize(
    ("row", "code"),
    [
        ("-1,2014,USA,DEU", "NEG_COUNT"),
        ("1.5,2014,USA,DEU", "NOT_INTEGER"),
        (",2014,USA,DEU", "EMPTY"),
        ("1,2025,USA,DEU", "YEAR_FUTURE"),
        ("1,2014,USA,US", "SELF_MOVE"),
        ("1,2014,FRA,GBR", "DUP_KEY"),
        ("1,2014,ZZ,DEU", "UNKNOWN_CODE"),
        ("1,2014,U\x00S,DEU", "PARSE"),
        ('"1,000",2014,USA,DEU', "PARSE"),
        ("inf,2014,USA,DEU", "NON_FINITE"),
    ],
)
def test_a_wrong_row_is_refused_by_its_line(row: str, code: str) -> None:
    error = refusal("7,2014,FRA,GBR", row)
    assert error.code == code
    assert "row 3" in str(error)


def test_a_missing_column_names_those_that_are_there() -> None:
    error = refusal("1,2014,USA", header="n_migrations,year,iso3codefrom")
    assert (error.code, "to_country" in str(error)) == ("SCHEMA", True)


def counts(**of: tuple[float, float]) -> pd.DataFrame:
    return pd.DataFrame(
        [(pd.Timestamp("2024-07-24"), country, 2014, *both) for country, both in of.items()],
        columns=["vintage", "country", "year", "arrivals", "departures"],
    )


def compared(*rows: str, **of: tuple[float, float]) -> dict[str, CheckResult]:
    notes = agreement_notes(parse(*rows).moves, counts(**of), "moves.csv")
    return {note.check: note for note in notes}


def test_moves_that_agree_with_the_counts_are_recorded() -> None:
    found = compared("300,2014,USA,DEU", "200,2014,DEU,USA", USA=(202, 301), DEU=(301, 202))
    assert {note.outcome for note in found.values()} == {Outcome.PASS}
    assert "99.4%" in found["MOVES_AGREE"].observed


def test_moves_that_miss_many_arrivals_are_noticed_by_year() -> None:
    found = compared("300,2014,USA,DEU", "200,2014,DEU,USA", USA=(250, 301), DEU=(301, 202))
    assert found["MOVES_AGREE"].outcome is Outcome.WARN
    assert found["MOVES_AGREE"].example_keys == ("year 2014",)


def test_a_net_flow_of_the_other_sign_is_noticed_unless_it_is_small() -> None:
    rows = ("300,2014,USA,DEU", "200,2014,DEU,USA", "20,2014,FRA,ITA", "10,2014,ITA,FRA")
    found = compared(*rows, USA=(310, 300), DEU=(300, 200), FRA=(20, 10), ITA=(20, 10))
    assert found["NET_SIGN"].outcome is Outcome.WARN
    assert found["NET_SIGN"].example_keys == ("USA 2014",)


def test_counts_of_another_vintage_are_not_compared() -> None:
    moves = parse("300,2014,USA,DEU").moves
    other = counts(DEU=(1, 300)).assign(vintage=pd.Timestamp("2022-07-31"))
    (note,) = agreement_notes(moves, other, "moves.csv")
    assert "no counts of this vintage" in note.observed
