"""What is told of rows that were left out, and when an input is refused for them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pandas as pd

from engine.profile import LEFT_OUT, MOST_LEFT_OUT, NOTABLE_SHARE, told_profile
from expectations.check import check_profile
from expectations.profile_checks import NOTABLE, PROFILE, TOO_MANY
from features.career_records import CareerParts
from flows.steps.admit import Admission
from flows.steps.people import People
from privacy.pseudonyms import PseudonymKey
from talentcast.domain.checks import Outcome
from talentcast.domain.provenance import Snapshot
from talentcast.domain.types import CountingRule, SeriesKey

KEY = PseudonymKey(bytes(range(32)))


def profile(**left_out: int) -> pd.DataFrame:
    row = {"bucket": 0, "rows": 100_000, "person_years": 90_000, "odd_weights": 0}
    return pd.DataFrame(
        [row | dict.fromkeys(LEFT_OUT, 0) | left_out, row | dict.fromkeys(LEFT_OUT, 0)]
    )


def outcomes(**left_out: int) -> dict[str, Outcome]:
    report = check_profile(told_profile(profile(**left_out), KEY), table="lab")
    return {result.check: result.outcome for result in report.results}


def test_the_steps_of_the_profile_are_those_of_the_checks() -> None:
    assert (NOTABLE, TOO_MANY) == (NOTABLE_SHARE, MOST_LEFT_OUT)
    assert len(PROFILE.checks) == 2 * len(LEFT_OUT) + 1


def test_some_rows_are_told_and_too_many_stop_the_run() -> None:
    assert set(outcomes(impossible_years=70).values()) == {Outcome.PASS}
    some = outcomes(impossible_years=150)
    assert some.pop("IMPOSSIBLE_YEARS") is Outcome.WARN
    assert set(some.values()) == {Outcome.PASS}
    many = outcomes(unknown_countries=1_100)
    assert many["TOO_MANY_UNKNOWN_COUNTRIES"] is Outcome.FAIL
    assert many["UNKNOWN_COUNTRIES"] is Outcome.PASS


def test_how_many_rows_there_are_is_told_of_no_bucket() -> None:
    told = [told_profile(profile(duplicates=n), KEY) for n in (0, 1, 70)]
    assert told[0].equals(told[1])
    assert told[0].equals(told[2])
    report = check_profile(told_profile(profile(duplicates=123), KEY), table="lab")
    assert "123" not in report.to_frame().to_string()


def test_a_release_says_nothing_of_rows_that_were_left_out() -> None:
    assert notes(impossible_years=150, duplicates=300) == []
    assert notes(impossible_years=1_100) == ["TOO_MANY_IMPOSSIBLE_YEARS"]


def notes(**left_out: int) -> list[str]:
    admission = SimpleNamespace(begins_ledger=False, chosen=SimpleNamespace(people=range(9_000)))
    people = People(
        SeriesKey("lab", CountingRule.MODAL_COUNTRY, "affiliations"),
        cast(Snapshot, None),
        cast(CareerParts, None),
        cast(Admission, admission),
        told_profile(profile(**left_out), KEY),
    )
    return [note.check for note in people.notes.results]


def test_rows_without_an_id_are_compared_with_all_rows_though_one_bucket_has_them() -> None:
    assert outcomes(missing_ids=1_500)["TOO_MANY_MISSING_IDS"] is Outcome.PASS
    assert outcomes(missing_ids=2_100)["TOO_MANY_MISSING_IDS"] is Outcome.FAIL


def test_where_a_step_begins_is_known_to_the_key_alone() -> None:
    keys = [PseudonymKey(bytes(range(n, n + 32))) for n in range(20)]
    told = {told_profile(profile(duplicates=90), key)["duplicates"].iloc[0] for key in keys}
    assert told == {0.0, NOTABLE_SHARE}
