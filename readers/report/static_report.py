"""One HTML file a release that needs nothing else: the charts as drawings, the numbers as tables.

Beside it stands the headline chart as a picture for slides.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import vl_convert

from features.series import series_axes
from readers import cache
from readers.charts.scores import coverage_chart, error_chart
from readers.charts.theme import Spec
from readers.export.release_tables import notes
from readers.report.sections import PALETTE, drawn, fan, series_section
from readers.report.sections import page as page_of_sections
from readers.summaries.published_series import load_series, published_series
from readers.summaries.series import Series
from readers.summaries.source_line import SHARE_UNIT, source_line
from readers.summaries.track_record import TrackRecord, track_headline, track_record
from storage.files import write_atomically
from storage.paths import StorePath
from talentcast.domain.types import BASELINE, Target
from talentcast.populations.catalogue import known_populations
from talentcast.store.release import Release

HORIZON: Final = 5
HALF_WIDTH: Final = 430


def export_report(release: Release, root: StorePath, folder: Path) -> list[Path]:
    """Write `talentcast-<release>.html`, and `-headline.png` with the first chart of the file."""
    shown = [
        load_series(published, release, root).until(HORIZON)
        for published in published_series(release, root)
        if published.scenario == BASELINE
    ]
    page = report_page(release, folder)
    name = page.stem
    text = page_of_sections(
        f"talentcast {release.release_id}",
        f"Where researchers will work: release {release.release_id}",
        [_section(series, release, root) for series in shown],
        about="About this release",
        notes=notes(release),
    )
    pictures = [folder / f"{name}-headline.png"] if shown else []
    for picture in pictures:
        picture.write_bytes(vl_convert.vegalite_to_png(fan(shown[0]), scale=2))
    # Last and whole: where the page is, the report was written to its end.
    write_atomically(page, text.encode())
    return [page, *pictures]


def report_page(release: Release, folder: Path) -> Path:
    """Return where the report of a release is, or would be."""
    return folder / f"talentcast-{release.release_id}.html"


def _section(series: Series, release: Release, root: StorePath) -> dict[str, Any]:
    """Return what the template says about one series; less of a further counting rule."""
    known = known_populations().get(series.key.population)
    is_brief = known is not None and known.is_further_rule
    line = source_line(
        series, release_id=str(release.release_id), as_of=release.as_of.as_of, unit=SHARE_UNIT
    )
    record = None if is_brief else _track_record(series, release, root)
    return series_section(series, line.text(), track_record=record)


def _track_record(series: Series, release: Release, root: StorePath) -> dict[str, Any] | None:
    if "scores" not in release.tables:
        return None
    filters = series_axes(series.key) | {"target": str(Target.SHARE), "country_group": "weighted"}
    scores = cache.rows("scores", release, root, filters=filters)
    if scores.empty:
        return None
    record = track_record(scores, series.model)
    return {
        "headline": track_headline(record),
        "drawings": [drawn(chart | {"width": HALF_WIDTH}) for chart in _score_charts(record)],
    }


def _score_charts(record: TrackRecord) -> list[Spec]:
    return [
        error_chart(
            record.errors, PALETTE, default_model=record.model, description="Error by horizon"
        ),
        coverage_chart(record.coverage, PALETTE, description="Coverage by horizon"),
    ]
