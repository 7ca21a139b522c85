"""From kept lists to counts: which venues make up a population, and their sum."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import pandas as pd

from sources.counts import CountsDefaults, merge_parsed
from sources.paper_lists.list_file import PaperList, read_kept_list
from sources.paper_lists.names import ListName, list_name
from sources.paper_lists.venue_counts import counts_of_lists, rows_of_list
from sources.parse_notes import info_note, warning_note
from talentcast.domain.checks import CheckResult
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.provenance import ParsedCounts, RawFile
from talentcast.domain.types import CountingRule, Vintage
from talentcast.populations.definition import PaperLists, Population

_RECORD: Final = "paperlists-populations.json"
_EARLIEST: Final = 1900


@dataclass(frozen=True, slots=True)
class CountedVenues:
    """A population as it was defined when the lists were read: what its counts follow from."""

    population: str
    counting_rule: CountingRule
    venues: tuple[str, ...]
    first_year: int = _EARLIEST

    @classmethod
    def of(cls, population: Population) -> CountedVenues:
        """Return what a population file says about counting."""
        venues = population.lists.venues if population.lists else ()
        return cls(population.id, population.counting_rule, venues, population.first_year)

    @classmethod
    def alone(cls, venue: str) -> CountedVenues:
        """Return the population of one venue by authorships."""
        rule = CountingRule.AUTHORSHIPS
        return cls(f"{venue}_{rule}", rule, (venue,))


@dataclass(frozen=True, slots=True)
class _DatedList:
    """A list with its name and the day on which it stood like this."""

    name: ListName
    papers: PaperList
    vintage: Vintage


def record_file(
    counted: Sequence[CountedVenues], source: str, url: str, licence: str, vintage: Vintage
) -> RawFile:
    """Return the file that says what is counted: a change of it is a change of the input."""
    content = json.dumps([asdict(one) for one in counted], separators=(",", ":")).encode()
    return RawFile(_RECORD, content, source, url, licence, vintage)


def is_record(file_name: str) -> bool:
    """Tell whether a file says what is counted."""
    return file_name == _RECORD


def parse_lists(files: Sequence[RawFile], source: str) -> ParsedCounts:
    """Count kept lists for every population of the record.

    Without one, each venue is a population by authorships; those of too few usable years are left
    out, and said.

    Raises:
        InputRejectedError: If nothing can be counted, or a list is damaged.
    """
    record = next(raw for raw in files if is_record(raw.name))
    lists = [_kept(raw) for raw in files if not is_record(raw.name)]
    counted = _read_record(record)
    parts = (
        [_count(one, lists, source) for one in counted]
        if counted
        else list(_each_venue(lists, source))
    )
    parsed = merge_parsed([part for part in parts if not part.counts.empty])
    notes = [note for part in parts if part.counts.empty for note in part.notes]
    return ParsedCounts(parsed.counts, (*parsed.notes, *notes, *_status_notes(lists)))


def _each_venue(lists: Sequence[_DatedList], source: str) -> Iterator[ParsedCounts]:
    refused: list[InputRejectedError] = []
    venues = sorted({one.name.venue for one in lists})
    for venue in venues:
        try:
            yield _count(CountedVenues.alone(venue), lists, source)
        except InputRejectedError as error:
            refused.append(error)
            note = warning_note(
                venue, "VENUE_LEFT_OUT", str(error), message="There is no forecast of this venue."
            )
            yield ParsedCounts(pd.DataFrame(), (note,))
    if len(refused) == len(venues):
        reasons = "; ".join(str(error).removeprefix(f"{error.code}: ") for error in refused[:5])
        raise InputRejectedError("NOT_A_SHARE", reasons)


def _count(counted: CountedVenues, lists: Sequence[_DatedList], source: str) -> ParsedCounts:
    own = [one for one in lists if one.name.venue in counted.venues]
    missing = sorted(set(counted.venues) - {one.name.venue for one in own})
    if missing:
        raise InputRejectedError(
            "PAPER_LIST",
            f"{counted.population} counts {', '.join(missing)}, but no list is named like "
            f"{missing[0]}2024.json. Add the lists, or take the venue out of the population file.",
        )
    rows = [
        rows_of_list(one.name.venue, one.name.year, one.papers.papers, counted.counting_rule)
        for one in own
    ]
    vintage = max(one.vintage for one in own)
    defaults = CountsDefaults(counted.population, source, vintage, counted.counting_rule)
    return counts_of_lists(
        pd.concat(rows, ignore_index=True),
        PaperLists(venues=counted.venues),
        counted.counting_rule,
        defaults,
        first_year=counted.first_year,
    )


def _status_notes(lists: Sequence[_DatedList]) -> Iterator[CheckResult]:
    """Yield how each list calls its papers, so that a reader sees what was taken as accepted."""
    for one in lists:
        said = ", ".join(f"{status} {n}" for status, n in one.papers.statuses.items())
        accepted = f"{len(one.papers.papers)} accepted of {said}"
        yield info_note(one.name.file, "PAPERS_COUNTED", accepted)


def _kept(raw: RawFile) -> _DatedList:
    name = list_name(raw.name)
    if name is None:
        raise InputRejectedError("PAPER_LIST", f"{raw.name} is not named after venue and year.")
    return _DatedList(name, read_kept_list(raw.content, raw.name), raw.vintage)


def _read_record(raw: RawFile) -> list[CountedVenues]:
    try:
        return [
            CountedVenues(
                str(one["population"]),
                CountingRule(one["counting_rule"]),
                tuple(map(str, one["venues"])),
                int(one["first_year"]),
            )
            for one in json.loads(raw.content)
        ]
    except (KeyError, TypeError, ValueError):
        raise InputRejectedError(
            "PAPER_LIST", f"{raw.name} does not say what is counted; read the lists again."
        ) from None
