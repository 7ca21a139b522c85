"""How good past forecasts were: tables and a verdict from published scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from readers.summaries.headlines import Headline
from readers.summaries.relative_error import error_ratio, error_ratios, relative_errors
from readers.summaries.wording import percent

#: 80 % ranges that held between these shares of outcomes, per cent, are about right.
ABOUT_RIGHT: Final = (76.0, 84.0)
_NO_CHANGE: Final = "naive"
BASELINES: Final = {_NO_CHANGE: "No change", "drift": "Recent trend"}
#: Groups of countries over which scores are means: how each counts, the one to show first in front.
COUNTRY_GROUPS: Final = {
    "weighted": "by the size of their share",
    "all": "equally",
    "top60": "equally, the 60 largest",
}
COVERAGE_LEVELS: Final = (50, 80, 95)
_BAND: Final = 1.96


@dataclass(frozen=True, eq=False)
class TrackRecord:
    """Scores of one series.

    Attributes:
        model: The model that is quoted.
        errors: model, name, year (horizon), value: mean WIS over origins.
        beside: Error of the quoted model over that of each baseline, on the forecasts that both
            made.
        relative: Error by name, as in `errors`, by comparisons of all pairs; no change is 1. Empty
            where no change was not scored.
        coverage: level, year (horizon), value, lower, upper: per cent, of the quoted model.
        origins: First and last forecast origin, and how many.
    """

    model: str
    errors: pd.DataFrame
    beside: Mapping[str, float]
    relative: Mapping[str, float]
    coverage: pd.DataFrame
    origins: tuple[int, int, int]


def track_record(scores: pd.DataFrame, model: str) -> TrackRecord:
    """Summarise scores over origins.

    Args:
        scores: `scores` rows of one series, target and country group.
        model: The model that is quoted.
    """
    wis = scores[scores["metric"] == "wis"]
    errors = (
        wis.groupby(["model", "horizon_years"])["value"]
        .mean()
        .reset_index()
        .rename(columns={"horizon_years": "year"})
    )
    names = {code: BASELINES.get(code, code) for code in errors["model"].unique()}
    names[model] = "talentcast"
    ratios = error_ratios(wis)
    beside = {name: error_ratio(ratios, model, name) for name in BASELINES if name != model}
    is_scored = _NO_CHANGE in names
    relative = (
        relative_errors(ratios, _NO_CHANGE).dropna() if is_scored else pd.Series(dtype="float64")
    )
    years = wis["origin_year"]
    return TrackRecord(
        model,
        errors.assign(name=errors["model"].map(names)),
        {name: ratio for name, ratio in beside.items() if ratio is not None},
        {names[code]: float(ratio) for code, ratio in relative.items()},
        pd.concat([_coverage(scores, model, level) for level in COVERAGE_LEVELS]),
        (int(years.min()), int(years.max()), int(years.nunique())),
    )


def _coverage(scores: pd.DataFrame, model: str, level: int) -> pd.DataFrame:
    """Return mean coverage by horizon, with a 95 % interval clustered by origin."""
    rows = scores[(scores["model"] == model) & (scores["metric"] == f"coverage_{level}")]
    by_horizon = (100 * rows.set_index("horizon_years")["value"]).groupby(level=0)
    mean = by_horizon.mean()
    error: pd.Series = _BAND * by_horizon.std(ddof=1).fillna(0.0) / np.sqrt(by_horizon.size())
    return pd.DataFrame(
        {
            "level": level,
            "year": mean.index,
            "value": mean.to_numpy(),
            "lower": (mean - error).clip(lower=0).to_numpy(),
            "upper": (mean + error).clip(upper=100).to_numpy(),
        }
    )


def placement(record: TrackRecord) -> pd.DataFrame:
    """Return where outcomes fell, from the middle outwards: zone, value, promised; per cent."""
    held = record.coverage.groupby("level")["value"].mean()
    edges = [0.0, *(float(held[level]) for level in COVERAGE_LEVELS), 100.0]
    promised = [0.0, *map(float, COVERAGE_LEVELS), 100.0]
    zones = ["middle half", "next 30%", "next 15%", "outside"]
    return pd.DataFrame({"zone": zones, "value": np.diff(edges), "promised": np.diff(promised)})


def track_headline(record: TrackRecord) -> Headline:
    """Say whether the model beat its baselines and whether its ranges were right."""
    baselines = list(record.beside)
    beaten = [name for name, ratio in record.beside.items() if ratio < 1]
    eighty = record.coverage[record.coverage["level"] == 80].set_index("year")["value"]
    longest = int(eighty.index.max())
    verdict = range_verdict(float(eighty[longest]))
    joined = "and its" if beaten and verdict == "about right" else "but its"
    if not beaten and verdict != "about right":
        joined = "and its"
    years = f"{longest} year{'s' if longest > 1 else ''}"
    title = (
        f"The model beat {_how_many(beaten, baselines)}, {joined} ranges were {verdict} at {years}"
    )
    first = int(eighty.index.min())
    early = range_verdict(float(eighty[first]))
    other = (
        f" One year ahead they were {early} ({percent(float(eighty[first]))})."
        if (early != verdict and first == 1 and longest > 1)
        else ""
    )
    body = (
        (f"Its error score was {_beside(record)}. ", False),
        ("The ranges meant to hold 8 outcomes in 10 held ", False),
        (f"{eighty[longest] / 10:.1f} in 10", True),
        (f" {years} ahead.{other}", False),
    )
    return Headline(title, body)


def error_beside(record: TrackRecord) -> dict[str, float]:
    """Return the error of the quoted model beside each baseline, in per cent: negative is lower."""
    return {name: 100 * (ratio - 1) for name, ratio in record.beside.items()}


def range_verdict(coverage: float) -> str:
    """Judge 80 % ranges by how many outcomes they held, per cent.

    Example:
        >>> range_verdict(70.0), range_verdict(81.0), range_verdict(99.0)
        ('too narrow', 'about right', 'too wide')
    """
    low, high = ABOUT_RIGHT
    return "too narrow" if coverage < low else "too wide" if coverage > high else "about right"


def _how_many(beaten: list[str], baselines: list[str]) -> str:
    if not beaten:
        return "neither baseline" if len(baselines) == 2 else "no baseline"
    if len(beaten) == len(baselines):
        return "both baselines" if len(baselines) == 2 else "every baseline"
    return "one baseline of two" if len(baselines) == 2 else f"{len(beaten)} baselines"


def _beside(record: TrackRecord) -> str:
    said = [
        f"{abs(change):.0f}% {'lower' if change < 0 else 'higher'} than "
        f"{'no change' if name == _NO_CHANGE else 'the recent trend'}"
        for name, change in error_beside(record).items()
    ]
    return " and ".join(said) if said else "not compared with a baseline"
