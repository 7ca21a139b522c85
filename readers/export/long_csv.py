"""Plain CSV: every table as it is, and shares in the form that charting tools read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from readers.export.release_tables import release_tables
from readers.export.text import safe_csv
from readers.summaries.describe import share_rows
from readers.summaries.published_series import load_series, published_series
from storage.paths import StorePath
from talentcast.store.release import Release


def export_csv(release: Release, root: StorePath, folder: Path) -> list[Path]:
    """Write one file a table, and `shares-<series>.csv` with Entity, Code, Year and indicators.

    Returns:
        The files, in the order in which they were written.
    """
    written = []
    for contract, frame in release_tables(release, root):
        written.append(_write(folder / f"{contract.name}.csv", frame))
    for published in published_series(release, root):
        key = published.key
        series = load_series(published, release, root)
        rows = share_rows(series)
        charted = pd.DataFrame(
            {
                "Entity": [series.names.get(code, code) for code in rows["country"]],
                "Code": rows["country"],
                "Year": rows["year"],
                "Share (percent)": rows["share_percent"],
                "Lower 80 percent": rows["q100"],
                "Upper 80 percent": rows["q900"],
                "Kind": rows["kind"],
                "Release": str(release.release_id),
            }
        )
        name = f"shares-{key.population}-{key.counting_rule}-{key.source}-{published.scenario}.csv"
        written.append(_write(folder / name, charted))
    return written


def _write(path: Path, frame: pd.DataFrame) -> Path:
    path.write_text(safe_csv(frame), encoding="utf-8")
    return path
