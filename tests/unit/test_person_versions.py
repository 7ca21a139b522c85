"""Which version of a person's records is at hand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.person_versions import (
    continued,
    is_open_part_other,
    person_versions,
    until,
)

CAREERS = pd.DataFrame(
    {
        "researcher_id": ["a", "a", "b"],
        "year": [2019, 2020, 2019],
        "country": ["USA", "CHN", "USA"],
        "works": [1, 2, 3],
    }
)


def versions(careers: pd.DataFrame, *years: int) -> pd.DataFrame:
    return person_versions([careers], years).set_index("researcher_id")


def test_versions_follow_content_neither_order_nor_storage() -> None:
    one = versions(CAREERS, 2019)
    others = [
        CAREERS.iloc[::-1],
        CAREERS[["works", "country", "researcher_id", "year"]],
        CAREERS.astype({"works": "float64", "year": "int32"}),
        CAREERS.astype({"country": "object"}),
        CAREERS.astype({"country": "category"}),
        CAREERS.astype({"works": "Int64"}),
        CAREERS.assign(team_size=np.nan),
    ]
    for other in others:
        pd.testing.assert_frame_equal(versions(other, 2019), one)


def test_each_cell_counts_and_stays_in_its_row() -> None:
    one = versions(CAREERS)["version"]
    for name, values in {
        "year": [2020, 2019, 2019],
        "country": ["CHN", "USA", "USA"],
        "works": [2, 1, 3],
    }.items():
        other = versions(CAREERS.assign(**{name: values}))["version"]
        assert (other != one).tolist() == [True, False], name


def test_what_one_person_alone_has_on_record_changes_nobody_else() -> None:
    other = versions(CAREERS.assign(team_size=[np.nan, np.nan, 4.0]))["version"]
    assert (other != versions(CAREERS)["version"]).tolist() == [False, True]


def test_the_same_rows_of_two_tables_differ() -> None:
    one = person_versions([CAREERS, CAREERS.head(0)])
    other = person_versions([CAREERS.head(0), CAREERS])
    assert (one["version"] != other["version"]).all()


def test_later_years_are_added_to_the_earlier_version() -> None:
    """Whose year 2019 was corrected meanwhile keeps it, and gets the year 2020."""
    now = CAREERS.assign(works=[9, 2, 3])
    before = CAREERS[CAREERS["year"] == 2019]
    earlier, later = versions(before, 2019, 2020), versions(now, 2019, 2020)
    found = continued(earlier, later, 2019, [2019, 2020])
    pd.testing.assert_frame_equal(found, versions(CAREERS, 2019, 2020))
    assert is_open_part_other(earlier, later, 2019).tolist() == [True, False]
    assert found.loc["b", until(2019)] == found.loc["b", "version"]
