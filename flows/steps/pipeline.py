"""The whole run: source -> snapshot -> counts -> panel -> forecast -> checked -> release."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Final

import pandas as pd

from features.panel import Panel, build_panels
from features.vintages import KnownCounts, known_at
from flows.steps.approval import NO_APPROVAL, Approval
from flows.steps.assemble import release_tables
from flows.steps.check import (
    check_all_returns,
    check_counts,
    check_panels,
    require,
    write_check_report,
)
from flows.steps.deliver import deliver
from flows.steps.forecast import Forecast, context_of, forecast_population, observe
from flows.steps.forecast_changes import Made, forecast_changes, made_of
from flows.steps.ingest import Inputs, fetch_all, parse_all
from flows.steps.nowcast import NONE_UNFINISHED, Unfinished, nowcast_cards, unfinished_of
from flows.steps.people import finish_returns, keep_all_restricted, start_returns, turn_of
from flows.steps.plan import Plan
from flows.steps.publish import Served, publish_release, served_release, told_by
from flows.steps.questions import Inquiry, inquiry_of, question_tables
from flows.steps.revised import Revisions, revision_cards, revisions_by_series
from flows.steps.runner import IN_THIS_PROCESS, Runner
from flows.steps.score import score_population, score_releases
from flows.steps.stay_rates import assumed_of
from models.shares.registry import ModelContext
from publication.revisions import revision_rows
from publication.share_changes import share_change_rows
from talentcast.config import Settings
from talentcast.domain.checks import CheckReport, merge
from talentcast.domain.types import SeriesKey
from talentcast.store.publisher import next_repeat, published_release
from talentcast.store.release import Identity, Kind, Release, ReleaseDraft

if TYPE_CHECKING:
    from flows.steps.returns import ReturnRelease


#: Stages of a run beside those of each population: fetch, counts, panels, publish.
COMMON_STAGES: Final = 4


@dataclass(frozen=True, eq=False)
class Refreshed:
    """What became of a run.

    Attributes:
        undelivered: A line for each thing that could not follow the published release.
        understood: A line for each file of the user: how it was read.
    """

    release: Release
    is_new: bool
    report: CheckReport
    undelivered: tuple[str, ...] = ()
    understood: tuple[str, ...] = ()


def refresh(
    plan: Plan,
    settings: Settings,
    *,
    as_of: date | None = None,
    kind: Kind = "manual",
    force: bool = False,
    approval: Approval = NO_APPROVAL,
    run: Runner = IN_THIS_PROCESS,
) -> Refreshed:
    """Publish one release from everything known on a day.

    The same inputs, settings and code publish nothing a second time, unless that is forced.
    """
    with turn_of(plan.sources, settings):
        run.progress("Fetching sources")
        fetched = fetch_all(plan, settings, run, approval=approval)
        identity = fetched.identity(plan, as_of)
        already = published_release(identity.release_id, settings.releases)
        if already is not None and already.has_rows and not force:
            undelivered = deliver(already, settings, run)
            return Refreshed(already, is_new=False, report=CheckReport(), undelivered=undelivered)
        if already is not None:
            identity = identity.repeated(next_repeat(already.release_id, settings.releases))

        run.progress("Checking counts")
        inputs = parse_all(fetched, plan, settings, run)
        approval.require_known(inputs.populations)
        release, report = build(
            inputs,
            identity,
            plan,
            settings,
            kind="scenario" if plan.scenarios else kind,
            served=served_release(settings.releases),
            approval=approval,
            supersedes=already,
            run=run,
        )
    undelivered = deliver(release, settings, run)
    run.progress("Done")
    return Refreshed(
        release,
        is_new=True,
        report=report,
        undelivered=undelivered,
        understood=inputs.understood,
    )


def build(
    inputs: Inputs,
    identity: Identity,
    plan: Plan,
    settings: Settings,
    *,
    kind: Kind = "manual",
    served: Served | None = None,
    approval: Approval = NO_APPROVAL,
    supersedes: Release | None = None,
    run: Runner = IN_THIS_PROCESS,
) -> tuple[Release, CheckReport]:
    """Check, forecast, score and publish what was known on a day: today or at any time before.

    Args:
        inputs: Counts in all vintages; those after the as-of date are not looked at.
        identity: What decides the release, its as-of date among it.
        plan: Models, horizons and samples; without `scored_horizons` nothing is scored.
        settings: Where everything is kept.
        kind: Why the release is made.
        served: The served release, to tell revisions from errors and what moved forecasts.
        approval: Revisions beyond the limit that somebody has approved.
        supersedes: The release that this one repeats.
        run: Carries out the steps.

    Raises:
        ChecksFailedError: If a check failed.
        InputRejectedError: If a series is too short.
    """
    release_id = identity.release_id
    known, panels, report = _checked_panels(inputs, identity, served, approval, settings, run)
    unfinished = unfinished_of(known, panels, settings)
    # A past year knows nothing of later releases.
    earlier = None if kind == "backfill" else settings.releases
    revisions = revisions_by_series(inputs.counts, known, panels, earlier)
    inquiry = inquiry_of(inputs.counts, identity, kind, settings)
    context = context_of(panels)
    forecasts, scores, returns = _forecasts(
        inputs, known, panels, unfinished, revisions, inquiry, kind, plan, context, settings, run
    )
    report += merge(made.report for made in forecasts) + check_all_returns(returns, run)
    require(report, release_id, settings)

    run.progress("Publishing")
    quoted = made_of(panels, forecasts, unfinished, revisions, plan)
    write_check_report(report, release_id, settings)
    observations = pd.concat([run(observe, known, panel) for panel in panels])
    tables = release_tables(
        observations,
        forecasts,
        scores=scores,
        record=_record(observations, plan, settings, run),
        since_served=_since_served(served, observations, inputs, quoted, context, settings, run),
        returns=list(returns.values()),
        cards=[*nowcast_cards(unfinished, plan), *revision_cards(revisions, plan)],
        report=report,
    )
    answered = [made.answered for made in forecasts]
    tables |= question_tables(inquiry, answered, identity=identity, known=known)
    draft = _draft(identity, kind, plan, known, tables, report, supersedes, approval)
    shown = {panel.key for panel in panels}
    keep_all_restricted(inputs.people, shown, inputs.derived, returns, release_id, settings, run)
    return run(publish_release, draft, settings), report


def _since_served(
    served: Served | None,
    observations: pd.DataFrame,
    inputs: Inputs,
    quoted: Sequence[Made],
    context: ModelContext,
    settings: Settings,
    run: Runner,
) -> dict[str, pd.DataFrame]:
    """Tell what changed since the release before: counts, shares and forecasts."""
    told = told_by(served)
    return {
        "revisions": revision_rows(observations, told, inputs.counts),
        "share_changes": share_change_rows(
            observations, told, {key: made.entries for key, made in inputs.derived.items()}
        ),
        "forecast_changes": forecast_changes(served, quoted, inputs.counts, context, settings, run),
    }


def _draft(
    identity: Identity,
    kind: Kind,
    plan: Plan,
    known: KnownCounts,
    tables: Mapping[str, pd.DataFrame],
    report: CheckReport,
    supersedes: Release | None,
    approval: Approval,
) -> ReleaseDraft:
    return ReleaseDraft(
        identity=identity,
        kind=kind,
        vintage_kind=known.kind,
        populations=tuple(sorted(set(tables["observations"]["population"]))),
        quality=report.counts,
        tables=tables,
        supersedes=supersedes.release_id if supersedes is not None else None,
        reason=approval.reason,
        approved_by=approval.approved_by,
        settings=plan.stated_settings(),
    )


def _record(
    observations: pd.DataFrame, plan: Plan, settings: Settings, run: Runner
) -> pd.DataFrame:
    """Score what was published before, unless the plan scores nothing."""
    if not plan.scored_horizons:
        return pd.DataFrame()
    return score_releases(observations, settings.releases, run)


def _checked_panels(
    inputs: Inputs,
    identity: Identity,
    served: Served | None,
    approval: Approval,
    settings: Settings,
    run: Runner,
) -> tuple[KnownCounts, list[Panel], CheckReport]:
    """Counts -> panels, both checked: nothing is forecast from what did not pass."""
    report = inputs.notes + run(check_counts, inputs.counts, told_by(served), approval.populations)
    require(report, identity.release_id, settings)
    run.progress("Checking panels")
    known = known_at(inputs.counts, identity.as_of)
    panels = build_panels(known.counts)
    report += run(check_panels, panels)
    require(report, identity.release_id, settings)
    return known, panels, report


def _forecasts(
    inputs: Inputs,
    known: KnownCounts,
    panels: Sequence[Panel],
    unfinished: Mapping[SeriesKey, Unfinished],
    revisions: Mapping[SeriesKey, Revisions],
    inquiry: Inquiry,
    kind: Kind,
    plan: Plan,
    context: ModelContext,
    settings: Settings,
    run: Runner,
) -> tuple[list[Forecast], list[pd.DataFrame], dict[SeriesKey, ReturnRelease]]:
    """Panels -> forecasts, their scores, and what people's careers add to them."""
    run.expect(2 * len(panels) + len(inputs.people))
    # Submitted first: a runner with a second core grows trees there while shares are forecast
    # and scored.
    growing = start_returns(inputs.people, panels, plan, settings, run)
    plans = {panel.key: plan.of(panel.key.population) for panel in panels}
    forecasts = [
        forecast_population(
            panel,
            plans[panel.key],
            context,
            growing,
            run,
            unfinished=unfinished.get(panel.key, NONE_UNFINISHED),
            revisions=revisions[panel.key].model,
            asked=inquiry.of(panel.key),
            assumed=assumed_of(known, panel, kind),
        )
        for panel in panels
    ]
    scores = [
        score_population(known, panel, plans[panel.key], context, run, revisions[panel.key].earlier)
        for panel in panels
    ]
    return forecasts, scores, finish_returns(growing, run)
