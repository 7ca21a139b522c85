"""Terms of a change of shares: exact sums, signs, and what is told where moves are not counted."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from features.share_changes import Span, Term, share_change_terms
from publication.share_changes import share_change_rows
from readers.charts.theme import PALETTES
from readers.charts.waterfall import waterfall_chart
from readers.summaries.series import Series
from readers.summaries.share_changes import change_in_words, share_change
from talentcast.domain.tables import table
from talentcast.domain.types import CountingRule, SeriesKey

SPAN = Span(2020, 2021)


def observed(counts: np.ndarray, countries: list[str], **flows: list[float]) -> pd.DataFrame:
    """One row per country and year; moves belong to the second year."""
    rows = [
        {"country": country, "year": year, "researchers": float(counts[i, j])}
        | {name: values[i] if year == 2021 else np.nan for name, values in flows.items()}
        for i, country in enumerate(countries)
        for j, year in enumerate((2020, 2021))
    ]
    table = pd.DataFrame(rows)
    for name in ("arrivals", "departures"):
        table[name] = table.get(name, np.nan)
    return table


def with_unknown(observed: pd.DataFrame, *shares: float) -> pd.DataFrame:
    """State the part of each year's researchers who are in the rest for want of a country."""
    return observed.assign(
        unknown_share=observed["year"].map(dict(zip((2020, 2021), shares, strict=True)))
    )


def change_of(counts: np.ndarray) -> np.ndarray:
    shares = counts / counts.sum(axis=0)
    return np.asarray(shares[:, 1] - shares[:, 0])


@given(
    arrays(np.float64, (3, 2), elements=st.floats(1, 1e6)),
    arrays(np.float64, 2, elements=st.floats(0, 1)),
)
def test_terms_sum_to_the_change_with_people_of_no_country_in_the_rest(
    counts: np.ndarray, part: np.ndarray
) -> None:
    unknown = part * counts[2] / counts.sum(axis=0)
    rows = with_unknown(observed(counts, ["CHN", "USA", "ROW"]), *unknown)
    terms = share_change_terms(rows, SPAN)
    sums = terms.groupby("country")["value"].sum()
    assert np.allclose(sums[["CHN", "USA", "ROW"]], change_of(counts), atol=1e-9, rtol=0)
    assert (terms["lower_80"] <= terms["upper_80"]).all()


@given(
    arrays(np.float64, (3, 2), elements=st.floats(1, 1e6)),
    arrays(np.float64, (3, 3), elements=st.floats(0, 1e6)),
)
def test_terms_of_careers_sum_to_the_change_too(counts: np.ndarray, flows: np.ndarray) -> None:
    names = ("arrivals", "departures", "entries")
    moved = {name: list(numbers) for name, numbers in zip(names, flows, strict=True)}
    terms = share_change_terms(observed(counts, ["CHN", "USA", "ROW"], **moved), SPAN)
    sums = terms.groupby("country")["value"].sum()
    largest = max(1, flows.max() / counts.sum(axis=0).min())
    assert np.allclose(sums[["CHN", "USA", "ROW"]], change_of(counts), atol=1e-9 * largest, rtol=0)
    told = terms.set_index("term")["value"]
    assert (told[told.index.isin(["arrivals", "entries"])] >= 0).all()
    assert (told[told.index.isin(["departures", "exits"])] <= 0).all()


def test_moves_are_told_where_they_are_counted_and_the_rest_is_entries() -> None:
    counts = np.array([[100.0, 130.0], [300.0, 310.0], [600.0, 660.0]])
    rows = observed(
        counts, ["CHN", "USA", "ROW"], arrivals=[20.0, 15.0, np.nan], departures=[5.0, 25.0, np.nan]
    )
    terms = share_change_terms(rows, SPAN).set_index(["country", "term"])["value"]
    weight = (1 / 1000 + 1 / 1100) / 2
    assert terms["CHN", "arrivals"] == pytest.approx(20 * weight)
    assert terms["CHN", "departures"] == pytest.approx(-5 * weight)
    assert terms["CHN", "net_entries"] == pytest.approx(15 * weight)
    assert terms["USA", "net_entries"] == pytest.approx(20 * weight)
    assert terms["ROW", "own_growth"] == pytest.approx(60 * weight)
    assert terms["ROW", "total_growth"] < 0
    assert ("CHN", "own_growth") not in terms.index


def begun(*entries: float) -> pd.DataFrame:
    counts = np.array([[100.0, 130.0], [300.0, 310.0], [600.0, 660.0]])
    flows = {"arrivals": [20.0, 15.0, np.nan], "departures": [5.0, 25.0, np.nan]}
    return observed(counts, ["CHN", "USA", "ROW"], **flows, entries=list(entries))


def test_entries_and_exits_are_told_apart_where_entries_are_counted() -> None:
    terms = share_change_terms(begun(40, np.nan, 99), SPAN).set_index(["country", "term"])
    weight = (1 / 1000 + 1 / 1100) / 2
    assert terms.loc[("CHN", "entries"), "value"] == pytest.approx(40 * weight)
    assert terms.loc[("CHN", "exits"), "value"] == pytest.approx(-25 * weight)
    width = 2 * 1.2815515655446004 * weight * 5
    told = terms.loc[("CHN", "exits")]
    assert told["upper_80"] - told["lower_80"] == pytest.approx(width)
    assert set(terms.loc["USA"].index) == {
        "arrivals",
        "departures",
        "net_entries",
        "total_growth",
    }
    assert set(terms.loc["ROW"].index) == {"own_growth", "total_growth"}


def test_fewer_exits_than_none_are_left_together_with_the_entries() -> None:
    terms = share_change_terms(begun(10, 20, 0), SPAN).set_index(["country", "term"])
    assert ("CHN", "net_entries") in terms.index
    assert ("CHN", "exits") not in terms.index
    assert terms.loc[("USA", "exits"), "value"] == 0


def test_where_some_have_no_country_an_exit_is_not_known_from_a_gap() -> None:
    terms = share_change_terms(with_unknown(begun(40, 60, 0), 0.0, 0.1), SPAN)
    assert "exits" not in set(terms["term"])
    assert {"coverage", "net_entries"} <= set(terms["term"])


def test_moves_that_are_missing_in_one_year_of_the_span_are_not_told() -> None:
    years = pd.DataFrame(
        {
            "country": ["CHN"] * 3 + ["ROW"] * 3,
            "year": [2019, 2020, 2021] * 2,
            "researchers": [100.0, 110, 120, 900, 890, 880],
            "arrivals": [np.nan, np.nan, 5] + [np.nan] * 3,
            "departures": [np.nan, np.nan, 4] + [np.nan] * 3,
        }
    )
    terms = share_change_terms(years, Span(2019, 2021))
    assert set(terms["term"]) == {"own_growth", "total_growth"}


def test_who_is_named_in_one_year_only_changes_the_coverage() -> None:
    counts = np.array([[100.0, 150.0], [200.0, 150.0]])
    rows = with_unknown(observed(counts, ["CHN", "ROW"]), 1 / 3, 0.0)
    terms = share_change_terms(rows, SPAN).set_index(["country", "term"])["value"]
    assert terms["CHN", "coverage"] == pytest.approx(1 / 2 - 1 / 3)
    assert terms["ROW", "coverage"] == pytest.approx(1 / 2 - 2 / 3)
    for country in ("CHN", "ROW"):
        assert terms[country, "own_growth"] + terms[country, "total_growth"] == pytest.approx(0)


def test_a_year_in_which_nobody_has_a_country_tells_no_coverage() -> None:
    rows = with_unknown(observed(np.array([[0.0, 150.0], [300.0, 150.0]]), ["CHN", "ROW"]), 1, 0)
    terms = share_change_terms(rows, SPAN)
    assert "coverage" not in set(terms["term"])
    assert terms["value"].notna().all()


def test_a_range_of_chance_holds_four_times_in_five() -> None:
    rng = np.random.default_rng(1)
    expected = np.array([[200.0, 240.0], [900.0, 950.0], [100.0, 90.0]])

    def terms_of(counts: np.ndarray) -> pd.DataFrame:
        rest = np.array([counts[0], counts[1] + counts[2]])
        rows = with_unknown(observed(rest, ["CHN", "ROW"]), *(counts[2] / counts.sum(axis=0)))
        terms = share_change_terms(rows, SPAN)
        return terms[terms["country"] == "CHN"]

    truth = terms_of(expected)["value"]
    held = [
        (terms["lower_80"] <= truth) & (truth <= terms["upper_80"])
        for counts in rng.poisson(expected, (400, 3, 2)).astype(float)
        for terms in [terms_of(counts)]
    ]
    assert np.all(np.abs(np.mean(held, axis=0) - 0.8) < 0.06)


def test_a_revised_earlier_year_is_a_term_of_its_own() -> None:
    counts = np.array([[100.0, 130.0], [900.0, 900.0]])
    now = published(counts)
    before = published(np.array([[80.0, 0.0], [920.0, 0.0]])).query("year == 2020")
    rows = share_change_rows(now, before)
    of_china = rows[rows["country"] == "CHN"].set_index("term")["value"]
    assert of_china["revision"] == pytest.approx(0.1 - 0.08)
    assert of_china.sum() == pytest.approx(130 / 1030 - 80 / 1000, abs=1e-9)
    assert "revision" not in set(share_change_rows(now, now)["term"])


def test_entries_are_those_of_the_series_that_counts_careers() -> None:
    rows = published(np.array([[100.0, 130.0], [900.0, 900.0]]))
    rows = rows.assign(arrivals=20.0, departures=10.0)
    key = SeriesKey("a", CountingRule.AUTHORSHIPS, "file")
    entries = pd.DataFrame({"year": [2021], "country": ["CHN"], "entries": [30.0]})
    terms = share_change_rows(rows, None, {key: entries}).set_index(["country", "term"])["value"]
    assert terms["CHN", "exits"] == pytest.approx(-10 * (1 / 1000 + 1 / 1030) / 2)
    assert ("ROW", "net_entries") in terms.index
    elsewhere = {SeriesKey("b", CountingRule.AUTHORSHIPS, "file"): entries}
    assert "exits" not in set(share_change_rows(rows, None, elsewhere)["term"])


def test_years_that_are_still_being_counted_are_left_out() -> None:
    rows = published(np.array([[100.0, 130.0], [900.0, 900.0]]))
    rows["is_provisional"] = rows["year"] == 2021
    assert share_change_rows(rows, None).empty


def published(counts: np.ndarray) -> pd.DataFrame:
    rows = observed(counts, ["CHN", "ROW"])
    return rows.assign(
        population="a",
        counting_rule="authorships",
        source="file",
        share=rows["researchers"] / rows.groupby("year")["researchers"].transform("sum"),
        is_provisional=False,
    )


def test_every_term_has_a_name_in_the_contract() -> None:
    pattern = table("share_changes").column("term").pattern
    assert pattern == f"^({'|'.join(Term)})$"


def test_a_change_is_told_from_the_largest_term_on() -> None:
    rows = published(np.array([[100.0, 130.0], [900.0, 900.0]]))
    changes = share_change_rows(rows, None)
    series = SimpleNamespace(
        key=SeriesKey("a", CountingRule.AUTHORSHIPS, "file"),
        history=rows.assign(share=rows["share"] * 100),
    )
    change = share_change(changes, cast(Series, series), "CHN")
    assert change is not None
    assert change.share.before == pytest.approx(10)
    assert change.share.after == pytest.approx(100 * 130 / 1030)
    said = change_in_words(change, "China", "authorships")
    assert said == (
        "China’s share of authorships rose from 10.0% in 2020 to 12.6% in 2021: "
        "own growth +3.0 pt, growth of all others −0.3 pt."
    )
    assert share_change(changes, cast(Series, series), "FRA") is None


def test_a_waterfall_goes_from_one_share_to_the_other() -> None:
    steps = pd.DataFrame({"name": ["Own growth", "Others"], "value": [3.0, -0.4], "text": ["", ""]})
    spec = waterfall_chart(steps, ("2020", "2021"), 10.0, PALETTES["light"], description="")
    bars = spec["layer"][2]["data"]["values"]
    assert [bar["end"] for bar in bars] == [10.0, 13.0, 12.6, 12.6]
    assert [bar["start"] for bar in bars] == [10.0, 10.0, 13.0, 12.6]
