"""Why shares changed: terms between the last counted year and earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import pandas as pd

from features.series import SERIES_COLUMNS, series_axes, series_keys
from features.share_changes import Span, Term, share_change_terms
from talentcast.domain.tables import SHARE_CHANGES
from talentcast.domain.types import SeriesKey

#: Years before the last counted one that it is compared with.
YEARS_BACK: Final = (1, 5)
_SERIES: Final = list(SERIES_COLUMNS)


def share_change_rows(
    observations: pd.DataFrame,
    served: pd.DataFrame | None,
    entries: Mapping[SeriesKey, pd.DataFrame] = MappingProxyType({}),
) -> pd.DataFrame:
    """Return the `share_changes` rows of a release; none where no year has an earlier one.

    Args:
        observations: Of the new release. Years that are still being counted are left out.
        served: `observations` of the release served until now; None if there is none. Where it
            told another share of the earlier year, the difference is a term of its own.
        entries: `year`, `country` and `entries` of series that count careers.

    Returns:
        The contract's columns except `release_id`.
    """
    counted = observations[~observations["is_provisional"] & observations["researchers"].notna()]
    told = {} if served is None else dict(iter(served.groupby(_SERIES)))
    made = [
        _of_series(rows, span, told.get(names)).assign(
            **series_axes(key), from_year=span.first, year=span.last
        )
        for names, own in counted.groupby(_SERIES)
        for key in series_keys(own)
        for rows in [_with_entries(own, entries.get(key))]
        for span in _spans(rows)
    ]
    columns = list(SHARE_CHANGES.unpublished_columns)
    return pd.concat(made, ignore_index=True)[columns] if made else pd.DataFrame(columns=columns)


def _with_entries(rows: pd.DataFrame, entries: pd.DataFrame | None) -> pd.DataFrame:
    """Return rows with `entries`, if they were counted, where they are told."""
    return rows if entries is None else rows.merge(entries, on=["year", "country"], how="left")


def _spans(rows: pd.DataFrame) -> list[Span]:
    years = set(rows["year"])
    last = int(max(years))
    return [Span(last - back, last) for back in YEARS_BACK if last - back in years]


def _of_series(rows: pd.DataFrame, span: Span, told: pd.DataFrame | None) -> pd.DataFrame:
    """Return the terms of one series and span, with that of a revised earlier year."""
    terms = share_change_terms(rows, span)
    if told is None:
        return terms
    now = rows[rows["year"] == span.first].set_index("country")["share"]
    before = told[told["year"] == span.first].set_index("country")["share"]
    revised = (now - before).reindex(terms["country"].unique()).dropna()
    revised = revised[revised != 0]
    row = pd.DataFrame({"country": revised.index, "term": str(Term.REVISION)})
    row = row.assign(**dict.fromkeys(("value", "lower_80", "upper_80"), revised.to_numpy()))
    return pd.concat([terms, row]) if len(row) else terms
