"""What was asked on a day, and which pages answered it: the file that makes pages a vintage."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Final

from talentcast.domain.errors import InputRejectedError, UsageError
from talentcast.domain.types import CountingRule, Vintage
from talentcast.populations.definition import Population

_FORMAT: Final = 1
_ENDING: Final = "-fetch.json"


@dataclass(frozen=True, slots=True)
class PageEntry:
    """One page by the hash of its bytes."""

    year: int
    page: int
    sha256: str


@dataclass(frozen=True, slots=True)
class FetchRecord:
    """All pages of one population on one day.

    A page whose bytes did not change since an earlier day is stored once, under its first day;
    this record says which pages belong to which day.

    Attributes:
        asked_again: Years whose pages contradicted one another at first.
    """

    population: str
    counting_rule: CountingRule
    filter: str
    method: str
    finished_after_months: int
    absence: str
    as_of: date
    pages: tuple[PageEntry, ...]
    asked_again: tuple[int, ...] = ()

    @classmethod
    def of(
        cls,
        population: Population,
        as_of: date,
        pages: tuple[PageEntry, ...],
        asked_again: tuple[int, ...],
    ) -> FetchRecord:
        """Return the record of a population as it is defined now."""
        return cls(
            population=population.id,
            counting_rule=population.counting_rule,
            filter=population.asked.filter,
            method=population.asked.method,
            finished_after_months=population.finished_after_months,
            absence=population.absence,
            as_of=as_of,
            pages=pages,
            asked_again=asked_again,
        )

    @property
    def vintage(self) -> Vintage:
        """Day whose answers these are."""
        return Vintage(self.as_of)

    @property
    def file_name(self) -> str:
        """Name of the record among the raw files."""
        return f"{self.population}{_ENDING}"

    def to_bytes(self) -> bytes:
        """Return the record as JSON."""
        values = {"format": _FORMAT, **asdict(self), "as_of": self.as_of.isoformat()}
        return json.dumps(values, indent=1, sort_keys=True).encode()

    def is_finished(self, year: int) -> bool:
        """Whether a year had ended long enough ago to be taken as counted."""
        months = (self.as_of.year - year - 1) * 12 + self.as_of.month - 1
        return months >= self.finished_after_months


def is_record(name: str) -> bool:
    """Return whether a raw file is a record, by its name."""
    return name.endswith(_ENDING)


def read_record(content: bytes, name: str) -> FetchRecord:
    """Read a record back.

    Raises:
        InputRejectedError: `BAD_PAYLOAD` if it is none.
    """
    try:
        values: dict[str, Any] = json.loads(content)
        if values.pop("format") != _FORMAT:
            raise ValueError
        values["counting_rule"] = CountingRule(values["counting_rule"])
        values["as_of"] = Vintage.parse(values["as_of"]).as_of
        values["pages"] = tuple(PageEntry(**entry) for entry in values["pages"])
        values["asked_again"] = tuple(values["asked_again"])
        return FetchRecord(**values)
    except (KeyError, TypeError, ValueError, AttributeError, UsageError):
        raise InputRejectedError(
            "BAD_PAYLOAD", f"{name} is no record of a fetch. Fetch the population again."
        ) from None
