"""Small panels cut out of a large one."""

from __future__ import annotations

import numpy as np
from share_panels import FEW, REFERENCE, SMALL, panel

from features.panel import Panel
from models.shares.pooled.cut_panels import CutSettings, cut_panels
from talentcast.domain.types import Origin


def test_cut_panels_count_as_many_people_as_the_small_panel_does() -> None:
    cuts = cut_panels(REFERENCE, SMALL, FEW)
    assert cuts is not None
    assert cuts.log_shares.shape == (14, 24)
    totals = cuts.counts.reshape(14, 8, 3).sum(axis=2)
    np.testing.assert_allclose(totals.mean(axis=1), 2000, rtol=0.05)


def test_cut_panels_see_nothing_after_the_origin() -> None:
    counts = REFERENCE.counts.copy()
    counts.loc[2012:] = 7.0
    later, origin = Panel(REFERENCE.key, counts), Origin(2011)
    before, after = (
        cut_panels(reference.until(origin), SMALL.until(origin), FEW)
        for reference in (REFERENCE, later)
    )
    assert before is not None
    assert after is not None
    np.testing.assert_array_equal(before.counts, after.counts)


def test_a_reference_without_large_enough_groups_is_not_cut() -> None:
    assert cut_panels(REFERENCE, panel(39, total=2000), CutSettings(n_parts=39)) is None
