"""Works and who wrote them from where, added up to one row per person, year and country.

Parts of works are whole numbers of a small unit, so that sums do not depend on the order in which
works come, nor on how they are divided among files and processes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from talentcast.domain.types import UNKNOWN_COUNTRY

#: Units of one work: up to twelve countries divide it without rest.
UNITS: Final = 27_720
_KEY: Final = ("person", "year", "country")
#: Years are below 4,096, and there are fewer than 1,024 countries.
_YEAR_BITS: Final = 12
_COUNTRY_BITS: Final = 10
#: Beside the key; each is a sum, so that sums of sums are right.
AFFILIATION_SUMS: Final = ("units", "first_units", "last_units", "size_units")
COAUTHOR_SUMS: Final = ("coauthors",)
Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class ListedWorks:
    """Works, the authors that each lists, and the countries of each author.

    Attributes:
        years: Of each work.
        sizes: Authors of each work.
        ids: Of persons, each once. Held in memory only.
        work: Of each authorship, in order.
        person: Place of its author among `ids`; -1 for nobody in particular.
        is_first: Whether the author stands first.
        is_last: Whether the author stands last, of several.
        n_countries: How many countries an authorship has, at least one: `UNK` if none is known.
        country: Of one authorship after the other, as place among `countries`.
        countries: Codes.
    """

    years: Integers
    sizes: Integers
    ids: list[str] = field(repr=False)
    work: Integers
    person: Integers
    is_first: NDArray[np.bool_]
    is_last: NDArray[np.bool_]
    n_countries: Integers
    country: Integers
    countries: list[str]

    def affiliations(self) -> pa.Table:
        """Return `person`, `year`, `country` and `AFFILIATION_SUMS`, one row for each key.

        A work counts one for each of its authors, divided evenly among their countries.
        """
        row = np.repeat(np.arange(len(self.work)), self.n_countries)
        units = UNITS // self.n_countries[row]
        is_start = np.diff(row, prepend=-1) != 0
        units[is_start] += UNITS % self.n_countries[row][is_start]
        is_somebody = self.person[row] >= 0
        row, units, country = row[is_somebody], units[is_somebody], self.country[is_somebody]
        sums = {
            "units": units,
            "first_units": units * self.is_first[row],
            "last_units": units * self.is_last[row],
            "size_units": units * self.sizes[self.work[row]],
        }
        return self._summed(row, country, sums)

    def coauthors(self) -> pa.Table:
        """Return `person`, `year`, `country` and `coauthors`, one row for each key.

        Somebody who is a co-author of several works counts for each; nobody counts under an
        unknown country, and who has two countries counts in both.
        """
        n_codes = len(self.countries) + 1
        row = np.repeat(np.arange(len(self.work)), self.n_countries)
        is_known = np.array([code != UNKNOWN_COUNTRY for code in self.countries], dtype=bool)
        row, country = row[is_known[self.country]], self.country[is_known[self.country]]
        of_work, n_there = np.unique(self.work[row] * n_codes + country, return_counts=True)
        ends = np.searchsorted(of_work // n_codes, np.arange(len(self.years) + 1))
        somebody = np.flatnonzero(self.person >= 0)
        starts = ends[self.work[somebody]]
        n_pairs = ends[self.work[somebody] + 1] - starts
        author = np.repeat(somebody, n_pairs)
        # Places within `of_work`: from the start of each author's work on, one after the other.
        begun = np.repeat(np.cumsum(n_pairs) - n_pairs, n_pairs)
        pair = np.repeat(starts, n_pairs) + np.arange(len(author)) - begun
        there = of_work[pair] % n_codes
        own = np.isin(author * n_codes + there, row * n_codes + country)
        n_others = n_there[pair] - own
        is_any = n_others > 0
        return self._summed(author[is_any], there[is_any], {"coauthors": n_others[is_any]})

    def _summed(self, row: Integers, country: Integers, sums: dict[str, Integers]) -> pa.Table:
        key = {"person": self.person[row], "year": self.years[self.work[row]], "country": country}
        return summed(pa.table(key | sums))


def summed(rows: pa.Table) -> pa.Table:
    """Return rows of the same person, year and country as one, with the sums of all else.

    Args:
        rows: `person` and `country` as places in lists of them, `year`, and whole numbers.

    Returns:
        The same columns, in the order of persons, years and countries.
    """
    person, year, country = (rows[name].to_numpy().astype(np.int64) for name in _KEY)
    key = (person << (_YEAR_BITS + _COUNTRY_BITS)) | (year << _COUNTRY_BITS) | country
    order = np.argsort(key, kind="stable")
    starts = np.flatnonzero(np.diff(key[order], prepend=-1))
    first = order[starts]
    found = {"person": person[first], "year": year[first], "country": country[first]}
    for name in rows.column_names:
        if name not in found:
            values = rows[name].to_numpy()[order]
            found[name] = np.add.reduceat(values, starts) if len(starts) else values
    return pa.table(found)


def weights_in_order(sums: pa.Table) -> tuple[NDArray[np.float64], Integers]:
    """Return the share of its person-year that each row has, and the person-year of each row.

    Args:
        sums: `person`, `year` and `units`, in the order of persons and years.
    """
    is_next = np.diff(sums["person"].to_numpy(), prepend=-1) != 0
    is_next |= np.diff(sums["year"].to_numpy().astype(np.int64), prepend=-1) != 0
    person_year = np.cumsum(is_next) - 1
    units = sums["units"].to_numpy()
    total = np.bincount(person_year, weights=units)
    return np.round(units / total[person_year], 9), person_year


def affiliation_columns(sums: pa.Table) -> pa.Table:
    """Return what affiliations hold beside their key, from sums in the order of persons and years.

    Works, first and last works and team size are those of the whole year, in each of its rows.
    """
    weights, person_year = weights_in_order(sums)

    def of_year(name: str) -> NDArray[np.float64]:
        # Sums of whole numbers below 2^53 are exact.
        total = np.bincount(person_year, weights=sums[name].to_numpy())
        return np.asarray((total / UNITS)[person_year])

    works = of_year("units")
    return pa.table(
        {
            "weight": weights,
            "works": np.round(works).astype(np.int32),
            "first_author_works": np.round(of_year("first_units")).astype(np.int32),
            "last_author_works": np.round(of_year("last_units")).astype(np.int32),
            "team_size": np.round(of_year("size_units") / works, 3),
        }
    )
