"""What the readers of public files are fed with."""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np
from fuzzing import Target
from hostile_inputs import damaged, with_changes
from hypothesis import strategies as st
from openalex_snapshot import author, work, write_snapshot
from orcid_file import entry, orcid_of, record, write_orcid_file

from sources.openalex.snapshot import works_snapshot
from sources.openalex.snapshot_works import WorksWanted, listed_works
from sources.orcid.public_file import orcid_records

_WANTED = WorksWanted(2026, subfield="1702", corpus="all")
_RECORD = record(7, entry("education", "FR", 2001, 2004), entry("employment", "DE", 2005))
_MEMBER = f"ORCID_2024_10_summaries/000/{orcid_of(7)}.xml"


def public_files() -> tuple[Target, ...]:
    """Return the parsers of a snapshot's works and manifest, and of records of ORCID."""
    one = work(1, [author(1, "US", position="first"), author(2, "FR", "DE")])
    works = st.one_of(
        with_changes(one).map(json.dumps),
        damaged(json.dumps(one).encode()).map(lambda line: line.decode(errors="replace")),
    )
    return (
        Target("line of a snapshot", works, _work),
        Target("manifest", with_changes(_manifest()).map(json.dumps), _snapshot),
        Target("record of ORCID", damaged(_RECORD), _record),
    )


def _manifest() -> dict[str, object]:
    with tempfile.TemporaryDirectory() as root:
        folder = write_snapshot(Path(root), [[]])
        manifest: dict[str, object] = json.loads((folder / "manifest.json").read_text())
        return manifest


def _work(line: str) -> object:
    with tempfile.TemporaryDirectory() as root:
        write_snapshot(Path(root), [[line]])
        (part,) = works_snapshot(Path(root)).parts
        nothing = np.empty(0, dtype=np.int64)
        found = list(listed_works(part, _WANTED, nothing, Counter()))
        return [(one.affiliations(), one.coauthors()) for one in found]


def _snapshot(manifest: str) -> object:
    with tempfile.TemporaryDirectory() as root:
        folder = write_snapshot(Path(root), [[]])
        (folder / "manifest.json").write_text(manifest)
        return works_snapshot(Path(root)).n_records


def _record(content: bytes) -> object:
    with tempfile.TemporaryDirectory() as root:
        path = write_orcid_file(Path(root) / "file.tar.gz", [(_MEMBER, content)])
        source = orcid_records(path)
        return [list(source.listed(number, Counter())) for number in range(len(source.parts))]
