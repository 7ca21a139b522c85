"""One HTML file a release that needs nothing else: the charts as drawings, the numbers as tables.

Beside it stands the headline chart as a picture for slides.
"""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Final

import vl_convert

from readers import cache as held
from readers.charts.fan import fan_chart, field
from readers.charts.intervals import interval_bars
from readers.charts.scores import coverage_chart, error_chart
from readers.charts.theme import PALETTES, Spec, country_colours
from readers.export.release_tables import notes
from readers.summaries.describe import fan_description, forecast_cells
from readers.summaries.headlines import overview_headline
from readers.summaries.joint_samples import order_changes
from readers.summaries.published_series import load_series, offers
from readers.summaries.series import Series, interval_rows, share_fan
from readers.summaries.source_line import source_line
from readers.summaries.track_record import TrackRecord, track_headline, track_record
from readers.summaries.wording import odds, probability
from talentcast.domain.types import BASELINE, Target
from talentcast.store.release import Release

HORIZON: Final = 5
WIDTH, HALF_WIDTH = 900, 430
_PALETTE: Final = PALETTES["light"]
_STYLE: Final = """
body{font:16px/1.55 "Source Sans 3","Helvetica Neue",Arial,sans-serif;color:#1A1D21;
 max-width:960px;margin:2rem auto;padding:0 1rem}
h1,h2,h3{font-family:"Source Serif 4",Georgia,serif;line-height:1.2;text-wrap:balance}
h2{margin-top:3rem;border-top:1px solid #E6E8EB;padding-top:1.5rem}
figure{margin:1rem 0}svg{max-width:100%;height:auto}
.source,figcaption{font-size:.8125rem;color:#596069;max-width:104ch}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;margin:.5rem 0}
caption{text-align:left;font-size:.8125rem;color:#596069}
th,td{padding:.3rem .8rem .3rem 0;border-bottom:1px solid #E6E8EB;text-align:left;font-weight:400}
td+td,th+th{text-align:right}.pair{display:flex;flex-wrap:wrap;gap:1.5rem}
@media print{h2{break-before:page}}
"""


def export_report(release: Release, root: Path, folder: Path) -> list[Path]:
    """Write `talentcast-<release>.html`, and `-headline.png` with the first chart of the file."""
    sections, headline = [], None
    for offer in offers(release, root):
        if offer.scenario != BASELINE:
            continue
        series = load_series(offer, release, root).until(HORIZON)
        headline = headline or _fan(series)
        sections.append(_section(series, release, root))
    page = folder / f"talentcast-{release.release_id}.html"
    page.write_text(_page(release, sections), encoding="utf-8")
    if headline is None:
        return [page]
    picture = folder / f"talentcast-{release.release_id}-headline.png"
    picture.write_bytes(vl_convert.vegalite_to_png(headline, scale=2))
    return [page, picture]


def _page(release: Release, sections: list[str]) -> str:
    facts = "".join(
        f"<tr><th scope='row'>{escape(label)}</th><td style='text-align:left'>{escape(text)}</td>"
        "</tr>"
        for label, text in notes(release)
    )
    return (
        "<!doctype html><html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width,initial-scale=1'>"
        f"<title>talentcast {release.release_id}</title><style>{_STYLE}</style></head><body>"
        f"<h1>Where researchers will work: release {release.release_id}</h1>"
        f"{''.join(sections)}<h2>About this release</h2><table>{facts}</table></body></html>"
    )


def _section(series: Series, release: Release, root: Path) -> str:
    headline = overview_headline(series)
    line = source_line(
        series, release_id=str(release.release_id), as_of=release.as_of.as_of,
        unit="% of the total, places without a country included",
    )  # fmt: skip
    parts = [
        f"<h2>{escape(headline.title)}</h2><p>{escape(headline.text())}</p>",
        _figure(_fan(series), line.text()),
        _forecast_table(series),
    ]
    if len(series.leaders) > 2:
        shown = sorted(series.leaders[2:12], key=lambda code: -series.ahead(code)[field(0.5)])
        rows = interval_rows(series, shown)
        description = "; ".join(f"{n} {t}" for n, t in zip(rows["name"], rows["text"], strict=True))
        bars = interval_bars(rows, _PALETTE, description=description)
        parts.append(_figure(bars | {"width": WIDTH}, line.text()))
    parts += [_orders(series), _track(series, release, root)]
    return "".join(parts)


def _fan(series: Series) -> Spec:
    shown = series.leaders[:4]
    return fan_chart(
        share_fan(series, shown), _PALETTE, colours=country_colours(shown, _PALETTE),
        description=fan_description(series, shown), width=WIDTH, height=400,
    )  # fmt: skip


def _forecast_table(series: Series) -> str:
    tables = []
    for code in series.leaders[:2]:
        rows = "".join(
            "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
            for cells in forecast_cells(series, code)
        )
        name = escape(series.names.get(code, code))
        heads = "".join(f"<th>{head}</th>" for head in ("Year", "Median, %", "50%", "80%", "95%"))
        tables.append(f"<table><caption>{name}</caption><tr>{heads}</tr>{rows}</table>")
    return f"<div class='pair'>{''.join(tables)}</div>"


def _orders(series: Series) -> str:
    if series.worlds is None:
        return ""
    year = series.target_year
    changes = order_changes(series.worlds, series.last_shares, years=(year, year)).head(8)
    rows = "".join(
        f"<tr><td>{escape(series.names.get(r['behind'], r['behind']))} passes "
        f"{escape(series.names.get(r['ahead'], r['ahead']))}</td>"
        f"<td>{probability(r['late'])}</td><td>{odds(r['late'])}</td></tr>"
        for r in changes.to_dict("records")
    )
    caption = f"Probability that today’s order is reversed in {year}, from joint samples"
    return f"<table><caption>{caption}</caption>{rows}</table>" if rows else ""


def _track(series: Series, release: Release, root: Path) -> str:
    if "scores" not in release.tables:
        return ""
    key = series.key
    filters = {
        "population": key.population, "counting_rule": str(key.counting_rule),
        "source": key.source, "target": str(Target.SHARE), "country_group": "weighted",
    }  # fmt: skip
    scores = held.rows("scores", release, root, filters=filters)
    if scores.empty:
        return ""
    record = track_record(scores, series.model)
    found = track_headline(record)
    return (
        f"<h3>{escape(found.title)}</h3><p>{escape(found.text())}</p>"
        f"<div class='pair'>{''.join(map(_drawn, _score_charts(record)))}</div>"
        "<p class='source'>Left: weighted interval score of the logarithm of shares by years "
        "ahead; lower is better. Right: outcomes inside the range; dashed: what was promised. "
        "Countries count by the size of their share.</p>"
    )


def _score_charts(record: TrackRecord) -> list[Spec]:
    charts = [
        error_chart(
            record.errors, _PALETTE, default_model=record.model, description="Error by horizon"
        ),
        coverage_chart(record.coverage, _PALETTE, description="Coverage by horizon"),
    ]
    return [chart | {"width": HALF_WIDTH} for chart in charts]


def _figure(spec: Spec, source: str) -> str:
    return f"<figure>{_drawn(spec)}<figcaption>{escape(source)}</figcaption></figure>"


def _drawn(spec: Spec) -> str:
    return str(vl_convert.vegalite_to_svg(spec))
