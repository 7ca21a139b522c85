"""A look at counts without a release: read, checked by the rules, forecast, and nothing kept.

Shares and intervals are those that a release of the same counts and plan would publish: they come
from the same functions with the same seed. What is left out is what takes a release its time: other
models, scores of past origins, the whole suite of checks, and the store.
"""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from expectations.rules import broken_count_rules, broken_panel_rules
from features.panel import Panel, build_panels
from features.series import other_populations
from features.vintages import KnownCounts, known_at
from flows.steps.forecast import context_of, forecast, observe
from flows.steps.plan import Plan
from flows.steps.revised import revisions_by_series
from models.shares.later_vintage import RevisionModel
from models.shares.registry import ModelContext
from readers.summaries.series import Series, arranged
from sources.base import Source
from sources.countries import short_name
from talentcast.domain.checks import CheckReport, merge
from talentcast.domain.errors import ChecksFailedError
from talentcast.domain.types import BASELINE, OutputType, Target, Vintage


@dataclass(frozen=True, eq=False)
class QuickLook:
    """What a source says, and what comes next.

    Attributes:
        series: One for each population, counting rule and source.
        report: Notes of the parser, broken rules, and series that the model could not fit.
        understood: How each file was read, a line each.
        as_of: The newest vintage.
    """

    series: tuple[Series, ...]
    report: CheckReport
    understood: tuple[str, ...]
    as_of: Vintage


def quick_look(source: Source, plan: Plan) -> QuickLook:
    """Forecast what a source counts with the model that a release would quote.

    Raises:
        ChecksFailedError: If a rule is broken that would stop a release.
        InputRejectedError: If the source cannot be read, or a series is too short.
    """
    files = source.download()
    parsed = source.parse(files)
    left_out = other_populations(parsed.counts, plan.populations)
    counts = parsed.counts[~parsed.counts["population"].isin(left_out)]
    notes = tuple(note for note in parsed.notes if note.table not in left_out)
    report = CheckReport(notes) + broken_count_rules(counts)
    _require(report, source)
    as_of = max(file.vintage for file in files)
    known = known_at(counts, as_of)
    panels = build_panels(known.counts)
    report += merge(map(broken_panel_rules, panels))
    _require(report, source)
    context = context_of(panels)
    revisions = revisions_by_series(counts, known, panels, root=None)
    looks = [
        _look(known, panel, plan.of(panel.key.population), context, revisions[panel.key].model)
        for panel in panels
    ]
    return QuickLook(
        series=tuple(series for series, _ in looks),
        report=report + merge(fitted for _, fitted in looks),
        understood=parsed.understood,
        as_of=as_of,
    )


def _look(
    known: KnownCounts,
    panel: Panel,
    plan: Plan,
    context: ModelContext,
    revisions: RevisionModel | None,
) -> tuple[Series, CheckReport]:
    made = forecast(panel, plan.default_model, plan, context, revisions)

    def rows(target: Target, output_type: OutputType) -> pd.DataFrame:
        is_target = made.rows["target"] == str(target)
        return made.rows[is_target & (made.rows["output_type"] == str(output_type))]

    series = arranged(
        panel.key,
        scenario=BASELINE,
        model=plan.default_model,
        observed=observe(known, panel),
        shares=rows(Target.SHARE, OutputType.QUANTILE),
        stocks=rows(Target.STOCK, OutputType.QUANTILE),
        samples=rows(Target.SHARE, OutputType.SAMPLE),
        names={code: short_name(code) for code in panel.countries},
    )
    return series, made.report


def _require(report: CheckReport, source: Source) -> None:
    if report.failed:
        codes = sorted({result.check for result in report.failed})
        where = f"the report of: talentcast check {source.url}"
        raise ChecksFailedError(report.failed[0].stage, codes, where)
