"""Shares now and to come as a table of text, by country."""

from __future__ import annotations

from typing import Final

import pandas as pd

from readers.fan import field
from readers.sparkline import sparkline
from readers.summaries.series import Series
from readers.summaries.wording import percent
from sources.countries import country_code
from talentcast.domain.errors import UsageError

#: Countries that fit on a screen.
SHOWN: Final = 12
#: Years of history that fit on a line.
_PAST: Final = 15


def chosen_countries(series: Series, asked: str | None) -> list[str]:
    """Return the countries that are asked for, or the largest, with the rest of the world.

    Args:
        series: What is forecast.
        asked: Codes or English names, separated by commas.

    Raises:
        UsageError: If one of them is not forecast apart.
    """
    if asked is None:
        rest = [code for code in series.names if code not in series.leaders]
        return [*series.leaders[: SHOWN - len(rest)], *rest]
    names = [text.strip() for text in asked.split(",") if text.strip()]
    codes = [country_code(text) or text for text in names]
    if unknown := [t for t, code in zip(names, codes, strict=True) if code not in series.names]:
        raise UsageError(
            f"{', '.join(unknown)}: not forecast apart. There are {', '.join(series.names)}."
        )
    return codes


def share_table(
    series: Series, codes: list[str], *, has_bars: bool
) -> tuple[list[str], list[list[str]]]:
    """Return header and rows; with bars, the last column is a small picture of all years."""
    header = ["country", f"share {series.last_counted}", str(series.target_year)]
    header += ["80 % interval", "95 % interval"]
    if not has_bars:
        return header, [_cells(series, code) for code in codes]
    past = _past_years(series)
    rows = [[*_cells(series, code), _bars(series, code, past)] for code in codes]
    return [*header, f"{past.start} to {series.target_year}"], rows


def _cells(series: Series, code: str) -> list[str]:
    ahead = {name: percent(value, gap=" ") for name, value in series.ahead(code).items()}
    now = _history(series, code).get(series.last_counted)
    return [
        series.names[code],
        "" if now is None else percent(now, gap=" "),
        ahead[field(0.5)],
        f"{ahead[field(0.1)]} to {ahead[field(0.9)]}",
        f"{ahead[field(0.025)]} to {ahead[field(0.975)]}",
    ]


def _bars(series: Series, code: str, past: range) -> str:
    rows = series.shares[series.shares["country"] == code].sort_values("year")
    counted = _history(series, code).reindex(past).ffill().fillna(0)
    return sparkline(counted.tolist(), rows[field(0.5)].tolist())


def _past_years(series: Series) -> range:
    first = max(series.last_counted - _PAST + 1, int(series.history["year"].min()))
    return range(first, series.last_counted + 1)


def _history(series: Series, code: str) -> pd.Series:
    """Return the counted shares of a country by year, per cent."""
    rows = series.history[series.history["country"] == code]
    return rows.set_index("year")["share"]
