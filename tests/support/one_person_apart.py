"""Attack by comparison: two inputs that differ in one person, and all that a reader gets from them.

The people are simulated. A reader of releases has all tables, exports, the report, the mirror, and
what the orchestrator shows. Whatever differs between the release of one input and that of the other
tells about the one person, unless a whole batch of people differs.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from hashlib import sha256
from io import StringIO
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

import numpy as np
import openpyxl
import pandas as pd
from set_difference import smallest_difference

from features.career_records import CareerRecords
from models.simulation.careers import simulate_careers
from privacy.admitted_sets import DEFAULT_RULES
from privacy.pseudonyms import PseudonymKey
from readers.formats import writer
from talentcast.config import Settings, load_settings
from talentcast.store.pointer import list_releases
from talentcast.store.reader import read_frame
from talentcast.store.release import Release

KEY: Final = "0123456789abcdef" * 4
#: Prefect sends what was logged every two seconds.
_LOGS_ARRIVE_SECONDS: Final = 3.0
#: Columns of `releases` that tell where files lie and when they were sealed.
_ABOUT_FILES: Final = {"tables", "manifest_sha256", "signature"}
SCENARIO: Final = "chn_return_hazard_x1_5"
#: What differs between any two runs: moments, durations, places, and names that chance gives.
_CHANCE: Final = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(\+\d\d:\d\d|Z)?"), "MOMENT"),
    (re.compile(r"\b\d+(\.\d+)? ?(s|seconds)\b"), "DURATION"),
    (re.compile(r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}"), "UUID"),
    (re.compile(r"\b[a-z_]+-([a-z]+|[0-9a-f]{3})\b"), "SLUG"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"), "MOMENT"),
    (re.compile(r"(clip|gradient)\w*\d+"), "MARK"),
    (re.compile(r"127\.0\.0\.1:\d+"), "SERVER"),
)


@dataclass(frozen=True)
class Person:
    """Somebody the attacker wants to know about."""

    kind: str
    researcher_id: str


@dataclass(frozen=True)
class Pair:
    """Two inputs that differ in one person.

    Attributes:
        after: The second input; None where the person is forgotten instead.
    """

    name: str
    person: Person
    after: CareerRecords | None


def people(n: int, seed: int) -> CareerRecords:
    """Simulated careers as a user would have them, with one largest contributor."""
    records = simulate_careers(n, np.random.default_rng(seed)).records
    return replace(records, is_synthetic=False)


def persons(records: CareerRecords) -> list[Person]:
    """One person of each kind that an attacker would look for."""
    careers = records.careers.sort_values(["researcher_id", "year"])
    by_person = careers.groupby("researcher_id")["country"]
    origin, last, places = by_person.first(), by_person.last(), by_person.nunique()
    sizes = origin.value_counts()
    works = careers.groupby("researcher_id")["works"].sum()
    years = by_person.size()
    long = years[years >= 6].index
    kinds = {
        "never moved": origin.index[(places == 1) & origin.index.isin(long)],
        "abroad": origin.index[(last != origin) & origin.index.isin(long)],
        "returned": origin.index[(last == origin) & (places > 1) & origin.index.isin(long)],
        "of a rare origin": origin.index[origin == sizes.index[-1]],
        "the largest contributor": works.sort_values().index[-1:],
    }
    return [Person(kind, str(found[len(found) // 2])) for kind, found in kinds.items()]


def pairs(records: CareerRecords, person: Person) -> Iterator[Pair]:
    """Everything that can happen to one person between two releases."""
    who = person.researcher_id
    own = records.of([who])
    yield Pair("leaves", person, records.without([who]))
    yield Pair("is forgotten", person, None)
    yield Pair(
        "joins", person, _joined(records, _each(own, lambda t: t.assign(researcher_id="zz")))
    )
    last = int(own.careers["year"].max())
    less = _each(own, lambda table: table[table["year"] < last])
    yield Pair("changes a year", person, _joined(records.without([who]), less))
    first = own.careers.sort_values("year")["country"].iloc[0]
    other = "CHN" if first != "CHN" else "USA"
    changed = replace(
        own, careers=own.careers.assign(country=own.careers["country"].replace(first, other))
    )
    yield Pair("changes the origin", person, _joined(records.without([who]), changed))


def _each(records: CareerRecords, change: Callable[[pd.DataFrame], pd.DataFrame]) -> CareerRecords:
    return replace(
        records,
        careers=change(records.careers),
        coauthor_countries=change(records.coauthor_countries),
        affiliation_weights=change(records.affiliation_weights),
    )


def _joined(one: CareerRecords, other: CareerRecords) -> CareerRecords:
    return replace(
        one,
        careers=pd.concat([one.careers, other.careers], ignore_index=True),
        coauthor_countries=pd.concat([one.coauthor_countries, other.coauthor_countries]),
        affiliation_weights=pd.concat([one.affiliation_weights, other.affiliation_weights]),
    )


def write(records: CareerRecords, folder: Path) -> Path:
    """Write the folder that a run reads, dated as always: nobody's moves show in its date."""
    folder.mkdir(parents=True, exist_ok=True)
    moment = datetime(2026, 3, 1, tzinfo=UTC).timestamp()
    for name in ("careers", "coauthor_countries"):
        path = folder / f"{name}.parquet"
        getattr(records, name).sort_values(["researcher_id", "year"]).to_parquet(path, index=False)
        os.utime(path, (moment, moment))
    return folder


def settings_of(home: Path) -> Settings:
    """Settings of a home with a key of its own and its own notes on data sets."""
    return load_settings(home).model_copy(update={"datasets_dir": home / "datasets"})


def copy_of(home: Path, copy: Path) -> Path:
    """Copy a home; the copy stands for the same home at another time."""
    shutil.copytree(home, copy)
    note = next((copy / "datasets").glob("*.json"))
    note.write_text(note.read_text().replace(str(home), str(copy)))
    return copy


def forget(person: Person, settings: Settings) -> None:
    """Forget somebody in the restricted store."""
    from flows.steps.admit import restricted_store

    pseudonym = PseudonymKey(KEY.encode()).pseudonym(person.researcher_id)
    restricted_store(settings).forget(pseudonym, forgotten_at=datetime.now(UTC))


def publish(
    folder: Path, home: Path, *, force: bool = False, **options: Any
) -> tuple[Release, dict[str, str]]:
    """Publish a scenario release with Prefect; returns it and what was said meanwhile."""
    from flows.refresh import refresh

    said = StringIO()
    logging.getLogger("httpx").setLevel(logging.WARNING)
    handler = logging.StreamHandler(said)
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    try:
        with _environment(home):
            done = refresh(
                sources=[str(folder)], models=["drift"], scenarios=[SCENARIO], home=home,
                force=force, **options,
            )  # fmt: skip
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
    return done.release, {"logs": said.getvalue()} | _orchestrated(home)


#: Ids of artifacts and logs that belong to earlier runs.
_SEEN: set[str] = set()


def _orchestrated(home: Path) -> dict[str, str]:
    """What the orchestrator holds of the last run: artifacts and logs."""
    from prefect.client.orchestration import get_client

    time.sleep(_LOGS_ARRIVE_SECONDS)
    with get_client(sync_client=True) as client:
        found = {
            "artifacts": client.request(
                "POST", "/artifacts/filter", json={"limit": 200, "sort": "ID_DESC"}
            ).json(),
            "orchestrator logs": client.request(
                "POST", "/logs/filter", json={"limit": 200, "sort": "TIMESTAMP_DESC"}
            ).json(),
        }
    fresh = {
        channel: [row for row in rows if row["id"] not in _SEEN] for channel, rows in found.items()
    }
    _SEEN.update(row["id"] for rows in fresh.values() for row in rows)
    return {
        channel: "\n".join(sorted(str(row.get("data") or row.get("message")) for row in rows))
        for channel, rows in fresh.items()
    }


@contextmanager
def _environment(home: Path) -> Iterator[None]:
    variables = {
        "TALENTCAST_PSEUDONYM_KEY": KEY,
        "TALENTCAST_DATASETS_DIR": str(home / "datasets"),
        # Everything that could tell is published, however few people there are.
        "TALENTCAST_MIN_PEOPLE_FOR_RETURNS": "0",
    }
    with patch.dict(os.environ, variables):  # noqa: TID251 - as a user sets them
        yield


def channels(
    release: Release,
    home: Path,
    out: Path,
    said: Mapping[str, str],
    *,
    mirror_to: str | None = None,
) -> dict[str, str]:
    """Return everything that a reader can see of a release, by channel, without what is chance."""
    root = home / "releases"
    shutil.rmtree(out, ignore_errors=True)
    seen = {f"table {name}": _table(name, release, root) for name in sorted(release.tables)}
    seen["manifest"] = _manifest(release)
    for form in ("csv", "xlsx", "hubverse", "frictionless", "report"):
        (out / form).mkdir(parents=True)
        writer(form)(release, root, out / form)
        files = sorted(path for path in (out / form).rglob("*") if path.is_file())
        seen[form] = "\n".join(f"{path.name}\n{_text(path)}" for path in files)
    seen["checks"] = (home / "reports" / f"{release.release_id}.html").read_text()
    seen |= said
    if mirror_to is not None:
        seen["mirror"] = _mirrored(release, root, mirror_to)
    told = {name: _without_chance(text, release, home) for name, text in seen.items()}
    # Steps run side by side: only what is said counts, not in which order.
    return told | {name: "\n".join(sorted(set(told[name].splitlines()))) for name in said}


def differing(one: Mapping[str, str], other: Mapping[str, str]) -> list[str]:
    """Return the channels in which two readers see something else."""
    return sorted(name for name in {*one, *other} if one.get(name) != other.get(name))


def is_batch(home: Path) -> bool:
    """Whether releases of a home are made from several sets, of which every two differ by a batch.

    Counted by origin group, from the ledger; a person that was forgotten counts as one.
    """
    from restricted.admissions import AdmissionLedger

    dataset_id = PseudonymKey(KEY.encode()).dataset_id
    settings = settings_of(home)
    ledger = AdmissionLedger(settings.restricted, dataset_id, list_releases(settings.releases))
    sets = ledger.published()
    return len(sets) > 1 and all(
        smallest_difference(one, other, one.origins & other.origins) >= DEFAULT_RULES.batch
        for at, one in enumerate(sets)
        for other in sets[:at]
    )


def _manifest(release: Release) -> str:
    """What the release says of itself, without the places of its files."""
    row = release.to_row()
    tables = {entry.name: (entry.rows, entry.row_hash) for entry in release.tables.values()}
    told = ("kind", "as_of", "populations", "inputs", "quality", "reason", "settings_sha256")
    return json.dumps({name: row[name] for name in told} | tables, sort_keys=True, default=str)


def _table(name: str, release: Release, root: Path) -> str:
    rows = read_frame(name, release, root).drop(columns="release_id")
    return str(rows.to_csv(index=False))


def _text(path: Path) -> str:
    if path.suffix == ".parquet":
        return _parquet(path)
    if path.suffix == ".png":
        return sha256(path.read_bytes()).hexdigest()
    if path.suffix != ".xlsx":
        return path.read_text()
    book = openpyxl.load_workbook(path, read_only=True)
    lines = [
        "\t".join(map(str, row)) for sheet in book for row in sheet.iter_rows(values_only=True)
    ]
    return "\n".join(lines)


def _parquet(path: Path) -> str:
    return str(pd.read_parquet(path).to_csv(index=False))


def _mirrored(release: Release, root: Path, address: str) -> str:
    import psycopg

    from readers.export.postgres import mirror

    mirror([release], root, address)
    with psycopg.connect(address) as connection:
        names = [
            row[0]
            for row in connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'talentcast' ORDER BY 1"
            )
        ]
        rows = [_rows(connection, name) for name in names]
    return "\n".join(rows)


def _rows(connection: Any, name: str) -> str:
    """All rows of a table of the mirror, without the places and seals of files."""
    found = connection.execute(f'SELECT * FROM talentcast."{name}"')  # noqa: S608 - our own names
    told = [at for at, column in enumerate(found.description) if column.name not in _ABOUT_FILES]
    return "\n".join(sorted("\t".join(str(row[at]) for at in told) for row in found))


def _without_chance(text: str, release: Release, home: Path) -> str:
    text = text.replace(str(release.release_id), "RELEASE").replace(str(home), "HOME")
    for pattern, said in _CHANCE:
        text = pattern.sub(said, text)
    return text
