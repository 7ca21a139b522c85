"""A home with one small release, as an archive: what later code must be able to read and supersede.

Before a version is published, its release is kept beside the others:

    PYTHONPATH=tests/support python -m release_archive tests/data/releases/VERSION.tar.gz
"""

from __future__ import annotations

import os
import sys
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from flows.steps import pipeline
from flows.steps.plan import Plan
from talentcast.config import Settings

#: Reports and leases belong to a machine, not to what was published.
_LEFT_OUT = {"reports", ".lease.json", ".lease.lock", ".acknowledged"}


def small_plan(folder: Path, *, last_year: int) -> Plan:
    """Write counts known soon after their last year, and return the plan of their release."""
    rows = [
        f"{year},{country},{round(size * growth ** (year - 2000)) + (year * step) % 7}"
        for year in range(2000, last_year + 1)
        for country, size, growth, step in (
            ("CHN", 300, 1.09, 3), ("USA", 900, 1.01, 5), ("DEU", 400, 1.0, 2),
        )
    ]  # fmt: skip
    path = folder / "lab.csv"
    path.write_text("\n".join(["year,country,researchers", *rows, ""]))
    moment = datetime(last_year + 1, 3, 1, 12, tzinfo=UTC).timestamp()
    os.utime(path, (moment, moment))
    models = ("pooled", "naive")
    return Plan(sources=(str(path),), models=models, scored_horizons=(1,), n_samples=5)


def main(archive: Path) -> None:
    """Publish the release and write the archive."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        pipeline.refresh(small_plan(Path(folder), last_year=2019), Settings(home=home))
        with tarfile.open(archive, "w:gz") as tar:
            for path in sorted(home.rglob("*")):
                inside = path.relative_to(home)
                if path.is_file() and not _LEFT_OUT & set(inside.parts):
                    tar.add(path, str(inside))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
