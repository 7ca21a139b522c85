"""What figures are made from: one series of one release, up to a horizon."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from readers.summaries.reference_figures import reference_points
from readers.summaries.series import Series
from readers.summaries.source_line import SourceLine, source_line
from talentcast.domain.types import NOWCAST_TOPIC, REVISION_TOPIC
from talentcast.store.release import Release

#: Years ahead that are shown until a reader chooses.
USUAL_HORIZON = 5
#: Reads a table of the release, whole or of one population; None if the release holds none.
Tables = Callable[[str, str], pd.DataFrame | None]


@dataclass(frozen=True, eq=False)
class View:
    """One series of a release as it is shown.

    Attributes:
        full_series: With all horizons.
        horizon: Years ahead that are shown.
        tables: Reads other tables of the release.
    """

    release: Release
    full_series: Series
    horizon: int
    tables: Tables

    @property
    def release_id(self) -> str:
        """Id of the release that is shown."""
        return str(self.release.release_id)

    @cached_property
    def series(self) -> Series:
        """The series up to the horizon."""
        return self.full_series.until(self.horizon)

    @property
    def population(self) -> str:
        """Who is counted."""
        return self.full_series.key.population

    @property
    def references(self) -> pd.DataFrame | None:
        """Shares that others published of the same population; None if the release holds none."""
        figures = self.table("published_figures")
        return None if figures is None else reference_points(figures, self.population)

    @property
    def nowcast_note(self) -> str:
        """How full the unfinished years are, and how that is known; empty without any."""
        return self._card(NOWCAST_TOPIC)

    @property
    def revision_note(self) -> str:
        """Which vintage forecasts are about, and how far sources may revise; empty if not said."""
        return self._card(REVISION_TOPIC)

    def _card(self, topic: str) -> str:
        cards = self.table("model_cards", self.population)
        return "" if cards is None else " ".join(cards.loc[cards["topic"] == topic, "text"])

    def table(self, name: str, population: str = "") -> pd.DataFrame | None:
        """Return a table of the release; None if it holds none."""
        return self.tables(name, population)

    def name(self, country: str) -> str:
        """Return the name of a country."""
        return self.full_series.names.get(country, country)

    def source(
        self, *, unit: str, population: str = "", counting: str = "", note: str = ""
    ) -> SourceLine:
        """Return the line under a figure of the series."""
        return source_line(
            self.full_series,
            release_id=self.release_id,
            as_of=self.release.as_of.as_of,
            unit=unit,
            population=population,
            counting=counting,
            note=note,
        )


def usual_horizon(horizons: tuple[int, ...]) -> int:
    """Return the horizon that is nearest to the usual one.

    Example:
        >>> usual_horizon((1, 2, 3)), usual_horizon((1, 5, 10))
        (3, 5)
    """
    return min(horizons, key=lambda horizon: abs(horizon - USUAL_HORIZON))
