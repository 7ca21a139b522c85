"""The public file of ORCID becomes records: read as a stream, whatever somebody put into it."""

from __future__ import annotations

import gzip
import io
import logging
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from orcid_file import drawn_records, entry, member, orcid_of, record, summary, write_orcid_file

from engine import convert
from engine.convert import Conversion, Converted
from engine.gather import EngineOptions, gather_records
from engine.workers import Workers
from features.career_records import EVERYBODY
from privacy.pseudonyms import PseudonymKey
from restricted.store import RestrictedStore
from sources.orcid.public_file import OrcidRecords, orcid_records
from talentcast.domain.errors import InputRejectedError, UsageError

KEY = PseudonymKey(b"0123456789abcdef" * 4)
NAME = "ORCID_2024_10_summaries.tar.gz"


def store_in(place: Path) -> RestrictedStore:
    return RestrictedStore(place / "restricted", releases=place / "releases")


def converted(path: Path, place: Path, processes: int = 1, **years: int) -> Converted:
    source = orcid_records(path, **years)
    conversion = Conversion(source, "orcid", KEY, store_in(place), 3, Workers(processes))
    return conversion.run(lambda *_: None)


def of_person(made: Converted, number: int) -> list[tuple[int, str, float]]:
    rows = pd.read_parquet(made.folder / "affiliations")
    name = bytes.fromhex(KEY.pseudonym(f"https://orcid.org/{orcid_of(number)}"))
    theirs = rows[rows["researcher_pseudonym"] == name].sort_values(["year", "country"])
    assert set(theirs["works"]) <= {1}
    return list(theirs[["year", "country", "weight"]].itertuples(index=False, name=None))


def years(first: int, last: int, country: str) -> list[tuple[int, str, float]]:
    return [(year, country, 1.0) for year in range(first, last + 1)]


def test_dated_educations_and_employments_become_years(tmp_path: Path) -> None:
    twice = summary("employment", "CH", 2016, 2017) + summary("employment", "AT", 2016, 2017)
    group = f"<activities:affiliation-group>{twice}</activities:affiliation-group>"
    people = [
        record(1, entry("education", "US", 2001, 2003), entry("employment", "FR", 2003, 2004)),
        record(2, entry("employment", "DE", 2010, None, modified="2013-04-01")),
        record(3, entry("education", "DE", 2010, None, modified="2013-04-01")),
        record(4, entry("employment", "JP", None, 1999), entry("employment", "KR")),
        record(5, group),
        record(6, summary("employment", "CN", 2001, 2001), summary("employment", "IN", 2002, 2002)),
        record(7, entry("employment", "GB", 2023, 2031), entry("employment", "GB", 2026, 2031)),
        record(8, entry("education", "US", 1066, 1070), entry("education", "US", 2010, 2004)),
        record(9, entry("employment", "Atlantis", 2012, 2012)),
        record(10),
        record(11, entry("employment", "DE", 2015, None, modified="2013-04-01")),
    ]
    members = [member(number, content) for number, content in enumerate(people, 1)]
    made = converted(write_orcid_file(tmp_path / NAME, members), tmp_path)
    assert of_person(made, 1) == [
        *years(2001, 2002, "USA"), (2003, "FRA", 0.5), (2003, "USA", 0.5), (2004, "FRA", 1.0),
    ]  # fmt: skip
    assert of_person(made, 2) == years(2010, 2013, "DEU")
    assert of_person(made, 3) == years(2010, 2010, "DEU")
    assert of_person(made, 4) == years(1999, 1999, "JPN")
    assert of_person(made, 5) == years(2016, 2017, "CHE")
    assert of_person(made, 6) == [(2001, "CHN", 1.0), (2002, "IND", 1.0)]
    assert of_person(made, 7) == years(2023, 2024, "GBR")
    assert of_person(made, 8) == of_person(made, 10) == []
    assert of_person(made, 9) == [(2012, "UNK", 1.0)]
    assert of_person(made, 11) == years(2015, 2015, "DEU")
    assert {name: count for name, count in made.counts.items() if count} == {
        "records": 11,
        "affiliations": 15,
        "undated": 1,
        "impossible_years": 3,
        "unknown_countries": 1,
        "without_affiliations": 1,
    }


def test_years_that_are_not_wanted_are_left_out(tmp_path: Path) -> None:
    people = [member(1, record(1, entry("employment", "FR", 1990, 2020)))]
    path = write_orcid_file(tmp_path / NAME, people)
    made = converted(path, tmp_path, first_year=2001, last_year=2003)
    assert of_person(made, 1) == years(2001, 2003, "FRA")


def test_records_are_read_as_of_the_file_and_alike_by_several_processes(tmp_path: Path) -> None:
    path = write_orcid_file(tmp_path / NAME, drawn_records(300))
    one, two = converted(path, tmp_path / "a"), converted(path, tmp_path / "b", processes=2)
    assert one.counts == two.counts
    for table in ("affiliations", "coauthor_countries"):
        files = [sorted((made.folder).glob(f"{table}/*")) for made in (one, two)]
        for mine, other in zip(*files, strict=True):
            assert mine.read_bytes() == other.read_bytes()
    found = gather_records(str(one.folder), KEY, store_in(tmp_path / "a"), EngineOptions())
    assert str(found.vintage.as_of) == "2024-10-01"
    assert found.parts.between(EVERYBODY).careers["researcher_id"].nunique() > 100


BOMB = b"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;">]><record path="/0">&c;</record>"""


@pytest.mark.parametrize(
    "name, content, reason",
    [
        (member(2, b"")[0], BOMB, "document_types"),
        (member(2, b"")[0], BOMB.decode().encode("utf-16"), "document_types"),
        (member(2, b"")[0], record(2)[:-30], "broken"),
        (member(2, b"")[0], record(3), "broken"),
        (member(2, b"")[0], b"", "broken"),
        (member(2, b"")[0], b"\xff\xfe\x00", "broken"),
        (member(2, b"")[0], b"<a>" * 5_000, "broken"),
        (member(2, b"")[0], b'<?xml version="1.0" encoding="klingon"?><a/>', "broken"),
        (f"../../{member(2, b'')[0]}", record(2), "odd_members"),
        (f"/etc/{orcid_of(2)}.xml", record(2), "odd_members"),
        ("ORCID_2024_10_summaries/README.txt", b"read me", "odd_members"),
    ],
)
def test_a_member_that_is_no_record_is_counted(
    name: str, content: bytes, reason: str, tmp_path: Path
) -> None:
    people = [
        member(number, record(number, entry("employment", "FR", 2001, 2001)))
        for number in range(100, 1100)
    ]
    path = write_orcid_file(tmp_path / NAME, [*people[:500], (name, content), *people[500:]])
    made = converted(path, tmp_path)
    assert made.counts[reason] == 1
    assert made.counts["affiliations"] == 1000
    assert [one.name for one in tmp_path.iterdir()] == [NAME, "restricted"]


def test_links_devices_and_sparse_members_are_counted(tmp_path: Path) -> None:
    path = tmp_path / NAME
    kinds = (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE)
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(tarfile.TarInfo("ORCID_2024_10_summaries/"))
        for number, kind in enumerate(kinds, 1):
            header = tarfile.TarInfo(member(number, b"")[0])
            header.type, header.linkname = kind, "/etc/passwd"
            archive.addfile(header)
        name, content = member(9, record(9, entry("employment", "FR", 2001, 2001)))
        header = tarfile.TarInfo(name)
        header.size = len(content)
        archive.addfile(header, io.BytesIO(content))
    assert converted(path, tmp_path).counts["odd_members"] == len(kinds) + 1


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2_000])


def _cut_within(path: Path) -> None:
    plain = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(plain[: len(plain) // 2]))


def _damage_a_header(path: Path) -> None:
    plain = bytearray(gzip.decompress(path.read_bytes()))
    with tarfile.open(fileobj=io.BytesIO(bytes(plain))) as archive:
        at = archive.getmembers()[20].offset
    plain[at + 148 : at + 156] = b"99999999"  # the checksum
    path.write_bytes(gzip.compress(bytes(plain)))


def _bomb(path: Path) -> None:
    header = tarfile.TarInfo(member(1, b"")[0])
    header.size = 1 << 28
    path.write_bytes(gzip.compress(header.tobuf() + bytes(header.size), compresslevel=9))


@pytest.mark.parametrize(
    "damage, code",
    [
        (_cut, "TRUNCATED"),
        (_cut_within, "TRUNCATED"),
        (_damage_a_header, "TRUNCATED"),
        (_bomb, "BOMB"),
        (lambda path: path.write_bytes(b"no archive"), "TRUNCATED"),
        (lambda path: path.write_bytes(gzip.compress(b"no archive" * 900)), "TRUNCATED"),
        (lambda path: path.unlink(), "There is no file"),
    ],
)
def test_a_damaged_archive_is_refused(
    damage: Callable[[Path], object], code: str, tmp_path: Path
) -> None:
    path = write_orcid_file(tmp_path / NAME, drawn_records(60))
    damage(path)
    with pytest.raises((InputRejectedError, UsageError), match=code) as refused:
        converted(path, tmp_path)
    assert "0000-" not in str(refused.value)
    assert not list(tmp_path.rglob("affiliations"))


def test_many_broken_records_and_too_large_ones_refuse_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = [member(number, record(number)) for number in range(40)]
    path = write_orcid_file(tmp_path / NAME, [*good, member(99, b"<a>"), member(98, b"")])
    with pytest.raises(InputRejectedError, match="BAD_RECORDS"):
        converted(path, tmp_path)
    monkeypatch.setattr("sources.orcid.public_file._MAX_RECORD_BYTES", 100)
    with pytest.raises(InputRejectedError, match="BAD_RECORDS"):
        converted(write_orcid_file(tmp_path / f"b-{NAME}", good), tmp_path / "b")


def test_a_run_that_was_killed_reads_no_part_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_orcid_file(tmp_path / NAME, drawn_records(120))
    whole, read, members = converted(path, tmp_path / "whole"), [], OrcidRecords._members

    def dies_within_the_second(self: OrcidRecords, number: int, counts: Any) -> Any:
        read.append(number)
        for one in members(self, number, counts):
            if len(read) == 2:
                raise KeyboardInterrupt
            yield one

    monkeypatch.setattr(OrcidRecords, "_members", dies_within_the_second)
    with pytest.raises(KeyboardInterrupt):
        converted(path, tmp_path)
    made = converted(path, tmp_path)
    assert read == [0, 1, 1, 2, 3]
    assert made.counts == whole.counts


def test_nothing_of_a_person_is_in_any_file_or_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = write_orcid_file(tmp_path / NAME, drawn_records(90))
    monkeypatch.setattr(convert.shutil, "rmtree", lambda *_, **__: None)  # look at the work too
    with caplog.at_level(logging.DEBUG):
        converted(path, tmp_path / "home")
    for one in (tmp_path / "home").rglob("*"):
        if one.is_dir():
            continue
        content = one.read_bytes()
        if one.suffix == ".parquet":
            columns = pq.read_table(one).columns
            content += str({cell for column in columns for cell in column.to_pylist()}).encode()
        for mark in (b"0000-0", b"orcid.org", b"Josefa", b"Family"):
            assert mark not in content, one
    assert "0000-0" not in caplog.text
