"""Gates: collect the results of checks, write the report, and stop once if a check failed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from expectations.report import report_html
from features.panel import Panel
from flows.steps.people import People
from flows.steps.plan import Plan
from flows.steps.returns import ReturnRelease
from publication.share_forecasts import row_count
from talentcast.domain.checks import CheckReport, Stage, merge
from talentcast.domain.errors import ChecksFailedError
from talentcast.domain.types import ReleaseId
from talentcast.store.files import write_atomically


@dataclass
class Gates:
    """The checks of one run.

    Attributes:
        approved: Populations whose revision beyond the limit someone has approved.
    """

    release_id: ReleaseId
    folder: Path
    approved: frozenset[str] = frozenset()
    report: CheckReport = field(default_factory=CheckReport)

    @property
    def path(self) -> Path:
        """Where the readable report is."""
        return self.folder / f"{self.release_id}.html"

    def require(self, stage: Stage, report: CheckReport) -> None:
        """Add results; stop the run if one of them failed.

        Raises:
            ChecksFailedError: Naming the failed checks and the report.
        """
        self.report += report
        html = report_html(self.report, f"Data checks of release {self.release_id}")
        write_atomically(self.path, html.encode())
        if report.failed:
            codes = sorted({result.check for result in report.failed})
            raise ChecksFailedError(stage, codes, str(self.path))

    @property
    def counts(self) -> dict[str, int]:
        """How many checks ran, and how they ended."""
        return {
            "run": len(self.report.results),
            "passed": len(self.report.passed),
            "warned": len(self.report.warned),
            "failed": len(self.report.failed),
        }


def check_known(
    counts: pd.DataFrame, previous: pd.DataFrame | None, approved: frozenset[str]
) -> CheckReport:
    """First gate: the raw counts, also against what the served release holds."""
    from expectations.check import check_counts

    return check_counts(counts, previous=previous, approved_revisions=approved)


def check_panels(panels: Sequence[Panel]) -> CheckReport:
    """Second gate: what the models see."""
    from expectations.check import check_panel

    return merge(check_panel(panel) for panel in panels)


def check_published(
    panel: Panel, forecasts: pd.DataFrame, plan: Plan, n_scenarios: int
) -> CheckReport:
    """Third gate: what readers will see."""
    from expectations.check import check_forecasts

    expected = row_count(
        panel,
        n_horizons=len(plan.horizons),
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


def check_returns(people: People, returns: ReturnRelease) -> CheckReport:
    """Third gate, for the flows of returning researchers."""
    from expectations.check import check_forecasts

    return check_forecasts(returns.forecasts, table=f"{people.key.population} returns")
