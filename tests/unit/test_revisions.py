"""The revision table, and who may let a revision through."""

from __future__ import annotations

import pandas as pd
import pytest

from flows.steps.approval import Approval
from publication.revisions import revision_rows
from talentcast.domain.errors import UsageError
from talentcast.domain.tables import REVISIONS


def cells(vintage: str, **researchers: float | None) -> pd.DataFrame:
    """Counts of 2019 by country, as they stood on a day."""
    return pd.DataFrame(
        {
            "population": "scholars",
            "counting_rule": "modal_country",
            "source": "file",
            "vintage": pd.Timestamp(vintage),
            "year": 2019,
            "country": list(researchers),
            "researchers": list(researchers.values()),
        }
    )


NOW = cells("2024-01-01", FRA=130.0, USA=200.0, ROW=70.0)


def test_each_cell_counted_twice_is_a_row_with_both_numbers() -> None:
    rows = revision_rows(NOW, cells("2023-01-01", FRA=100.0, USA=200.0, ROW=50.0), NOW)
    assert rows.columns.tolist() == list(REVISIONS.unpublished_columns)
    assert rows["country"].tolist() == ["FRA", "USA"]
    assert rows["ratio"].tolist() == [1.3, 1.0]
    assert rows["previous_vintage"].eq(pd.Timestamp("2023-01-01")).all()
    assert rows["vintage"].eq(pd.Timestamp("2024-01-01")).all()


def test_the_same_vintage_again_revises_nothing() -> None:
    assert revision_rows(NOW, NOW, NOW).empty
    assert revision_rows(NOW, None, NOW).empty


def test_other_numbers_under_the_same_vintage_are_a_revision() -> None:
    served = cells("2024-01-01", FRA=100.0, USA=200.0)
    inputs = pd.concat([cells("2023-01-01", FRA=80.0), NOW])
    rows = revision_rows(NOW, served, inputs)
    assert rows["previous_researchers"].tolist() == [100.0, 200.0]
    assert revision_rows(NOW, NOW, inputs)["previous_researchers"].tolist() == [80.0]


def test_a_later_vintage_is_never_called_the_earlier_one() -> None:
    assert revision_rows(NOW, cells("2025-01-01", FRA=1.0), NOW).empty


def test_the_newest_earlier_vintage_among_inputs_and_served_release_is_compared() -> None:
    inputs = pd.concat([cells("2022-01-01", FRA=80.0), cells("2023-06-01", FRA=104.0), NOW])
    served = cells("2023-01-01", FRA=100.0)
    assert revision_rows(NOW, served, inputs)["previous_researchers"].tolist() == [104.0]
    assert revision_rows(NOW, None, inputs)["previous_researchers"].tolist() == [104.0]


def test_what_readers_were_told_wins_over_the_same_vintage_of_an_input() -> None:
    inputs = pd.concat([cells("2023-01-01", FRA=101.0), NOW])
    served = cells("2023-01-01", FRA=100.0)
    assert revision_rows(NOW, served, inputs)["previous_researchers"].tolist() == [100.0]


def test_cells_that_one_side_did_not_count_are_no_revision() -> None:
    now = cells("2024-01-01", FRA=130.0, DEU=10.0, JPN=None, KOR=5.0)
    served = cells("2023-01-01", FRA=100.0, JPN=5.0, KOR=0.0, GBR=7.0)
    assert revision_rows(now, served, now)["country"].tolist() == ["FRA"]


def test_another_source_or_rule_is_another_series() -> None:
    served = cells("2023-01-01", FRA=100.0)
    assert revision_rows(NOW, served.assign(source="other"), NOW).empty
    assert revision_rows(NOW, served.assign(counting_rule="fractional"), NOW).empty


@pytest.mark.parametrize(
    ("approved_by", "reason"),
    [(None, None), ("Ada", None), (None, "a reason"), (" ", "a reason"), ("Ada", "\t")],
)
def test_nobody_approves_a_revision_without_name_and_reason(
    approved_by: str | None, reason: str | None
) -> None:
    with pytest.raises(UsageError, match="give approved_by and reason"):
        Approval.of(["scholars"], approved_by, reason)
    assert Approval.of(["scholars"], "Ada", "a reason").populations == {"scholars"}


def test_an_approval_of_nothing_is_a_mistake() -> None:
    with pytest.raises(UsageError, match="needs the populations"):
        Approval.of(None, "Ada", "a reason")
    assert Approval.of(None, None, "a reason for --force").populations == frozenset()


def test_approving_an_unknown_population_is_a_mistake() -> None:
    approval = Approval.of(["scholar"], "Ada", "a reason")
    with pytest.raises(UsageError, match="It holds: scholars"):
        approval.require_known({"scholars"})
