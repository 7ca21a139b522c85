"""Claims that are often quoted: the figures each rests on, and what a release counted instead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, model_validator

from readers.summaries.claims import our_shares, sample_bounds

_FROM_COUNTRY: Final = {"origin": "origin_iso3", "location": "location_iso3"}


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class FigureKey(_Strict):
    """Which row of `published_figures` is meant; what is not given may be anything."""

    source: str
    year: int
    measure: str
    origin: str | None = None
    location: str | None = None
    population: str | None = None

    def row(self, figures: pd.DataFrame) -> pd.DataFrame:
        """Return the rows that are meant: one, where the table has it."""
        is_meant = figures["source"].str.startswith(self.source)
        is_meant &= (figures["year"] == self.year) & (figures["measure"] == self.measure)
        if self.population is not None:
            is_meant &= figures["population"] == self.population
        for name in self.model_fields_set & set(_FROM_COUNTRY):
            column, code = figures[_FROM_COUNTRY[name]], getattr(self, name)
            is_meant &= column.isna() if code is None else column == code
        return figures[is_meant]


class CountedHere(_Strict):
    """Whose share, in which populations, is the nearest that a release counts."""

    country: str
    populations: tuple[str, ...]


class KnownClaim(_Strict):
    """A claim as it is quoted.

    Attributes:
        edition: Report that it is from.
        figures: What it rests on.
        counted_here: What is comparable; None where nothing is.
        not_comparable: Why nothing is.
        note: How the two differ.
    """

    id: str
    claim: str
    edition: str
    figures: tuple[FigureKey, ...]
    counted_here: CountedHere | None = None
    not_comparable: str = ""
    note: str = ""

    @model_validator(mode="after")
    def _says_with_what(self) -> KnownClaim:
        if (self.counted_here is None) != bool(self.not_comparable):
            raise ValueError(f"{self.id}: say what is comparable, or why nothing is.")
        return self

    @property
    def years(self) -> list[int]:
        """Years that it speaks of."""
        return sorted({figure.year for figure in self.figures})


@cache
def known_claims() -> tuple[KnownClaim, ...]:
    """Return the claims that come with the package, in the order in which they are shown."""
    text = files("readers.summaries").joinpath("known_claims.yaml").read_text(encoding="utf-8")
    return tuple(KnownClaim.model_validate(entry) for entry in yaml.safe_load(text))


def populations_beside() -> tuple[str, ...]:
    """Return the populations that any claim is set beside."""
    compared = [claim.counted_here for claim in known_claims() if claim.counted_here is not None]
    return tuple(sorted({name for one in compared for name in one.populations}))


@dataclass(frozen=True, slots=True)
class Evidence:
    """A figure that a claim rests on, or what was counted here of the same year.

    Attributes:
        who: Says so, and of whom.
        origin: Country that the people are from, where the figure has one.
        location: Country that they work in, where the figure has one.
        percent: Share; None for what is none.
        value: What is no share, in `unit`.
        n: Size of the sample, or of the whole that was counted.
        lower: Of the 95 % interval, in percent; None without a sample of stated size.
    """

    claim_id: str
    who: str
    year: int
    origin: str | None
    location: str | None
    percent: float | None
    value: float | None
    unit: str
    n: int | None
    lower: float | None = None
    upper: float | None = None
    is_counted_here: bool = False


def evidence(
    claim: KnownClaim,
    figures: pd.DataFrame,
    observations: pd.DataFrame,
    titles: Mapping[str, str],
) -> tuple[Evidence, ...]:
    """Return the figures of a claim, and after them what a release counted of the same years.

    Args:
        claim: What is quoted.
        figures: `published_figures` rows.
        observations: Rows of the same release.
        titles: Of populations, by id.
    """
    found = [
        _published(claim, row)
        for key in claim.figures
        for row in key.row(figures).to_dict("records")
    ]
    if claim.counted_here is not None:
        found += _counted(claim, claim.counted_here, observations, titles)
    return tuple(found)


def _published(claim: KnownClaim, row: Mapping[Any, Any]) -> Evidence:
    unit, value = str(row["unit"]), float(row["value"])
    is_share = "percent" in unit
    lower, upper = sample_bounds(value, unit, row["n_sample"]) if is_share else (None, None)
    return Evidence(
        claim.id,
        f"{row['publisher']}: {row['population']}",
        int(row["year"]),
        _code(row["origin_iso3"]),
        _code(row["location_iso3"]),
        percent=value if is_share else None,
        value=None if is_share else value,
        unit=unit,
        n=None if lower is None else int(row["n_sample"]),
        lower=lower,
        upper=upper,
    )


def _counted(
    claim: KnownClaim, beside: CountedHere, observations: pd.DataFrame, titles: Mapping[str, str]
) -> list[Evidence]:
    meant = observations[observations["population"].isin(beside.populations)]
    return [
        Evidence(
            claim.id,
            f"Counted here: {titles.get(row['population'], row['population'])}",
            int(row["year"]),
            None,
            beside.country,
            percent=float(row["percent"]),
            value=None,
            unit=f"percent of all counted by {row['counting_rule']}",
            n=round(row["of"]),
            is_counted_here=True,
        )
        for year in claim.years
        for row in our_shares(meant, beside.country, year).to_dict("records")
    ]


def _code(value: Any) -> str | None:
    return None if pd.isna(value) else str(value)
