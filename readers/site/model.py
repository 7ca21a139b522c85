"""What pages are made from and made of: a release, charts, and parts in reading order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

import pandas as pd
from markupsafe import Markup

from readers import cache
from readers.figures.figure import Figure
from readers.figures.view import View, usual_horizon
from readers.site.drawing import PHONE, SHORT
from readers.summaries.populations import rule_words
from readers.summaries.published_series import (
    PublishedSeries,
    country_names,
    load_series,
    published_series,
)
from readers.summaries.wording import sentence
from storage.paths import StorePath
from talentcast.domain.types import BASELINE
from talentcast.store.release import Release

#: Widths of a chart in pixels: of the whole page, which has a second drawing for phones, and of
#: half of it, which fits on one.
WHOLE: Final = (960, PHONE)
HALF: Final = (SHORT,)


@dataclass(frozen=True, eq=False)
class Chart:
    """A figure at its address.

    Attributes:
        id: Anchor in its page, and the name of its files; unique in a release.
        subject: What the figure is of, for a reader who sees it alone.
        widths: See `WHOLE`.
        level: Of its heading; 0 where the page has one of its own.
    """

    id: str
    figure: Figure
    view: View
    subject: str = ""
    widths: tuple[int, ...] = HALF
    level: int = 3
    is_open: bool = False

    @property
    def title(self) -> str:
        """Title of the chart where it stands alone."""
        return f"{self.subject}: {self.figure.title}" if self.subject else self.figure.title


@dataclass(frozen=True)
class Columns:
    """Parts beside each other; below each other on a phone."""

    columns: tuple[tuple[Part, ...], ...]


Part = Markup | Chart | Columns


@dataclass(frozen=True, eq=False)
class SitePage:
    """A page of one release.

    Attributes:
        path: In the folder of the release.
        section: Entry of the navigation that it belongs to.
        release_id: What it speaks of; empty for a page about all releases.
    """

    path: str
    title: str
    section: str
    parts: Sequence[Part]
    release_id: str = ""

    def charts(self) -> Iterator[Chart]:
        """Yield the charts of the page, in reading order."""
        yield from charts_in(self.parts)


def charts_in(parts: Sequence[Part]) -> Iterator[Chart]:
    """Yield the charts among parts, in reading order."""
    for part in parts:
        if isinstance(part, Chart):
            yield part
        elif isinstance(part, Columns):
            for column in part.columns:
                yield from charts_in(column)


@dataclass(frozen=True, eq=False)
class Shown:
    """One series of the release, and its place on the site."""

    slug: str
    published: PublishedSeries
    view: View
    scenarios: tuple[View, ...] = ()

    @property
    def path(self) -> str:
        """Of its page."""
        return f"population/{self.slug}.html"

    @property
    def name(self) -> str:
        """How a reader calls it."""
        return self.view.full_series.words.name

    @property
    def rule(self) -> str:
        """How it is counted."""
        return sentence(rule_words(self.published.key.counting_rule))


@dataclass(frozen=True, eq=False)
class Subject:
    """One release, read for a site."""

    release: Release
    root: StorePath
    tables_read: dict[tuple[str, str], pd.DataFrame | None] = field(default_factory=dict)

    @property
    def release_id(self) -> str:
        """Id of the release."""
        return str(self.release.release_id)

    @cached_property
    def names(self) -> Mapping[str, str]:
        """Country names by code."""
        return country_names(self.release, self.root)

    @cached_property
    def shown(self) -> tuple[Shown, ...]:
        """Every series without a scenario, in reading order; each with its scenarios."""
        every = published_series(self.release, self.root)
        plain = [one for one in every if one.scenario == BASELINE]
        slugs = _slugs(plain)
        return tuple(
            Shown(
                slugs[one],
                one,
                self._view(one),
                tuple(
                    self._view(other)
                    for other in every
                    if other.key == one.key and other.scenario != BASELINE
                ),
            )
            for one in plain
        )

    @cached_property
    def countries(self) -> dict[str, list[Shown]]:
        """Countries that are forecast apart, by name, with the series that hold each."""
        found: dict[str, list[Shown]] = {}
        for shown in self.shown:
            for code in shown.view.full_series.leaders:
                found.setdefault(code, []).append(shown)
        return dict(sorted(found.items(), key=lambda item: self.names.get(item[0], item[0])))

    def of(self, published: PublishedSeries | None) -> Shown | None:
        """Return where a series is shown."""
        return next((shown for shown in self.shown if shown.published == published), None)

    def table(self, name: str, population: str = "") -> pd.DataFrame | None:
        """Return a table of the release, whole or of one population; None if it holds none."""
        if name not in self.release.tables:
            return None
        if (name, population) not in self.tables_read:
            filters = {"population": population} if population else {}
            rows = cache.rows(name, self.release, self.root, filters=filters)
            self.tables_read[name, population] = rows
        return self.tables_read[name, population]

    def _view(self, published: PublishedSeries) -> View:
        series = load_series(published, self.release, self.root)
        return View(self.release, series, usual_horizon(published.horizons), self.table)


def _slugs(plain: Sequence[PublishedSeries]) -> dict[PublishedSeries, str]:
    """Return a name for the page of each series: its population, and its rule if it is a further.

    The first rule of a population in reading order goes without it.
    """
    made: dict[PublishedSeries, str] = {}
    for one in plain:
        key = one.key
        wanted = (
            key.population,
            f"{key.population}-{key.counting_rule}",
            f"{key.population}-{key.counting_rule}-{key.source}",
        )
        made[one] = next(slug for slug in wanted if slug not in made.values())
    return made
