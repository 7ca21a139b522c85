"""A look at records of people that publishes nothing: they are checked, tested on, described."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from engine.gather import gather_records
from engine.profile import told_profile
from features.career_records import CareerParts
from flows.steps.admit import restricted_store
from flows.steps.records import engine_options, population_of, pseudonym_key
from privacy.pseudonyms import PseudonymKey
from restricted.store import RestrictedStore
from sources.affiliations import is_affiliations_folder, read_career_records
from talentcast.config import Settings
from talentcast.domain.checks import CheckReport


@dataclass(frozen=True, eq=False)
class RecordsAtHand:
    """Records for a look.

    Attributes:
        parts: Of everybody.
        name_of: What somebody with an id is called in them.
        checks: What the rows that were left out were found to be.
    """

    parts: CareerParts = field(repr=False)
    name_of: Callable[[str], str]
    checks: CheckReport


@contextmanager
def records_at_hand(source: str, settings: Settings) -> Iterator[RecordsAtHand]:
    """Give the records of a source, in any of the forms that a release is made from.

    One file for each table is read at once, under the ids that it has. Any number of files are read
    in bounded memory, under pseudonyms: with the key that is set, into the restricted store, where
    a release finds them again; without one, with a key that nobody keeps, into a folder that is
    gone afterwards.

    Args:
        source: A folder, a pattern, a file, or an address in an object store.
        settings: Key, limits and places.

    Raises:
        InputRejectedError: If the records are refused.
        UsageError: If there are none.
    """
    if is_affiliations_folder(Path(source)):
        yield RecordsAtHand(read_career_records(Path(source)), str, CheckReport())
        return
    if settings.pseudonym_key or settings.pseudonym_key_file:
        yield _gathered(source, pseudonym_key(settings), restricted_store(settings), settings)
        return
    with TemporaryDirectory(prefix="talentcast-") as place:
        store = RestrictedStore(Path(place, "restricted"), releases=Path(place, "releases"))
        yield _gathered(source, PseudonymKey(secrets.token_bytes(32)), store, settings)


def _gathered(
    source: str, key: PseudonymKey, store: RestrictedStore, settings: Settings
) -> RecordsAtHand:
    from expectations.check import check_profile  # takes seconds

    found = gather_records(source, key, store, engine_options(settings))
    checks = check_profile(told_profile(found.profile, key), table=population_of(source))
    return RecordsAtHand(found.parts, key.pseudonym, checks)
