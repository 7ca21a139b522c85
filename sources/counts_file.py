"""Any `researcher_counts` table in a CSV or Parquet file of the user."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from sources.counts import CountsDefaults, merge_parsed, to_counts
from sources.plain_files import MAX_FILE_BYTES, read_plain_file
from sources.tabular import read_table
from talentcast.domain.provenance import ParsedCounts, RawFile
from talentcast.domain.types import CountingRule, Vintage


@dataclass(frozen=True, slots=True)
class CountsFile:
    """One file of counts.

    Attributes:
        path: The file.
        population: Who is counted, where the file does not say; default: the file's stem.
        counting_rule: How, where the file does not say.
        vintage: Day on which the figures stood like this; default: the day the file was written.
        researchers_column: Which column counts researchers, where several could.
        max_bytes: Larger files are refused before they are read.
    """

    path: Path
    population: str | None = None
    counting_rule: CountingRule = CountingRule.UNSPECIFIED
    vintage: Vintage | None = None
    researchers_column: str | None = None
    max_bytes: int = MAX_FILE_BYTES
    name: str = "file"
    licence: str = "as stated by the giver of the file"

    @property
    def title(self) -> str:
        """One line for a reader."""
        return f"Counts in {self.path.name}"

    @property
    def url(self) -> str:
        """Name of the file; where it lies on a machine is nobody's business."""
        return self.path.name

    def download(self) -> list[RawFile]:
        """Read the bytes of the file; errors as `read_plain_file`."""
        file = read_plain_file(self.path, max_bytes=self.max_bytes)
        return [
            RawFile(
                name=file.name,
                content=file.content,
                source=self.name,
                url=self.url,
                licence=self.licence,
                vintage=self.vintage or file.written,
            )
        ]

    def parse(self, files: Sequence[RawFile]) -> ParsedCounts:
        """Read the file by the rules of `researcher_counts`."""
        return merge_parsed([self._parse_one(raw) for raw in files])

    def _parse_one(self, raw: RawFile) -> ParsedCounts:
        population = self.population or population_name(Path(raw.name).stem)
        defaults = CountsDefaults(population, self.name, raw.vintage, self.counting_rule)
        table = read_table(raw.content, raw.name)
        return to_counts(table, defaults, researchers_column=self.researchers_column)


def population_name(stem: str) -> str:
    """Return a population name made of a file stem.

    Example:
        >>> population_name("Robotics Authors (2024)")
        'robotics_authors_2024'
    """
    name = re.sub(r"[^a-z0-9_-]+", "_", stem.lower()).strip("_-")
    return name[:64] or "file"
