"""Country codes and names: explicit tables, never a guess.

Policy for special codes. Hong Kong (HKG), Macao (MAC) and Taiwan (TWN) are counted apart from CHN,
as ISO 3166-1 lists them; nothing is added to or taken from CHN, so that a total over countries
counts nobody twice. Kosovo is XKX. UK and EL are read as GBR and GRC. A blank code is `UNK`. Codes
of dissolved states are accepted up to their last year and are not split over their successors.
Successors are accepted earlier, because sources code old addresses by today's borders.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import pandas as pd
import pycountry

from talentcast.domain.types import REST_OF_WORLD, UNKNOWN_COUNTRY


@dataclass(frozen=True, slots=True)
class Validity:
    """Years in which a country code may be used, both inclusive; None is open."""

    first_year: int | None
    last_year: int | None

    def holds(self, year: int) -> bool:
        """Return whether the code may be used for `year`."""
        return (self.first_year is None or year >= self.first_year) and (
            self.last_year is None or year <= self.last_year
        )


def country_code(text: str) -> str | None:
    """Return the code of a country given as ISO 2 or 3 letters, English name or known alias.

    Returns:
        ISO 3166-1 alpha-3, `ROW`, or `UNK` for a blank; None when the text is not understood.

    Example:
        >>> [country_code(text) for text in ("NA", "uk", "South Korea", "", "ZZ")]
        ['NAM', 'GBR', 'KOR', 'UNK', None]
    """
    return _lookup().get(_folded(text))


def is_known_code(code: str) -> bool:
    """Return whether `code` may stand in a `country` column."""
    return code in known_codes()


@cache
def known_codes() -> frozenset[str]:
    """All codes that may stand in a `country` column, dissolved states included."""
    current = {country.alpha_3 for country in pycountry.countries}
    return frozenset(
        current | set(validity()) | set(aliases().values()) | {REST_OF_WORLD, UNKNOWN_COUNTRY}
    )


@cache
def validity() -> dict[str, Validity]:
    """Codes that did not always exist or no longer do."""
    return {
        row["country"]: Validity(
            int(row["first_year"]) if row["first_year"] else None,
            int(row["last_year"]) if row["last_year"] else None,
        )
        for row in _bundled_rows("country_validity.csv")
    }


@cache
def aliases() -> dict[str, str]:
    """Names and codes beside ISO 3166-1 that are understood, as written in the bundled table."""
    return {row["alias"]: row["country"] for row in _bundled_rows("country_aliases.csv")}


def country_names(codes: Iterable[str]) -> pd.DataFrame:
    """Return `country_names` rows, without `release_id`, for the codes given; sorted by code.

    Example:
        >>> country_names(["KOR", "ROW"])["name"].tolist()
        ['South Korea', 'Rest of world']
    """
    rows = [(code, _short_name(code)) for code in sorted(set(codes))]
    return pd.DataFrame(rows, columns=["country", "name"], dtype="str")


def _short_name(code: str) -> str:
    own = _own_short_names().get(code)
    if own is not None:
        return own
    country = pycountry.countries.get(alpha_3=code)
    if country is None:
        return code
    return str(getattr(country, "common_name", country.name))


@cache
def _own_short_names() -> dict[str, str]:
    dissolved = {row["country"]: row["name"] for row in _bundled_rows("country_validity.csv")}
    chosen = {row["country"]: row["name"] for row in _bundled_rows("country_short_names.csv")}
    return dissolved | chosen


@cache
def _lookup() -> dict[str, str]:
    table = {_folded(code): code for code in (*validity(), REST_OF_WORLD, UNKNOWN_COUNTRY)}
    for country in pycountry.countries:
        names = (country.name, getattr(country, "common_name", ""), _short_name(country.alpha_3))
        for text in (country.alpha_2, country.alpha_3, *filter(None, names)):
            table[_folded(text)] = country.alpha_3
    table |= {_folded(alias): code for alias, code in aliases().items()}
    return table | {"": UNKNOWN_COUNTRY}


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


def _bundled_rows(name: str) -> list[dict[str, str]]:
    text = files("talentcast.sources").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
