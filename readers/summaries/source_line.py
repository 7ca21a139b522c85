"""The line under every chart: unit, population, counting rule, release and date."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from readers.summaries.populations import rule_words
from readers.summaries.series import Series
from readers.summaries.wording import year_list
from talentcast.domain.types import BASELINE

#: Unit of every share that readers are shown.
SHARE_UNIT: Final = "% of the total, places without a country included"


@dataclass(frozen=True, slots=True)
class SourceLine:
    """What a number is, and where it comes from."""

    unit: str
    population: str
    counting: str
    release_id: str
    last_counted: str
    as_of: date
    read_on: date | None = None
    note: str = ""

    def parts(self) -> list[tuple[str, str]]:
        """Return labels and values, in reading order."""
        written = f"{self.as_of.day} {self.as_of:%b %Y}"
        read = [] if self.read_on is None else [("read", f"{self.read_on.isoformat()},")]
        return [
            ("Unit:", f"{self.unit}."),
            ("Population:", f"{self.population}."),
            ("Counting:", f"{self.counting}."),
            ("Release", f"{self.release_id},"),
            ("last counted", f"{self.last_counted},"),
            *read,
            ("as of", f"{written}.{' ' + self.note if self.note else ''}"),
        ]

    def text(self) -> str:
        """Return the line as plain text."""
        return " ".join(f"{label} {value}" for label, value in self.parts())


def source_line(
    series: Series,
    *,
    release_id: str,
    as_of: date,
    unit: str,
    population: str = "",
    counting: str = "",
    note: str = "",
) -> SourceLine:
    """Return the line for a chart of one series; `population` and `counting` may be overridden."""
    years = [year for year in series.provisional_years if year not in series.nowcast_years]
    provisional = f" ({year_list(years)} provisional)" if years else ""
    begun = series.nowcast_years
    estimated = f"Being counted, estimated: {year_list(begun)}." if begun else ""
    past = series.uncounted_years
    uncounted = f"Past but not yet counted: {year_list(past)}." if past else ""
    scenario = "" if series.scenario == BASELINE else f"Scenario: {series.scenario}."
    return SourceLine(
        unit=unit,
        population=population or series.words.counted,
        counting=counting or rule_words(series.key.counting_rule),
        release_id=release_id,
        last_counted=f"{series.last_counted}{provisional}",
        read_on=series.read_on,
        as_of=as_of,
        note=" ".join(filter(None, (scenario, estimated, uncounted, note))),
    )
