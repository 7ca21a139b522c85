"""Score earlier releases, now that the years they forecast have been counted."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
from prefect import flow, task
from prefect.artifacts import create_table_artifact
from prefect.cache_policies import NO_CACHE
from pydantic import Field

from models.release_scores import score_published
from talentcast.config import load_settings
from talentcast.domain.types import Target, VintageKind
from talentcast.store.pointer import CURRENT_KINDS, find_release, list_releases
from talentcast.store.reader import condition, read_frame


@task(cache_policy=NO_CACHE)
def score_releases(observations: pd.DataFrame, root: Path) -> pd.DataFrame:
    """Score every served release against today's observations, the oldest first."""
    quantiles = condition("forecasts", {"target": str(Target.SHARE), "output_type": "quantile"})
    served = [
        release
        for release in reversed(list_releases(root))
        if release.status == "published" and release.kind in CURRENT_KINDS
    ]
    scored = [
        score_published(
            read_frame("forecasts", release, root, where=quantiles),
            read_frame("observations", release, root),
            observations,
            training_vintage=release.as_of,
            is_pseudo_vintage=release.vintage_kind is VintageKind.PSEUDO,
        ).assign(made_by=str(release.release_id))
        for release in served
    ]
    return pd.concat(scored, ignore_index=True) if scored else pd.DataFrame()


@flow(name="score")
def score(
    home: Annotated[Path | None, Field(description="Folder for everything a run writes.")] = None,
) -> pd.DataFrame:
    """Show how good the forecasts of earlier releases turned out to be.

    The same rows replace backtests of their origin in the next release that is published.
    """
    root = load_settings(home).releases
    observations = read_frame("observations", find_release("latest", root), root)
    record = score_releases(observations, root)
    create_table_artifact(
        key="track-record",
        table=[
            {str(name): str(value) for name, value in row.items()}
            for row in record.to_dict("records")
        ],
        description="Scores of earlier releases against what was counted since.",
    )
    return record
