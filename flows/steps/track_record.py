"""Which releases the track record is scored from."""

from __future__ import annotations

from typing import Final

from features.series import SERIES_COLUMNS
from storage.paths import StorePath
from talentcast.domain.types import BASELINE, OutputType, ReleaseId, Target
from talentcast.store.pointer import list_releases
from talentcast.store.reader import condition, read_frame

#: What names a forecast in the track record.
_FORECAST: Final = [*SERIES_COLUMNS, "model", "origin_year", "horizon_years"]


def first_forecasts(root: StorePath) -> frozenset[ReleaseId]:
    """Return the served releases from which the track record is scored, now or once years are in.

    Of several that forecast the same from the same origin the first one counts, as in
    `publication.scores.with_true_record`.
    """
    scored = {"target": str(Target.SHARE), "scenario": BASELINE}
    medians = {"output_type": str(OutputType.QUANTILE), "output_type_id": 0.5}
    where = condition("forecasts", scored | medians)
    seen: set[tuple[object, ...]] = set()
    found = set()
    for release in reversed(list_releases(root)):
        if not release.is_current or "forecasts" not in release.tables:
            continue
        rows = read_frame("forecasts", release, root, where=where)
        made = set(rows[_FORECAST].drop_duplicates().itertuples(index=False, name=None))
        if not made <= seen:
            found.add(release.release_id)
        seen |= made
    return frozenset(found)
