"""Forecast again with one thing changed at a time: what moved forecasts since the last release."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from features.panel import Panel, build_panel, rule_of
from features.series import rows_of, series_axes
from features.vintages import KnownCounts
from flows.steps.forecast import Forecast, mean_shares, published_means
from flows.steps.nowcast import NONE_UNFINISHED, Unfinished, unfinished_of
from flows.steps.plan import Plan
from flows.steps.publish import Served
from flows.steps.revised import Revisions, revisions_by_series
from flows.steps.runner import Runner
from models.shares.later_vintage import RevisionModel
from models.shares.registry import MODELS, ModelContext
from publication.forecast_changes import Cause, forecast_change_rows
from storage.paths import StorePath
from talentcast.config import Settings
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.tables import FORECASTS
from talentcast.domain.types import (
    BASELINE,
    OutputType,
    ReleaseId,
    SeriesKey,
    Target,
    VintageKind,
)
from talentcast.store.reader import condition, read_frame


@dataclass(frozen=True, eq=False)
class Made:
    """What the quoted forecast of one series was made from, and its mean shares.

    Attributes:
        revisions: What is allowed for.
        plan: Its first model is the one that is quoted.
        means: Index country, target_year.
    """

    panel: Panel
    unfinished: Unfinished
    revisions: RevisionModel | None
    plan: Plan
    means: pd.Series

    @property
    def model(self) -> str:
        """The model that is quoted."""
        return self.plan.default_model

    def drawn_as(self, other: Made) -> Made:
        """Return this with the seed and the number of draws of another."""
        return replace(
            self, plan=replace(self.plan, seed=other.plan.seed, n_draws=other.plan.n_draws)
        )

    def forecast_by(self, other: Made) -> Made:
        """Return this with the quoted model of another."""
        return replace(self, plan=replace(self.plan, models=other.plan.models))

    def counted_as(self, other: Made) -> Made:
        """Return this with the counts that another has of the same years, and what they teach."""
        panel = other.panel.until(self.panel.origin)
        return replace(self, panel=panel, revisions=other.revisions)

    def forecast_again(self, context: ModelContext) -> pd.Series:
        """Return the mean shares that today's code forecasts."""
        return mean_shares(self.panel, self.plan, context, self.unfinished, self.revisions)


def forecast_changes(
    served: Served | None,
    made: Sequence[Made],
    counts: pd.DataFrame,
    context: ModelContext,
    settings: Settings,
    run: Runner,
) -> pd.DataFrame:
    """Return the `forecast_changes` rows of a release; none where nothing was served before.

    Args:
        served: The release that is served until now.
        made: The quoted forecast of every series of the new release.
        counts: `researcher_counts` of the inputs, in all vintages.
        context: What the models may use.
        settings: Where releases are kept.
        run: Carries out the steps.
    """
    if served is None:
        return pd.DataFrame()
    earlier = [(_made_before(served, now, counts, settings), now) for now in made]
    told = [
        run(changes_of, before, now, context, served.release.release_id)
        for before, now in earlier
        if before is not None
    ]
    return pd.concat(told, ignore_index=True) if told else pd.DataFrame()


def made_of(
    panels: Sequence[Panel],
    forecasts: Sequence[Forecast],
    unfinished: Mapping[SeriesKey, Unfinished],
    revisions: Mapping[SeriesKey, Revisions],
    plan: Plan,
) -> list[Made]:
    """Return the quoted forecast of every series, and what it was made from."""
    plans = [plan.of(panel.key.population) for panel in panels]
    return [
        Made(
            panel,
            unfinished.get(panel.key, NONE_UNFINISHED),
            revisions[panel.key].model,
            own,
            published_means(forecast.rows, own.default_model),
        )
        for panel, forecast, own in zip(panels, forecasts, plans, strict=True)
    ]


def changes_of(before: Made, now: Made, context: ModelContext, previous: ReleaseId) -> pd.DataFrame:
    """Return the `forecast_changes` rows of one series."""
    steps = _steps(before, now, context)
    return forecast_change_rows(
        before.means, steps, now.panel.key, model=now.model, previous=previous
    )


def _steps(before: Made, now: Made, context: ModelContext) -> Iterator[tuple[Cause, pd.Series]]:
    """Change one thing at a time, from what was published to what is published now.

    A model that is gone cannot be fitted again: what code and settings did is told with the model.
    Where other countries are shown apart than before, revised counts are told with new ones.
    """
    redrawn = before.drawn_as(now)
    if before.model in MODELS:
        yield Cause.CODE, before.forecast_again(context)
        if redrawn.plan != before.plan:
            yield Cause.SETTINGS, redrawn.forecast_again(context)
    remodelled = redrawn.forecast_by(now)
    if before.model != now.model:
        yield Cause.MODEL, remodelled.forecast_again(context)
    recounted = remodelled.counted_as(now)
    if _are_revised(before.panel, recounted.panel):
        yield Cause.REVISED_DATA, recounted.forecast_again(context)
    yield Cause.NEW_DATA, now.means


def _are_revised(before: Panel, now: Panel) -> bool:
    """Tell whether the same parts have other counts; sums of small countries round differently."""
    if before.countries != now.countries:
        return False
    one, other = before.counts, now.counts
    return one.shape != other.shape or not np.allclose(one, other, rtol=1e-9, equal_nan=True)


def _made_before(
    served: Served, now: Made, counts: pd.DataFrame, settings: Settings
) -> Made | None:
    """Return what the served release says of the same series; None where that cannot be told."""
    key = now.panel.key
    observed = rows_of(served.observations, key)
    means, model = _quoted(served, key, settings.releases)
    if observed.empty or means.empty:
        return None
    try:
        # In the parts that were forecast then: choosing parts among them chooses all of them again.
        panel = build_panel(observed, key, rule=rule_of(key.population))
    except InputRejectedError:
        return None  # today's rule leaves too little of what was counted then
    observed = observed.assign(vintage=pd.to_datetime(observed["vintage"]))
    was_archived = observed["vintage"].max() <= pd.Timestamp(served.release.as_of.as_of)
    kind = VintageKind.TRUE if was_archived else VintageKind.PSEUDO
    known = KnownCounts(observed, {key: kind})
    partial = unfinished_of(known, [panel], settings).get(key, NONE_UNFINISHED)
    revisions = revisions_by_series(counts, known, [panel], settings.releases)[key].model
    last = panel.origin.year + len(partial.years)
    ahead = sorted(year - last for year in set(means.index.get_level_values("target_year")))
    stated = _drawing(served.release.settings or {})
    plan = replace(now.plan, models=(model,), horizons=tuple(n for n in ahead if n > 0), **stated)
    return Made(panel, partial, revisions, plan, means)


def _drawing(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: settings[name] for name in ("seed", "n_draws") if name in settings}


def _quoted(served: Served, key: SeriesKey, root: StorePath) -> tuple[pd.Series, str]:
    """Return the mean shares of the model whose samples were published, and its name."""
    of_series = series_axes(key) | {"target": str(Target.SHARE), "scenario": BASELINE}

    def read(**where: object) -> pd.DataFrame:
        chosen = condition(FORECASTS.name, of_series | where)
        return read_frame(FORECASTS.name, served.release, root, where=chosen)

    first = read(output_type=str(OutputType.SAMPLE), output_type_id=0.0)
    if first.empty:
        return pd.Series(dtype="float64"), ""
    model = str(first["model"].iloc[0])
    return published_means(read(output_type=str(OutputType.MEAN)), model), model
