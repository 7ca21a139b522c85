"""Small releases for tests of the store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd

from storage.paths import StorePath
from talentcast.domain.types import Vintage, VintageKind
from talentcast.store.publisher import publish
from talentcast.store.release import Identity, ReleaseDraft

NOW = datetime(2024, 2, 1, tzinfo=UTC)


def names(**countries: str) -> pd.DataFrame:
    """Return rows of `country_names`."""
    return pd.DataFrame({"country": list(countries), "name": list(countries.values())})


def draft(settings: str = "a" * 64, **countries: str) -> ReleaseDraft:
    """Return a release of one table with two rows, or those given."""
    return of_tables(
        {"country_names": names(**(countries or {"FRA": "France", "NAM": "Namibia"}))}, settings
    )


def of_tables(tables: dict[str, pd.DataFrame], settings: str) -> ReleaseDraft:
    """Return a release of any tables; other settings make another release."""
    return ReleaseDraft(
        identity=Identity(
            inputs=(),
            settings_sha256=settings,
            code_version="0.1.0+test",
            as_of=Vintage(date(2024, 1, 31)),
        ),
        kind="manual",
        vintage_kind=VintageKind.TRUE,
        populations=("robotics_authors",),
        quality={"passed": 1},
        tables=tables,
    )


def publish_at_once(root: StorePath, *, publishers: int, releases: int) -> None:
    """Publish from several threads, each some releases one after the other."""

    def work(number: int) -> None:
        for part in range(releases):
            publish(draft(f"{number}{part}".zfill(64)), root, published_at=NOW)

    with ThreadPoolExecutor(publishers) as pool:
        list(pool.map(work, range(publishers)))


def marked_tables(mark: float, rows: int) -> dict[str, pd.DataFrame]:
    """Return two tables whose every value is `mark`, so that a mixture of releases shows.

    Args:
        mark: Value between 0 and 1.
        rows: Rows of `forecasts`; `observations` get a tenth.
    """
    few = max(rows // 10, 1)
    return {
        "forecasts": pd.DataFrame(
            {
                "target": "researcher_share",
                "population": "robotics_authors",
                "counting_rule": "fractional",
                "source": "file",
                "scenario": "baseline",
                "model": "naive",
                "country": "FRA",
                "origin_year": 1960 + np.arange(rows) // 2000,
                "horizon_years": 1 + np.arange(rows) // 200 % 10,
                "output_type": "sample",
                "output_type_id": [str(number) for number in np.arange(rows) % 200],
                "target_year": 1960 + np.arange(rows) // 2000 + 1 + np.arange(rows) // 200 % 10,
                "value": mark,
            }
        ),
        "observations": pd.DataFrame(
            {
                "population": "robotics_authors",
                "counting_rule": "fractional",
                "source": [f"file-{number}" for number in range(few)],
                "year": 2020,
                "country": "FRA",
                "researchers": mark * 100,
                "share": mark,
                "arrivals": np.nan,
                "departures": np.nan,
                "unknown_share": 0.0,
                "is_provisional": False,
                "vintage": date(2024, 1, 31),
            }
        ),
    }
