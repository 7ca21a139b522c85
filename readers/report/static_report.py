"""One HTML file a release that needs nothing else: the charts as drawings, the numbers as tables.

Beside it stands the headline chart as a picture for slides.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import vl_convert
from markupsafe import Markup

from readers import cache
from readers.charts.fan import fan_chart
from readers.charts.intervals import interval_bars
from readers.charts.scores import coverage_chart, error_chart
from readers.charts.theme import PALETTES, Spec, country_colours
from readers.export.release_tables import notes
from readers.fan import field
from readers.summaries.describe import fan_description, forecast_cells, interval_description
from readers.summaries.headlines import overview_headline
from readers.summaries.joint_samples import order_changes
from readers.summaries.published_series import load_series, published_series
from readers.summaries.series import Series, interval_rows, share_fan
from readers.summaries.source_line import SHARE_UNIT, source_line
from readers.summaries.track_record import TrackRecord, track_headline, track_record
from readers.summaries.wording import odds, probability
from talentcast.domain.types import BASELINE, Target
from talentcast.store.files import write_atomically
from talentcast.store.release import Release
from talentcast.templates import render

HORIZON: Final = 5
WIDTH, HALF_WIDTH = 900, 430
_PALETTE: Final = PALETTES["light"]


def export_report(release: Release, root: Path, folder: Path) -> list[Path]:
    """Write `talentcast-<release>.html`, and `-headline.png` with the first chart of the file."""
    shown = [
        load_series(published, release, root).until(HORIZON)
        for published in published_series(release, root)
        if published.scenario == BASELINE
    ]
    page = report_page(release, folder)
    name = page.stem
    text = render(
        "readers",
        "report.html",
        release_id=release.release_id,
        notes=notes(release),
        sections=[_section(series, release, root) for series in shown],
    )
    pictures = [folder / f"{name}-headline.png"] if shown else []
    for picture in pictures:
        picture.write_bytes(vl_convert.vegalite_to_png(_fan(shown[0]), scale=2))
    # Last and whole: where the page is, the report was written to its end.
    write_atomically(page, text.encode())
    return [page, *pictures]


def report_page(release: Release, folder: Path) -> Path:
    """Return where the report of a release is, or would be."""
    return folder / f"talentcast-{release.release_id}.html"


def _section(series: Series, release: Release, root: Path) -> dict[str, Any]:
    """Return what the template says about one series."""
    line = source_line(
        series, release_id=str(release.release_id), as_of=release.as_of.as_of, unit=SHARE_UNIT
    )
    return {
        "headline": overview_headline(series),
        "source": line.text(),
        "fan": _drawn(_fan(series)),
        "forecasts": [
            (series.names.get(code, code), forecast_cells(series, code))
            for code in series.leaders[:2]
        ],
        "bars": _bars(series) if len(series.leaders) > 2 else None,
        "target_year": series.target_year,
        "order_changes": _order_changes(series),
        "track_record": _track_record(series, release, root),
    }


def _fan(series: Series) -> Spec:
    shown = series.leaders[:4]
    return fan_chart(
        share_fan(series, shown),
        _PALETTE,
        colours=country_colours(shown, _PALETTE),
        description=fan_description(series, shown),
        width=WIDTH,
        height=400,
    )


def _bars(series: Series) -> Markup:
    shown = sorted(series.leaders[2:12], key=lambda code: -series.ahead(code)[field(0.5)])
    rows = interval_rows(series, shown)
    bars = interval_bars(rows, _PALETTE, description=interval_description(rows))
    return _drawn(bars | {"width": WIDTH})


def _order_changes(series: Series) -> list[tuple[str, str, str]]:
    """Return who may pass whom, with the probability as a number and in words."""
    if series.joint_draws is None:
        return []
    year, names = series.target_year, series.names
    changes = order_changes(series.joint_draws, series.last_shares, years=(year, year)).head(8)
    return [
        (
            f"{names.get(row['behind'], row['behind'])} passes "
            f"{names.get(row['ahead'], row['ahead'])}",
            probability(row["late"]),
            odds(row["late"]),
        )
        for row in changes.to_dict("records")
    ]


def _track_record(series: Series, release: Release, root: Path) -> dict[str, Any] | None:
    if "scores" not in release.tables:
        return None
    key = series.key
    filters = {
        "population": key.population,
        "counting_rule": str(key.counting_rule),
        "source": key.source,
        "target": str(Target.SHARE),
        "country_group": "weighted",
    }
    scores = cache.rows("scores", release, root, filters=filters)
    if scores.empty:
        return None
    record = track_record(scores, series.model)
    return {
        "headline": track_headline(record),
        "drawings": [_drawn(chart | {"width": HALF_WIDTH}) for chart in _score_charts(record)],
    }


def _score_charts(record: TrackRecord) -> list[Spec]:
    return [
        error_chart(
            record.errors, _PALETTE, default_model=record.model, description="Error by horizon"
        ),
        coverage_chart(record.coverage, _PALETTE, description="Coverage by horizon"),
    ]


def _drawn(spec: Spec) -> Markup:
    return Markup(vl_convert.vegalite_to_svg(spec))  # noqa: S704 - the renderer escapes its text
