"""Carrying out steps without an orchestrator."""

from __future__ import annotations

import threading

import pytest

from flows.steps.runner import LocalRunner
from talentcast.domain.errors import InputRejectedError, RefusedError, SourceUnavailableError


class Step:
    """A step that fails with each error in turn, then returns."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls = 0

    def __call__(self, value: str) -> str:
        self.calls += 1
        if self.errors:
            raise self.errors.pop(0)
        return value


def runner(told: list[tuple[str, int, int]] | None = None) -> LocalRunner:
    heard = told if told is not None else []
    return LocalRunner(lambda *stage: heard.append(stage), stages=2, pauses=(0, 0))


def test_what_fails_by_bad_luck_is_tried_again_and_again_but_not_for_ever() -> None:
    down = SourceUnavailableError
    step = Step(down("a"), down("b"))
    assert runner()(step, "x") == "x"
    assert step.calls == 3
    step = Step(down("a"), down("b"), down("c"))
    with pytest.raises(SourceUnavailableError, match="c"):
        runner()(step, "x")
    assert step.calls == 3


@pytest.mark.parametrize("error", [RefusedError(404, "gone"), InputRejectedError("EMPTY", "no")])
def test_what_will_fail_again_is_not_tried_again(error: Exception) -> None:
    step = Step(error)
    with pytest.raises(type(error)):
        runner()(step, "x")
    assert step.calls == 1


def test_what_is_needed_later_is_computed_beside_the_run() -> None:
    may_end = threading.Event()
    pending = runner().submit(lambda: may_end.wait(10) and threading.current_thread().name)
    may_end.set()
    assert pending.result() != threading.current_thread().name
    with pytest.raises(InputRejectedError):
        runner().submit(Step(InputRejectedError("EMPTY", "no")), "x").result()


def test_stages_are_told_in_order_and_may_become_more() -> None:
    told: list[tuple[str, int, int]] = []
    run = runner(told)
    run.progress("first")
    run.expect(3)
    run.progress("second")
    assert told == [("first", 0, 2), ("second", 1, 5)]
