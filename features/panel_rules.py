"""Which countries are forecast apart, by population."""

from __future__ import annotations

from collections.abc import Mapping

from features.panel import PanelRule
from talentcast.populations.catalogue import bundled_populations


def panel_rules() -> Mapping[str, PanelRule]:
    """Return the rules of the populations that have one of their own."""
    return {
        name: PanelRule(one.lists.smallest_part, one.lists.present_years)
        for name, one in bundled_populations().items()
        if one.lists is not None
    }
