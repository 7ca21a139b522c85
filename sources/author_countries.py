"""Works to counts by country: each rule says what an author in several countries counts for.

Only the order of authors and the countries of each are needed; nothing here knows a name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, TypeAlias

from talentcast.domain.types import UNKNOWN_COUNTRY, CountingRule

#: One work: its authors in order, each with the codes of the countries named, in order and once.
#: An author whose country is not known has none.
Work: TypeAlias = Sequence[Sequence[str]]
#: A country, and what it gets of one work.
Part: TypeAlias = tuple[str, float]


def count_by_country(works: Iterable[Work], rule: CountingRule) -> Mapping[str, float]:
    """Return what each country counts for, `UNK` included, in order of the code.

    Args:
        works: With their authors; a work without authors counts for nothing.
        rule: One of `RULES`.

    Example:
        >>> works = [[["CHN", "USA"], ["USA"], []], [[]]]
        >>> dict(count_by_country(works, CountingRule.AUTHORSHIPS))
        {'CHN': 1.0, 'UNK': 2.0, 'USA': 1.0}
        >>> dict(count_by_country(works, CountingRule.WHOLE_WORKS))
        {'CHN': 1.0, 'UNK': 1.0, 'USA': 1.0}
    """
    parts = RULES[rule]
    counts: Counter[str] = Counter()
    for work in works:
        for country, part in parts(work):
            counts[country] += part  # type: ignore[assignment]  # counters hold fractions too
    return {country: float(counts[country]) for country in sorted(counts)}


def _authorships(work: Work) -> Iterator[Part]:
    """Each author once, in the first country named."""
    return ((author[0] if author else UNKNOWN_COUNTRY, 1.0) for author in work)


def _lead_author(work: Work) -> Iterator[Part]:
    """Once, in the first country of the first author."""
    return _authorships(work[:1])


def _whole_works(work: Work) -> Iterator[Part]:
    """Once in each country on it, and as unknown only if it names none."""
    if not work:
        return iter(())
    named = {country for author in work for country in author}
    return ((country, 1.0) for country in sorted(named or {UNKNOWN_COUNTRY}))


def _fractional_works(work: Work) -> Iterator[Part]:
    """One in all, divided over authors, and an author's part over the author's countries."""
    for author in work:
        countries = author or (UNKNOWN_COUNTRY,)
        for country in countries:
            yield country, 1 / (len(work) * len(countries))


RULES: Final[Mapping[CountingRule, Callable[[Work], Iterator[Part]]]] = {
    CountingRule.AUTHORSHIPS: _authorships,
    CountingRule.LEAD_AUTHOR: _lead_author,
    CountingRule.WHOLE_WORKS: _whole_works,
    CountingRule.FRACTIONAL_WORKS: _fractional_works,
}
