"""Errors a caller may catch, each with the exit code the command line returns for it.

    TalentcastError                  1
        UsageError                   2
        InputRejectedError           3
            MissingColumnsError      3
            ChecksFailedError        3
            ContradictionError       3
        SourceUnavailableError       4
            RefusedError             4
            GaveUpError              4
            LimitReachedError        4
        StoreError                   5
            IntegrityError           5
            NotPermittedError        5
            PrunedError              5
        ConfigurationError           6
            ServerLostError          6
            NotAdmittedError         6
        YearsFailedError             that of the first year that failed

A message is one line that says what happened, where, and what to do about it. It names parameters,
not options: the command line knows which of its options sets a parameter.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

_MAX_NAMES: Final = 20
_MAX_NAME_LENGTH: Final = 80


class TalentcastError(Exception):
    """Base of every expected failure.

    Attributes:
        parameters: Names of the parameters, of a flow or a function, that would make a difference.
    """

    exit_code: int = 1

    def __init__(self, message: str, *, parameters: Collection[str] = ()) -> None:
        self.parameters = tuple(parameters)
        super().__init__(message)

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes as message and attributes, whatever the constructor takes."""
        return _restored, (type(self), self.args, self.__dict__)


class UsageError(TalentcastError):
    """The call does not make sense: an unknown name, an empty range, a wrong option."""

    exit_code = 2


class InputRejectedError(TalentcastError):
    """Input data broke a rule; nothing was published and nothing was lost.

    Attributes:
        code: Stable upper-case name of the rule, for example ``NEG_COUNT``.
    """

    exit_code = 3

    def __init__(self, code: str, message: str, *, parameters: Collection[str] = ()) -> None:
        self.code = code
        super().__init__(f"{code}: {message}", parameters=parameters)


class MissingColumnsError(InputRejectedError):
    """A required column is absent under every known name."""

    def __init__(self, table: str, missing: Collection[str], found: Collection[str]) -> None:
        self.missing = sorted(missing)
        super().__init__(
            "SCHEMA",
            f"Table '{table}' lacks columns {self.missing}; found {some_of(sorted(found))}. "
            "Rename the columns; docs/data-dictionary.md says what each column holds.",
        )


class ChecksFailedError(InputRejectedError):
    """Checks failed; the last good release stays served."""

    def __init__(self, stage: str, codes: Collection[str], where: str) -> None:
        self.stage, self.codes = stage, tuple(codes)
        super().__init__(
            "CHECKS_FAILED",
            f"Checks of {stage} stopped this run: {', '.join(self.codes)}. "
            f"Nothing was published. Read {where} for the failing rows, fix the input, run again.",
        )


class ContradictionError(InputRejectedError):
    """Parts of one answer cannot be true together; asked for again they may."""


class SourceUnavailableError(TalentcastError):
    """A source could not be reached or read; try again later.

    Attributes:
        may_pass_soon: Whether trying again within minutes may help.
    """

    exit_code = 4
    may_pass_soon = True


class RefusedError(SourceUnavailableError):
    """A server answered, and will give the same answer to the same request again.

    Attributes:
        status: Its status code.
    """

    may_pass_soon = False

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class GaveUpError(SourceUnavailableError):
    """A server or the network kept failing in a way that a later try may not.

    Attributes:
        code: `RATE_LIMIT` or `SOURCE_DOWN`.
        problem: What went wrong at the last try, without the address.
        pause_seconds: How long the server wants to be left alone; None if it did not say.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        problem: str,
        pause_seconds: float | None,
        may_pass_soon: bool,
    ) -> None:
        self.code, self.problem, self.pause_seconds = code, problem, pause_seconds
        self.may_pass_soon = may_pass_soon
        super().__init__(message)


class LimitReachedError(SourceUnavailableError):
    """What may be asked today, or what the user wants to spend, is used up; what came is kept."""

    may_pass_soon = False


class StoreError(TalentcastError):
    """The release store is in conflict, damaged or does not hold what was asked for."""

    exit_code = 5


class IntegrityError(StoreError):
    """Stored bytes are not those the manifest names."""


class NotPermittedError(StoreError):
    """Files that this process may not use; whether they are sound is not known."""


class PrunedError(StoreError):
    """The rows of a release were removed to free space; its row in `releases` stays.

    Attributes:
        pruned_at: When, in UTC.
    """

    def __init__(self, release_id: str, *, pruned_at: datetime, why: str, again: str) -> None:
        self.pruned_at = pruned_at
        super().__init__(
            f"PRUNED: the rows of {release_id} were removed on {pruned_at:%Y-%m-%d %H:%M} UTC "
            f"({why}). What it was made from: talentcast releases show {release_id}. "
            f"Make it again: {again}"
        )


class ConfigurationError(TalentcastError):
    """A setting is missing or unusable."""

    exit_code = 6


class ServerLostError(ConfigurationError):
    """The Prefect server that was configured, or started for one run, does not answer."""

    def __init__(self, url: str, detail: str) -> None:
        super().__init__(
            f"The Prefect server at {url} does not answer ({detail}). Start it, or unset "
            "PREFECT_API_URL, and run again: what was published stays, and nothing is published "
            "twice."
        )


class NotAdmittedError(ConfigurationError):
    """The Prefect server wants a password, and this one is not it."""

    def __init__(self, url: str) -> None:
        super().__init__(
            f"The Prefect server at {url} does not accept the password of this client. Set "
            "PREFECT_API_AUTH_STRING=user:password to what the server was given as "
            "PREFECT_SERVER_API_AUTH_STRING, and run again."
        )


class YearsFailedError(TalentcastError):
    """Some years of a backfill failed; the others are published."""

    def __init__(self, errors: Mapping[int, Exception]) -> None:
        self.errors = dict(errors)
        first = min(errors)
        self.exit_code = getattr(errors[first], "exit_code", 1)
        super().__init__(
            f"{len(errors)} years failed ({', '.join(map(str, sorted(errors)))}); the others are "
            f"published. Fix the first and run again: {errors[first]}"
        )


def some_of(names: Sequence[str]) -> str:
    """Return the first names for a message; a file of the user may have thousands.

    Example:
        >>> some_of(["b", "a"])
        "['b', 'a']"
    """
    shown = [
        name if len(name) <= _MAX_NAME_LENGTH else f"{name[:_MAX_NAME_LENGTH]}..."
        for name in names[:_MAX_NAMES]
    ]
    more = len(names) - len(shown)
    return f"{shown}" + (f" and {more} more" if more else "")


def _restored(
    kind: type[TalentcastError], args: tuple[Any, ...], attributes: Mapping[str, Any]
) -> TalentcastError:
    error = kind.__new__(kind, *args)
    error.__dict__.update(attributes)
    return error
