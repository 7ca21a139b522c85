"""One series of a release, arranged for charts and sentences: shares in per cent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import pandas as pd

from readers.fan import LEVELS, Fan, field
from readers.summaries.joint_samples import JointDraws
from readers.summaries.populations import PopulationWords, population_words
from readers.summaries.reliability import Reliability
from readers.summaries.wording import count, percent, points, span, year_list
from talentcast.domain.types import REST_OF_WORLD, UNKNOWN_COUNTRY, SeriesKey

#: Years of history in a fan; the forecast then keeps a quarter of the width.
PAST_YEARS = 15
NOT_A_COUNTRY = frozenset({REST_OF_WORLD, UNKNOWN_COUNTRY})


@dataclass(frozen=True, eq=False)
class Series:
    """What one release says about one population under one counting rule.

    Attributes:
        key: Population, counting rule and source.
        scenario: Stated assumptions, or `baseline`.
        model: The model that is quoted.
        history: country, year, share, researchers, arrivals, departures, is_provisional.
        shares: country, year, horizon_years, origin_year and a column per quantile level; per cent.
        stocks: The same in persons; empty if the release forecasts none.
        joint_draws: Joint samples of shares; None if the release holds none.
        names: Country names by code.
        as_of: Day of the release; without one nothing is said to be past.
        reliability: How often earlier ranges held; None in a quick look, which scores nothing.
    """

    key: SeriesKey
    scenario: str
    model: str
    history: pd.DataFrame
    shares: pd.DataFrame
    stocks: pd.DataFrame
    joint_draws: JointDraws | None
    names: Mapping[str, str]
    as_of: date | None = None
    reliability: Reliability | None = None

    @cached_property
    def words(self) -> PopulationWords:
        """How to speak of the population."""
        return population_words(self.key.population)

    @cached_property
    def last_counted(self) -> int:
        """Last year before all forecasts and nowcasts: it is counted to its end."""
        return int(self.shares["year"].min()) - 1

    @cached_property
    def origin_year(self) -> int:
        """Year that horizons are counted from: the last of which anything is counted."""
        return int(self.shares["origin_year"].max())

    @cached_property
    def nowcast_years(self) -> list[int]:
        """Years that the source is still counting, and that are estimated."""
        years = self.shares.loc[self.shares["horizon_years"] == 0, "year"].unique()
        return sorted(int(year) for year in years)

    @cached_property
    def read_on(self) -> date | None:
        """Day on which the source stood as it is used; None if the history does not say."""
        if "vintage" not in self.history or self.history["vintage"].isna().all():
            return None
        return pd.Timestamp(self.history["vintage"].max()).date()

    @cached_property
    def uncounted_years(self) -> list[int]:
        """Forecast years that had ended by the day of the release, but are not counted yet."""
        if self.as_of is None:
            return []
        years = self.shares.loc[self.shares["year"] < self.as_of.year, "year"].unique()
        return sorted({int(year) for year in years} - set(self.nowcast_years))

    def status_of(self, year: int) -> str:
        """Say what is special about a forecast year; nothing about one that is yet to come."""
        if year in self.nowcast_years:
            return "estimate"
        return "not yet counted" if year in self.uncounted_years else ""

    @cached_property
    def freshness(self) -> str:
        """How far the counts go, and the day on which they were read."""
        read = f", read {self.read_on.isoformat()}" if self.read_on else ""
        begun = f", {year_list(self.nowcast_years)} being counted" if self.nowcast_years else ""
        return f"last counted {self.last_counted}{begun}{read}"

    @cached_property
    def provisional_years(self) -> list[int]:
        """Years that the source has not finished counting."""
        years = self.history.loc[self.history["is_provisional"], "year"].unique()
        return sorted(int(year) for year in years)

    @cached_property
    def last_shares(self) -> pd.Series:
        """Last counted share of each country, per cent, falling; without `ROW` and `UNK`."""
        last = self.history[self.history["year"] == self.last_counted].set_index("country")["share"]
        kept = last[~last.index.isin(NOT_A_COUNTRY)].dropna()
        return kept.sort_values(ascending=False)

    @cached_property
    def leaders(self) -> list[str]:
        """Countries by falling share."""
        return list(self.last_shares.index)

    def until(self, horizon_years: int) -> Series:
        """Return the series with forecasts up to a horizon."""
        return replace(
            self,
            shares=self.shares[self.shares["horizon_years"] <= horizon_years],
            stocks=self.stocks[self.stocks["horizon_years"] <= horizon_years]
            if len(self.stocks)
            else self.stocks,
        )

    @cached_property
    def target_year(self) -> int:
        """Last forecast year."""
        return int(self.shares["year"].max())

    def ahead(self, country: str, year: int | None = None) -> Mapping[str, float]:
        """Return the forecast share of a country in one year, per cent, by column of level."""
        return _one_row(self.shares, country, self.target_year if year is None else year)

    def stock_ahead(self, country: str, year: int | None = None) -> Mapping[str, float]:
        """Return the forecast stock of a country in one year, by column of level."""
        return _one_row(self.stocks, country, self.target_year if year is None else year)


def arranged(
    key: SeriesKey,
    *,
    scenario: str,
    model: str,
    observed: pd.DataFrame,
    shares: pd.DataFrame,
    stocks: pd.DataFrame,
    samples: pd.DataFrame,
    names: Mapping[str, str],
    as_of: date | None = None,
    reliability: Reliability | None = None,
) -> Series:
    """Arrange rows of one series, scenario and model.

    Args:
        key: The series.
        scenario: Stated assumptions, or `baseline`.
        model: The model that made the forecasts.
        observed: Its rows of `observations`.
        shares: Its rows of `forecasts` that are quantiles of shares.
        stocks: Those that are quantiles of stocks.
        samples: Those that are joint samples of shares; may be empty.
        names: Country names by code.
        as_of: Day of the release.
        reliability: How often earlier ranges held, where that is known.
    """
    return Series(
        key=key,
        scenario=scenario,
        model=model,
        history=observed.assign(share=100 * observed["share"]),
        shares=wide(shares, scale=100),
        stocks=wide(stocks, scale=1),
        joint_draws=JointDraws.from_rows(samples) if len(samples) else None,
        names=names,
        as_of=as_of,
        reliability=reliability,
    )


def wide(rows: pd.DataFrame, *, scale: float) -> pd.DataFrame:
    """Return one row a country and year, one column a quantile level.

    Args:
        rows: Quantiles of `forecasts` of one series, model, scenario and target.
        scale: 100 for shares in per cent, 1 for persons.
    """
    names = {level: field(level) for level in rows["output_type_id"].unique()}
    return (
        rows.assign(value=scale * rows["value"], level=rows["output_type_id"].map(names))
        .pivot_table(
            index=["country", "origin_year", "horizon_years", "target_year"],
            columns="level",
            values="value",
        )
        .reset_index()
        .rename_axis(columns=None)
        .rename(columns={"target_year": "year"})
    )


def share_fan(
    series: Series, countries: list[str], *, references: pd.DataFrame | None = None
) -> Fan:
    """Return the fan of some countries' shares."""
    history = _recent(series, countries).rename(columns={"share": "value"})
    ahead = series.shares[series.shares["country"].isin(countries)]
    return _fan(series, history, ahead, references, is_share=True)


def stock_fan(series: Series, country: str) -> Fan:
    """Return the fan of one country's stock, in persons."""
    history = _recent(series, [country]).rename(columns={"researchers": "value"})
    ahead = series.stocks[series.stocks["country"] == country]
    return _fan(series, history, ahead, None, is_share=False)


def flows(series: Series, country: str) -> pd.DataFrame:
    """Return arrivals and departures of one country in long form; empty if nobody counted them."""
    rows = series.history[series.history["country"] == country]
    long = rows.melt(
        id_vars=["year", "is_provisional"],
        value_vars=["arrivals", "departures"],
        var_name="series",
        value_name="value",
    ).dropna(subset=["value"])
    return long.assign(series=long["series"].str.capitalize())


def interval_rows(series: Series, countries: list[str]) -> pd.DataFrame:
    """Return what ranked interval bars show: last share, quantiles and the change in points."""
    end = series.shares[series.shares["year"] == series.target_year].set_index("country")
    rows = end.loc[countries].assign(last=series.last_shares.reindex(countries))
    change = rows[field(0.5)] - rows["last"]
    median = [percent(value) for value in rows[field(0.5)]]
    return rows.assign(
        name=[series.names.get(code, code) for code in countries],
        text=[f"{m} ({points(c)})" for m, c in zip(median, change, strict=True)],
        text_short=median,
    ).reset_index()[["country", "name", "last", "text", "text_short", *map(field, LEVELS)]]


def _recent(series: Series, countries: list[str]) -> pd.DataFrame:
    """Return the last counted years, and what is counted so far of years that are estimated."""
    history, last = series.history, series.last_counted
    is_shown = history["year"].between(last - PAST_YEARS, last)
    is_shown |= history["year"].isin(series.nowcast_years)
    return history[history["country"].isin(countries) & is_shown]


def _fan(
    series: Series,
    history: pd.DataFrame,
    ahead: pd.DataFrame,
    references: pd.DataFrame | None,
    *,
    is_share: bool,
) -> Fan:
    end = ahead[ahead["year"] == ahead["year"].max()]
    shown = pd.DataFrame(columns=["series", "year", "value", "note"])
    if references is not None and len(references):
        shown = references[
            references["series"].isin(end["country"])
            & references["year"].between(history["year"].min(), end["year"].max())
        ]
    counted = history.rename(columns={"country": "series"})[
        ["series", "year", "value", "is_provisional"]
    ]
    is_so_far = counted["year"] > series.last_counted
    return Fan(
        counted[~is_so_far],
        ahead.rename(columns={"country": "series"})[["series", "year", *map(field, LEVELS)]],
        _labels(end, series.names, is_share=is_share),
        shown,
        counted[is_so_far],
        max(series.uncounted_years, default=None),
    )


def _labels(end: pd.DataFrame, names: Mapping[str, str], *, is_share: bool) -> pd.DataFrame:
    """Return what stands beside the end of each line; shorter for phones."""
    middle, low, high = (end[field(level)] for level in (0.5, 0.1, 0.9))
    if is_share:
        text = [f"{percent(m)} ({span(a, b)})" for m, a, b in zip(middle, low, high, strict=True)]
        short = [
            f"{m:.{d}f}% ({span(a, b, digits=d)})"
            for m, a, b, d in zip(
                middle, low, high, [0 if m >= 10 else 1 for m in middle], strict=True
            )
        ]
    else:
        text = [
            f"{count(m)} ({count(a)}–{count(b)})" for m, a, b in zip(middle, low, high, strict=True)
        ]
        short = [f"{m / 1000:,.0f}k" if m >= 10_000 else count(m) for m in middle]
    return pd.DataFrame(
        {
            "series": end["country"],
            "year": end["year"],
            "value": middle,
            "name": [names.get(code, code) for code in end["country"]],
            "short": end["country"],
            "text": text,
            "text_short": short,
        }
    )


def _one_row(rows: pd.DataFrame, country: str, year: int) -> Mapping[str, float]:
    found = rows[(rows["country"] == country) & (rows["year"] == year)]
    return {str(name): float(found[name].iloc[0]) for name in found if str(name).startswith("q")}
