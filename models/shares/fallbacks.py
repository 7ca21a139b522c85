"""Which series of a forecast were not made by the model it is named after."""

from __future__ import annotations

from typing import Final

from features.panel import Panel
from models.shares.protocol import FittedForecaster
from talentcast.domain.checks import CheckReport, CheckResult, Outcome, Severity

_MAX_EXAMPLES: Final = 5


def fallback_report(model: str, fitted: FittedForecaster, panel: Panel) -> CheckReport:
    """Return a result that names the series that fell back to drift, and why.

    Args:
        model: Name of the model.
        fitted: The model fitted to the panel. Only one that can fall back has a result.
        panel: What it was fitted to.
    """
    if fitted.fallbacks is None:
        return CheckReport()
    found = [f"{country}: {reason}" for country, reason in sorted(fitted.fallbacks.items())]
    return CheckReport(
        (
            CheckResult(
                "forecasts",
                f"{panel.key.population} {model}",
                "NOT_CONVERGED",
                Severity.WARNING,
                Outcome.WARN if found else Outcome.PASS,
                observed=f"{len(found)} of {len(panel.countries)} series use drift instead",
                threshold="none",
                failing_rows=len(found),
                example_keys=tuple(found[:_MAX_EXAMPLES]),
                message="These series are too short or constant for the model, or its fit failed."
                if found
                else "",
            ),
        )
    )
