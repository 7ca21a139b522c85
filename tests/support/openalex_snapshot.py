"""A snapshot of works of people who do not exist, in the layout of the public one."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

DATE = "2026-06-26"
AI = "1702"
_CODES = ["US", "CN", "GB", "DE", "FR", "IN", "JP", "IT", "CA", "KR", "AU", "BR", "NL", "SE", "CH"]
_LETTERS = np.array(list("abcdefghijklmnopqrstuvwxyz"))
_WORDS = [
    "".join(np.random.default_rng(number).choice(_LETTERS, 3 + number % 8))
    for number in range(8000)
]
_FIRST_YEAR, _LAST_YEAR = 1995, 2026


def author(number: int, *countries: str, position: str = "middle") -> dict[str, Any]:
    """Return an authorship as a work lists it."""
    return {
        "author_position": position,
        "author": {"id": f"https://openalex.org/A{5_000_000_000 + number}", "orcid": None},
        "institutions": [],
        "countries": list(countries),
    }


def work(number: int, authorships: Sequence[Any] | None, **other: Any) -> dict[str, Any]:
    """Return a work of 2020 in artificial intelligence, but for what else is said."""
    return {
        "id": f"https://openalex.org/W{number}",
        "publication_year": 2020,
        "type": "article",
        "is_xpac": False,
        "authorships": authorships,
        "primary_topic": {"subfield": {"id": f"https://openalex.org/subfields/{AI}"}},
    } | other


def write_snapshot(
    root: Path,
    parts: Sequence[Iterable[Any]],
    *,
    deleted: Iterable[str] = (),
    legacy: bool = False,
    parquet: bool = False,
) -> Path:
    """Write parts, the manifest and the list of deleted works; return the folder of works.

    Args:
        root: What the bucket would be.
        parts: Works of each; a text is a line as it is.
        deleted: Ids of works.
        legacy: As snapshots lay before 2026.
        parquet: In this form; a text is no work then.
    """
    folder = root / f"data/{'' if legacy else 'parquet/' if parquet else 'jsonl/'}works"
    entries = []
    for number, works in enumerate(parts):
        end = "parquet" if parquet else "gz"
        name = f"updated_date=2026-06-{number % 25 + 1:02d}/part_{number:04d}.{end}"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        n_records = _write_parquet(path, works) if parquet else _write_lines(path, works)
        entries.append(
            {
                "url": f"s3://openalex/{folder.relative_to(root)}/{name}",
                "meta": {"content_length": path.stat().st_size, "record_count": n_records},
            }
        )
    if legacy:
        (folder / "manifest").write_text(json.dumps({"entries": entries}))
        return folder
    manifest = {"date": DATE, "entity": "works", "files": entries}
    (folder / "manifest.json").write_text(json.dumps(manifest))
    lines = [f"https://openalex.org/{name},2026-05-01\n" for name in deleted]
    if lines:
        (folder / "deleted_ids.csv").write_text("work_id,deleted_date\n" + "".join(lines))
    return folder


def _write_lines(path: Path, works: Iterable[Any]) -> int:
    n_records = 0
    with gzip.open(path, "wt", compresslevel=6, encoding="utf-8") as file:
        for each in works:
            text = each if isinstance(each, str) else json.dumps(each, separators=(",", ":"))
            file.write(text + "\n")
            n_records += 1
    return n_records


def _write_parquet(path: Path, works: Iterable[Any]) -> int:
    # The words of abstracts are text there, as they are keys otherwise.
    rows = [
        each | {"abstract_inverted_index": json.dumps(each.get("abstract_inverted_index"))}
        for each in works
    ]
    pq.write_table(pa.Table.from_pylist(rows), path, compression="snappy")
    return len(rows)


def drawn_works(n: int, *, seed: int = 0, n_people: int = 200_000) -> Iterator[dict[str, Any]]:
    """Yield works with what real ones carry: names, addresses, references and words of abstracts.

    Authors work a few years each in one country, which some leave; 15 % of authorships name no
    country, 8 % two; one work in 300 lists exactly 100 authors, one in five is of the expansion.
    """
    rng = np.random.default_rng(seed)
    homes = rng.choice(len(_CODES), n_people, p=_zipf(len(_CODES)))
    for number in range(n):
        year = int(rng.integers(_FIRST_YEAR, _LAST_YEAR + 1))
        n_authors = 100 if rng.random() < 1 / 300 else int(min(rng.geometric(0.24), 40))
        people = rng.integers(0, n_people, n_authors)
        listed = [
            _drawn_authorship(int(person), place, n_authors, int(homes[person]), year, rng)
            for place, person in enumerate(people)
        ]
        yield _surroundings(number, year, rng) | {
            "id": f"https://openalex.org/W{4_000_000_000 + number}",
            "publication_year": year,
            "is_xpac": bool(rng.random() < 0.2),
            "authorships": listed,
            "primary_topic": _topic(AI if rng.random() < 0.3 else str(rng.integers(1000, 3600))),
        }


def _drawn_authorship(
    person: int, place: int, n_authors: int, home: int, year: int, rng: np.random.Generator
) -> dict[str, Any]:
    # Who moves does so in a year of their own, for good.
    country = home if person % 9 or year < 2000 + person % 20 else (home + 3) % len(_CODES)
    draw = rng.random()
    codes = [] if draw < 0.15 else [_CODES[country]]
    if draw > 0.92:
        codes.append(_CODES[(country + 1) % len(_CODES)])
    address = f"Department of Subject {person % 97}, University of Town {person % 4001}, {codes}"
    institutions = [
        {
            "id": f"https://openalex.org/I{100_000 + person % 4001}",
            "display_name": f"University of Town {person % 4001}",
            "ror": f"https://ror.org/0{person % 4001:08d}",
            "country_code": code,
            "type": "education",
            "lineage": [f"https://openalex.org/I{100_000 + person % 4001}"],
        }
        for code in codes
    ]
    position = "first" if place == 0 else "last" if place == n_authors - 1 else "middle"
    return author(person, *codes, position=position) | {
        "author": {
            "id": f"https://openalex.org/A{5_000_000_000 + person}",
            "display_name": f"Given Family{person}",
            "orcid": f"https://orcid.org/0000-0002-{person % 9999:04d}-{person // 50:04d}",
        },
        "affiliations": [
            {"raw_affiliation_string": address, "institution_ids": [one["id"]]}
            for one in institutions
        ],
        "raw_author_name": f"G. Family{person}",
        "is_corresponding": place == 0,
        "raw_affiliation_strings": [address],
        "institutions": institutions,
    }


def _topic(subfield: str) -> dict[str, Any]:
    return {
        "id": f"https://openalex.org/T1{subfield}",
        "display_name": f"Methods of subject {subfield}",
        "score": 0.98,
        "subfield": {"id": f"https://openalex.org/subfields/{subfield}", "display_name": "Subject"},
        "field": {"id": f"https://openalex.org/fields/{subfield[:2]}", "display_name": "Field"},
        "domain": {"id": "https://openalex.org/domains/3", "display_name": "Physical Sciences"},
    }


def _surroundings(number: int, year: int, rng: np.random.Generator) -> dict[str, Any]:
    """Return what nobody here reads, in the size that works have."""
    words = rng.integers(0, len(_WORDS), int(rng.integers(0, 160)))
    cited = rng.integers(1_000_000, 4_000_000_000, int(rng.geometric(0.05)))
    title = " ".join(_WORDS[word] for word in words[:12])
    location = {
        "id": f"doi:10.1000/{number}",
        "is_oa": True,
        "landing_page_url": f"https://doi.org/10.1000/{number}",
        "source": {"id": f"https://openalex.org/S{number % 20_000}", "display_name": "A journal"},
        "license": "cc-by",
        "version": "publishedVersion",
    }
    return {
        "doi": f"https://doi.org/10.1000/{number}",
        "title": title,
        "display_name": title,
        "publication_date": f"{year}-03-01",
        "language": "en",
        "type": "article",
        "topics": [_topic(str(rng.integers(1000, 3600))) for _ in range(3)],
        "locations": [location, location],
        "primary_location": location,
        "referenced_works": [f"https://openalex.org/W{name}" for name in cited],
        "related_works": [f"https://openalex.org/W{name}" for name in cited[:10]],
        "abstract_inverted_index": {_WORDS[word]: [at] for at, word in enumerate(words)},
        "counts_by_year": [{"year": year + add, "cited_by_count": add} for add in range(5)],
    }


def _zipf(n: int) -> np.ndarray:
    weights: np.ndarray = 1 / np.arange(1, n + 1)
    return weights / weights.sum()
