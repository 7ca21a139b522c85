"""One Great Expectations expectation that asks a rule: a plain function of the whole table.

Great Expectations reports, per expectation, whether it held and whether it could run at all;
the rules themselves know nothing of it and are tested without it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Final

import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from expectations.suite import Bound
from expectations.violations import Violations

_METRIC: Final = "table.talentcast.violations"


class RuleViolations(TableMetricProvider):  # type: ignore[misc]  # untyped library
    """Violations of a rule in a pandas batch."""

    metric_name = _METRIC
    value_keys = ("rule",)

    @metric_value(engine=PandasExecutionEngine)  # type: ignore[untyped-decorator]
    def _pandas(
        cls,
        execution_engine: PandasExecutionEngine,
        metric_domain_kwargs: dict[str, Any],
        metric_value_kwargs: dict[str, Any],
        metrics: Mapping[str, Any],
        runtime_configuration: dict[str, Any],
    ) -> Violations:
        frame: pd.DataFrame
        frame, _, _ = execution_engine.get_compute_domain(metric_domain_kwargs, domain_type="table")
        rule: Bound = metric_value_kwargs["rule"]
        return rule(frame)


class ExpectRuleToHold(BatchExpectation):  # type: ignore[misc]  # untyped library
    """Expect that a rule finds nothing.

    Attributes:
        rule: A rule with its limits, an `expectations.suite.Bound`.
    """

    rule: Any

    metric_dependencies: ClassVar[tuple[str, ...]] = (_METRIC,)
    success_keys: ClassVar[tuple[str, ...]] = ("rule",)

    def _validate(
        self,
        metrics: Mapping[str, Any],
        runtime_configuration: dict[str, Any] | None = None,
        execution_engine: Any = None,
    ) -> dict[str, Any]:
        found: Violations = metrics[_METRIC]
        return {
            "success": found.count == 0,
            "result": {
                "observed_value": found.observed,
                "unexpected_count": found.count,
                "examples": list(found.examples),
            },
        }
