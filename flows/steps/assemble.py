"""Put what was computed into the tables of a release; no arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from flows.steps.forecast import Forecast
from publication.scores import with_true_record
from sources.bundled import published_figures
from sources.countries import country_names
from talentcast.domain.checks import CheckReport

if TYPE_CHECKING:
    from flows.steps.returns import ReturnRelease


def release_tables(
    observations: pd.DataFrame,
    forecasts: Sequence[Forecast],
    *,
    scores: Sequence[pd.DataFrame],
    record: pd.DataFrame,
    since_served: Mapping[str, pd.DataFrame],
    returns: Sequence[ReturnRelease],
    cards: Sequence[pd.DataFrame],
    report: CheckReport,
) -> dict[str, pd.DataFrame]:
    """Return the tables of a release by name, without `release_id`.

    A table that would be empty is left out: where every series is too short to be scored there are
    no scores, and without an earlier vintage nothing was revised.

    Args:
        observations: Of all populations.
        forecasts: Of shares, by population.
        scores: Of backtests, by population.
        record: From `score_releases`: what was really published takes the place of backtests.
        since_served: By name, tables of what changed since the release before.
        returns: What was made from career records.
        cards: Model cards beside those of `returns`.
        report: Results of all checks.
    """
    tables = {
        "observations": observations,
        "forecasts": pd.concat(
            [*(made.rows for made in forecasts), *(made.forecasts for made in returns)]
        ),
        "country_names": country_names(observations["country"]),
        "published_figures": published_figures(),
        "quality_checks": report.to_frame(),
    }
    all_scores = [*scores, *(made.flow_scores for made in returns)]
    if scored := [rows for rows in all_scores if len(rows)]:
        published = record.drop(columns="made_by", errors="ignore")
        tables["scores"] = with_true_record(pd.concat(scored, ignore_index=True), published)
    tables |= {name: rows for name, rows in since_served.items() if len(rows)}
    if scenarios := [made.stay_rates for made in forecasts if len(made.stay_rates)]:
        tables["stay_rate_scenarios"] = pd.concat(scenarios)
    if returns:
        tables["return_cohorts"] = pd.concat([made.return_cohorts for made in returns])
    if all_cards := [*(made.model_cards for made in returns), *cards]:
        tables["model_cards"] = pd.concat(all_cards)
    return tables
