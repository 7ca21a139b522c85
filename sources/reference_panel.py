"""The large bundled panel, from which a small or short one may borrow what it cannot estimate."""

from __future__ import annotations

from functools import cache
from typing import Final

import pandas as pd

from features.panel import Panel, build_panel
from sources.bundled import Bundled
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.types import CountingRule, Origin, SeriesKey

REFERENCE_SERIES: Final = SeriesKey("scholars_scopus", CountingRule.MODAL_COUNTRY, "bundled")
_FILE: Final = "scholars_by_country.csv"


def load_reference_panel(first_origin: Origin) -> Panel | None:
    """Return the panel with its countries chosen by what was known at the first origin.

    None where it is too short by then.
    """
    try:
        return build_panel(reference_counts(), REFERENCE_SERIES, eligible_by=first_origin)
    except InputRejectedError:
        return None


@cache
def reference_counts() -> pd.DataFrame:
    """Return the counts of the panel; every score asks for them, and nobody changes them."""
    bundled = Bundled()
    files = [raw for raw in bundled.download() if raw.name == _FILE]
    return bundled.parse(files).counts
