"""What another stay rate of foreign researchers would do to shares, in words and numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import pandas as pd

from features.series import rows_of
from readers.summaries.series import NOT_A_COUNTRY, Series
from readers.summaries.wording import percent, points, possessive, sentence, span

#: Change that is shown until a reader chooses, percentage points.
USUAL_POINTS: Final = -10

_SHARES: Final = ["mean", "lower_80", "upper_80"]


@dataclass(frozen=True, eq=False)
class StayRateSteps:
    """Forecast shares of the last year that is told, by change of the stay rate.

    Attributes:
        host: Country whose foreign researchers are meant.
        are_arrivals_counted: By the population itself.
        shares: points, country, mean, lower_80, upper_80; per cent.
    """

    host: str
    year: int
    are_arrivals_counted: bool
    shares: pd.DataFrame = field(repr=False)

    @property
    def steps(self) -> list[int]:
        """Changes in percentage points, rising."""
        return sorted(int(step) for step in self.shares["points"].unique())

    def of(self, country: str) -> pd.DataFrame:
        """Return the shares of one country by rising points, with their change."""
        rows = self.shares[self.shares["country"] == country].sort_values("points")
        usual = rows.loc[rows["points"] == 0, "mean"].iloc[0]
        return rows.assign(change=rows["mean"] - usual)

    def moved(self, step: int, names: Mapping[str, str], *, largest: int = 8) -> pd.DataFrame:
        """Return the countries that one step moves most: name, before, after, change and text."""
        by_points = self.shares.pivot_table(index="country", columns="points", values="mean")
        both = by_points[[0, step]].set_axis(["before", "after"], axis=1).reset_index()
        both = both[~both["country"].isin(NOT_A_COUNTRY)]
        both = both.assign(change=both["after"] - both["before"])
        order = both["change"].abs().sort_values(ascending=False, kind="stable").index
        kept = both.loc[order].head(largest).reset_index(drop=True)
        text = [
            f"{percent(after, digits=2)} ({points(change, digits=2)})"
            for after, change in zip(kept["after"], kept["change"], strict=True)
        ]
        return kept.assign(name=kept["country"].map(lambda code: names.get(code, code)), text=text)


def stay_rate_steps(scenarios: pd.DataFrame, series: Series) -> StayRateSteps | None:
    """Return what is told of the last year that is shown; None where nothing is.

    Args:
        scenarios: `stay_rate_scenarios` of the population.
        series: What is shown.
    """
    rows = rows_of(scenarios, series.key)
    rows = rows[rows["target_year"] <= series.target_year]
    if rows.empty:
        return None
    year = int(rows["target_year"].max())
    rows = rows[rows["target_year"] == year].copy()
    rows[_SHARES] *= 100
    first = rows.iloc[0]
    return StayRateSteps(
        host=str(first["host_country"]),
        year=year,
        are_arrivals_counted=first["arrival_basis"] == "counted",
        shares=rows[["points", "country", *_SHARES]],
    )


def step_words(step: int) -> str:
    """Name a change.

    Example:
        >>> step_words(-10), step_words(0)
        ('10 points lower', 'as published')
    """
    if step == 0:
        return "as published"
    return f"{abs(step)} points {'higher' if step > 0 else 'lower'}"


def stay_rate_in_words(
    steps: StayRateSteps, step: int, country: str, name: str, host: str, whole: str
) -> str:
    """Say what one step does to one country.

    Args:
        steps: From `stay_rate_steps`.
        step: Change in percentage points.
        country: Code of the country that is told.
        name: How it is called.
        host: How the host is called.
        whole: What shares are of.
    """
    rows = steps.of(country).set_index("points")
    mean, change = (float(rows[column][step]) for column in ("mean", "change"))
    range_80 = span(float(rows["lower_80"][step]), float(rows["upper_80"][step]))
    share = f"{possessive(name)} share of {whole} in {steps.year}"
    if step == 0:
        return f"{sentence(share)} is forecast to be {percent(mean)} ({range_80})."
    return (
        f"If the five-year stay rate of foreign researchers in {host} were {step_words(step)}, "
        f"{share} would be {percent(mean, digits=2)} on average, {points(change, digits=2)} "
        f"beside the forecast without a change (80% range {range_80})."
    )
