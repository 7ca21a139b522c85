"""Build one release as of a day from parsed inputs: the same for today and for any past year."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from features.panel import Panel, build_panel
from features.series import series_keys
from features.vintages import KnownCounts, known_at
from flows.steps.assemble import release_tables
from flows.steps.check import Gates, check_known, check_panels, check_published, check_returns
from flows.steps.forecast import forecast, observe
from flows.steps.ingest import Inputs
from flows.steps.people import People, forecast_returns
from flows.steps.plan import Plan
from flows.steps.returns import ReturnRelease
from flows.steps.runner import Pending, Runner
from flows.steps.score import score
from flows.steps.share_effects import share_changes
from models.shares.registry import ModelContext
from publication.revisions import revision_rows
from talentcast.config import Settings
from talentcast.domain.checks import merge
from talentcast.domain.types import SeriesKey, Vintage, VintageKind
from talentcast.sources.bundled import bundled_covariates
from talentcast.sources.reference_panel import load_reference_panel
from talentcast.store.release import Identity, Kind, ReleaseDraft


@dataclass(frozen=True, eq=False)
class Built:
    """What was computed for one release, before it is published.

    Attributes:
        tables: By name, without `release_id`.
        returns: What was made of each group of people; partly for the restricted store only.
    """

    populations: tuple[str, ...]
    vintage_kind: VintageKind
    tables: Mapping[str, pd.DataFrame]
    returns: Sequence[tuple[People, ReturnRelease]]

    def draft(self, identity: Identity, kind: Kind, gates: Gates) -> ReleaseDraft:
        """Return the release as it is to be written."""
        return ReleaseDraft(
            identity=identity,
            kind=kind,
            vintage_kind=self.vintage_kind,
            populations=self.populations,
            quality=gates.counts,
            tables={**self.tables, "quality_checks": gates.report.to_frame()},
        )


def build(
    inputs: Inputs,
    as_of: Vintage,
    plan: Plan,
    settings: Settings,
    *,
    gates: Gates,
    run: Runner,
    served: pd.DataFrame | None = None,
) -> Built:
    """Check, forecast and score what was known on a day.

    Args:
        inputs: Counts in all vintages; later ones are not looked at.
        as_of: Day whose knowledge is used.
        plan: Models, horizons and samples; without `scored_horizons` nothing is backtested.
        settings: For the restricted store, if people are among the inputs.
        gates: Collects the results of the checks.
        run: Carries out the steps.
        served: `observations` of the served release, to tell revisions from errors.

    Raises:
        ChecksFailedError: If a check failed.
        InputRejectedError: If a series is too short.
    """
    gates.require("input", inputs.notes)
    gates.require("counts", run(check_known, inputs.counts, served, gates.approved))

    run.progress("Checking panels")
    known = known_at(inputs.counts, as_of)
    panels = [build_panel(known.counts, key) for key in series_keys(known.counts)]
    gates.require("panel", run(check_panels, panels))
    run.expect(2 * len(panels) + len(inputs.people))

    latest = max(panel.origin for panel in panels)
    context = ModelContext(bundled_covariates(), reference_panel=load_reference_panel(latest))
    origins = {panel.key: panel.origin for panel in panels}
    # Trees are grown on the second core while the shares are forecast and scored.
    pending = {
        group.key: run.submit(
            forecast_returns, group, origins[group.key], plan.scenarios, settings, seed=plan.seed
        )
        for group in inputs.people
        if group.key in origins
    }
    forecasts = []
    for panel in panels:
        run.progress(f"Forecasting {panel.key.population}")
        changes = _changes(pending, panel, plan)
        by_model = [run(forecast, panel, model, plan, context, changes) for model in plan.models]
        gates.require("forecasts", merge(one.report for one in by_model))
        rows = pd.concat([one.rows for one in by_model])
        gates.require("forecasts", run(check_published, panel, rows, plan, len(changes)))
        forecasts.append(rows)
    observations = pd.concat([run(observe, known, panel) for panel in panels])

    scores = []
    for panel in panels if plan.scored_horizons else ():
        run.progress(f"Scoring {panel.key.population}")
        scores.append(run(score, known, panel, plan, context))

    returns = []
    for group in (group for group in inputs.people if group.key in pending):
        run.progress(f"Forecasting returns of {group.key.population}")
        made = pending[group.key].result()
        gates.require("forecasts", run(check_returns, group, made))
        returns.append((group, made))
    return Built(
        populations=tuple(sorted({panel.key.population for panel in panels})),
        vintage_kind=_vintage_kind(known),
        tables=release_tables(
            observations,
            forecasts,
            scores=scores,
            revisions=revision_rows(observations, served, inputs.counts),
            returns=[made for _, made in returns],
        ),
        returns=returns,
    )


def _vintage_kind(known: KnownCounts) -> VintageKind:
    """Return `true` only if every series was archived on the as-of date."""
    is_true = all(kind is VintageKind.TRUE for kind in known.kinds.values())
    return VintageKind.TRUE if is_true else VintageKind.PSEUDO


def _changes(
    pending: Mapping[SeriesKey, Pending[ReturnRelease]], panel: Panel, plan: Plan
) -> dict[str, pd.DataFrame]:
    """Wait for the returns only where a scenario carries them into the shares."""
    if panel.key not in pending or not plan.scenarios:
        return {}
    made = pending[panel.key].result()
    return {
        scenario.name: share_changes(made, panel, scenario, horizons=plan.horizons)
        for scenario in plan.scenarios
    }
