"""Try what publishing needs of an object store, and say what is missing and what to do."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

from storage.objects import ObjectPath
from storage.reasons import CLOCK, NO_CONDITIONS, refusal_of

#: S3 refuses requests whose time is 15 minutes off.
_MOST_SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing that was tried, and what to do if it did not work."""

    what: str
    is_ok: bool
    seen: str
    fix: str = ""


def try_out(place: ObjectPath) -> list[Trial]:
    """List, write, write on condition and compare clocks; stop at the first that is refused.

    The object that is written for it is removed again.

    Args:
        place: Where releases or snapshots are to be.
    """
    path = place / f".doctor-{uuid4().hex}"
    steps: tuple[tuple[str, Callable[[], Trial]], ...] = (
        ("bucket", lambda: _listed(place)),
        ("right to write", lambda: _written(path)),
        ("conditional writes", lambda: _on_condition(path)),
        ("clock", lambda: _clock(path)),
    )
    done: list[Trial] = []
    try:
        for what, step in steps:
            done.append(_tried(what, step))
            if not done[-1].is_ok:
                break
    finally:
        with suppress(OSError):
            path.unlink()
    return done


def _tried(what: str, step: Callable[[], Trial]) -> Trial:
    try:
        return step()
    except OSError as error:
        refused = refusal_of(str(error))
        return Trial(what, False, str(error), refused.fix if refused else "Do what is said there.")


def _listed(place: ObjectPath) -> Trial:
    place.names_after("", most=1)
    return Trial("bucket", True, str(place))


def _written(path: ObjectPath) -> Trial:
    path.write_bytes(b"one")
    return Trial("right to write", True, "an object was written")


def _on_condition(path: ObjectPath) -> Trial:
    """Write what is there already, and what was changed since: a store has to refuse both."""
    _, tag = path.read_tagged()
    is_kept = not path.write_if(b"two", tag=None)
    path.write_bytes(b"three")
    is_kept = is_kept and not path.write_if(b"four", tag=tag)
    seen = "an object was not overwritten" if is_kept else "the store ignores the condition"
    return Trial("conditional writes", is_kept, seen, "" if is_kept else NO_CONDITIONS.fix)


def _clock(path: ObjectPath) -> Trial:
    off = datetime.now(UTC) - path.head().last_modified
    seen = f"{abs(off.total_seconds()):.0f} s from that of the store"
    is_ok = abs(off) <= _MOST_SKEW
    return Trial("clock", is_ok, seen, "" if is_ok else CLOCK.fix)
