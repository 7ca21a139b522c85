"""The tables of one release, in the order of their contracts."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from readers.summaries.published_series import published_series, reliability_of
from storage.paths import StorePath
from talentcast.domain.tables import TABLES, Table
from talentcast.domain.types import BASELINE
from talentcast.store.reader import read_frame
from talentcast.store.release import Release


def release_tables(release: Release, root: StorePath) -> Iterator[tuple[Table, pd.DataFrame]]:
    """Yield every table of a release with its contract, one at a time."""
    for contract in TABLES:
        if contract.name in release.tables:
            yield contract, whole_numbers(read_frame(contract.name, release, root), contract)


def whole_numbers(frame: pd.DataFrame, contract: Table) -> pd.DataFrame:
    """Return a frame whose integers stay whole where some are missing."""
    types = {c.name: "Int64" for c in contract.columns if c.type == "integer" and c.name in frame}
    return frame.astype(types)


def reliability_notes(release: Release, root: StorePath) -> list[tuple[str, str]]:
    """Return how far the ranges of each population can be relied on, as labels and texts."""
    return [
        (
            f"Ranges of {published.key.population} ({published.key.counting_rule})",
            reliability_of(published, release, root).sentence(),
        )
        for published in published_series(release, root)
        if published.scenario == BASELINE
    ]


def notes(release: Release) -> list[tuple[str, str]]:
    """Return what a reader of an export must know, as labels and texts."""
    facts = [
        ("Release", str(release.release_id)),
        ("As of", f"{release.as_of.as_of} ({release.vintage_kind} vintage)"),
        ("Published", f"{release.published_at:%Y-%m-%d %H:%M} UTC"),
        ("Status", release.status + (f": {release.reason}" if release.reason else "")),
        ("Populations", ", ".join(release.populations)),
        ("Shares", "0 to 1 of the total, places without a country included"),
        ("Quantiles", "the outcome should fall at or below `value` with this probability"),
        (
            "Not",
            "Forecasts are the model's view, not a plan. Countries are where researchers "
            "publish from, never nationality.",
        ),
    ]
    for entry in release.inputs:
        facts.append(
            (f"Input {entry['name']}", f"{entry['source']}, {entry['licence']}, {entry['url']}")
        )
    return facts
