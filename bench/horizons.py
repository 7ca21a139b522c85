"""Do ranges hold six to ten years ahead?

Usage: python -m bench.horizons --data FOLDER

Origins 2004 to 2012, as far as there are years after them. The first ones have seven years behind
them and forecast ten.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from bench.calibration import cells, interval
from bench.shares import markdown, read_panel, write_section
from models.evaluation.backtest import backtest_panel
from talentcast.domain.types import Origin

PANELS: Final = ("scopus", "auth_scopus", "auth_orcid")
MODELS: Final = ("pooled", "sarimax110", "naive")
ORIGINS: Final = [Origin(year) for year in range(2004, 2013)]
HORIZONS: Final = range(1, 11)
SHOWN: Final = range(6, 11)


def compared(data: Path, models: tuple[str, ...] = MODELS) -> pd.DataFrame:
    """Return one row per panel, model and horizon."""
    rng = np.random.default_rng(0)
    rows = []
    for name in PANELS:
        panel = read_panel(data, name, first_origin=ORIGINS[0])
        result = backtest_panel(panel, models=models, origins=ORIGINS, horizons=HORIZONS)
        found = cells(result, panel)
        for (model, horizon), some in found.groupby(["model", "horizon_years"], sort=False):
            low, high = interval(some, "held_80", rng)
            rows.append(
                {
                    "panel": name,
                    "model": model,
                    "years_ahead": horizon,
                    "origins": some["origin_year"].nunique(),
                    "wis": some["wis"].mean(),
                    "held_80": some["held_80"].mean(),
                    "from": low,
                    "to": high,
                    "held_95": some["held_95"].mean(),
                }
            )
    return pd.DataFrame(rows)


def main() -> None:
    """Measure, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    arguments = parser.parse_args()
    rows = compared(arguments.data)
    print(markdown(rows))
    shown = rows[rows["years_ahead"].isin(SHOWN)]
    section = ["## Six to ten years ahead", "", _EXPLAINED, "", markdown(shown)]
    write_section(arguments.out, "\n".join(section), "horizons")


_EXPLAINED: Final = (
    "`python -m bench.horizons --data FOLDER`. "
    "All countries over 50 persons in 2004, origins 2004 to 2012 as far as there are years after "
    "them; WIS of log shares, how often 80 % ranges held with a 95 % interval from blocks of three "
    "origins, and how often 95 % ranges held. Pseudo."
)

if __name__ == "__main__":
    main()
