"""Figures that come with the package; `data/README.md` says where each was taken from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Final

import numpy as np
import pandas as pd

from sources.cells import parse_numbers, parse_years
from sources.counts import CountsDefaults, merge_parsed, to_counts
from sources.paper_lists.venue_counts import counts_of_lists, read_venue_counts
from sources.parse_notes import warning_note
from sources.tabular import TextTable, read_table
from talentcast.domain.errors import UsageError
from talentcast.domain.provenance import ParsedCounts, RawFile
from talentcast.domain.tables import COUNTRY_COVARIATES, PUBLISHED_FIGURES
from talentcast.domain.types import CountingRule, Vintage
from talentcast.populations.catalogue import bundled_populations

#: Day on which figures without a date of their own were taken into the package.
TAKEN_IN: Final = Vintage(date(2026, 11, 23))
#: Day on which the lists of papers were counted.
LISTS_COUNTED: Final = Vintage(date(2026, 11, 23))
#: Publication of the data descriptor of the 2024 V1 files; they were complete by then.
SCHOLARLY_2024: Final = Vintage(date(2024, 7, 24))


@dataclass(frozen=True, slots=True)
class _CountsFile:
    """A bundled file and what it does not say itself.

    Attributes:
        population: Name for rows that state none.
        provisional_years: Years that the source has not finished counting.
    """

    name: str
    population: str
    counting_rule: CountingRule
    url: str
    licence: str
    vintage: Vintage
    provisional_years: tuple[int, ...] = ()


_LISTS: Final = _CountsFile(
    "conference_by_country.csv",
    "conferences",  # populations say which venues they add up
    CountingRule.AUTHORSHIPS,
    "https://github.com/papercopilot/paperlists (public lists of accepted papers)",
    "figures with citation",
    LISTS_COUNTED,
)
_FILES: Final = (
    _CountsFile(
        "ai_conference_authorships.csv",
        "ai_conference_authorships",  # each row states its own
        CountingRule.AUTHORSHIPS,
        "https://neurips.cc; https://icml.cc (paper lists, through a public compilation)",
        "figures with citation",
        TAKEN_IN,
    ),
    _CountsFile(
        "scholars_by_country.csv",
        "scholars_scopus",
        CountingRule.MODAL_COUNTRY,
        "https://doi.org/10.1038/s41597-024-03655-9",
        "CC BY 4.0",
        SCHOLARLY_2024,
    ),
    _CountsFile(
        "robotics_authors_by_country.csv",
        "robotics_authors",
        CountingRule.MODAL_COUNTRY,
        "own count from public paper lists of two robotics conferences",
        "figures with citation",
        TAKEN_IN,
        provisional_years=(2016,),  # the papers of one of the two venues are missing
    ),
    _LISTS,
)


@dataclass(frozen=True, slots=True)
class Bundled:
    """The populations that come with the package."""

    name: str = "bundled"
    title: str = "Figures that come with the package: AI and robotics conferences, Scopus scholars"
    licence: str = "figures with citation; CC BY 4.0 (scholars_scopus)"
    url: str = "sources/data/README.md"

    def download(self) -> list[RawFile]:
        """Read the files from the package."""
        return [
            RawFile(
                file.name,
                _package_bytes(file.name),
                self.name,
                file.url,
                file.licence,
                file.vintage,
            )
            for file in _FILES
        ]

    def parse(self, files: Sequence[RawFile]) -> ParsedCounts:
        """Read every population whose source is `bundled`."""
        return merge_parsed([self._parse_one(raw) for raw in files])

    def _parse_one(self, raw: RawFile) -> ParsedCounts:
        file = next((known for known in _FILES if known.name == raw.name), None)
        if file is None:
            raise UsageError(
                f"'{raw.name}' is none of the bundled files ({', '.join(f.name for f in _FILES)})."
            )
        if file is _LISTS:
            return self._parse_lists(raw)
        defaults = CountsDefaults(file.population, self.name, raw.vintage, file.counting_rule)
        parsed = to_counts(read_table(raw.content, raw.name), defaults)
        if not file.provisional_years:
            return parsed
        unfinished = parsed.counts["year"].isin(file.provisional_years)
        note = warning_note(
            file.population,
            "PROVISIONAL_YEARS",
            f"{list(file.provisional_years)}: the source has not finished counting",
            message="Models treat these years as missing.",
        )
        counts = parsed.counts.assign(is_provisional=unfinished)
        return ParsedCounts(counts, (*parsed.notes, note))

    def _parse_lists(self, raw: RawFile) -> ParsedCounts:
        rows = read_venue_counts(read_table(raw.content, raw.name))
        return merge_parsed(
            [
                counts_of_lists(
                    rows,
                    one.lists,
                    one.counting_rule,
                    CountsDefaults(one.id, self.name, raw.vintage, one.counting_rule),
                    first_year=one.first_year,
                )
                for one in bundled_populations().values()
                if one.lists is not None
            ]
        )


def bundled_covariates() -> pd.DataFrame:
    """Return `country_covariates`: GDP per capita and inhabitants, 1998-2020."""
    table = _package_table("country_covariates.csv")
    years, _ = parse_years(table.columns["year"], table.rows)
    numbers = {
        name: parse_numbers(table.columns[name], table.rows, column=name)
        for name in ("gdp_per_capita", "population")
    }
    country = pd.array(table.columns["country"], dtype="str")
    frame = pd.DataFrame({"year": years, "country": country, **numbers})
    return frame[list(COUNTRY_COVARIATES.column_names)]


def published_figures() -> pd.DataFrame:
    """Return `published_figures`, without `release_id`; one row per figure, in file order."""
    table = _package_table("published_figures.csv")
    years, _ = parse_years(table.columns["year"], table.rows)
    samples = parse_numbers(table.columns["n_sample"], table.rows, column="n_sample")
    frame = pd.DataFrame(
        {name: pd.Series(cells, dtype="str") for name, cells in table.columns.items()}
    )
    for column in PUBLISHED_FIGURES.columns:
        if column.type == "string" and column.nullable:
            frame[column.name] = frame[column.name].mask(frame[column.name] == "")
    frame = frame.assign(
        figure_id=np.arange(1, len(frame) + 1, dtype=np.int64),
        year=years,
        value=parse_numbers(table.columns["value"], table.rows, column="value"),
        n_sample=pd.Series(samples).astype("Int64"),
    )
    return frame[list(PUBLISHED_FIGURES.unpublished_columns)]


def _package_table(name: str) -> TextTable:
    return read_table(_package_bytes(name), name)


def _package_bytes(name: str) -> bytes:
    return files("sources").joinpath("data", name).read_bytes()
