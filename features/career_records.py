"""The person-level tables that careers are read from, kept together, whole or in parts."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol, TypeVar

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from talentcast.domain.types import Origin

T = TypeVar("T")
R = TypeVar("R")
_Keep = Callable[[pd.DataFrame], pd.DataFrame]
#: Attributes of `CareerRecords` that are tables about people.
RECORD_TABLES: Final = ("careers", "coauthor_countries", "affiliation_weights")


@dataclass(frozen=True, slots=True)
class IdSpan:
    """Everybody whose id is `first` or after it and before `end`; an empty end is open."""

    first: str = ""
    end: str = ""

    def holds(self, researcher_ids: pd.Series) -> pd.Series:
        """Return which ids lie within."""
        ids = pa.array(researcher_ids, from_pandas=True)
        is_within = pc.greater_equal(ids, pa.scalar(self.first, ids.type))
        if self.end:
            is_within = pc.and_(is_within, pc.less(ids, pa.scalar(self.end, ids.type)))
        return pd.Series(is_within.to_numpy(zero_copy_only=False), researcher_ids.index)

    def rows_of(self, ordered: pd.DataFrame) -> pd.DataFrame:
        """Return the rows of these people, without a copy.

        Args:
            ordered: `researcher_id` and others, in the order of ids.

        Example:
            >>> people = pd.DataFrame({"researcher_id": ["0a", "4b", "b7"]})
            >>> list(IdSpan("4", "b0").rows_of(people)["researcher_id"])
            ['4b']
        """
        ids = ordered["researcher_id"].array
        end = bisect_left(ids, self.end) if self.end else len(ids)
        return ordered.iloc[bisect_left(ids, self.first) : end]


#: One part that is the whole.
EVERYBODY: Final = IdSpan()


class Mapper(Protocol):
    """Applies a function to items as `map` does; several at a time, if it can."""

    def __call__(self, function: Callable[[T], R], items: Iterable[T], /) -> Iterator[R]:
        """Yield the results in the order of the items."""


class CareerParts(Protocol):
    """Records of a population, some people at a time: nobody is in two parts.

    Parts come in the order of ids, so that what is made of each is, one after the other, what
    would be made of the whole.
    """

    @property
    def spans(self) -> Sequence[IdSpan]:
        """Who is in which part."""

    def between(self, span: IdSpan) -> CareerRecords:
        """Return the records of these people, which need not be those of one part."""

    def __iter__(self) -> Iterator[CareerRecords]:
        """Yield every part."""


@dataclass(frozen=True, eq=False)
class CareerRecords:
    """Careers of a population with what else is known about each year.

    Attributes:
        careers: One row per researcher and year: `researcher_id`, `year`, `country` (modal),
            `works` and, where known, `first_author_works`, `last_author_works`, `team_size`.
        coauthor_countries: `researcher_id`, `year`, `country`, `coauthors`; may be empty.
        affiliation_weights: `researcher_id`, `year`, `country`, `weight`; may be empty.
        is_synthetic: The people do not exist; every output says so.
    """

    careers: pd.DataFrame
    coauthor_countries: pd.DataFrame
    affiliation_weights: pd.DataFrame
    is_synthetic: bool = False

    @property
    def spans(self) -> Sequence[IdSpan]:
        """The whole, as the one part that it is."""
        return (EVERYBODY,)

    def __iter__(self) -> Iterator[CareerRecords]:
        yield self

    def between(self, span: IdSpan) -> CareerRecords:
        """Keep the records of people whose ids lie within a span."""
        if span == EVERYBODY:
            return self
        return self._each(lambda table: table[span.holds(table["researcher_id"])])

    def known_by(self, origin: Origin) -> CareerRecords:
        """Keep the records dated in the origin year or before."""
        return self._each(lambda table: table[table["year"] <= origin.year])

    def after(self, origin: Origin) -> CareerRecords:
        """Keep the records dated after the origin year."""
        return self._each(lambda table: table[table["year"] > origin.year])

    def of(self, researcher_ids: Collection[str]) -> CareerRecords:
        """Keep the records of these researchers."""
        wanted = pd.Index(researcher_ids).unique()
        return self._each(lambda table: table[is_among(table["researcher_id"], wanted)])

    def without(self, researcher_ids: Collection[str]) -> CareerRecords:
        """Drop the records of these researchers."""
        if not len(researcher_ids):
            return self
        unwanted = pd.Index(researcher_ids).unique()
        return self._each(lambda table: table[~is_among(table["researcher_id"], unwanted)])

    def numbered(self) -> tuple[CareerRecords, pd.Index]:
        """Return the records with numbers in the place of ids, and the ids in their order.

        Numbers take the order of the ids. They are sorted, joined and grouped in a tenth of the
        time that pseudonyms take.
        """
        coded = {name: pd.factorize(getattr(self, name)["researcher_id"]) for name in RECORD_TABLES}
        everybody = pd.concat([pd.Series(ids, dtype="str") for _, ids in coded.values()])
        names = pd.Index(everybody.unique()).sort_values()
        tables = {
            name: getattr(self, name).assign(researcher_id=names.get_indexer(ids)[codes])
            for name, (codes, ids) in coded.items()
        }
        return replace(self, **tables), names

    def _each(self, keep: _Keep) -> CareerRecords:
        return replace(
            self,
            careers=keep(self.careers),
            coauthor_countries=keep(self.coauthor_countries),
            affiliation_weights=keep(self.affiliation_weights),
        )


def is_among(researcher_ids: pd.Series, wanted: Collection[str] | pd.Index) -> pd.Series:
    """Return which of many ids are wanted."""
    ids = pa.array(researcher_ids, from_pandas=True)
    if not len(ids):
        return pd.Series(dtype=bool, index=researcher_ids.index)
    found = pc.is_in(ids, value_set=pa.array(wanted, ids.type, from_pandas=True))
    return pd.Series(found.to_numpy(zero_copy_only=False), researcher_ids.index)
