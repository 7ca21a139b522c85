"""Which column of a file is which column of `researcher_counts`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from talentcast.domain.errors import MissingColumnsError, UsageError, some_of
from talentcast.domain.tables import RESEARCHER_COUNTS

#: Other names in common use, in order of preference; compared in lower case.
KNOWN_NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "year": ("year", "publication_year"),
    "country": (
        "country",
        "countrycode",
        "country_code",
        "iso3",
        "iso3code",
        "iso_a3",
        "iso2",
        "iso2code",
        "iso_a2",
        "countryname",
        "country_name",
    ),
    "arrivals": ("arrivals", "number_of_inmigrations", "inmigrations", "immigrations"),
    "departures": ("departures", "number_of_outmigrations", "outmigrations", "emigrations"),
    "population": ("population",),
    "counting_rule": ("counting_rule",),
    "source": ("source",),
    "vintage": ("vintage",),
    "is_provisional": ("is_provisional",),
}

#: Each of these is a count of researchers; a file with several of them needs a choice.
RESEARCHERS_NAMES: Final = (
    "researchers",
    "padded_population_of_researchers",
    "number_of_researchers",
    "number_of_authors",
    "number_of_authors_scopus",
    "number_of_authors_orcid",
    "number_of_scholars",
    "authorships",
    "authors",
    "scholars",
    "count",
    "n",
)

NET_MOVES_NAMES: Final = ("net_moves", "netmigration", "net_migration")


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """Where each contract column is found.

    Attributes:
        found: Column of the file by contract column.
        net_moves: Column of the file that states arrivals minus departures.
        extra: Columns of the file that are not used.
    """

    found: Mapping[str, str]
    net_moves: str | None
    extra: tuple[str, ...]

    @property
    def renamed(self) -> dict[str, str]:
        """Columns that go by another name in the file."""
        return {column: name for column, name in self.found.items() if column != name}


def match_columns(names: Collection[str], *, researchers_column: str | None = None) -> ColumnMap:
    """Find the contract columns among the names of a file.

    Raises:
        MissingColumnsError: If a required column is absent under every known name.
        UsageError: If several columns could be the count, or the chosen one is absent.
    """
    by_lower = {name.lower(): name for name in reversed(list(names))}
    found = {
        column: by_lower[known[0]]
        for column, candidates in KNOWN_NAMES.items()
        if (known := [name for name in candidates if name in by_lower])
    }
    count = _researchers_column(names, by_lower, researchers_column)
    if count is not None:
        found["researchers"] = count
    required = [column.name for column in RESEARCHER_COUNTS.required]
    if missing := [column for column in required if column not in found]:
        raise MissingColumnsError(RESEARCHER_COUNTS.name, missing, names)
    net_moves = next((by_lower[name] for name in NET_MOVES_NAMES if name in by_lower), None)
    used = {*found.values(), net_moves}
    return ColumnMap(found, net_moves, tuple(name for name in names if name not in used))


def _researchers_column(
    names: Collection[str], by_lower: Mapping[str, str], chosen: str | None
) -> str | None:
    if chosen is not None:
        if chosen not in names:
            raise UsageError(
                f"There is no column '{chosen}'; the file has {some_of(sorted(names))}."
            )
        return chosen
    if "researchers" in by_lower:
        return by_lower["researchers"]
    candidates = [by_lower[name] for name in RESEARCHERS_NAMES if name in by_lower]
    if len(candidates) > 1:
        raise UsageError(
            f"Several columns could be the number of researchers: {candidates}. "
            "Name one as the researchers column, or call it 'researchers' in the file."
        )
    return candidates[0] if candidates else None
