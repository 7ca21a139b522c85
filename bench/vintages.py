"""How much worse forecasts are when they are trained on one vintage and scored on a later one.

Usage: python -m bench.vintages --data FOLDER

There is one pair of vintages, July 2022 and July 2024. Revisions are learned from four fifths of
the countries and scored on the rest, in turn.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import pandas as pd

from bench.shares import ORIGINS, markdown, read_panel, write_section
from features.panel import Panel
from features.vintage_pairs import seen_revisions
from models.evaluation.across_vintages import N_FOLDS, backtest_across_vintages
from models.evaluation.backtest import Backtest, backtest_panel
from models.shares.later_vintage import learn_revisions
from talentcast.domain.types import Origin, Target

EARLIER, LATER = "scopus_2022_07", "scopus"
YEARS_BETWEEN: Final = 2.0
FIRST_YEAR: Final = 2002
MODELS: Final = ("pooled", "sarimax110")
HORIZONS: Final = range(1, 6)
#: The last one is the last year that the earlier vintage had finished.
ALL_ORIGINS: Final = [*ORIGINS, Origin(2018)]
METRICS: Final = ["wis_weighted", "wis_top60", "wis_all"]
LEVELS: Final = (50, 80, 95)


def summary(result: Backtest, label: str) -> pd.DataFrame:
    """Return one row per model: errors, and how often ranges of all countries held."""
    scores = result.scores[result.scores["target"] == Target.SHARE]
    means = result.summary()
    held = scores[(scores["country_group"] == "all") & (scores["metric"] == "coverage_80")]
    by_horizon = held.pivot_table(index="model", columns="horizon_years", values="value")
    rows = means[METRICS].assign(
        **{f"held_{level}": means[f"coverage_{level}_all"] for level in LEVELS},
        held_80_top60=[
            scores.query(
                "model == @model and metric == 'coverage_80' and country_group == 'top60'"
            )["value"].mean()
            for model in means.index
        ],
    )
    rows = rows.join(by_horizon.rename(columns=lambda years: f"h{years}"))
    return rows.reset_index().assign(scored_on=label)


def compare(earlier: Panel, later: Panel) -> pd.DataFrame:
    """Score on the same vintage, on the later one, and on the later one with revisions."""
    same = backtest_panel(earlier, models=MODELS, origins=ALL_ORIGINS, horizons=HORIZONS)
    plain = backtest_panel(
        earlier, models=MODELS, origins=ALL_ORIGINS, horizons=HORIZONS, truth=later
    )
    revised = backtest_across_vintages(
        earlier,
        later,
        years_between=YEARS_BETWEEN,
        models=MODELS,
        origins=ALL_ORIGINS,
        horizons=HORIZONS,
    )
    labels = {"the same vintage (pseudo)": same, "2024": plain, "2024, with revisions": revised}
    found = pd.concat(summary(result, label) for label, result in labels.items())
    first = ["model", "scored_on"]
    return found[[*first, *(name for name in found if name not in first)]].sort_values(
        "model", kind="stable"
    )


def main() -> None:
    """Measure, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    arguments = parser.parse_args()
    earlier = read_panel(arguments.data, EARLIER)
    # The first years of this vintage are padded from one side only.
    earlier = Panel(earlier.key, earlier.counts.loc[FIRST_YEAR:])
    later = read_panel(arguments.data, LATER)
    learned = learn_revisions(seen_revisions(earlier, later, years_between=YEARS_BETWEEN))
    print(f"Learned from all countries: {learned}")
    table = markdown(compare(earlier, later))
    print(table)
    section = "\n".join(["## Vintages", "", _EXPLAINED, "", table])
    write_section(arguments.out, section, "vintages")


_EXPLAINED: Final = (
    "`python -m bench.vintages --data FOLDER`. "
    "Trained on the vintage of July 2022 (years 2002 to 2018), origins 2008 to 2018, one to five "
    "years ahead; scored on that vintage, and on that of July 2024. How often 50, 80 and 95 % "
    "ranges held: of all countries; of the 60 largest; and 80 % by years ahead. Revisions are "
    f"learned in {N_FOLDS} folds of countries from the others, so no country is scored with what "
    "it taught; the pair of vintages is the same, and it is the only one."
)

if __name__ == "__main__":
    main()
