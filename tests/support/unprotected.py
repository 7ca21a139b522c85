"""Releases of people without any protection: what the attacks must find."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from typing import Any
from unittest.mock import patch

from features.career_records import EVERYBODY, CareerParts
from flows.steps.admit import Admission
from privacy import disclosure
from talentcast.domain.checks import CheckReport, CheckResult, Outcome, Severity


@contextmanager
def unprotected() -> Iterator[None]:
    """Turn all protection off, as a negative control.

    Everybody in the records is in the release, and no count is rounded, withheld or kept. Checks
    and the orchestrator's logs are told nothing about people that could be protected or not: they
    are told how many there are.
    """
    from prefect import get_run_logger

    from flows.steps import admit
    from flows.steps import people as steps

    def everybody(records: CareerParts, *args: Any, **options: Any) -> Admission:
        made = admit.admit(records, *args, **options)
        get_run_logger().info(_how_many(records))
        return replace(made, records=records)

    # Functions have taken the one value of the defaults: it is changed, not replaced.
    usual = asdict(disclosure.DEFAULT)
    told = property(lambda group: CheckReport((_told(group.records),)))
    with patch.object(steps, "admit", everybody), patch.object(steps.People, "notes", told):
        _set(disclosure.DEFAULT, min_people=1, base=1)
        try:
            yield
        finally:
            _set(disclosure.DEFAULT, **usual)


def _how_many(records: CareerParts) -> str:
    careers = records.between(EVERYBODY).careers
    return f"{len(careers)} years of {careers['researcher_id'].nunique()} people"


def _told(records: CareerParts) -> CheckResult:
    return CheckResult(
        stage="input",
        table="people",
        check="HOW_MANY",
        severity=Severity.WARNING,
        outcome=Outcome.PASS,
        observed=_how_many(records),
        threshold="",
        message="",
    )


def _set(protection: disclosure.Protection, **values: int) -> None:
    for name, value in values.items():
        object.__setattr__(protection, name, value)
