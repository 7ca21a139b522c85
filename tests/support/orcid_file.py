"""A public file of people who do not exist, as ORCID writes its own."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

_SPACES = " ".join(
    f'xmlns:{name}="http://www.orcid.org/ns/{name}"'
    for name in (
        *("record", "common", "activities", "education", "employment", "history", "person"),
        *("personal-details", "email", "work", "funding", "keyword", "address", "other-name"),
    )
)
_CODES = ["US", "CN", "GB", "DE", "FR", "IN", "JP", "IT", "CA", "KR", "AU", "BR", "NL", "SE", "CH"]


def orcid_of(number: int) -> str:
    """Return the iD with a number; the last character is the check that real ones have."""
    digits = f"{number:015d}"
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    text = digits + ("X" if check == 10 else str(check))
    return "-".join(text[at : at + 4] for at in range(0, 16, 4))


def entry(
    kind: str, country: str, start: object = None, end: object = None, modified: str = "2024-05-05"
) -> str:
    """Return an education or employment in a group of its own."""
    return f"<activities:affiliation-group>{summary(kind, country, start, end, modified)}</activities:affiliation-group>"  # noqa: E501


def summary(
    kind: str, country: str, start: object = None, end: object = None, modified: str = "2024-05-05"
) -> str:
    """Return an education or employment as one source says it."""
    dates = "".join(
        f"<common:{name}><common:year>{year}</common:year><common:month>09</common:month>"
        f"</common:{name}>"
        for name, year in (("start-date", start), ("end-date", end))
        if year is not None
    )
    return (
        f'<{kind}:{kind}-summary put-code="1" visibility="public">'
        f"<common:created-date>{modified}T10:00:00.000Z</common:created-date>"
        f"<common:last-modified-date>{modified}T10:00:00.000Z</common:last-modified-date>"
        "<common:source><common:source-name>Josefa Example</common:source-name></common:source>"
        "<common:department-name>Subject</common:department-name>"
        f"<common:role-title>Researcher</common:role-title>{dates}"
        "<common:organization><common:name>University of Town</common:name><common:address>"
        f"<common:city>Town</common:city><common:country>{country}</common:country>"
        "</common:address></common:organization>"
        f"</{kind}:{kind}-summary>"
    )


def record(number: int, *entries: str, works: int = 0) -> bytes:
    """Return the record of somebody as XML, with as many works as is said."""
    orcid = orcid_of(number)
    kinds = ("education", "employment")
    parts = {kind: [one for one in entries if f"<{kind}:" in one] for kind in kinds}
    activities = "".join(
        f'<activities:{kind}s path="/{orcid}/{kind}s">{"".join(parts[kind])}</activities:{kind}s>'
        for kind in kinds
    )
    text = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<record:record path="/{orcid}" {_SPACES}>'
        f"<common:orcid-identifier><common:uri>https://orcid.org/{orcid}</common:uri>"
        f"<common:path>{orcid}</common:path></common:orcid-identifier>"
        "<history:history><common:last-modified-date>2025-01-01T00:00:00Z"
        "</common:last-modified-date></history:history>"
        "<person:person><person:name><personal-details:given-names>Josefa"
        f"</personal-details:given-names><personal-details:family-name>Family{number}"
        "</personal-details:family-name></person:name><address:addresses><address:address>"
        "<address:country>LI</address:country></address:address></address:addresses>"
        f"</person:person><activities:activities-summary>{activities}"
        f"<activities:works>{''.join(_work(number, at) for at in range(works))}</activities:works>"
        "</activities:activities-summary></record:record>"
    )
    return text.encode()


def _work(number: int, at: int) -> str:
    return (
        "<activities:group><common:last-modified-date>2021-02-03T10:00:00Z"
        "</common:last-modified-date><common:external-ids><common:external-id>"
        "<common:external-id-type>doi</common:external-id-type><common:external-id-value>"
        f"10.1000/{number}.{at}</common:external-id-value><common:external-id-relationship>self"
        "</common:external-id-relationship></common:external-id></common:external-ids>"
        f'<work:work-summary put-code="{number}{at}" visibility="public"><work:title>'
        f"<common:title>On subject {(number * 31 + at) % 9973} and its {at % 89} uses"
        "</common:title></work:title><work:type>journal-article</work:type>"
        f"<common:publication-date><common:year>{2000 + at % 24}</common:year>"
        "</common:publication-date></work:work-summary></activities:group>"
    )


def write_orcid_file(path: Path, members: Iterable[tuple[str, bytes]]) -> Path:
    """Write an archive of members, which are given by name and content."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz", compresslevel=6) as archive:
        for name, content in members:
            header = tarfile.TarInfo(name)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))
    return path


def member(number: int, content: bytes) -> tuple[str, bytes]:
    """Return a member as the file names it."""
    orcid = orcid_of(number)
    return f"ORCID_2024_10_summaries/{orcid[-3:]}/{orcid}.xml", content


def drawn_records(n: int, seed: int = 0) -> Iterator[tuple[str, bytes]]:
    """Yield records of the size of real ones: a third says nothing, some list hundreds of works."""
    rng = np.random.default_rng(seed)
    for number in range(n):
        entries, n_works = [], 0
        if rng.random() > 1 / 3:
            n_works = int(min(rng.pareto(0.9) * 8, 400))
            began = int(rng.integers(1975, 2022))
            place = int(rng.integers(0, len(_CODES)))
            entries.append(entry("education", _CODES[place], began, began + 4))
            for _ in range(int(rng.integers(0, 5))):
                began += int(rng.integers(2, 8))
                place = place if rng.random() < 0.8 else int(rng.integers(0, len(_CODES)))
                end = None if rng.random() < 0.3 else began + int(rng.integers(1, 8))
                entries.append(entry("employment", _CODES[place], began, end))
        yield member(number, record(number, *entries, works=n_works))
