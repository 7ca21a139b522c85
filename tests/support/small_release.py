"""A small release with every published table, made by plain arithmetic: no model, no download."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
from small_questions import small_question_tables
from small_reasons import small_reason_tables

from privacy.disclosure import WITHHELD
from sources.bundled import published_figures
from storage.paths import StorePath
from talentcast.domain.provenance import Snapshot
from talentcast.domain.types import QUANTILE_LEVELS, Vintage, VintageKind
from talentcast.store.publisher import publish
from talentcast.store.release import Identity, Kind, Release, ReleaseDraft

NAMES = {
    "CHN": "China",
    "FRA": "France",
    "GBR": "United Kingdom",
    "IND": "India",
    "JPN": "Japan",
    "NAM": "Namibia",
    "ROW": "Rest of world",
    "USA": "United States",
}
COUNTRIES = tuple(NAMES)
START = np.array([0.20, 0.06, 0.062, 0.05, 0.07, 0.001, 0.257, 0.30])
GROWTH = np.array([0.05, -0.01, 0.0, 0.04, -0.03, 0.01, 0.0, -0.02])
YEARS, HORIZONS, DRAWS = 16, 5, 60
#: population, counting rule, scenarios
SERIES = (
    ("scholars_scopus", "modal_country", ("baseline", "higher_returns")),
    ("scholars_scopus", "fractional", ("baseline",)),
    ("neurips_authorships", "authorships", ("baseline",)),
)
MODELS = ("sarimax110", "naive", "drift")


@dataclass(frozen=True)
class Small:
    """What is different about one small release."""

    as_of: date = date(2024, 1, 31)
    origin_year: int = 2023
    kind: Kind = "manual"
    settings: str = "a"
    tilt: float = 0.0
    has_returns: bool = True
    has_questions: bool = False
    has_reasons: bool = False
    reason: str | None = None


def publish_small(root: StorePath, small: Small = Small()) -> Release:
    """Publish a small release."""
    moment = datetime(2024, 2, 1, tzinfo=UTC) + (small.as_of - date(2024, 1, 31))
    return publish(small_draft(small), root, published_at=moment)


def small_draft(small: Small) -> ReleaseDraft:
    """Return a small release before it is written."""
    rng = np.random.default_rng(7)
    observed = [_observations(*key[:2], small) for key in SERIES]
    forecasts = [
        _forecasts(population, rule, scenario, small, rng)
        for population, rule, scenarios in SERIES
        for scenario in scenarios
    ]
    tables = {
        "observations": pd.concat(observed),
        "forecasts": pd.concat(forecasts),
        "scores": pd.concat([_scores(*key[:2], small, rng) for key in SERIES]),
        "quality_checks": _checks(),
        "country_names": pd.DataFrame({"country": list(NAMES), "name": list(NAMES.values())}),
        "published_figures": _figures(),
    }
    if small.has_returns:
        tables |= {"return_cohorts": _cohorts(), "model_cards": _cards()}
    if small.has_reasons:
        tables |= small_reason_tables(tables["observations"], tables["forecasts"])
    if small.has_questions:
        tables |= small_question_tables()
    snapshot = Snapshot(
        name="scholars.csv",
        source="bundled",
        sha256="5" * 64,
        vintage=Vintage(small.as_of),
        retrieved_at=datetime(2024, 1, 31, tzinfo=UTC),
        url="made by arithmetic",
        licence="CC0",
    )
    return ReleaseDraft(
        identity=Identity((snapshot,), small.settings * 64, "0.1.0+test", Vintage(small.as_of)),
        kind=small.kind,
        vintage_kind=VintageKind.TRUE,
        populations=("neurips_authorships", "scholars_scopus"),
        quality={"run": 3, "passed": 2, "warned": 1, "failed": 0},
        tables=tables,
        reason=small.reason,
    )


def shares_until(year: int) -> pd.DataFrame:
    """Return the true shares: year by country."""
    steps = np.arange(year - 2008 + 1)[:, None]
    raw = START * np.exp(GROWTH * steps)
    index = pd.Index(2008 + steps[:, 0], name="year")
    return pd.DataFrame(raw / raw.sum(axis=1, keepdims=True), index=index, columns=COUNTRIES)


def _observations(population: str, rule: str, small: Small) -> pd.DataFrame:
    long = shares_until(small.origin_year).melt(
        ignore_index=False, var_name="country", value_name="share"
    )
    rows = long.reset_index()
    researchers = (1e6 * rows["share"]).round()
    has_moves = population == "scholars_scopus"
    return rows.assign(
        population=population,
        counting_rule=rule,
        source="bundled",
        researchers=researchers,
        arrivals=(0.02 * researchers).round() if has_moves else np.nan,
        departures=(0.015 * researchers).round() if has_moves else np.nan,
        unknown_share=0.03 if has_moves else np.nan,
        is_provisional=rows["year"] == small.origin_year,
        vintage=small.as_of,
    )


def _forecasts(
    population: str, rule: str, scenario: str, small: Small, rng: np.random.Generator
) -> pd.DataFrame:
    last = np.log(shares_until(small.origin_year).loc[small.origin_year].to_numpy())
    steps = np.arange(1, HORIZONS + 1)[:, None, None]
    drift = GROWTH + small.tilt * (np.array(COUNTRIES) == "IND")
    drift = drift + 0.02 * (scenario != "baseline") * (np.array(COUNTRIES) == "CHN")
    noise = rng.normal(0, 0.03, (HORIZONS, DRAWS, len(COUNTRIES))).cumsum(axis=0)
    draws = np.exp(last + drift * steps + noise)
    shares = draws / draws.sum(axis=2, keepdims=True)
    blocks = []
    for model in MODELS:
        drawn = shares if model == MODELS[0] else np.repeat(np.exp(last)[None, None], HORIZONS, 0)
        blocks.append(_rows("researcher_share", model, drawn, samples=model == MODELS[0]))
        blocks.append(_rows("researcher_stock", model, 1e6 * drawn, samples=False))
    return pd.concat(blocks).assign(
        population=population,
        counting_rule=rule,
        source="bundled",
        scenario=scenario,
        origin_year=small.origin_year,
        target_year=lambda rows: small.origin_year + rows["horizon_years"],
    )


def _rows(target: str, model: str, drawn: np.ndarray, *, samples: bool) -> pd.DataFrame:
    levels = np.quantile(drawn, QUANTILE_LEVELS, axis=1)
    parts = [_long(levels, "quantile", list(QUANTILE_LEVELS))]
    parts.append(_long(drawn.mean(axis=1)[None], "mean", [np.nan]))
    parts.append(_long(np.median(drawn, axis=1)[None], "median", [np.nan]))
    if samples:
        parts.append(_long(drawn.swapaxes(0, 1), "sample", list(range(drawn.shape[1]))))
    return pd.concat(parts).assign(target=target, model=model)


def _long(values: np.ndarray, output_type: str, ids: list[float]) -> pd.DataFrame:
    index = pd.MultiIndex.from_product(
        [range(len(ids)), range(1, HORIZONS + 1), COUNTRIES],
        names=["place", "horizon_years", "country"],
    )
    rows = pd.DataFrame({"value": values.ravel()}, index=index).reset_index()
    identifiers = np.asarray(ids, dtype=float)[rows["place"]]
    return rows.drop(columns="place").assign(output_type=output_type, output_type_id=identifiers)


def _scores(population: str, rule: str, small: Small, rng: np.random.Generator) -> pd.DataFrame:
    rows = [
        (model, origin, horizon, group, metric, value)
        for origin in range(small.origin_year - 6, small.origin_year)
        for horizon in range(1, min(HORIZONS, small.origin_year - origin) + 1)
        for group in ("weighted", "all")
        for place, model in enumerate(MODELS)
        for metric, value in (
            ("wis", (0.01 + 0.004 * place) * horizon),
            ("coverage_50", 0.5),
            ("coverage_80", 0.8 + 0.02 * rng.uniform(-1, 1)),
            ("coverage_95", 0.94),
        )
    ]
    columns = ["model", "origin_year", "horizon_years", "country_group", "metric", "value"]
    return pd.DataFrame(rows, columns=columns).assign(
        target="researcher_share",
        population=population,
        counting_rule=rule,
        source="bundled",
        training_vintage=small.as_of,
        truth_vintage=small.as_of,
        is_pseudo_vintage=True,
    )


def _checks() -> pd.DataFrame:
    base = {"severity": "warning", "threshold": "none", "failing_rows": 0, "example_keys": ""}
    return pd.DataFrame(
        [
            base
            | {
                "stage": "counts",
                "table": "scholars_scopus",
                "check": "NEG_COUNT",
                "outcome": "pass",
                "observed": "",
                "message": "",
            },
            base
            | {
                "stage": "panel",
                "table": "scholars_scopus",
                "check": "MISSING_CELLS",
                "outcome": "warn",
                "observed": "=2+3 found",
                "failing_rows": 2,
                "message": "The model sees these years as missing.",
            },
            base
            | {
                "stage": "forecasts",
                "table": "scholars_scopus",
                "check": "SUM_TO_ONE",
                "outcome": "pass",
                "observed": "",
                "message": "",
            },
        ]
    )


def _figures() -> pd.DataFrame:
    base = {
        "source": "A report",
        "publisher": "A publisher",
        "origin_iso3": None,
        "n_sample": None,
        "url": "where it was read",
        "confidence": "secondary",
    }
    own = pd.DataFrame(
        [
            base
            | {
                "figure_id": 10_001,
                "year": 2020,
                "location_iso3": "USA",
                "value": 31.0,
                "population": "NeurIPS accepted-paper authorships",
                "measure": "work_share",
                "unit": "percent of authorships",
            },
            base
            | {
                "figure_id": 10_002,
                "year": 2020,
                "location_iso3": "USA",
                "value": 59.0,
                "population": "Elite AI researchers",
                "measure": "work_share",
                "unit": "percent",
            },
        ]
    )
    bundled = published_figures()
    quoted = bundled[bundled["source"].str.startswith("MacroPolo Global AI Talent Tracker")]
    return pd.concat([own, quoted], ignore_index=True)


def _cohorts() -> pd.DataFrame:
    rows = []
    for origin, people in (("IND", 1200), ("CHN", 2400), ("FRA", 300)):
        for year in (2016, 2019):
            for group in ("anglosphere", "europe"):
                for horizon in (1, 3, 5):
                    hidden = origin == "FRA" and group == "europe"
                    part = 0.05 * horizon
                    rows.append(
                        {
                            "population": "careers",
                            "origin_country": origin,
                            "host_group": group,
                            "landmark_year": year,
                            "horizon_years": horizon,
                            "researchers_at_risk": None if hidden else people,
                            "expected_returns": None if hidden else people * part,
                            "return_probability": None if hidden else part,
                            "lower_95": None if hidden else part - 0.02,
                            "upper_95": None if hidden else part + 0.02,
                            "is_suppressed": hidden,
                            "suppression_reason": WITHHELD if hidden else None,
                        }
                    )
    return pd.DataFrame(rows)


def _cards() -> pd.DataFrame:
    topics = {
        "intended_use": "Expected returns of cohorts.",
        "not_for": "Decisions about any one person.",
        "training_window": "1998 to 2017.",
    }
    return pd.DataFrame(
        [
            {"model": "return_hazard", "population": "careers", "topic": topic, "text": text}
            for topic, text in topics.items()
        ]
    )
