"""Attack a parser with generated inputs: an exception that is no `TalentcastError` is a finding."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from talentcast.domain.errors import TalentcastError


@dataclass(frozen=True)
class Target:
    """A parser and what it is fed with."""

    name: str
    inputs: st.SearchStrategy[Any]
    parse: Callable[[Any], object]


@dataclass
class Findings:
    """What became of the inputs of one parser.

    Attributes:
        examples: One input by kind of unexpected exception and the line that raised it.
    """

    cases: int = 0
    accepted: int = 0
    refused: int = 0
    examples: dict[str, str] = field(default_factory=dict)


def attack(target: Target, cases: int, *, seed_number: int = 0) -> Findings:
    """Feed a parser; go on after a finding, so that one bug does not hide the next."""
    found = Findings()

    @seed(seed_number)
    @settings(
        max_examples=cases,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(value=target.inputs)
    def feed(value: object) -> None:
        found.cases += 1
        try:
            target.parse(value)
        except TalentcastError as error:
            found.refused += 1
            if "\n" in str(error):
                found.examples.setdefault(f"message of several lines: {error!r:.200}", repr(value))
        except (Exception, RecursionError) as error:
            where = traceback.extract_tb(error.__traceback__)
            ours = [frame for frame in where if "site-packages" not in frame.filename][-1]
            place = f"{Path(ours.filename).name}:{ours.lineno}"
            found.examples.setdefault(f"{type(error).__name__} at {place}", repr(value)[:2000])
        else:
            found.accepted += 1

    feed()
    return found
