import numpy as np
import pandas as pd
import pytest

from features.panel import PanelRule, build_panel
from features.series import series_keys
from talentcast.domain.errors import InputRejectedError, UsageError
from talentcast.domain.types import CountingRule, Origin, SeriesKey

KEY = SeriesKey("scholars", CountingRule.WHOLE, "register")
YEARS = range(2000, 2006)


def counts(**by_country: list[float | None]) -> pd.DataFrame:
    rows = [
        (year, country, researchers)
        for country, values in by_country.items()
        for year, researchers in zip(YEARS, values, strict=True)
        if researchers is not None
    ]
    return pd.DataFrame(rows, columns=["year", "country", "researchers"]).assign(
        population="scholars",
        counting_rule="whole",
        source="register",
        vintage=pd.Timestamp("2024-01-01"),
        is_provisional=False,
    )


def test_small_countries_and_unknown_ones_are_the_rest_of_the_world() -> None:
    panel = build_panel(
        counts(USA=[500] * 6, FRA=[60] * 6, AND=[9] * 6, UNK=[5] * 6, ROW=[1] * 6), KEY
    )
    assert panel.countries == ("FRA", "USA", "ROW")
    assert panel.counts["ROW"].tolist() == [15.0] * 6
    assert panel.origin == Origin(2005)
    np.testing.assert_allclose(panel.shares().sum(axis=1), 1)


def test_parts_are_decided_by_the_first_origin_and_not_by_what_came_later() -> None:
    table = counts(USA=[500] * 6, GRO=[10, 20, 30, 40, 60, 90], FAL=[90, 80, 70, 60, 40, 0])
    early = build_panel(table, KEY, eligible_by=Origin(2003))
    assert early.countries == ("FAL", "USA", "ROW")
    assert np.isnan(early.counts.loc[2005, "FAL"])
    assert build_panel(table, KEY).countries == ("GRO", "USA", "ROW")


def test_a_gap_in_a_large_series_is_missing_and_does_not_lift_the_others() -> None:
    panel = build_panel(counts(USA=[100] * 6, FRA=[100, 100, None, 100, 100, 100]), KEY)
    assert np.isnan(panel.counts.loc[2002, "FRA"])
    assert panel.shares().loc[2002, "USA"] == pytest.approx(0.5)
    assert panel.counts.isna().sum().sum() == 1
    assert panel.carried_forward().loc[2002, "FRA"] == 100


def test_a_rule_may_ask_for_the_last_years_only_and_earlier_zeros_are_missing() -> None:
    table = counts(USA=[500] * 6, ISR=[0, 4, 0, 6, 7, 12], FIN=[9, 9, 9, 9, 0, 9])
    panel = build_panel(table, KEY, rule=PanelRule(min_count=5, present_years=3))
    assert panel.countries == ("ISR", "USA", "ROW")
    assert panel.counts["ISR"].fillna(-1).tolist() == [-1, 4, -1, 6, 7, 12]
    assert panel.rule.min_count == 5


def test_a_small_country_that_is_absent_for_a_year_counted_nobody() -> None:
    table = counts(USA=[500] * 6, AND=[9, None, 9, 30, 60, 70])
    assert build_panel(table, KEY).countries == ("USA", "ROW")


def test_a_year_absent_from_every_country_stays_in_the_index() -> None:
    table = counts(USA=[100] * 6, FRA=[100] * 6)
    panel = build_panel(table[table["year"] != 2003], KEY)
    assert panel.counts.index.tolist() == list(YEARS)
    assert panel.counts.loc[2003].isna().all()
    assert np.isnan(panel.totals().loc[2003])


def test_a_provisional_year_is_missing_and_at_the_end_it_is_cut_off() -> None:
    table = counts(USA=[100] * 6, FRA=[100] * 6)
    flagged = table.assign(
        is_provisional=table["year"].eq(2002)
        | (table["year"].eq(2005) & table["country"].eq("FRA"))
    )
    panel = build_panel(flagged, KEY)
    assert panel.counts.loc[2002].isna().all()
    assert panel.origin == Origin(2004)


def test_a_rest_of_nobody_is_clipped_to_one_person() -> None:
    panel = build_panel(counts(USA=[100] * 6, FRA=[100] * 6, AND=[0, 0, 3, 0, 0, 4]), KEY)
    assert panel.counts["ROW"].tolist() == [1.0, 1.0, 3.0, 1.0, 1.0, 4.0]


def test_there_is_no_rest_where_nobody_is_left_for_it() -> None:
    assert build_panel(counts(USA=[100] * 6, FRA=[100] * 6), KEY).countries == ("FRA", "USA")


def test_until_cuts_years_and_keeps_parts() -> None:
    panel = build_panel(counts(USA=[100] * 6, FRA=[60] * 6), KEY).until(Origin(2002))
    assert panel.counts.index.tolist() == [2000, 2001, 2002]
    assert panel.countries == ("FRA", "USA")


def test_f081_two_years_are_too_short() -> None:
    table = counts(USA=[100] * 6, FRA=[100] * 6)
    with pytest.raises(InputRejectedError, match="SHORT_PANEL"):
        build_panel(table, KEY, last_year=2001)
    with pytest.raises(InputRejectedError, match="SHORT_PANEL"):
        build_panel(counts(USA=[100] * 6), KEY)
    with pytest.raises(InputRejectedError, match="SHORT_PANEL"):
        build_panel(counts(USA=[10] * 6, FRA=[10] * 6), KEY)


def test_mixed_vintages_and_absent_series_are_refused() -> None:
    table = counts(USA=[100] * 6, FRA=[100] * 6)
    later = table.assign(vintage=pd.Timestamp("2025-01-01"))
    with pytest.raises(UsageError, match="2 vintages"):
        build_panel(pd.concat([table, later]), KEY)
    with pytest.raises(UsageError, match="no series"):
        build_panel(table, SeriesKey("nobody", CountingRule.WHOLE, "register"))


def test_series_keys_are_listed_once_and_sorted() -> None:
    table = counts(USA=[100] * 6, FRA=[100] * 6)
    both = pd.concat([table, table.assign(population="aviators")])
    assert [key.population for key in series_keys(both)] == ["aviators", "scholars"]
