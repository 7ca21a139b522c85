"""Public files about many people become records, under pseudonyms, for a release."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from engine.convert import Conversion, Converted, Progress, PublicRecords
from flows.steps.admit import restricted_store
from flows.steps.records import pseudonym_key, workers_of
from sources.openalex.snapshot import works_snapshot
from sources.openalex.snapshot_file import OpenAlexRecords
from sources.openalex.snapshot_works import FIRST_YEAR, Corpus, WorksWanted
from sources.orcid.public_file import orcid_records
from storage.paths import StorePath
from talentcast.config import Settings
from talentcast.domain.errors import UsageError
from talentcast.domain.tables import NAME_PATTERN

#: More would make files of many thousand pieces.
_MOST_BUCKETS: Final = 512
#: That a work or a person makes, about: of co-authors more than of their own countries.
_ROWS: Final = 10
#: Of a record of ORCID, about.
_PACKED_RECORD_BYTES: Final = 1_600


def records_of_openalex(
    root: StorePath,
    name: str,
    settings: Settings,
    tell: Progress,
    *,
    subfield: str | None = None,
    first_year: int | None = None,
    last_year: int | None = None,
    corpus: Corpus = "core",
    types: frozenset[str] = frozenset(),
) -> Converted:
    """Make records of the authors of works in a snapshot.

    Args:
        root: Folder that holds it, or prefix in a store.
        name: Of the folder of records, and of a population made from it.
        settings: Key, limits and places.
        tell: Told what is being done, how much is done, and of how much.
        subfield: Number of the subfield of works; None for all.
        first_year: Of works.
        last_year: Of works.
        corpus: Of works.
        types: Of works; empty for all.

    Raises:
        UsageError: If there is no snapshot, or what is wanted makes no sense.
        InputRejectedError: If a part is missing or damaged.
    """
    _require_name(name)
    if subfield is not None and not re.fullmatch(r"\d{4}", subfield):
        raise UsageError(
            f"{subfield!r} is no subfield. Give its number of four digits, such as 1702 for "
            "artificial intelligence.",
            parameters=("subfield",),
        )
    snapshot = works_snapshot(root)
    release_year = snapshot.vintage.as_of.year
    wanted = WorksWanted(
        release_year,
        FIRST_YEAR if first_year is None else first_year,
        release_year if last_year is None else last_year,
        subfield,
        corpus,
        types,
    )
    _require_years(wanted.first_year, wanted.last_year)
    return _converted(
        OpenAlexRecords(snapshot, wanted), root, name, snapshot.n_records, settings, tell
    )


def records_of_orcid(
    path: Path,
    name: str,
    settings: Settings,
    tell: Progress,
    *,
    first_year: int | None = None,
    last_year: int | None = None,
) -> Converted:
    """Make records of the people in a public file of ORCID.

    Args:
        path: The archive of summaries.
        name: Of the folder of records, and of a population made from it.
        settings: Key, limits and places.
        tell: As of `records_of_openalex`.
        first_year: Of affiliations.
        last_year: Of affiliations.

    Raises:
        UsageError: If there is no such file, or what is wanted makes no sense.
        InputRejectedError: If it is damaged, or no such archive.
    """
    _require_name(name)
    source = orcid_records(path, first_year=first_year, last_year=last_year)
    _require_years(source.first_year, source.last_year)
    n_records = source.size // _PACKED_RECORD_BYTES
    return _converted(source, path.parent, name, n_records, settings, tell)


def _converted(
    source: PublicRecords,
    place: StorePath,
    name: str,
    n_records: int,
    settings: Settings,
    tell: Progress,
) -> Converted:
    inputs = (place,) if isinstance(place, Path) else ()
    key = pseudonym_key(settings, apart_from=(*inputs, settings.local))
    n_buckets = min(_MOST_BUCKETS, max(1, -(-n_records * _ROWS // settings.bucket_rows)))
    store, workers = restricted_store(settings), workers_of(settings)
    return Conversion(source, name, key, store, n_buckets, workers).run(tell)


def _require_name(name: str) -> None:
    if not re.fullmatch(NAME_PATTERN, name):
        raise UsageError(
            f"{name!r} is no name for a population: names match {NAME_PATTERN}.",
            parameters=("name",),
        )


def _require_years(first: int, last: int) -> None:
    if first > last:
        raise UsageError(
            f"No year lies within {first} and {last}.", parameters=("first_year", "last_year")
        )
