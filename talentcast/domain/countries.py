"""Which country codes may stand in a table, and in which years.

Policy for special codes. Hong Kong (HKG), Macao (MAC) and Taiwan (TWN) are counted apart from CHN,
as ISO 3166-1 lists them; nothing is added to or taken from CHN, so that a total over countries
counts nobody twice. Kosovo is XKX. A row without a country is `UNK`. Codes of dissolved states are
accepted up to their last year and are not split over their successors. Successors are accepted in
earlier years too, because sources code old addresses by today's borders.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

import pycountry

from talentcast.domain.types import REST_OF_WORLD, UNKNOWN_COUNTRY


@dataclass(frozen=True, slots=True)
class TimeBound:
    """A code that did not always exist or no longer does.

    Attributes:
        name: Short English name.
        first_year: First year in which the code may be used; None is open.
        last_year: Last such year; None is open.
    """

    name: str
    first_year: int | None = None
    last_year: int | None = None

    def holds(self, year: int) -> bool:
        """Return whether the code may be used for `year`."""
        return (self.first_year is None or year >= self.first_year) and (
            self.last_year is None or year <= self.last_year
        )


#: After ISO 3166-3; the last year is the one in which the code was withdrawn or the state ended.
TIME_BOUND: Final[Mapping[str, TimeBound]] = {
    "ANT": TimeBound("Netherlands Antilles", last_year=2010),
    "CSK": TimeBound("Czechoslovakia", last_year=1992),
    "DDR": TimeBound("East Germany", last_year=1990),
    "SCG": TimeBound("Serbia and Montenegro", last_year=2006),
    "SSD": TimeBound("South Sudan", first_year=2011),
    "SUN": TimeBound("Soviet Union", last_year=1991),
    "TMP": TimeBound("East Timor", last_year=2002),
    "YUG": TimeBound("Yugoslavia", last_year=2003),
    "ZAR": TimeBound("Zaire", last_year=1997),
}

#: Codes in use that ISO 3166-1 does not assign.
OUTSIDE_ISO: Final[Mapping[str, str]] = {
    "XKX": "Kosovo",
    REST_OF_WORLD: "Rest of world",
    UNKNOWN_COUNTRY: "Unknown country",
}


@cache
def known_codes() -> frozenset[str]:
    """All codes that may stand in a `country` column.

    Example:
        >>> {"NAM", "TWN", "YUG", "ROW"} <= known_codes(), "ZZZ" in known_codes()
        (True, False)
    """
    current = {country.alpha_3 for country in pycountry.countries}
    return frozenset(current | set(TIME_BOUND) | set(OUTSIDE_ISO))


def code_holds(code: str, year: int) -> bool:
    """Return whether a country of this code existed in `year`.

    Example:
        >>> code_holds("SUN", 1991), code_holds("SUN", 1992), code_holds("FRA", 1800)
        (True, False, True)
    """
    bound = TIME_BOUND.get(code)
    return bound is None or bound.holds(year)
