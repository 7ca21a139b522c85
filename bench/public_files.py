"""What it costs to make records of people from public files, beside reading the same bytes.

`python -m bench.public_files make FOLDER --works 100000` writes a snapshot of works of people who
do not exist, `openalex FOLDER` makes records of it, `variants FOLDER` compares ways to parse it.
`make-orcid FILE --records 100000` and `orcid FILE` do the same with a file of ORCID.
"""

from __future__ import annotations

import argparse
import gzip
import os
import sys
import tarfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from xml.etree.ElementTree import fromstring

import duckdb
import msgspec
import numpy as np
import orjson
import pyarrow as pa
import pyarrow.json
import pyarrow.parquet as pq

from bench.scale import KEY, Cost, measured
from sources.openalex.snapshot import lines_of, works_snapshot
from sources.openalex.snapshot_works import WorkLine, WorksWanted, listed_works

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

_COMMAND: Final = Path(sys.executable).with_name("talentcast")
_PARTS: Final = 4
_SCHEMA: Final = pa.schema(
    {
        "id": pa.string(),
        "publication_year": pa.int64(),
        "type": pa.string(),
        "is_xpac": pa.bool_(),
        "primary_topic": pa.struct({"subfield": pa.struct({"id": pa.string()})}),
        "authorships": pa.list_(
            pa.struct(
                {
                    "author": pa.struct({"id": pa.string()}),
                    "author_position": pa.string(),
                    "countries": pa.list_(pa.string()),
                }
            )
        ),
    }
)
_COLUMNS: Final = {
    "id": "VARCHAR",
    "publication_year": "BIGINT",
    "type": "VARCHAR",
    "is_xpac": "BOOLEAN",
    "primary_topic": "STRUCT(subfield STRUCT(id VARCHAR))",
    "authorships": "STRUCT(author STRUCT(id VARCHAR), author_position VARCHAR, "
    "countries VARCHAR[])[]",
}


def make_works(folder: Path, n_works: int, *, parquet: bool) -> None:
    """Write a snapshot in parts of equal size."""
    from openalex_snapshot import drawn_works, write_snapshot

    works = drawn_works(n_works, n_people=2 * n_works)
    size = -(-n_works // _PARTS)
    parts = [islice(works, size) for _ in range(_PARTS)]
    write_snapshot(folder, parts, deleted=["W4000000007"], parquet=parquet)


def read_plainly(folder: Path) -> None:
    """Decompress every part and parse every line, and do nothing with them.

    Of Parquet, every column is read.
    """
    for part in works_snapshot(folder).parts:
        if part.name.endswith(".parquet"):
            with pq.ParquetFile(part.path) as columns:
                for _ in columns.iter_batches(4_000):
                    pass
            continue
        with gzip.open(part.path, "rb") as file:
            for line in file:
                orjson.loads(line)


def openalex(folder: Path, options: list[str]) -> None:
    """Print what records cost, beside decompressing and parsing the same bytes."""
    snapshot = works_snapshot(folder)
    print(f"load before: {os.getloadavg()[0]:.1f}; {' '.join(options) or 'all of the core'}")
    me = [sys.executable, "-m", "bench.public_files"]
    plain = measured([*me, "plainly", str(folder)])
    print(f"decompressed and parsed in one process: {plain}", flush=True)
    with TemporaryDirectory() as home:
        command = [str(_COMMAND), "records", "openalex", str(folder)]
        cost = measured([*command, "--name", "bench", "--home", home, *options])
        made = sum(path.stat().st_size for path in Path(home).rglob("*.parquet"))
    _print_ratio(cost, plain, snapshot.n_records, "works")
    packed = sum(part.size for part in snapshot.parts)
    print(f"{packed / 1e6:.0f} MB packed became {made / 1e6:.0f} MB of records", flush=True)


def _print_ratio(cost: Cost, plain: Cost, n: int, what: str) -> None:
    print(
        f"records: {cost}; {n / cost.seconds:,.0f} {what}/s, {n / cost.cpu_seconds:,.0f} for each "
        f"second of CPU, {cost.cpu_seconds / plain.cpu_seconds:.2f} times the CPU time of reading",
        flush=True,
    )


def variants(folder: Path) -> None:
    """Print what ways to parse the first part take, in CPU time of one thread for each work."""
    snapshot = works_snapshot(folder)
    path = snapshot.parts[0].path
    content = gzip.decompress(path.read_bytes())
    lines = [line for line in content.split(b"\n") if line]

    def decompress() -> None:
        for _ in lines_of(snapshot.parts[0]):
            pass

    def with_duckdb() -> None:
        with duckdb.connect() as engine:
            engine.execute("SET threads = 1")
            source = engine.read_json(
                str(path), columns=_COLUMNS, format="newline_delimited", compression="gzip",
                maximum_object_size=1 << 26,
            )  # fmt: skip
            source.to_arrow_table()

    def with_arrow() -> None:
        options = pa.json.ParseOptions(explicit_schema=_SCHEMA, unexpected_field_behavior="ignore")
        block = pa.json.ReadOptions(block_size=8 << 20, use_threads=False)
        pa.json.read_json(pa.BufferReader(content), block, options)

    def whole() -> None:
        wanted, nothing = WorksWanted(2026, corpus="all"), np.empty(0, np.int64)
        for listed in listed_works(snapshot.parts[0], wanted, nothing, Counter()):
            listed.affiliations()
            listed.coauthors()

    narrow = msgspec.json.Decoder(WorkLine).decode
    ways: dict[str, Callable[[], object]] = {
        "decompressed, as lines": decompress,
        "orjson, everything": lambda: deque(map(orjson.loads, lines), maxlen=0),
        "msgspec, what is needed": lambda: deque(map(narrow, lines), maxlen=0),
        "PyArrow, what is needed": with_arrow,
        "DuckDB, what is needed, decompressing": with_duckdb,
        "decompressed, parsed, added up": whole,
    }
    for name, way in ways.items():
        took = []
        for _ in range(3):
            started = time.process_time()
            way()
            took.append(time.process_time() - started)
        print(f"{name}: {min(took) / len(lines) * 1e6:.1f} µs a work", flush=True)


def make_orcid(path: Path, n_records: int) -> None:
    """Write a file of records."""
    from orcid_file import drawn_records, write_orcid_file

    write_orcid_file(path, drawn_records(n_records))


def read_archive_plainly(path: Path) -> None:
    """Decompress every record, parse it to a tree, and do nothing with it."""
    for _, content in archive_members(path):
        fromstring(content)  # noqa: S314 - made by this program


def archive_members(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield names and contents of the members of an archive."""
    with tarfile.open(path, "r|gz") as archive:
        for member in archive:
            archive.members = []  # type: ignore[misc]
            file = archive.extractfile(member)
            assert file is not None  # noqa: S101 - made by this program
            yield member.name, file.read()


def orcid(path: Path, n_records: int) -> None:
    """Print what records of a file of ORCID cost, beside decompressing and parsing the same."""
    print(f"load before: {os.getloadavg()[0]:.1f}")
    plain = measured([sys.executable, "-m", "bench.public_files", "plainly-orcid", str(path)])
    print(f"decompressed and parsed in one process: {plain}", flush=True)
    with TemporaryDirectory() as home:
        command = [str(_COMMAND), "records", "orcid", str(path)]
        cost = measured([*command, "--name", "bench", "--home", home])
    _print_ratio(cost, plain, n_records, "records")


def main() -> int:
    """Make files, or records of them."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    kinds = ["make", "openalex", "variants", "plainly", "make-orcid", "orcid", "plainly-orcid"]
    parser.add_argument("what", choices=kinds)
    parser.add_argument("place", type=Path)
    parser.add_argument("--works", type=int, default=100_000)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--subfield")
    parser.add_argument("--parquet", action="store_true")
    asked = parser.parse_args()
    os.environ.setdefault("TALENTCAST_PSEUDONYM_KEY", KEY)  # noqa: TID251
    if asked.what == "make":
        make_works(asked.place, asked.works, parquet=asked.parquet)
    elif asked.what == "openalex":
        openalex(asked.place, ["--subfield", asked.subfield] if asked.subfield else [])
    elif asked.what == "variants":
        variants(asked.place)
    elif asked.what == "plainly":
        read_plainly(asked.place)
    elif asked.what == "make-orcid":
        make_orcid(asked.place, asked.records)
    elif asked.what == "orcid":
        orcid(asked.place, asked.records)
    else:
        read_archive_plainly(asked.place)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
