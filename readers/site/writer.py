"""Write a site: the newest release, older ones in folders of their own, and an index of all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path
from typing import Any, Final

from readers.export.text import safe_csv
from readers.site import layout
from readers.site.citation import Citation
from readers.site.data import DataTable, write_tables
from readers.site.drawing import VARIABLES, DrawnChart, Order, carry_out
from readers.site.layout import Place
from readers.site.metadata import chart_metadata, croissant, dataset, written
from readers.site.model import Chart, SitePage, Subject
from readers.site.pages.countries import countries
from readers.site.pages.data import data
from readers.site.pages.facts import claims, quality, returns, track_record_page
from readers.site.pages.questions import questions
from readers.site.pages.series import overview, populations
from readers.summaries.headlines import overview_headline
from storage.paths import StorePath
from talentcast.domain.errors import StoreError
from talentcast.store.release import Release

#: Called with what is being done, how much is done, and of how much.
Progress = Callable[[str, int, int], None]
#: More processes than this wait for each other's results.
_MOST_PROCESSES: Final = 4
#: Pages of a release beside those of a population or a country.
_OTHER_PAGES: Final = 9
#: Kinds of files by which a chart is cited.
_BIBTEX, _CSL = "BibTeX", "CSL-JSON"
#: Decimals in files of charts: more than anybody reads off a chart.
_DIGITS: Final = 6
_TITLE: Final = "Where researchers work: counts and forecasts"


@dataclass(frozen=True, eq=False)
class WrittenRelease:
    """What the index of a site needs of a release that was written.

    Attributes:
        page: The overview.
        places: Charts by id.
        about: What machines are told about the data.
        headlines: What the release says first, by id.
    """

    page: SitePage
    places: Mapping[str, Place]
    about: Mapping[str, Any]
    headlines: Mapping[str, str]

    def overview(self, *, base: str, top: str) -> str:
        """Return the overview as it stands in another folder; arguments as `layout.page`."""
        about = self.about if "url" in self.about else None  # relative to another folder
        return layout.page(self.page, self.places, base=base, top=top, about=about)


def write_release(
    release: Release,
    root: StorePath,
    folder: Path,
    *,
    url: str,
    with_samples: bool = False,
    progress: Progress = lambda what, done, total: None,
) -> WrittenRelease:
    """Write everything that a site says of one release.

    Args:
        release: With rows.
        root: Root of its store.
        folder: Of the release in the site; empty.
        url: Address of that folder, ending with a slash; relative where the site knows none.
        with_samples: Write the joint samples too.
        progress: Told how far it is.

    Returns:
        What the index needs of it.

    Raises:
        StoreError: If it forecasts no share of a country.
    """
    subject = Subject(release, root)
    if not subject.shown:
        raise StoreError(
            f"Release {release.release_id} forecasts no shares, so there is nothing to show. "
            "Publish one that does: talentcast refresh"
        )
    progress("Writing tables", 0, 1)
    tables = write_tables(release, root, folder, with_samples=with_samples)
    pages, drawn = _composed_and_drawn(subject, tables, progress)
    places = _write_charts(pages, drawn, folder, url=url)
    about = dataset(release, tables, _known(url))
    for page in pages:
        base = "../" * page.path.count("/")
        told = about if page.path in ("index.html", "data.html") else None
        text = layout.page(page, places, base=base, top=f"{base}../../", about=told)
        _write(folder / page.path, text)
    _write_about(release, tables, folder, url)
    said = overview_headline(subject.shown[0].view.series).title
    return WrittenRelease(pages[0], places, about, {subject.release_id: said})


def _composed_and_drawn(
    subject: Subject, tables: Sequence[DataTable], progress: Progress
) -> tuple[list[SitePage], dict[str, DrawnChart]]:
    """Return the pages of a release, and its charts by id.

    Charts are drawn by other processes while pages are composed: the drawing library works on one
    thing at a time.
    """
    pages: list[SitePage] = []
    ordered: dict[str, Future[DrawnChart]] = {}
    total = len(subject.shown) + len(subject.countries) + _OTHER_PAGES
    processes = min(_MOST_PROCESSES, cpu_count() or 1)
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        for page in _pages(subject, tables):
            progress("Composing pages", len(pages), total)
            pages.append(replace(page, release_id=subject.release_id))
            for chart in page.charts():
                if chart.figure.build is not None and chart.id not in ordered:
                    ordered[chart.id] = pool.submit(carry_out, _order(chart))
        drawn: dict[str, DrawnChart] = {}
        for id_, waiting in ordered.items():
            progress("Drawing charts", len(drawn), len(ordered))
            drawn[id_] = waiting.result()
    return pages, drawn


def _pages(subject: Subject, tables: Sequence[DataTable]) -> Iterator[SitePage]:
    """Yield every page of a release, the overview first."""
    yield overview(subject)
    yield from populations(subject)
    yield from countries(subject)
    yield track_record_page(subject)
    yield questions(subject)
    yield claims(subject)
    yield returns(subject)
    yield quality(subject)
    yield data(subject, tables)


def _write_about(release: Release, tables: Sequence[DataTable], folder: Path, url: str) -> None:
    """Write what describes a release as a whole, and what its pages need."""
    cite = Citation(f"talentcast-{release.release_id}", _TITLE, release, url)
    files = {
        "dataset.json": written(dataset(release, tables, _known(url))),
        "croissant.json": written(croissant(release, tables, _known(url))),
        "release.json": written(_plain(release)),
        "cite.bib": cite.bibtex(),
        "cite.csl.json": cite.csl_json(),
        "assets/site.css": layout.style(),
        "assets/site.js": layout.asset("site.js"),
        "assets/icon.svg": layout.asset("icon.svg"),
    }
    for name, text in files.items():
        _write(folder / name, text)


def _write_charts(
    pages: Sequence[SitePage], drawn: Mapping[str, DrawnChart], folder: Path, *, url: str
) -> dict[str, Place]:
    """Write the files of the charts of pages, and return where each is.

    A chart on several pages has its address on the last: the first only repeats it.
    """
    charts: dict[str, tuple[Chart, SitePage]] = {}
    for page in pages:
        charts |= {chart.id: (chart, page) for chart in page.charts()}
    places = {}
    for id_, (chart, page) in charts.items():
        address = f"{page.path}#{id_}"
        citation = Citation(
            f"talentcast-{chart.view.release_id}-{id_}",
            chart.title,
            chart.view.release,
            url + address,
        )
        place = Place(chart, address, _files(id_, drawn.get(id_)), drawn.get(id_))
        _write_files(place, citation, folder)
        if place.drawn is not None:
            text = layout.embedded(chart, place.drawn, address)
            _write(folder / "embed" / f"{id_}.html", text)
        places[id_] = place
    return places


def _order(chart: Chart) -> Order:
    assert chart.figure.build is not None  # noqa: S101 - the caller has looked
    line = chart.figure.line
    source = (
        f"Unit: {line.unit}.",
        f"talentcast, release {line.release_id}, last counted {line.last_counted}.",
    )
    spec = json.dumps(chart.figure.build(VARIABLES))
    return Order(chart.id, spec, chart.widths, chart.title, source)


def _files(id_: str, drawn: DrawnChart | None) -> dict[str, str]:
    """Return the files of a chart by kind; of a table there are fewer."""
    kinds = {"CSV": "csv", "Metadata": "metadata.json"}
    if drawn is not None:
        kinds |= {"SVG": "svg", "PNG": "png", _BIBTEX: "bib", _CSL: "csl.json"}
    files = {kind: f"charts/{id_}.{ending}" for kind, ending in kinds.items()}
    return files | ({"Embed": f"embed/{id_}.html"} if drawn else {})


def _write_files(place: Place, citation: Citation, folder: Path) -> None:
    chart, files = place.chart, place.files
    rows = chart.figure.data().round(_DIGITS).assign(release_id=chart.view.release_id)
    _write(folder / files["CSV"], safe_csv(rows))
    _write(folder / files["Metadata"], written(chart_metadata(chart, citation, files)))
    if place.drawn is None:
        return
    _write(folder / files[_BIBTEX], citation.bibtex())
    _write(folder / files[_CSL], citation.csl_json())
    _write(folder / files["SVG"], place.drawn.files[0])
    for narrow in place.drawn.files[1:]:
        _write(folder / "charts" / f"{chart.id}-phone.svg", narrow)
    (folder / files["PNG"]).write_bytes(place.drawn.png)


def _known(url: str) -> str:
    """Return an address that is whole; nothing of one that is relative to the site."""
    return url if "://" in url else ""


def _plain(release: Release) -> dict[str, Any]:
    """Return the row of a release as plain values; what is JSON inside becomes part of it."""
    row = release.to_row()
    row |= {name: json.loads(row[name]) for name in ("inputs", "tables", "quality")}
    return {
        name: str(value) if hasattr(value, "isoformat") else value for name, value in row.items()
    }


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8", newline="\n")
