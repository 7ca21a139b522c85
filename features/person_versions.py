"""Which version of a person's records is at hand: digests that tell closed years from new ones.

A digest is a sum over rows, so that the digest of some years and that of the years after them add
up to that of all. A yearly update adds a year to everybody; a person who was corrected in an
earlier one is told apart from that.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pandas.util import hash_array

#: Columns of one row per person: whose origin is what, and a digest of all that is recorded.
VERSION_COLUMNS: Final = ("researcher_id", "origin_country", "version")
#: Digest of a person of whom nothing is on record in the years that it covers.
NOTHING: Final = f"{0:016x}"
_PERSON: Final = "researcher_id"


@dataclass(frozen=True, eq=False)
class Recorded:
    """People in the version in which they are recorded.

    Attributes:
        people: `VERSION_COLUMNS`, and a column `until(year)` for every year that is asked about; in
            the order of ids.
        last_year: Last year of which enough people are recorded to call it begun.
    """

    people: pd.DataFrame = field(repr=False)
    last_year: int


def until(year: int) -> str:
    """Return the name of the column with the digest of the rows up to a year."""
    return f"until_{year}"


def person_versions(tables: Sequence[pd.DataFrame], years: Collection[int] = ()) -> pd.DataFrame:
    """Return one row per person with digests of the rows about them.

    Args:
        tables: Person-level tables with `researcher_id` and `year`; neither the order of rows nor
            the types of columns matter, nor columns in which nothing is known.
        years: Years up to which a digest is wanted beside that of all rows.

    Returns:
        `researcher_id`, `version` and `until(year)` for each year.
    """
    rows = pd.concat(
        [
            table[[_PERSON, "year"]].assign(digest=_row_digests(table) * np.uint64(2 * number + 1))
            for number, table in enumerate(tables)
        ]
    )
    names = pd.Index(sorted(rows[_PERSON].unique()), name=_PERSON)
    parts = {"version": rows} | {until(y): rows[rows["year"] <= y] for y in sorted(set(years))}
    digests = {name: _sums(part, names) for name, part in parts.items()}
    return pd.DataFrame(digests, index=names).reset_index()


def continued(
    earlier: pd.DataFrame, later: pd.DataFrame, since: int, years: Collection[int]
) -> pd.DataFrame:
    """Return digests of earlier rows up to a year, followed by the later rows of the years since.

    Args:
        earlier: `version` and `until(year)` columns of some people.
        later: The same columns of the same people, row by row.
        since: The year after which rows are the later ones; both have its column.
        years: Years of which both have the column.
    """
    ends = {"version": "version"} | {until(y): until(y) for y in years if y > since}
    start = _numbers(earlier[until(since)]) - _numbers(later[until(since)])
    added = {name: _texts(start + _numbers(later[end])) for name, end in ends.items()}
    return earlier.assign(**added)


def is_open_part_other(one: pd.DataFrame, other: pd.DataFrame, since: int) -> NDArray[np.bool_]:
    """Return who differs in the rows after a year, row by row; both have `until(since)`."""
    mine, theirs = (
        _numbers(each["version"]) - _numbers(each[until(since)]) for each in (one, other)
    )
    return np.asarray(mine != theirs, dtype=bool)


def _sums(rows: pd.DataFrame, names: pd.Index) -> list[str]:
    sums = rows.groupby(_PERSON)["digest"].sum().reindex(names, fill_value=0)
    return _texts(sums.to_numpy(dtype=np.uint64))


def _row_digests(table: pd.DataFrame) -> NDArray[np.uint64]:
    cells = np.zeros(len(table), dtype=np.uint64)
    for name in table.columns:
        column = table[name]
        hashed = _hashes(column) * np.uint64(_odd_number(str(name)))
        cells += np.where(column.isna().to_numpy(dtype=bool), np.uint64(0), hashed)
    return hash_array(cells)  # binds the cells of a row: sums of rows cannot exchange them


def _hashes(column: pd.Series) -> NDArray[np.uint64]:
    """Return hashes that do not depend on how a file or a library stores the values."""
    if pd.api.types.is_numeric_dtype(column):
        return np.asarray(hash_array(column.to_numpy(dtype=np.float64, na_value=np.nan)))
    codes, texts = pd.factorize(column)  # each text once: most are repeated
    hashed = hash_array(np.array([*map(str, texts), ""], dtype=object), categorize=False)
    return np.asarray(hashed[codes])  # the code of what is missing, -1, is that of the empty text


def _odd_number(name: str) -> int:
    return int.from_bytes(sha256(name.encode()).digest()[:8]) | 1


def _texts(numbers: NDArray[np.uint64]) -> list[str]:
    return [f"{number:016x}" for number in numbers]


def _numbers(texts: pd.Series) -> NDArray[np.uint64]:
    return np.array([int(text, 16) for text in texts], dtype=np.uint64)
