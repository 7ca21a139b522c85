"""How the steps of a pipeline are carried out: in this process, or by an orchestrator."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from threading import Thread
from typing import Final, Generic, ParamSpec, Protocol, TypeVar

from talentcast.domain.errors import SourceUnavailableError

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

#: Seconds before each further try of a step that failed by bad luck.
RETRY_PAUSES: Final = (10, 60, 300)

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


def is_bad_luck(error: object) -> bool:
    """Return whether a step may be tried again: never after a failed check, or for a model."""
    return isinstance(error, SourceUnavailableError) and error.may_pass_soon


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


class LocalRunner:
    """Carries out every step in this process, and tells somebody how far the run is.

    What is needed later only is computed in a thread, and what fails by bad luck is tried again:
    as an orchestrator would, but for its record of the run.

    Args:
        tell: Called with what is being done, how many stages are done, and how many there are.
        stages: How many stages a run has at least.
        pauses: Seconds before each further try.
    """

    def __init__(
        self,
        tell: Callable[[str, int, int], None],
        stages: int,
        pauses: Sequence[float] = RETRY_PAUSES,
    ) -> None:
        self._tell, self._stages, self._pauses = tell, stages, pauses
        self._done = -1

    def __call__(self, step: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        """Call the step, again after a pause if it failed by bad luck."""
        for pause in self._pauses:
            try:
                return step(*args, **kwargs)
            except SourceUnavailableError as error:
                if not is_bad_luck(error):
                    raise
                logger.warning("%s Trying again in %g s.", error, pause)
                time.sleep(pause)
        return step(*args, **kwargs)

    def submit(self, step: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> Pending[R]:
        """Call the step in a thread, which ends with the process."""
        future: Future[R] = Future()

        def work() -> None:
            try:
                future.set_result(step(*args, **kwargs))
            except BaseException as error:
                future.set_exception(error)

        Thread(target=work, name=getattr(step, "__name__", None), daemon=True).start()
        return future

    def progress(self, doing: str) -> None:
        """Tell which stage begins."""
        self._done += 1
        self._tell(doing, self._done, self._stages)

    def expect(self, stages: int) -> None:
        """Count on further stages."""
        self._stages += stages


@dataclass(frozen=True, slots=True)
class _Kept(Generic[R]):
    value: R

    def result(self) -> R:
        return self.value


#: The pipeline without an orchestrator.
IN_THIS_PROCESS: Final = PlainRunner()
