"""talentcast backtest: how good would the models have been?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from features.series import series_keys
from models.evaluation.backtest import backtest as run
from models.shares.registry import DEFAULT_MODEL, ModelContext
from sources.covariates import read_covariates
from sources.reference_panel import load_reference_panel
from sources.registry import source_for
from talentcast.cli.options import Decimal, Json, ResearchersColumn
from talentcast.cli.output import print_rows, writing_into
from talentcast.cli.progress import progress_bar
from talentcast.cli.terminal import say
from talentcast.config import load_settings
from talentcast.domain.errors import UsageError
from talentcast.domain.types import Origin

#: The scores that fit on a line; all are in scores.parquet.
SHOWN = (
    "wis_weighted",
    "wis_top60",
    "wis_all",
    "energy_score_panel",
    "coverage_80_top60",
    "coverage_95_top60",
    "mase_top60",
)
#: More origins or horizons than there are years of any count are a slip of the finger.
_LONGEST_RANGE = 200


Counts = Annotated[
    str,
    typer.Option("--counts", metavar="FILE", help="CSV, Excel or Parquet of researcher counts."),
]
Origins = Annotated[str, typer.Option("--origins", metavar="FIRST:LAST", help="Forecast origins.")]
Out = Annotated[Path, typer.Option("--out", help="Folder for the two result tables.")]
Horizons = Annotated[str, typer.Option("--horizons", metavar="FIRST:LAST", help="Years ahead.")]
LastYear = Annotated[
    int | None,
    typer.Option("--last-year", help="Last year that the file has finished counting."),
]
Covariates = Annotated[
    Path | None, typer.Option("--covariates", help="CSV of country, year and numeric columns.")
]
Models = Annotated[
    list[str] | None, typer.Option("--model", help="Model to score; repeat for several.")
]


def backtest(
    *,
    counts: Counts,
    origins: Origins,
    out: Out,
    horizons: Horizons = "1:5",
    last_year: LastYear = None,
    covariates: Covariates = None,
    model: Models = None,
    researchers_column: ResearchersColumn = None,
    decimal: Decimal = None,
    json: Json = False,
) -> None:
    """Forecast from past origins and score against what came.

    Writes quantiles.parquet and scores.parquet.

    Example: talentcast backtest --counts counts.csv --origins 2008:2017 --horizons 1:5 --out scores
    """
    source = source_for(
        counts, researchers_column=researchers_column, decimal=decimal, settings=load_settings()
    )
    parsed = source.parse(source.download()).counts
    keys = series_keys(parsed)
    if len(keys) != 1:
        raise UsageError(
            f"{counts} holds {len(keys)} series; a backtest takes one. Split the file by "
            "population, counting_rule and source."
        )
    past = [Origin(year) for year in _range(origins, "--origins")]
    context = ModelContext(
        read_covariates(covariates), reference_panel=load_reference_panel(min(past))
    )
    with progress_bar() as update:
        result = run(
            parsed,
            keys[0],
            models=model or [DEFAULT_MODEL],
            origins=past,
            horizons=_range(horizons, "--horizons"),
            last_year=last_year,
            context=context,
            progress=lambda done, total: update("Backtesting", done, total),
        )
    with writing_into(out):
        result.quantiles.to_parquet(out / "quantiles.parquet", index=False)
        result.scores.to_parquet(out / "scores.parquet", index=False)
    print_rows(_summary(result.summary()), as_json=json, title="Mean over origins and horizons")
    if not json:
        say(f"Written: {out / 'quantiles.parquet'}, {out / 'scores.parquet'}")


def _summary(means: pd.DataFrame) -> list[dict[str, object]]:
    shown = [metric for metric in SHOWN if metric in means]
    return [
        {"model": model} | {metric: f"{row[metric]:.4f}" for metric in shown}
        for model, row in means.iterrows()
    ]


def _range(text: str, option: str) -> list[int]:
    """Read ``2008:2017`` or ``5`` as years, both ends included."""
    first, _, last = text.partition(":")
    try:
        years = range(int(first), int(last or first) + 1)
    except ValueError:
        years = range(0)
    if not 0 < years.stop - years.start <= _LONGEST_RANGE:
        raise UsageError(f"{option} {text!r} is no range. Write it as FIRST:LAST, such as 1:5.")
    return list(years)
