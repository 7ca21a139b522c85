"""Every parser reads or refuses in words of its own, whatever it is fed with."""

from __future__ import annotations

import pytest
from fuzz_targets import control, targets
from fuzzing import Target, attack

CASES = 50


@pytest.mark.parametrize("target", targets(), ids=lambda target: target.name)
def test_a_parser_reads_or_refuses(target: Target) -> None:
    found = attack(target, CASES)
    assert found.cases >= CASES * 0.8
    assert found.examples == {}


def test_the_attack_finds_a_parser_that_is_broken_on_purpose() -> None:
    found = attack(control(), CASES)
    assert {name.split(" at ")[0] for name in found.examples} >= {"ValueError"}
