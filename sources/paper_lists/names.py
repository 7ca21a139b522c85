"""Names of list files: venue and year."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_LIST: Final = re.compile(r"(?P<venue>[a-z0-9_-]{0,40}[a-z_-])(?P<year>(?:19|20)\d{2})\.json")


@dataclass(frozen=True, slots=True, order=True)
class ListName:
    """Which list a file is."""

    venue: str
    year: int

    @property
    def file(self) -> str:
        """Name of the file."""
        return f"{self.venue}{self.year}.json"


def list_name(file: str) -> ListName | None:
    """Return venue and year of a file name, or None if it is no list of papers.

    Example:
        >>> list_name("3dv2025.json"), list_name("ijcai2024-fetch.json")
        (ListName(venue='3dv', year=2025), None)
    """
    found = _LIST.fullmatch(file)
    return ListName(found["venue"], int(found["year"])) if found else None
