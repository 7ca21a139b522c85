"""Records of real people: a folder of tables is read at once, any number of files is scanned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from engine.files import named_after
from engine.gather import EngineOptions, gather_records
from engine.profile import told_profile
from engine.workers import Workers
from features.career_records import CareerParts
from features.engine import EngineLimits
from flows.steps.admit import restricted_store
from privacy.pseudonyms import PseudonymKey, pseudonymised, require_key
from sources.affiliations import (
    download_affiliations,
    is_affiliations_folder,
    parse_career_records,
    records_sha256,
)
from sources.counts_file import population_name
from talentcast.config import Settings
from talentcast.domain.types import Vintage


@dataclass(frozen=True, eq=False)
class KnownPeople:
    """Everybody in a source, under pseudonyms and without the forgotten.

    Attributes:
        profile: What may be told of rows that were left out; None where none may be.
        vintage: Day on which the records stood so.
    """

    parts: CareerParts = field(repr=False)
    profile: pd.DataFrame | None
    vintage: Vintage


def everybody_in(source: str, key: PseudonymKey, settings: Settings) -> KnownPeople:
    """Read a source of records into the restricted store."""
    store = restricted_store(settings)
    if not is_affiliations_folder(Path(source)):
        found = gather_records(source, key, store, engine_options(settings))
        return KnownPeople(found.parts, told_profile(found.profile, key), found.vintage)
    files = download_affiliations(Path(source), max_bytes=settings.max_input_bytes)
    records = pseudonymised(parse_career_records(files), key)
    store.save_records(records, name=records_sha256(files))
    vintage = max(file.vintage for file in files)
    return KnownPeople(store.without_forgotten(records), None, vintage)


def pseudonym_key(settings: Settings, *, apart_from: Sequence[Path] = ()) -> PseudonymKey:
    """Return the key that is set for records of real people.

    Args:
        settings: With the key, or the file that holds it.
        apart_from: Folders of inputs and outputs, under which that file may not lie.

    Raises:
        ConfigurationError: As `require_key`.
    """
    secret = settings.pseudonym_key
    text = secret.get_secret_value() if secret else None
    return require_key(text, file=settings.pseudonym_key_file, apart_from=apart_from)


def engine_options(settings: Settings) -> EngineOptions:
    """Return how records are divided and what that may use."""
    spill = settings.duckdb_spill_dir or restricted_store(settings).scan_folder
    limits = EngineLimits(settings.duckdb_memory, settings.duckdb_threads, spill)
    return EngineOptions(settings.bucket_rows, limits, workers_of(settings))


def workers_of(settings: Settings) -> Workers:
    """Return what works on parts of people."""
    return Workers(settings.people_processes)


def population_of(source: str) -> str:
    """Return the name of the people in a source."""
    return population_name(named_after(source))
