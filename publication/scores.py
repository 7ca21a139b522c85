"""Rows of `scores`: backtests, return flows, and the record of what was really published."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from models.evaluation.backtest import Backtest
from models.evaluation.scores import COVERAGES, PIT_DECILES
from talentcast.domain.tables import SCORES
from talentcast.domain.types import ACROSS_VINTAGES, Origin, SeriesKey, Target, Vintage


def backtest_score_rows(
    result: Backtest,
    key: SeriesKey,
    *,
    training_vintage: Vintage,
    truth_vintage: Vintage,
    is_pseudo_vintage: bool,
) -> pd.DataFrame:
    """Return backtest scores as rows of `scores`, without `release_id`."""
    scores = result.scores[~result.scores["metric"].isin(PIT_DECILES)].dropna(subset="value")
    return scores.assign(
        population=key.population,
        counting_rule=str(key.counting_rule),
        source=key.source,
        training_vintage=pd.Timestamp(training_vintage.as_of),
        truth_vintage=pd.Timestamp(truth_vintage.as_of),
        is_pseudo_vintage=is_pseudo_vintage,
    )[list(SCORES.unpublished_columns)].reset_index(drop=True)


def across_vintages_rows(
    result: Backtest,
    key: SeriesKey,
    *,
    training_vintage: Vintage,
    truth_vintage: Vintage,
    finished_until: Origin,
) -> pd.DataFrame:
    """Return scores of models trained on an earlier vintage, as rows without `release_id`.

    Their metrics are named apart, so that means over `wis` or `coverage_80` are of one kind.

    Args:
        result: From `models.evaluation.across_vintages`.
        key: What is counted.
        training_vintage: The earlier one.
        truth_vintage: The later one.
        finished_until: Last year that the earlier vintage had finished: only from there on did
            the models see what was known at the origin.
    """
    is_shown = result.scores["metric"].isin(ACROSS_VINTAGES) & (
        result.scores["target"] == Target.SHARE
    )
    shown = replace(result, scores=result.scores[is_shown])
    rows = backtest_score_rows(
        shown,
        key,
        training_vintage=training_vintage,
        truth_vintage=truth_vintage,
        is_pseudo_vintage=True,
    )
    return rows.assign(
        metric=rows["metric"].map(ACROSS_VINTAGES),
        is_pseudo_vintage=rows["origin_year"] < finished_until.year,
    )


def flow_score_rows(scores: pd.DataFrame, key: SeriesKey, *, vintage: Vintage) -> pd.DataFrame:
    """Return scores of return flows as rows of `scores`, without `release_id`; WIS in persons.

    Args:
        scores: From `models.returns.flows.scores.flow_scores`; all origins count the same.
        key: Who was counted by whom.
        vintage: Of the records; past years were trained on it too, so the scores are pseudo.
    """
    if scores.empty:
        return scores
    means = scores.groupby(["model", "origin_year"], as_index=False).mean()
    rows = means.melt(["model", "origin_year"], var_name="metric", value_name="value")
    return rows.assign(
        target=str(Target.RETURN_FLOW),
        population=key.population,
        counting_rule=str(key.counting_rule),
        source=key.source,
        horizon_years=1,
        country_group="origins",
        training_vintage=pd.Timestamp(vintage.as_of),
        truth_vintage=pd.Timestamp(vintage.as_of),
        is_pseudo_vintage=True,
    )


def with_true_record(backtests: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Return scores in which a forecast that was published replaces a backtest of its origin.

    Args:
        backtests: `scores` rows of models refitted to today's data.
        published: `scores` rows of earlier releases, oldest first; the first one counts.
    """
    if published.empty:
        return backtests
    both = pd.concat([published, backtests], ignore_index=True)
    return both.drop_duplicates(list(SCORES.unpublished_key), keep="first", ignore_index=True)


def mean_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Return scores averaged over horizons, for a reader.

    Args:
        scores: Rows of `models.evaluation.published.score_published`.

    Returns:
        One row per as-of date, population, counting rule and model: number of horizons scored,
        weighted interval score and coverage, countries weighted by their share.
    """
    if scores.empty:
        return pd.DataFrame()
    weighted = scores[scores["country_group"] == "weighted"]
    key = ["training_vintage", "population", "counting_rule", "model"]
    means = weighted.pivot_table(index=key, columns="metric", values="value", aggfunc="mean")
    horizons = weighted.groupby(key)["horizon_years"].nunique().rename("horizons")
    return (
        pd.concat([horizons, means[["wis", *(f"coverage_{c}" for c in COVERAGES)]]], axis=1)
        .reset_index()
        .rename(columns={"training_vintage": "as_of"})
        .assign(as_of=lambda rows: rows["as_of"].dt.strftime("%Y-%m-%d"))
    )
