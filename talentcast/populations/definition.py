"""What a population file holds, and what it may not hold."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Final, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from talentcast.domain.definition_files import Definition, parse_definition
from talentcast.domain.errors import UsageError
from talentcast.domain.tables import NAME_PATTERN
from talentcast.domain.types import CountingRule

#: Parts of a filter that the source adds itself, or that cost ten times as much.
_NOT_IN_FILTER: Final = ("publication_year", "is_xpac", "search")

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Months = Annotated[int, Field(ge=1, le=120)]
#: The source that answers queries; other sources bring their figures as files.
_ASKED: Final = "openalex"
#: The source that counts lists of papers which the user has.
PAPER_LISTS: Final = "paperlists"
_ADDRESS: Final = r"^https://[!-~]+/[A-Za-z0-9_.-]+\.json$"


class Query(BaseModel):
    """What is asked of the source.

    Attributes:
        filter: Filter of works, without the year: parts `key:value` with commas between.
        method: `group_by` lets the source count works by country; `works` lists every work.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    filter: Text
    method: Literal["group_by", "works"] = "group_by"

    @field_validator("filter")
    @classmethod
    def _is_plain(cls, text: str) -> str:
        for part in text.split(","):
            key, separator, value = part.partition(":")
            if not (separator and value and re.fullmatch(r"[a-z0-9_.]+", key)):
                raise ValueError(f"'{part}' is not of the form key:value")
            if any(word in key.split(".") for word in _NOT_IN_FILTER):
                raise ValueError(f"'{key}' may not stand in the filter of a population")
        if not re.fullmatch(r"[!-~]+", text) or set(text) & set("&#?%"):
            raise ValueError("blanks and the characters & # ? % may not stand in a filter")
        return text


class PinnedFile(BaseModel):
    """A list behind an address, and the hash that it must have.

    Attributes:
        address: Its last part is venue and year: `https://HOST/PATH/ijcai2024.json`.
        sha256: Of the bytes, in hexadecimal.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    address: Annotated[str, Field(pattern=_ADDRESS, max_length=2000)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class PaperLists(BaseModel):
    """Which lists of accepted papers are counted, and which countries are forecast apart.

    Attributes:
        venues: Conferences; their counts are added up, in years in which every list can be used.
        files: Where the lists are, unless they lie in a folder.
        as_of: Day on which the lists stood like this; the day on which they were written, or
            fetched, without it.
        smallest_part: A country with fewer in the last year belongs to the rest of the world.
        present_years: So many last years must count somebody there; all years without this.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    venues: Annotated[tuple[Name, ...], Field(min_length=1)]
    files: tuple[PinnedFile, ...] = ()
    as_of: date | None = None
    smallest_part: Annotated[float, Field(gt=0)] = 50
    present_years: Annotated[int, Field(ge=3, le=30)] | None = None


class Words(BaseModel):
    """How readers are told of a population.

    Attributes:
        name: For a choice among populations.
        whole: What a share is a share of.
        counted: Who or what is counted, for the source line.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Text
    whole: Text
    counted: Text


class Population(Definition):
    """Who or what is counted, and what a reader must know about it.

    Attributes:
        id: Name in the tables, and stem of the file.
        question: What a reader asks whom this population answers.
        about: Research on artificial intelligence is shown before all of science.
        family: Populations that count the same works or people by different rules share one.
        is_primary: The rule that is quoted first in its family.
        unit: What is counted, in the plural.
        words: How readers are told of it; its id in plain words without this.
        query: What is asked of a source that answers queries.
        lists: Lists of papers that were counted, for figures that come with the package.
        models: Models to forecast with where the usual ones do not serve, the one to quote first.
        first_year: First year asked for.
        finished_after_months: A year is provisional until so many months after it ended.
        counted_by_month: Part of a year that is counted so many months after the year began.
        completeness_spread: How far that may be off: standard deviation of its logarithm, over
            countries and for all, where nothing is counted yet.
        absence: What it means that a country is absent from a year that was counted.
        is_default: Whether it is forecast when a source is asked without naming populations.
        not_for: What the numbers are not.
    """

    title: Text
    question: Text
    about: Literal["ai", "science"] = "ai"
    family: Name | None = None
    is_primary: bool = False
    unit: Text
    words: Words | None = None
    counting_rule: CountingRule
    source: Name
    query: Query | None = None
    lists: PaperLists | None = None
    models: tuple[Name, ...] = ()
    first_year: Annotated[int, Field(ge=1900, le=2100)]
    finished_after_months: Annotated[int, Field(ge=0, le=60)] = 6
    counted_by_month: dict[Months, Annotated[float, Field(gt=0, le=1)]] = Field(
        default={6: 0.4, 12: 0.8, 18: 1.0}
    )
    completeness_spread: Annotated[float, Field(gt=0, le=2)] = 0.5
    absence: Literal["zero", "missing"] = "zero"
    is_default: bool = False
    licence: Text
    attribution: Text
    citation: Text
    not_for: Annotated[tuple[Text, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _is_asked_for(self) -> Self:
        if (self.source == _ASKED) != (self.query is not None):
            raise ValueError(f"a query, and nothing without one, is asked of {_ASKED}")
        if self.source == PAPER_LISTS and self.lists is None:
            raise ValueError(f"'lists' says which venues are counted from {PAPER_LISTS}")
        parts = [self.counted_by_month[month] for month in sorted(self.counted_by_month)]
        if parts != sorted(parts) or parts[-1:] != [1]:
            raise ValueError("what counted_by_month says does not rise to 1")
        return self

    @property
    def is_further_rule(self) -> bool:
        """Whether it counts by another rule than the primary one of its family."""
        return self.family is not None and not self.is_primary

    @property
    def asked(self) -> Query:
        """What is asked of the source.

        Raises:
            UsageError: If its figures come with the package.
        """
        if self.query is None:
            raise UsageError(f"Population {self.id} comes with the package; nothing is asked for.")
        return self.query


def parse_population(text: str, name: str) -> Population:
    """Read a population file.

    Args:
        text: YAML.
        name: Name of the file; its stem is the id of the population.

    Raises:
        InputRejectedError: `POPULATION` if the text is none.
    """
    page = "docs/how-to/add-a-population.md"
    return parse_definition(Population, text, name, code="POPULATION", page=page)
