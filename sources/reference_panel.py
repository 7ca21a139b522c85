"""The large bundled panel, from which a small or short one may borrow what it cannot estimate."""

from __future__ import annotations

from typing import Final

from features.panel import Panel, build_panel
from sources.bundled import Bundled
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.types import CountingRule, Origin, SeriesKey

REFERENCE_SERIES: Final = SeriesKey("scholars_scopus", CountingRule.MODAL_COUNTRY, "bundled")


def load_reference_panel(first_origin: Origin) -> Panel | None:
    """Return the panel with its countries chosen by what was known at the first origin.

    None where it is too short by then.
    """
    bundled = Bundled()
    counts = bundled.parse(bundled.download()).counts
    try:
        return build_panel(counts, REFERENCE_SERIES, eligible_by=first_origin)
    except InputRejectedError:
        return None
