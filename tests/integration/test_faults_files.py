"""Faults of input files: too large, unfolding without end, not plain, or not standing still."""

from __future__ import annotations

import gzip
import io
import os
import resource
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from count_shapes import SHAPES, with_part

from flows.steps.scenarios import read_scenario
from sources import plain_files
from sources.affiliations import download_affiliations, parse_career_records
from sources.counts_file import CountsFile
from sources.covariates import read_covariates
from sources.headers import MAX_COLUMNS
from sources.plain_files import read_plain_file
from sources.registry import source_for
from sources.tabular import read_table
from talentcast.domain.errors import InputRejectedError, UsageError
from talentcast.domain.provenance import RawFile
from talentcast.domain.types import ReleaseId, Vintage
from talentcast.store.snapshots import quarantine, save_snapshot

ROWS = "year,country,researchers\n2019,FR,5\n"


def rejected(action: Callable[[], object]) -> str:
    with pytest.raises(InputRejectedError) as caught:
        action()
    assert "\n" not in str(caught.value)
    return caught.value.code


def download(path: Path) -> bytes:
    return source_for(path).download()[0].content


def test_f031_a_huge_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(5_000_000_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for action in (
        CountsFile(path).download,
        lambda: read_covariates(path),
        lambda: read_scenario(str(path)),
    ):
        assert rejected(action) == "TOO_LARGE"
    folder = tmp_path / "people"
    folder.mkdir()
    path.rename(folder / "careers.csv")
    assert rejected(lambda: download_affiliations(folder)) == "TOO_LARGE"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000  # kilobytes


def test_f031_the_limit_can_be_set(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text(ROWS)
    assert source_for(path, max_bytes=len(ROWS)).download()
    assert rejected(source_for(path, max_bytes=len(ROWS) - 1).download) == "TOO_LARGE"


def test_f031_a_table_of_too_many_cells_is_refused_while_it_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sources.tabular.MAX_CELLS", 300)
    header, row = b"year,country,researchers\n", b"2019,FR,5\n"
    assert rejected(lambda: read_table(header + 200 * row, "long.csv")) == "TOO_LARGE"
    assert len(read_table(header + 100 * row, "short.csv").rows) == 100


MILLIONS_OF_COLUMNS = b"year,country,researchers" + b"".join(
    b",c%07d" % number for number in range(3_000_000)
)


@pytest.mark.parametrize("twice", [False, True])
def test_f031_a_header_of_millions_is_refused_in_seconds(twice: bool) -> None:
    row = b"\n2019,FR,5" + b"," * 3_000_000 + b"\n"
    content = (b"year," * 5_000_000 if twice else MILLIONS_OF_COLUMNS) + row
    began = time.monotonic()
    people = RawFile("careers.csv", content, "affiliations", "", "", Vintage(date(2021, 1, 1)))
    for action in (lambda: read_table(content, "w.csv"), lambda: parse_career_records([people])):
        with pytest.raises(InputRejectedError, match=rf"limit is {MAX_COLUMNS}") as caught:
            action()
        assert caught.value.code == "TOO_MANY_COLUMNS"
        assert len(str(caught.value)) < 300
    assert time.monotonic() - began < 5


def test_f031_a_header_of_many_lines_is_refused_too() -> None:
    content = b",".join(b'"c\n%d"' % number for number in range(MAX_COLUMNS + 1)) + b"\n1\n"
    assert rejected(lambda: read_table(content, "w.csv")) == "TOO_MANY_COLUMNS"


def test_f031_parquet_of_too_many_columns_is_refused() -> None:
    content = parquet({f"c{number}": pa.array([1]) for number in range(MAX_COLUMNS + 1)})
    people = RawFile("careers.parquet", content, "affiliations", "", "", Vintage(date(2021, 1, 1)))
    for action in (
        lambda: read_table(content, "w.parquet"),
        lambda: parse_career_records([people]),
    ):
        assert rejected(action) == "TOO_MANY_COLUMNS"


def test_f031_names_of_columns_are_quoted_in_part() -> None:
    header = ",".join(f"column_{number:04d}" for number in range(MAX_COLUMNS))
    table = (header + "\n" + ",".join(["1"] * MAX_COLUMNS) + "\n").encode()
    source = source_for("w.csv")
    raw = RawFile("w.csv", table, "file", "", "", Vintage(date(2020, 1, 1)))
    with pytest.raises(InputRejectedError, match="and 1980 more") as caught:
        source.parse([raw])
    assert len(str(caught.value)) < 1_000


def parquet(columns: dict[str, pa.Array], **options: object) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, **options)
    return sink.getvalue()


def memory_of(code: str, *arguments: str) -> int:
    """Run code in a process that may use 1.5 GB, and return its peak in bytes."""
    limit = 1_500_000_000
    script = (
        "import resource, sys\n"
        f"resource.setrlimit(resource.RLIMIT_DATA, ({limit}, {limit}))\n"
        f"{code}\n"
        # Unlike `ru_maxrss`, this peak forgets the process that this one was forked from.
        "status = open('/proc/self/status').read()\n"
        "print(int(status.split('VmHWM:')[1].split()[0]) * 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


READ = """
from pathlib import Path
from talentcast.domain.errors import InputRejectedError
from sources.tabular import read_table
path = Path(sys.argv[1])
try:
    read_table(path.read_bytes(), path.name)
except InputRejectedError as error:
    assert error.code == sys.argv[2], error
else:
    raise AssertionError('nothing was refused')
"""


@pytest.mark.parametrize("kind", ["repeated number", "long text", "long list"])
def test_f032_parquet_that_unfolds_without_end_is_refused_folded(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "bomb.parquet"
    if kind == "repeated number":
        group = pa.table({"n": pa.array(np.zeros(10_000_000, dtype=np.int64))})
        with pq.ParquetWriter(path, group.schema) as writer:
            for _ in range(10):
                writer.write_table(group)
    elif kind == "long text":
        word = pa.DictionaryArray.from_arrays(
            pa.array(np.zeros(1_000_000, dtype=np.int32)), pa.array(["x" * 100_000])
        )
        path.write_bytes(parquet({"country": word}, compression="zstd"))
    else:
        endless = pa.ListArray.from_arrays([0, 10_000_000], pa.array(np.zeros(10_000_000)))
        path.write_bytes(parquet({"n": endless}))
    assert path.stat().st_size < 2_000_000
    code = "PARSE" if kind == "long list" else "TOO_LARGE"
    assert memory_of(READ, str(path), code) < 600_000_000


def test_f032_archives_are_not_unpacked_at_all(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr("counts.csv", b"0" * 20_000_000)
    for name, content in (
        ("counts.csv.gz", gzip.compress(b"0" * 20_000_000)),
        ("counts.zip", archive.getvalue()),
    ):
        path = tmp_path / name
        path.write_bytes(content)
        source = source_for(path)
        refused = rejected(lambda s=source: s.parse(s.download()))
        assert refused == ("FORMAT" if name.endswith("zip") else "ENCODING")


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "any"])
def test_f032_a_workbook_that_unfolds_without_end_is_refused(tmp_path: Path, part: str) -> None:
    content = io.BytesIO(SHAPES["first sheet"][1])
    with zipfile.ZipFile(content, "a", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr(part, b" " * 100_000_000)
    path = tmp_path / "lab.xlsx"
    path.write_bytes(content.getvalue())
    assert memory_of(READ, str(path), "TOO_LARGE") < 600_000_000


def test_f032_a_workbook_of_three_million_cells_is_refused(tmp_path: Path) -> None:
    row = '<row r="{0}">' + '<c r="A{0}"><v>1</v></c>' * 3 + "</row>"
    rows = "".join(row.format(number) for number in range(1, 1_000_001))
    sheet = (
        '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f"<sheetData>{rows}</sheetData></worksheet>"
    )
    content = with_part(SHAPES["first sheet"][1], "xl/worksheets/sheet1.xml", sheet.encode())
    path = tmp_path / "lab.xlsx"
    path.write_bytes(content)
    assert memory_of(READ, str(path), "TOO_LARGE") < 600_000_000


def files_under(folder: Path) -> set[Path]:
    return {path for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", ["../../evil.csv", "/etc/evil", "..", "a/../../evil.csv", "CON"])
def test_f033_no_name_of_a_source_leads_out_of_the_store(tmp_path: Path, name: str) -> None:
    store = tmp_path / "deep" / "home" / "snapshots"
    raw = RawFile(name, ROWS.encode(), name, "", "", Vintage(date(2020, 1, 1)))
    now = datetime(2020, 1, 1, tzinfo=UTC)
    save_snapshot(raw, store, retrieved_at=now)
    quarantine(raw, "for a test", store, rejected_at=now)
    written = files_under(tmp_path)
    assert len(written) == 4
    assert all(path.resolve().is_relative_to(store.resolve()) for path in written)


@pytest.mark.parametrize("column", ["population", "source"])
def test_f033_names_inside_a_file_hold_no_path(column: str) -> None:
    content = f"year,country,researchers,{column}\n2019,FR,5,../../evil\n".encode()
    raw = RawFile("counts.csv", content, "file", "", "", Vintage(date(2020, 1, 1)))
    assert rejected(lambda: source_for("counts.csv").parse([raw])) == "PARSE"


@pytest.mark.parametrize(
    "text",
    ["../../evil", "r20240131-0123456789ab/../../x", "r20240131-0123456789ab\n", "", "latest\0"],
)
def test_f034_a_release_id_that_is_none_never_becomes_a_path(text: str) -> None:
    with pytest.raises(UsageError, match="no release id"):
        ReleaseId(text)


def test_f034_the_command_line_refuses_a_path_for_a_release(tmp_path: Path) -> None:
    home = tmp_path / "home"
    talentcast = Path(sys.executable).with_name("talentcast")
    done = subprocess.run(
        [talentcast, "releases", "show", "../../evil", "--home", str(home)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode in (2, 5), done.stderr
    assert not files_under(tmp_path)


def not_plain(folder: Path) -> list[Path]:
    target = folder / "target"
    target.write_text(ROWS)
    link, dangling, pipe = (folder / name for name in ("link.csv", "dangling.csv", "pipe.csv"))
    link.symlink_to(target)
    dangling.symlink_to(folder / "nowhere")
    os.mkfifo(pipe)
    return [link, dangling, pipe, folder, Path("/dev/zero"), folder / "nul\0.csv"]


def test_f035_links_pipes_devices_and_folders_are_refused_without_hanging(tmp_path: Path) -> None:
    for path in not_plain(tmp_path):
        for action in (
            lambda path=path: read_plain_file(path),
            lambda path=path: CountsFile(path).download(),
            lambda path=path: read_covariates(path),
        ):
            with pytest.raises(UsageError):
                action()


def test_f035_a_link_among_affiliation_records_is_refused(tmp_path: Path) -> None:
    target = tmp_path / "target.csv"
    target.write_text("researcher_id,year,country\na,2019,FR\n")
    (tmp_path / "careers.csv").symlink_to(target)
    with pytest.raises(UsageError, match="link"):
        download_affiliations(tmp_path)


def test_f035_a_file_exchanged_for_a_pipe_after_the_look_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "counts.csv"
    os.mkfifo(path)
    monkeypatch.setattr(plain_files, "require_plain", lambda _: None)
    assert rejected(lambda: read_plain_file(path)) == "CHANGED"


def test_f036_a_file_that_grows_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "counts.csv"
    path.write_text(ROWS)
    reads_the_same = plain_files._reads_the_same

    def after_more_rows(file: io.BufferedReader, content: bytes) -> bool:
        with path.open("a") as same:
            same.write("2020,FR,6\n")
        return reads_the_same(file, content)

    monkeypatch.setattr(plain_files, "_reads_the_same", after_more_rows)
    assert rejected(lambda: download(path)) == "CHANGED"
    monkeypatch.undo()
    assert download(path).endswith(b"2020,FR,6\n")


def test_sound_parquet_is_read_in_full() -> None:
    frame = pd.DataFrame(
        {"researcher_id": ["a", "b"], "year": [2019, 2020], "country": ["NA", "FR"]}
    )
    content = parquet({name: pa.array(frame[name]) for name in frame})
    table = read_table(content, "t.parquet")
    assert table.columns["country"] == ("NA", "FR")
    raw = RawFile("careers.parquet", content, "affiliations", "", "", Vintage(date(2021, 1, 1)))
    assert rejected(lambda: parse_career_records([raw])) == "SCHEMA"  # works are missing
