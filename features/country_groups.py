"""Groups of countries coarse enough that a cell of people can be shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

#: Groups of host countries in published tables; fixed, so that releases can be compared.
_MEMBERS: Final = {
    "usa": "USA",
    "china": "CHN",
    "canada": "CAN",
    "europe": (
        "ALB AND AUT BEL BGR BIH BLR CHE CYP CZE DEU DNK ESP EST FIN FRA GBR GRC HRV HUN IRL ISL "
        "ITA LIE LTU LUX LVA MCO MDA MKD MLT MNE NLD NOR POL PRT ROU SMR SRB SVK SVN SWE UKR VAT "
        "XKX"
    ),
    "asia_pacific": (
        "AUS BGD BRN FJI HKG IDN IND JPN KHM KOR LAO LKA MAC MMR MNG MYS NPL NZL PAK PHL PNG SGP "
        "THA TLS TWN VNM"
    ),
}
_GROUP_OF: Final = {
    country: group for group, countries in _MEMBERS.items() for country in countries.split()
}


def host_groups(countries: pd.Series) -> pd.Series:
    """Map country codes to the published groups of host countries.

    Example:
        >>> host_groups(pd.Series(["USA", "FRA", "BRA"])).tolist()
        ['usa', 'europe', 'other']
    """
    return countries.map(_GROUP_OF).fillna("other").astype("str")


def commonest(countries: pd.Series, n: int) -> tuple[str, ...]:
    """Return the n commonest codes, ties in alphabetical order."""
    counts = countries.value_counts().rename_axis("country").reset_index(name="n")
    ordered = counts.sort_values(["n", "country"], ascending=[False, True])
    return tuple(str(code) for code in ordered["country"].head(n))


def group_codes(countries: pd.Series, kept: Sequence[str]) -> NDArray[np.int64]:
    """Return the place of each country in `kept`; all others share the place after the last.

    Example:
        >>> group_codes(pd.Series(["USA", "FRA"]), ["USA"]).tolist()
        [0, 1]
    """
    codes = pd.Categorical(countries, categories=list(kept)).codes.astype(np.int64)
    return np.where(codes < 0, len(kept), codes)
