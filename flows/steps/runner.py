"""How the steps of a pipeline are carried out: one after the other, or by an orchestrator."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

logger = logging.getLogger(__name__)


class Pending(Protocol[R_co]):
    """A result that may still be computed."""

    def result(self) -> R_co:
        """Wait for the result and return it."""


class Runner(Protocol):
    """Carries out the steps that a pipeline names; it decides how, never what."""

    def __call__(self, step: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Carry out a step and return its result."""

    def submit(self, step: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Pending[R]:
        """Start a step whose result is needed later."""

    def progress(self, doing: str) -> None:
        """Take note of the stage that begins."""

    def expect(self, stages: int) -> None:
        """Take note of further stages that turned out to be needed."""


class PlainRunner:
    """Calls every step at once, in this process."""

    def __call__(self, step: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the step."""
        return step(*args, **kwargs)

    def submit(self, step: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Pending[R]:
        """Call the step and keep its result."""
        return _Kept(step(*args, **kwargs))

    def progress(self, doing: str) -> None:
        """Log the stage that begins."""
        logger.info("%s", doing)

    def expect(self, stages: int) -> None:
        """Do nothing: a log has no end to count towards."""


@dataclass(frozen=True, slots=True)
class _Kept(Generic[R]):
    value: R

    def result(self) -> R:
        return self.value


#: The pipeline without an orchestrator.
IN_THIS_PROCESS: Final = PlainRunner()
