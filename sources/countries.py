"""Names and codes of countries as sources write them: explicit tables, never a guess.

UK and EL are read as GBR and GRC, XK as XKX, a blank as `UNK`; `talentcast.domain.countries` says
which codes exist. What no table lists is not understood, however similar it looks.
"""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterable
from functools import cache
from importlib.resources import files

import pandas as pd
import pycountry

from talentcast.domain.countries import OUTSIDE_ISO, TIME_BOUND
from talentcast.domain.types import UNKNOWN_COUNTRY


def country_code(text: str) -> str | None:
    """Return the code of a country given as ISO 2 or 3 letters, English name or known alias.

    Returns:
        ISO 3166-1 alpha-3, `ROW`, or `UNK` for a blank; None when the text is not understood.

    Example:
        >>> [country_code(text) for text in ("NA", "uk", "South Korea", "", "ZZ")]
        ['NAM', 'GBR', 'KOR', 'UNK', None]
    """
    return _lookup().get(_folded(text))


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
    rows = [(code, short_name(code)) for code in sorted(set(codes))]
    return pd.DataFrame(rows, columns=["country", "name"], dtype="str")


def short_name(code: str) -> str:
    """Return the short English name of a code, or the code itself if it is not known.

    Example:
        >>> short_name("TWN"), short_name("SUN")
        ('Taiwan', 'Soviet Union')
    """
    own = _own_short_names().get(code)
    if own is not None:
        return own
    country = pycountry.countries.get(alpha_3=code)
    return code if country is None else str(getattr(country, "common_name", country.name))


@cache
def _own_short_names() -> dict[str, str]:
    dissolved = {code: bound.name for code, bound in TIME_BOUND.items()}
    chosen = {row["country"]: row["name"] for row in _bundled_rows("country_short_names.csv")}
    return dissolved | dict(OUTSIDE_ISO) | chosen


@cache
def _lookup() -> dict[str, str]:
    table = {_folded(code): code for code in (*TIME_BOUND, *OUTSIDE_ISO)}
    for country in pycountry.countries:
        names = (country.name, getattr(country, "common_name", ""), short_name(country.alpha_3))
        for text in (country.alpha_2, country.alpha_3, *filter(None, names)):
            table[_folded(text)] = country.alpha_3
    table |= {_folded(alias): code for alias, code in aliases().items()}
    return table | {"": UNKNOWN_COUNTRY}


def _folded(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip().casefold()


def _bundled_rows(name: str) -> list[dict[str, str]]:
    text = files("sources").joinpath("data", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))
