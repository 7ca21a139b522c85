"""Pages of groups: what they say, and whether the pages of one year can be true together."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from talentcast.domain.errors import ContradictionError, InputRejectedError

UNKNOWN: Final = "unknown"
#: How the group without a value is keyed: text fields, numeric fields, and in older answers.
_UNKNOWN_KEYS: Final = frozenset({"", "unknown", "null", "none", "-111", "-111.0"})
_MAX_COUNT: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Group:
    """Works of one country.

    Attributes:
        country: Two-letter code in capitals, `unknown`, or whatever else the source wrote.
    """

    country: str
    count: int


@dataclass(frozen=True, slots=True)
class GroupPage:
    """One page of works by country.

    Attributes:
        total: Works that match the query, each once.
        next_cursor: Where the next page begins; None on the last one.
    """

    total: int
    groups: tuple[Group, ...]
    next_cursor: str | None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is on it."""
        return not self.groups


def read_group_page(content: bytes) -> GroupPage:
    """Read one answer.

    Raises:
        InputRejectedError: `BAD_PAYLOAD` if it is no page of groups.
    """
    try:
        answer = json.loads(content)
        meta, groups = answer["meta"], answer["group_by"]
        return GroupPage(
            total=count_of(meta["count"]),
            groups=tuple(Group(_country(row["key"]), count_of(row["count"])) for row in groups),
            next_cursor=cursor_of(meta["next_cursor"]),
        )
    except (KeyError, TypeError, ValueError, RecursionError):
        # The answer may hold anything: its hash is enough to recognise it.
        raise InputRejectedError(
            "BAD_PAYLOAD",
            f"OpenAlex sent {len(content)} bytes that are no page of groups (sha256 "
            f"{sha256(content).hexdigest()}). What came before is kept; run again later.",
        ) from None


def works_by_country(pages: Sequence[GroupPage], year: int) -> dict[str, int]:
    """Return the works of one year by country, from all its pages.

    Raises:
        ContradictionError: `UNSTABLE_TOTAL` if the number of works changed between pages,
            `GROUP_TWICE` if a country stands on them twice, `GROUPS_INCOMPLETE` if the countries
            have fewer works than the year, `GROUP_TOO_LARGE` if one has more.
    """
    counts: dict[str, int] = {}
    total = pages[0].total
    for page in pages:
        if page.total != total:
            raise contradiction(
                "UNSTABLE_TOTAL", year, f"{total} works on one page, {page.total} on another"
            )
        for group in page.groups:
            if group.country in counts:
                raise contradiction("GROUP_TWICE", year, f"{group.country[:20]!r} stands twice")
            counts[group.country] = group.count
    # Every work is in at least one group, the unknown one included, and in each at most once.
    if sum(counts.values()) < total:
        raise contradiction(
            "GROUPS_INCOMPLETE", year, f"groups of {sum(counts.values())} works where {total} match"
        )
    if max(counts.values(), default=0) > total:
        raise contradiction(
            "GROUP_TOO_LARGE", year, f"a group of more works than the {total} that match"
        )
    return counts


def paging_loop(year: int) -> ContradictionError:
    """Return the refusal of a cursor that leads back."""
    return contradiction("PAGING_LOOP", year, "a page leads back to an earlier one")


def contradiction(code: str, year: int, problem: str) -> ContradictionError:
    """Return the refusal of pages that cannot be true together."""
    return ContradictionError(
        code,
        f"The pages of {year} contradict one another: {problem}. They were not kept; those of "
        "other years are. Run again later.",
    )


def _country(key: Any) -> str:
    if not (key is None or isinstance(key, str | int | float)):
        raise TypeError
    text = "" if key is None else str(key).rstrip("/").rsplit("/", 1)[-1].strip()
    return UNKNOWN if text.casefold() in _UNKNOWN_KEYS else text.upper()


def cursor_of(value: Any) -> str | None:
    """Return a cursor as it was sent; None ends a list.

    Raises:
        TypeError: If it is no cursor.
    """
    if value is not None and not (isinstance(value, str) and value):
        raise TypeError
    return value


def count_of(value: Any) -> int:
    """Return a number of works as it was sent.

    Raises:
        ValueError: If it is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MAX_COUNT:
        raise ValueError
    return value
