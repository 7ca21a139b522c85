"""Check what goes in, what the models see and what comes out; stop the run if a check failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from features.panel import Panel
from flows.steps.plan import Plan
from flows.steps.runner import Runner
from publication.share_forecasts import row_count
from storage.files import write_atomically
from talentcast.domain.checks import CheckReport, merge
from talentcast.domain.errors import ChecksFailedError
from talentcast.domain.types import ReleaseId, SeriesKey
from talentcast.store.failures import storage_failures

if TYPE_CHECKING:
    from flows.steps.returns import ReturnRelease
    from talentcast.config import Settings

# The quality suite takes seconds to import: a run that finds nothing to do spares them.


def check_counts(
    counts: pd.DataFrame, served: pd.DataFrame | None, approved: frozenset[str]
) -> CheckReport:
    """Check the raw counts, also against what the served release holds.

    Args:
        counts: `researcher_counts`.
        served: `observations` of the served release.
        approved: Populations whose revision beyond the limit somebody has approved.
    """
    from expectations import check

    return check.check_counts(counts, previous=served, approved_revisions=approved)


def check_rows(key: SeriesKey, profile: pd.DataFrame) -> CheckReport:
    """Check how many rows about people had to be left out.

    Args:
        key: Who they are.
        profile: From `engine.profile.told_profile`.
    """
    from expectations.check import check_profile

    return check_profile(profile, table=key.population)


def check_panels(panels: Sequence[Panel]) -> CheckReport:
    """Check what the models see."""
    from expectations.check import check_panel

    return merge(check_panel(panel) for panel in panels)


def check_shares(
    panel: Panel, forecasts: pd.DataFrame, plan: Plan, n_scenarios: int, n_nowcasts: int = 0
) -> CheckReport:
    """Check what readers will see of one population."""
    from expectations.check import check_forecasts

    expected = row_count(
        panel,
        n_horizons=len(plan.horizons) + n_nowcasts,
        n_models=len(plan.models),
        n_samples=plan.n_samples,
        n_scenarios=n_scenarios,
    )
    return check_forecasts(
        forecasts,
        expected_rows=expected,
        countries=panel.countries,
        table=panel.key.population,
    )


def check_returns(key: SeriesKey, returns: ReturnRelease) -> CheckReport:
    """Check what readers will see of the flows of returning researchers."""
    from expectations.check import check_forecasts

    return check_forecasts(returns.forecasts, table=f"{key.population} returns")


def check_all_returns(returns: Mapping[SeriesKey, ReturnRelease], run: Runner) -> CheckReport:
    """Check the flows of every group of people."""
    return merge(run(check_returns, key, made) for key, made in returns.items())


def require(report: CheckReport, release_id: ReleaseId, settings: Settings) -> None:
    """Stop the run if a check failed.

    Raises:
        ChecksFailedError: Naming the failed checks and the report, which is written for it.
    """
    if report.failed:
        path = write_check_report(report, release_id, settings)
        codes = sorted({result.check for result in report.failed})
        raise ChecksFailedError(report.failed[0].stage, codes, str(path))


def check_report_path(release_id: ReleaseId, settings: Settings) -> Path:
    """Return where the readable report of the checks of a release is."""
    return settings.reports / f"{release_id}.html"


def write_check_report(report: CheckReport, release_id: ReleaseId, settings: Settings) -> Path:
    """Write the readable report of all checks of a run."""
    from expectations.report import report_html

    path = check_report_path(release_id, settings)
    page = report_html(report, f"Data checks of release {release_id}")
    with storage_failures(settings.reports):
        write_atomically(path, page.encode())
    return path
