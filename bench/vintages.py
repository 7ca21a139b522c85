"""How much worse forecasts are when they are trained on one vintage and scored on a later one.

Usage: python -m bench.vintages --data FOLDER

There is one pair of vintages, July 2022 and 2024. The revision model is estimated from that pair,
without the years that are scored; countries are the same, so the result is in-sample all the same.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd

from bench.revisions import WithRevisions, learn_revisions
from bench.shares import ORIGINS, markdown, read_panel, write_section
from features.panel import Panel
from models.evaluation.backtest import Backtest, backtest_panel
from models.shares.protocol import Forecaster
from models.shares.registry import ModelContext, create
from talentcast.domain.types import Origin

EARLIER, LATER = "scopus_2022_07", "scopus"
FIRST_YEAR: Final = 2002
BLOCK_YEARS: Final = 2
METRICS: Final = [
    "wis_weighted",
    "wis_top60",
    "wis_all",
    "coverage_50_top60",
    "coverage_80_top60",
    "coverage_95_top60",
]


def one_step(
    panel: Panel, truth: Panel, model: str, *, revised: bool, origins: list[Origin]
) -> Backtest:
    """Backtest one year ahead; revisions come from the years outside the block of origins."""
    scored = {origin.year + 1 for origin in origins}

    def factory(context: ModelContext) -> Forecaster:
        forecaster = create(model, context)
        if not revised:
            return forecaster
        return WithRevisions(forecaster, learn_revisions(panel, truth, leave_out=scored))

    return backtest_panel(
        panel, models={model: factory}, origins=origins, horizons=[1], truth=truth
    )


def by_blocks(panel: Panel, truth: Panel, model: str, *, revised: bool) -> pd.Series:
    """Return mean scores over blocks of neighbouring origins."""
    blocks = [ORIGINS[at : at + BLOCK_YEARS] for at in range(0, len(ORIGINS), BLOCK_YEARS)]
    found = [one_step(panel, truth, model, revised=revised, origins=block) for block in blocks]
    together = replace(found[0], scores=pd.concat(one.scores for one in found))
    return together.summary().loc[model, METRICS]


def main() -> None:
    """Measure both vintages, with and without revisions, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    arguments = parser.parse_args()
    earlier = read_panel(arguments.data, EARLIER)
    # The first years of this vintage are padded from one side only.
    earlier = Panel(earlier.key, earlier.counts.loc[FIRST_YEAR:])
    later = read_panel(arguments.data, LATER)
    rows = []
    for model in ("pooled", "sarimax110"):
        final = by_blocks(earlier, earlier, model, revised=False)
        rows.append({"model": model, "scored on": "the same vintage (pseudo)"} | final.to_dict())
        for revised in (False, True):
            label = "2024, with revision variance" if revised else "2024"
            found = by_blocks(earlier, later, model, revised=revised)
            rows.append({"model": model, "scored on": label} | found.to_dict())
    section = "\n".join(
        [
            "## Vintages",
            "",
            "Trained on the vintage of July 2022 (years 2002 to 2018), one year ahead, origins "
            "2008 to 2017. The revision variance is estimated from the same pair of vintages, "
            "leaving out the years scored in each block of two origins: in-sample, since there "
            "is only one pair and revisions of a country persist.",
            "",
            markdown(pd.DataFrame(rows)),
        ]
    )
    write_section(arguments.out, section, "vintages")


if __name__ == "__main__":
    main()
