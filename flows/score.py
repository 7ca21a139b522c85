"""Score earlier releases, now that the years they forecast have been counted."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.artifacts import show_table
from flows.lateness import superseded
from models.evaluation.published import score_published
from talentcast.config import load_settings
from talentcast.domain.types import Target, VintageKind
from talentcast.store.pointer import find_release, list_releases
from talentcast.store.reader import condition, read_frame
from talentcast.store.release import Release


@task(task_run_name="score {release.release_id}", cache_policy=NO_CACHE)
def score_release(release: Release, observations: pd.DataFrame, root: Path) -> pd.DataFrame:
    """Score one release against today's observations."""
    quantiles = condition("forecasts", {"target": str(Target.SHARE), "output_type": "quantile"})
    return score_published(
        read_frame("forecasts", release, root, where=quantiles),
        read_frame("observations", release, root),
        observations,
        training_vintage=release.as_of,
        is_pseudo_vintage=release.vintage_kind is VintageKind.PSEUDO,
    ).assign(made_by=str(release.release_id))


def score_releases(observations: pd.DataFrame, root: Path) -> pd.DataFrame:
    """Score every served release against today's observations, the oldest first."""
    scored = [
        score_release(release, observations, root)
        for release in reversed(list_releases(root))
        if release.is_current
    ]
    return pd.concat(scored, ignore_index=True) if scored else pd.DataFrame()


@flow(name="score")
def score(home: Path | None = None) -> pd.DataFrame:
    """Show how good the forecasts of earlier releases turned out to be.

    The same rows replace backtests of their origin in the next release that is published.

    Args:
        home: Folder for everything a run writes; empty for TALENTCAST_HOME.
    """
    if (skipped := superseded(pd.DataFrame)) is not None:
        return skipped
    root = load_settings(home).releases
    observations = read_frame("observations", find_release("latest", root), root)
    record = score_releases(observations, root)
    show_table("track-record", record, "Scores of earlier releases against what was counted since.")
    return record
