"""What every page is given: the release, the choice, the data and the colours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import streamlit as st

from dashboard import library
from dashboard.choice import Choice
from readers.charts.theme import PALETTES, Mode, Palette
from readers.figures.view import View
from readers.summaries.published_series import (
    PublishedSeries,
    by_other_rules,
    freshest_about_ai,
)
from readers.summaries.series import Series
from storage.paths import StorePath
from talentcast.store.release import Release


@dataclass(frozen=True, eq=False)
class Context:
    """One request for one page."""

    root: StorePath
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
        found = freshest_about_ai(self._available())
        return [] if found is None else self._loaded([found])

    def other_rules(self) -> list[Series]:
        """Return the same works or people, counted by other rules, without a scenario."""
        return self._loaded(by_other_rules(self.published.key, self._available()))

    def _available(self) -> Sequence[PublishedSeries]:
        return library.published_series(self.root, self.release, self.release_id)

    def _loaded(self, found: Sequence[PublishedSeries]) -> list[Series]:
        return [library.series(self.root, self.release, self.release_id, one) for one in found]

    @property
    def view(self) -> View:
        """What figures are made from."""
        return View(self.release, self.full_series, self.choice.horizon, self.table)

    @property
    def country(self) -> str:
        """The chosen country; the leading one if it is not in the series."""
        leaders = self.full_series.leaders
        return self.choice.country if self.choice.country in leaders else leaders[0]

    def table(self, name: str, population: str = "") -> pd.DataFrame | None:
        """Return a small table of the release; None if it holds none."""
        return library.table(self.root, self.release, self.release_id, name, population)


def reader_mode() -> Mode:
    """Return the mode of the reader's system."""
    return "dark" if st.context.theme.type == "dark" else "light"
