"""What every source does: bring bytes, and read bytes into a contract table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Protocol

from talentcast.domain.provenance import ParsedCounts, RawFile


def today_utc() -> date:
    """Return the day it is where days are counted in UTC, as providers do."""
    return datetime.now(UTC).date()


class Source(Protocol):
    """A place that counts researchers.

    `download` does the I/O and nothing else; `parse` is pure, so that a snapshot taken years ago
    can be read again.
    """

    @property
    def name(self) -> str:
        """Name on the command line and in the `source` column."""

    @property
    def title(self) -> str:
        """One line for a reader."""

    @property
    def licence(self) -> str:
        """Terms under which the figures may be used."""

    @property
    def url(self) -> str:
        """Where a person can read about the source."""

    def download(self) -> list[RawFile]:
        """Fetch the files, unchanged.

        Raises:
            SourceUnavailableError: If they are out of reach now.
            InputRejectedError: If what came is not what was asked for.
        """

    def parse(self, files: Sequence[RawFile]) -> ParsedCounts:
        """Read files into `researcher_counts`, plus `source_row`: the line in the source file.

        Raises:
            InputRejectedError: If the bytes break a rule that no later check could see.
        """
