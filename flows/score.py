"""Score earlier releases, now that the years they forecast have been counted."""

from __future__ import annotations

import pandas as pd
from prefect import flow

from flows.artifacts import show_table
from flows.connection import end_without_server
from flows.lateness import superseded
from flows.parameters import Home
from flows.steps.score import score_releases
from flows.tasks import PrefectRunner
from talentcast.config import load_settings
from talentcast.store.pointer import find_release
from talentcast.store.reader import read_frame


@flow(name="score", on_running=[end_without_server])
def score(home: Home = None) -> pd.DataFrame:
    """Show how good the forecasts of earlier releases turned out to be.

    The same rows replace backtests of their origin in the next release that is published.

    Args:
        home: Folder for everything a run writes; empty for TALENTCAST_HOME.
    """
    if (skipped := superseded(pd.DataFrame)) is not None:
        return skipped
    root = load_settings(home).releases
    observations = read_frame("observations", find_release("latest", root), root)
    record = score_releases(observations, root, PrefectRunner())
    show_table("track-record", record, "Scores of earlier releases against what was counted since.")
    return record
