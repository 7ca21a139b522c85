"""A roster: a text file with one researcher id a line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sources.plain_files import read_plain_text
from talentcast.domain.errors import UsageError

MAX_BYTES: Final = 50_000_000


@dataclass(frozen=True, slots=True)
class Roster:
    """The people a report is about.

    Attributes:
        name: What the cohort is called in the report.
        researcher_ids: As in the records.
    """

    name: str
    researcher_ids: frozenset[str]


def read_roster(file: Path) -> Roster:
    """Return the people that a file names, called by the file's stem.

    Raises:
        UsageError: If there is no such file, or it names nobody.
        InputRejectedError: `TOO_LARGE` or `ENCODING`.
    """
    ids = {line.strip() for line in read_plain_text(file, max_bytes=MAX_BYTES).splitlines()} - {""}
    if not ids:
        raise UsageError(f"{file} names nobody. Give one researcher id a line.")
    return Roster(file.stem, frozenset(ids))
