"""What every page is given: the release, the choice, the data and the colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import streamlit as st

from dashboard import library
from dashboard.choice import Choice
from readers.charts.theme import PALETTES, Mode, Palette
from readers.summaries.populations import are_of_one_family, is_about_ai
from readers.summaries.published_series import PublishedSeries
from readers.summaries.reference_figures import reference_points
from readers.summaries.series import Series
from readers.summaries.source_line import SourceLine, source_line
from talentcast.domain.types import BASELINE
from talentcast.store.release import Release


@dataclass(frozen=True, eq=False)
class Context:
    """One request for one page."""

    root: Path
    releases: list[Release]
    release: Release
    published: PublishedSeries
    choice: Choice
    mode: Mode

    @property
    def palette(self) -> Palette:
        """Colours of the reader's mode."""
        return PALETTES[self.mode]

    @property
    def release_id(self) -> str:
        """Id of the release that is shown."""
        return str(self.release.release_id)

    @property
    def key(self) -> tuple[object, ...]:
        """What decides every number on a page: part of the key of each cached specification."""
        return (self.release_id, self.published, self.choice.horizon, self.mode)

    @property
    def full_series(self) -> Series:
        """The series with all its horizons."""
        return library.series(self.root, self.release, self.release_id, self.published)

    @property
    def series(self) -> Series:
        """The series up to the chosen horizon."""
        return self.full_series.until(self.choice.horizon)

    def freshest_ai(self) -> list[Series]:
        """Return the AI series that was counted last, without a scenario; none if there is none."""
        available = library.published_series(self.root, self.release, self.release_id)
        found = [
            one for one in available if one.scenario == BASELINE and is_about_ai(one.key.population)
        ]
        return self._loaded(found[:1])

    def other_rules(self) -> list[Series]:
        """Return the same works or people, counted by other rules, without a scenario."""
        available = library.published_series(self.root, self.release, self.release_id)
        shown = self.published.key
        found = [
            one
            for one in available
            if one.scenario == BASELINE
            and one.key != shown
            and (
                one.key.population == shown.population
                or are_of_one_family(one.key.population, shown.population)
            )
        ]
        return self._loaded(found)

    def _loaded(self, found: Sequence[PublishedSeries]) -> list[Series]:
        return [library.series(self.root, self.release, self.release_id, one) for one in found]

    @property
    def references(self) -> pd.DataFrame | None:
        """Shares that others published of the same population; None if the release holds none."""
        figures = self.table("published_figures")
        return None if figures is None else reference_points(figures, self.choice.population)

    @property
    def country(self) -> str:
        """The chosen country; the leading one if it is not in the series."""
        leaders = self.full_series.leaders
        return self.choice.country if self.choice.country in leaders else leaders[0]

    def table(self, name: str, population: str = "") -> pd.DataFrame | None:
        """Return a small table of the release; None if it holds none."""
        return library.table(self.root, self.release, self.release_id, name, population)

    def source(
        self, *, unit: str, population: str = "", counting: str = "", note: str = ""
    ) -> SourceLine:
        """Return the line under a chart of the chosen series."""
        return source_line(
            self.full_series,
            release_id=self.release_id,
            as_of=self.release.as_of.as_of,
            unit=unit,
            population=population,
            counting=counting,
            note=note,
        )


def reader_mode() -> Mode:
    """Return the mode of the reader's system."""
    return "dark" if st.context.theme.type == "dark" else "light"
