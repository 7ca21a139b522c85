"""The numbers behind a fan chart: in a sentence, as rows, and as cells."""

from __future__ import annotations

import pandas as pd

from readers.fan import LEVELS, field
from readers.summaries.series import Series
from readers.summaries.wording import percent, span


def fan_description(series: Series, countries: list[str]) -> str:
    """Say what a fan chart shows, for a reader who cannot see it."""
    said = []
    for country in countries:
        ahead = series.ahead(country)
        last = series.last_shares.get(country)
        said.append(
            f"{series.names.get(country, country)}: "
            + (f"{percent(float(last))} in {series.last_counted}, " if last is not None else "")
            + f"median {percent(ahead[field(0.5)])} in {series.target_year}, "
            f"80% range {span(ahead[field(0.1)], ahead[field(0.9)])}%"
        )
    return f"Share of {series.words.whole}. " + "; ".join(said)


def interval_description(rows: pd.DataFrame) -> str:
    """Say what ranked interval bars show; `rows` as `interval_rows` returns them."""
    return "; ".join(f"{n} {t}" for n, t in zip(rows["name"], rows["text"], strict=True))


def forecast_cells(series: Series, country: str) -> list[list[str]]:
    """Return one row a forecast year: year, median, 50, 80 and 95 % ranges; per cent."""
    rows = series.shares[series.shares["country"] == country].sort_values("year")
    return [
        [
            ", ".join(filter(None, (str(int(row["year"])), series.status_of(int(row["year"]))))),
            f"{row[field(0.5)]:.2f}",
            span(row[field(0.25)], row[field(0.75)], digits=2),
            span(row[field(0.1)], row[field(0.9)], digits=2),
            span(row[field(0.025)], row[field(0.975)], digits=2),
        ]
        for row in rows.to_dict("records")
    ]


def share_rows(series: Series, countries: list[str] | None = None) -> pd.DataFrame:
    """Return counted and forecast shares in long form, per cent.

    Returns:
        Columns population, counting_rule, source, scenario, model, country, year, kind
        (`observed`, `provisional`, `nowcast`, `forecast`), share_percent and one column per
        quantile level.
    """
    history = series.history.dropna(subset=["share"])
    counted = pd.DataFrame(
        {
            "country": history["country"],
            "year": history["year"],
            "kind": history["is_provisional"].map({True: "provisional", False: "observed"}),
            "share_percent": history["share"],
        }
    )
    levels = [field(level) for level in LEVELS]
    is_nowcast = series.shares["horizon_years"].eq(0)
    ahead = series.shares[["country", "year", *levels]].assign(
        kind=is_nowcast.map({True: "nowcast", False: "forecast"}),
        share_percent=series.shares[field(0.5)],
    )
    rows = pd.concat([counted, ahead], ignore_index=True)
    if countries is not None:
        rows = rows[rows["country"].isin(countries)]
    named = rows.assign(
        population=series.key.population,
        counting_rule=str(series.key.counting_rule),
        source=series.key.source,
        scenario=series.scenario,
        model=series.model,
    )
    front = ["population", "counting_rule", "source", "scenario", "model"]
    ordered = named[[*front, "country", "year", "kind", "share_percent", *levels]]
    return ordered.sort_values(["country", "year"]).reset_index(drop=True)
