"""Gates: collect the results of checks, write the report, and stop once if a check failed."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from expectations.report import report_html
from talentcast.domain.checks import CheckReport, Stage
from talentcast.domain.errors import ChecksFailedError
from talentcast.domain.types import ReleaseId
from talentcast.store.files import write_atomically


@dataclass
class Gates:
    """The checks of one run."""

    release_id: ReleaseId
    folder: Path
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
