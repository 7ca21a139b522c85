"""Any table of counts in a CSV, Excel or Parquet file of the user: long or wide."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sources.columns import match_columns
from sources.counts import CountsDefaults, merge_parsed, to_counts
from sources.excel import require_own_suffix
from sources.number_styles import Decimal, plain_digits
from sources.parse_notes import info_note
from sources.plain_files import MAX_FILE_BYTES, read_plain_file
from sources.tabular import TextTable, read_table
from sources.wide_tables import to_long
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
        decimal: The decimal character, where the cells do not decide which it is.
        sheet: Sheet of an Excel workbook; default: the first.
        max_bytes: Larger files are refused before they are read.
    """

    path: Path
    population: str | None = None
    counting_rule: CountingRule = CountingRule.UNSPECIFIED
    vintage: Vintage | None = None
    researchers_column: str | None = None
    decimal: Decimal | None = None
    sheet: str | None = None
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
        """Read the bytes of the file; errors as `read_plain_file` and `require_own_suffix`."""
        file = read_plain_file(self.path, max_bytes=self.max_bytes)
        require_own_suffix(file.content, file.name)
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
        long = to_long(read_table(raw.content, raw.name, sheet=self.sheet))
        table, styles = _with_plain_numbers(long, self.researchers_column, self.decimal)
        parsed = to_counts(table, defaults, researchers_column=self.researchers_column)
        shape = (*table.form, *styles)
        # A plain file is read as it is written; of any other, a release says how it was read.
        notes = [info_note(raw.name, "SHAPE", ", ".join(shape))] if shape else []
        line = _understood(raw.name, table.form, styles, parsed)
        return replace(parsed, notes=(*notes, *parsed.notes), understood=(line,))


def _with_plain_numbers(
    table: TextTable, researchers_column: str | None, decimal: Decimal | None
) -> tuple[TextTable, tuple[str, ...]]:
    """Return the table with its counts and moves in plain digits, and how they were written."""
    found = match_columns(table.columns, researchers_column=researchers_column)
    counted = ("researchers", "arrivals", "departures")
    names = [found.found.get(column) for column in counted] + [found.net_moves]
    columns, said = dict(table.columns), dict[str, None]()
    for name in (one for one in names if one is not None and one not in table.numeric):
        columns[name], style = plain_digits(columns[name], column=name, decimal=decimal)
        said |= dict.fromkeys(style.said)
    return replace(table, columns=columns), tuple(said)


def _understood(name: str, form: Sequence[str], styles: Sequence[str], parsed: ParsedCounts) -> str:
    years, countries = parsed.counts["year"], parsed.counts["country"].nunique()
    facts = (f"{countries} countries", f"{years.min()}-{years.max()}")
    return f"read {', '.join((name, *form, *facts, *styles))}"


def population_name(stem: str) -> str:
    """Return a population name made of a file stem.

    Example:
        >>> population_name("Robotics Authors (2024)")
        'robotics_authors_2024'
    """
    name = re.sub(r"[^a-z0-9_-]+", "_", stem.lower()).strip("_-")
    return name[:64] or "file"
