"""One Great Expectations expectation that asks a rule: a plain function of the whole table.

Great Expectations reports, per expectation, whether it held and whether it could run at all;
the rules themselves know nothing of it and are tested without it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

import pandas as pd
from great_expectations.execution_engine import PandasExecutionEngine
from great_expectations.expectations.expectation import BatchExpectation
from great_expectations.expectations.metrics.metric_provider import metric_value
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from expectations import counts_rules, forecast_rules, panel_rules, table_rules
from expectations.violations import Violations

Rule = Callable[..., Violations]

_MODULES: Final = {
    "table": table_rules,
    "counts": counts_rules,
    "panel": panel_rules,
    "forecasts": forecast_rules,
}
_METRIC: Final = "table.talentcast.violations"


def rule_named(name: str) -> Rule:
    """Return a rule by `module.function`, for example `counts.gaps`."""
    module, _, function = name.partition(".")
    rule: Rule = getattr(_MODULES[module], function)
    return rule


class RuleViolations(TableMetricProvider):  # type: ignore[misc]  # untyped library
    """Violations of a rule in a pandas batch."""

    metric_name = _METRIC
    value_keys = ("rule", "options")

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
        options = json.loads(metric_value_kwargs["options"])
        return rule_named(metric_value_kwargs["rule"])(frame, **options)


class ExpectRuleToHold(BatchExpectation):  # type: ignore[misc]  # untyped library
    """Expect that a rule finds nothing.

    Attributes:
        rule: Name as in `rule_named`.
        options: Keyword arguments of the rule, as JSON.
    """

    rule: str
    options: str = "{}"

    metric_dependencies: ClassVar[tuple[str, ...]] = (_METRIC,)
    success_keys: ClassVar[tuple[str, ...]] = ("rule", "options")

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
