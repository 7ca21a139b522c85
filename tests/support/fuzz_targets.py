"""Every parser of outside text or bytes, and what it is fed with."""

from __future__ import annotations

import io
import json
import tempfile
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from count_shapes import SHAPES, text, wide_grid, with_part, workbook
from fuzz_public_files import public_files
from fuzzing import Target
from hostile_inputs import (
    CAREER_NAMES,
    COUNT_NAMES,
    MOVE_NAMES,
    csv_files,
    damaged,
    headers,
    mixed,
    parquet_files,
    scenarios,
    texts,
    with_changes,
)
from hypothesis import strategies as st
from small_release import Small, publish_small

from models.scenarios import parse_scenario
from sources import cells, columns
from sources.affiliations import parse_career_records
from sources.counts_file import CountsFile
from sources.covariates import parse_covariates
from sources.roster import read_roster
from sources.scholarly_migration import FILES, MOVES_FILE, ScholarlyMigration
from talentcast.domain.provenance import RawFile
from talentcast.domain.types import ReleaseId, Vintage
from talentcast.store.release import Release
from talentcast.store.snapshots import read_snapshot, save_snapshot

VINTAGE = Vintage(date(2024, 7, 24))


def raw(name: str, content: bytes, source: str = "file") -> RawFile:
    """Return a file with its bytes."""
    return RawFile(name, content, source, "", "", VINTAGE)


def _counts(name: str) -> Callable[[bytes], object]:
    return lambda content: CountsFile(Path(name)).parse([raw(name, content)])


@st.composite
def _wide_files(draw: st.DrawFn) -> bytes:
    """Return a wide text file in some style, with a few of its cells changed."""
    grid = wide_grid(draw(st.sampled_from(("country", "", "Area"))))
    if draw(st.booleans()):
        grid = [list(column) for column in zip(*grid, strict=True)]
    for _ in range(draw(st.integers(0, 2))):
        row = draw(st.integers(0, len(grid) - 1))
        grid[row][draw(st.integers(0, len(grid[row]) - 1))] = draw(mixed)
    separator = draw(st.sampled_from(",;\t"))
    decimal, thousands = draw(st.sampled_from((".,", ",.", ", ", ".'", (".", ""))))
    return draw(damaged(text(grid, separator, decimal=decimal, thousands=thousands)))


@st.composite
def _workbooks(draw: st.DrawFn) -> bytes:
    """Return a workbook with strange cells, a damaged part, or damage anywhere."""
    printable = st.text(st.characters(codec="utf-8", exclude_categories=("C",)), max_size=5)
    cell = st.one_of(st.none(), st.integers(), st.floats(), st.booleans(), printable)
    own = workbook({"A": draw(st.lists(st.lists(cell, max_size=4), max_size=4))})
    known = [SHAPES[shape][1] for shape in ("first sheet", "wide workbook")]
    content = draw(st.sampled_from((own, *known)))
    if draw(st.booleans()):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            name = draw(st.sampled_from(sorted(archive.namelist())))
            part = archive.read(name)
        content = with_part(content, name, draw(damaged(part)))
    return draw(damaged(content))


def _careers(files: dict[str, bytes]) -> object:
    return parse_career_records([raw(name, content) for name, content in files.items()])


def _cells(values: tuple[list[str], str]) -> object:
    texts_of_cells, kind = values
    rows = list(range(2, 2 + len(texts_of_cells)))
    by_kind: dict[str, Callable[[], object]] = {
        "years": lambda: cells.parse_years(texts_of_cells, rows),
        "numbers": lambda: cells.parse_numbers(texts_of_cells, rows, column="c"),
        "flags": lambda: cells.parse_flags(texts_of_cells, rows, column="c"),
        "dates": lambda: cells.parse_dates(texts_of_cells, rows, column="c"),
        "printable": lambda: cells.require_printable(texts_of_cells, rows, column="c"),
        "pattern": lambda: cells.require_pattern(texts_of_cells, rows, "[a-z]+", column="c"),
    }
    return by_kind[kind]()


def _migration(content: tuple[bytes, bytes | None]) -> object:
    counts, moves = content
    source = ScholarlyMigration()
    files = [raw(FILES[0].name, counts, source.name)]
    if moves is not None:
        files.append(raw(MOVES_FILE, moves, source.name))
    return source.parse(files)


def _roster(content: bytes) -> object:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "lab.txt"
        path.write_bytes(content)
        return read_roster(path)


def _provenance(content: bytes) -> object:
    with tempfile.TemporaryDirectory() as folder:
        saved = save_snapshot(raw("c.csv", b"x"), Path(folder), retrieved_at=datetime.now(UTC))
        _provenance_file(folder).write_bytes(content)
        return read_snapshot(saved.sha256, Path(folder))


def _sound_provenance() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        save_snapshot(raw("c.csv", b"x"), Path(folder), retrieved_at=datetime.now(UTC))
        stored: dict[str, object] = json.loads(_provenance_file(folder).read_text())
        return stored


def _provenance_file(folder: str) -> Path:
    (found,) = Path(folder).rglob("provenance.json")
    return found


def _sound_row() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as folder:
        return publish_small(Path(folder), Small()).to_row()


_COUNTS = ("year", "country", "researchers")
_CAREERS = ("researcher_id", "year", "country", "works")
_AFFILIATIONS = (*_CAREERS, "weight")
_COVARIATES = ("country", "year", "gdp_per_capita")
_MIGRATION = (
    "year",
    "countrycode",
    "padded_population_of_researchers",
    "number_of_inmigrations",
    "number_of_outmigrations",
)
_MOVES = ("year", "n_migrations", "iso3codefrom", "iso3codeto")


def targets() -> tuple[Target, ...]:
    """Return every parser of outside text or bytes."""
    return (*_tables(), *_records(), *public_files())


def _tables() -> tuple[Target, ...]:
    either = lambda known, required: st.one_of(  # noqa: E731 - two strategies in one word
        csv_files(known, required), parquet_files(known, required)
    )
    career_files = st.one_of(
        st.fixed_dictionaries({"careers.csv": csv_files(CAREER_NAMES, _CAREERS)}),
        st.fixed_dictionaries({"careers.parquet": parquet_files(CAREER_NAMES, _CAREERS)}),
        st.fixed_dictionaries(
            {"affiliations.parquet": parquet_files(CAREER_NAMES, _AFFILIATIONS)},
            optional={"coauthor_countries.csv": csv_files(CAREER_NAMES, _CAREERS)},
        ),
        st.fixed_dictionaries({"affiliations.csv": csv_files(CAREER_NAMES, _AFFILIATIONS)}),
    )
    return (
        Target("counts CSV", csv_files(COUNT_NAMES, _COUNTS), _counts("lab.csv")),
        Target("counts Parquet", parquet_files(COUNT_NAMES, _COUNTS), _counts("lab.parquet")),
        Target("counts Excel", _workbooks(), _counts("lab.xlsx")),
        Target("wide counts", _wide_files(), _counts("lab.csv")),
        Target("any bytes", st.binary(max_size=300), _counts("lab.csv")),
        Target(
            "cells",
            st.tuples(
                st.lists(mixed, max_size=6),
                st.sampled_from(("years", "numbers", "flags", "dates", "printable", "pattern")),
            ),
            _cells,
        ),
        Target(
            "columns",
            headers(COUNT_NAMES, _COUNTS),
            columns.match_columns,
        ),
        Target("affiliations", career_files, _careers),
        Target(
            "covariates",
            either(_COVARIATES, _COVARIATES),
            lambda content: parse_covariates(content, "own.csv"),
        ),
        Target(
            "scholarly migration",
            st.tuples(
                csv_files(COUNT_NAMES, _MIGRATION),
                st.one_of(st.none(), either(MOVE_NAMES, _MOVES)),
            ),
            _migration,
        ),
    )


def _records() -> tuple[Target, ...]:
    return (
        Target("scenario", scenarios(), parse_scenario),
        Target("roster", st.one_of(st.binary(max_size=80), st.text().map(str.encode)), _roster),
        Target(
            "release id",
            st.one_of(texts, st.from_regex(r"r[0-9]{8}-[0-9a-f]{12}(-[0-9]{1,5})?.?")),
            ReleaseId,
        ),
        Target("date", st.one_of(texts, st.dates().map(str)), Vintage.parse),
        Target("row of releases", with_changes(_sound_row()), Release.from_row),
        Target(
            "provenance",
            st.one_of(
                with_changes(_sound_provenance()).map(lambda record: json.dumps(record).encode()),
                st.binary(max_size=80),
            ),
            _provenance,
        ),
    )


def _careless(content: bytes) -> object:
    """Read a table as carelessly as one would without rules."""
    lines = content.decode().splitlines()
    names = lines[0].split(",")
    rows = [dict(zip(names, line.split(","), strict=True)) for line in lines[1:]]
    return sum(int(row["researchers"]) for row in rows)


def control() -> Target:
    """Return a parser that is broken on purpose: attacking it must find something."""
    return Target("broken on purpose", csv_files(COUNT_NAMES, _COUNTS), _careless)
