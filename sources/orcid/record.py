"""One record of the public file as XML: where somebody studied and worked, from when to when.

Names, addresses and everything else of a record are passed over. Elements are known by their local
names, which the versions of the format share.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from xml.parsers import expat

_ENTRIES: Final = ("education-summary", "employment-summary")
_GROUP: Final = "affiliation-group"
#: Elements whose text is read, by those in which they stand.
_TEXTS: Final = {
    ("start-date", "year"): "start",
    ("end-date", "year"): "end",
    ("address", "country"): "country",
    **{(entry, "last-modified-date"): "modified" for entry in _ENTRIES},
}
#: Elements within each other; those of a record are nine deep.
_MAX_DEPTH: Final = 40
_MAX_TEXT: Final = 100


class BrokenRecordError(ValueError):
    """A member of the file is no record."""


class DocumentTypeError(BrokenRecordError):
    """It declares a document type, with which a few bytes can stand for gigabytes."""


@dataclass(frozen=True, slots=True)
class Affiliation:
    """An education or employment.

    Attributes:
        is_employment: An education otherwise.
        start: First year as written; empty if not said. The other texts are alike.
        end: Last year.
        country: Of the organisation.
        modified: When somebody last changed the entry, year first.
    """

    is_employment: bool
    start: str
    end: str
    country: str
    modified: str


def affiliations_of(content: bytes, orcid: str) -> list[Affiliation]:
    """Return the educations and employments of a record, in its order.

    Several sources may say the same of one: the first that a group lists is taken.

    Args:
        content: XML.
        orcid: Whose record it should be.

    Raises:
        BrokenRecordError: If it is no well-formed XML, or somebody else's.
        DocumentTypeError: If it declares a document type.
    """
    reader = _RecordReader(orcid)
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    try:
        parser.Parse(content, True)
    except (expat.ExpatError, UnicodeError, LookupError):
        raise BrokenRecordError from None
    if not reader.is_theirs:
        raise BrokenRecordError
    return reader.found


class _RecordReader:
    """Follows the elements of a record."""

    def __init__(self, orcid: str) -> None:
        self.found: list[Affiliation] = []
        self.is_theirs = False
        self._path = f"/{orcid}"
        self._within: list[str] = [""]
        self._entry: dict[str, str] | None = None
        self._is_group_taken = False
        #: What is read at the moment, and its text so far.
        self._wanted: str | None = None
        self._text = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """Take in the beginning of an element."""
        local, above = name.rpartition(":")[2], self._within[-1]
        if len(self._within) == 1:
            self.is_theirs = local == "record" and attributes.get("path") == self._path
        if len(self._within) > _MAX_DEPTH:
            raise BrokenRecordError
        self._within.append(local)
        if local in _ENTRIES:
            self._entry = {}
        elif local == _GROUP:
            self._is_group_taken = False
        elif self._entry is not None:
            self._wanted, self._text = _TEXTS.get((above, local)), ""

    def text(self, text: str) -> None:
        """Take in text, if it is wanted."""
        if self._wanted is not None:
            self._text = (self._text + text)[:_MAX_TEXT]

    def end(self, _: str) -> None:
        """Take in the end of an element."""
        local = self._within.pop()
        if self._entry is None:
            return
        if self._wanted is not None:
            self._entry.setdefault(self._wanted, self._text.strip())
            self._wanted = None
        elif local in _ENTRIES:
            if not self._is_group_taken:
                self.found.append(_affiliation(local, self._entry))
            # An entry that stands in no group is one by itself.
            self._is_group_taken = self._within[-1] == _GROUP
            self._entry = None

    def refuse(self, *_: object) -> None:
        """Refuse a document type, and what it would declare."""
        raise DocumentTypeError


def _affiliation(local: str, entry: dict[str, str]) -> Affiliation:
    texts = (entry.get(name, "") for name in ("start", "end", "country", "modified"))
    return Affiliation(local == "employment-summary", *texts)
