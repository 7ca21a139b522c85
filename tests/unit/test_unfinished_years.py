"""Which years are unfinished, and how such years stood in earlier vintages."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from features.panel import Panel
from features.unfinished_years import age_months, earlier_years, unfinished_years
from talentcast.domain.types import CountingRule, SeriesKey

KEY = SeriesKey("lab", CountingRule.UNSPECIFIED, "file")
PANEL = Panel(
    KEY, pd.DataFrame({"USA": [9.0, 9.0], "ROW": [5.0, 6.0]}, index=pd.Index([2024, 2025]))
)


def rows(day: str, *cells: tuple[int, str, float, bool]) -> pd.DataFrame:
    frame = pd.DataFrame(cells, columns=["year", "country", "researchers", "is_provisional"])
    return frame.assign(
        population="lab", counting_rule="unspecified", source="file", vintage=pd.Timestamp(day)
    )


def test_provisional_years_after_the_panel_are_unfinished_up_to_a_gap() -> None:
    observed = rows(
        "2027-03-01",
        (2016, "USA", 3, True),
        (2025, "USA", 9, False),
        (2026, "USA", 7, True),
        (2027, "ROW", 1, True),
        (2029, "USA", 1, True),
    )
    first, second = unfinished_years(observed, PANEL)
    assert (first.year, first.counts.to_dict()) == (2026, {"USA": 7, "ROW": 0})
    assert second.year == 2027
    assert second.age_months == pytest.approx(1.94, abs=0.01)


def test_a_year_without_anybody_is_not_estimated() -> None:
    assert unfinished_years(rows("2027-03-01", (2026, "USA", 0, True)), PANEL) == []


def test_earlier_years_are_compared_from_about_the_same_age_on() -> None:
    observed = rows(
        "2026-11-24", (2024, "USA", 9, False), (2025, "USA", 9, False), (2026, "USA", 7, True)
    )
    earlier = pd.concat(
        [
            rows("2025-02-01", (2025, "USA", 1, True)),
            rows("2025-11-20", (2024, "USA", 8, True), (2025, "USA", 6, True)),
            rows("2026-01-20", (2025, "USA", 7, True)),
            rows("2026-11-23", (2026, "USA", 6, True)),
        ]
    )
    (year,) = unfinished_years(observed, PANEL)
    of_2024, of_2025 = earlier_years(year, observed, earlier, PANEL)
    assert (of_2025.year, of_2025.first["USA"], of_2025.last["USA"]) == (2025, 6, 9)
    assert of_2025.first_age == pytest.approx(year.age_months, abs=0.5)
    assert pd.isna(of_2025.first["ROW"])
    assert (of_2024.year, round(of_2024.first_age)) == (2024, 23)


def test_ages_are_months_since_the_year_began() -> None:
    assert age_months(2026, date(2026, 1, 1)) == 0
    assert age_months(2025, date(2027, 1, 1)) == pytest.approx(24, abs=0.1)
