"""The cohort report, on rosters small enough to check by head."""

import numpy as np
import pandas as pd

from features.career_records import CareerRecords
from publication.cohort_report import career_status, cohort_report
from sources.roster import Roster


def records(rows: list[tuple[str, int, str]]) -> CareerRecords:
    careers = pd.DataFrame(rows, columns=["researcher_id", "year", "country"]).assign(works=1)
    empty = careers.head(0)
    return CareerRecords(careers, empty, empty)


def test_a_career_passes_through_its_statuses() -> None:
    found = career_status(
        records([("a", 2000, "CHN"), ("a", 2001, "USA"), ("a", 2003, "DEU"), ("a", 2004, "CHN")])
    )
    assert found["year"].tolist() == [2000, 2001, 2002, 2003, 2004]
    assert found["status"].tolist() == ["never_left", "abroad", "abroad", "moved_on", "returned"]


def lab(n_home: int, n_back: int, n_abroad: int) -> CareerRecords:
    rows = []
    for number in range(n_home + n_back + n_abroad):
        place = ["CHN", "CHN"] if number < n_home + n_back else ["USA", "USA"]
        middle = "CHN" if number < n_home else "USA"
        rows += [(f"p{number}", 2000, "CHN"), (f"p{number}", 2001, middle)]
        rows += [(f"p{number}", 2002, place[0])]
    return records(rows)


def report(found: CareerRecords, **options: int) -> pd.DataFrame:
    roster = Roster("lab", frozenset(found.careers["researcher_id"]))
    table = cohort_report(found, roster, comparison=Roster("none", frozenset()), **options)
    return table[(table["cohort"] == "lab") & (table["year"] == 2002)]


def test_the_shares_are_those_counted_by_hand() -> None:
    table = report(lab(40, 30, 30)).query("origin_country == 'CHN'").set_index("status")
    assert table["share"].to_dict() == {"abroad": 0.3, "never_left": 0.4, "returned": 0.3}
    assert table.loc["never_left", "lower_95"] < 0.4 < table.loc["never_left", "upper_95"]
    assert table["unknown_share"].eq(0).all()


def test_a_small_cell_is_withheld_with_the_smallest_other_one() -> None:
    table = report(lab(40, 30, 4)).query("origin_country == 'CHN'").set_index("status")
    assert table["is_suppressed"].to_dict() == {
        "abroad": True,
        "never_left": False,
        "returned": True,
    }
    assert np.isnan(table.loc["abroad", "share"])


def test_a_small_roster_is_withheld_whole() -> None:
    assert report(lab(3, 3, 3))["is_suppressed"].all()


def test_a_comparison_cohort_stands_beside_it() -> None:
    found = lab(40, 30, 30)
    some = frozenset(sorted(set(found.careers["researcher_id"]))[:50])
    cohorts = set(cohort_report(found, Roster("lab", some))["cohort"])
    assert cohorts == {"lab", "everybody_else"}
