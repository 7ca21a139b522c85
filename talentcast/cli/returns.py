"""talentcast returns: how likely researchers abroad are to return."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import pandas as pd
import typer

from models.returns.evaluation.backtest import (
    BASELINE_MODEL,
    DEFAULT_MODEL,
    BacktestPlan,
    returns_backtest,
)
from models.returns.landmark_history import LandmarkHistory
from restricted.store import RestrictedStore
from talentcast.cli.commands import new_app
from talentcast.cli.options import Home, Json
from talentcast.cli.output import print_rows, writing_into
from talentcast.cli.terminal import say
from talentcast.config import load_settings
from talentcast.domain.errors import UsageError
from talentcast.domain.types import Origin

app = new_app(no_args_is_help=True, help="How likely researchers abroad are to return.")

#: The metrics that fit on a line; all are in scores.parquet.
SHOWN = ("brier_skill", "log_loss", "auc", "ici", "observed_over_expected")


@app.command()
def backtest(
    *,
    affiliations: Annotated[
        str, typer.Option("--affiliations", help="Folder or files of affiliation records.")
    ],
    cut_year: Annotated[
        int, typer.Option("--cut-year", help="Last year the models may learn from.")
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the two result tables.")],
    horizons: Annotated[
        str, typer.Option("--horizons", metavar="YEARS", help="Years ahead, separated by commas.")
    ] = "1,3,5",
    last_landmark_year: Annotated[
        int | None,
        typer.Option("--last-landmark-year", help="Score nobody observed abroad after this year."),
    ] = None,
    model: Annotated[
        list[str] | None, typer.Option("--model", help="Model to score; repeat for several.")
    ] = None,
    json: Json = False,
) -> None:
    """Predict returns from a past year and score against what came.

    Persons are disjoint and data cut in time. Publishes nothing and needs no key. Writes
    predictions.parquet and scores.parquet.

    Example: talentcast returns backtest --affiliations careers --cut-year 2017 --out scores
    """
    # Both take seconds: not for a page of help.
    from flows.steps.look import records_at_hand
    from flows.steps.records import workers_of

    plan = BacktestPlan(
        cut=Origin(cut_year),
        horizons=_years(horizons),
        models=tuple(model or (DEFAULT_MODEL, BASELINE_MODEL)),
        last_landmark_year=last_landmark_year,
    )
    settings = load_settings()
    with records_at_hand(affiliations, settings) as found:
        history = LandmarkHistory.of(found.parts)
        result = returns_backtest(history, plan, mapper=workers_of(settings))
    with writing_into(out):
        result.predictions.to_parquet(out / "predictions.parquet", index=False)
        result.scores.to_parquet(out / "scores.parquet", index=False)
    print_rows(_summary(result.scores), as_json=json, title="Everyone, weighted for censoring")
    for warning in result.warnings:
        say(f"Warning: {warning}", err=True)
    if not json:
        say(f"Written: {out / 'predictions.parquet'}, {out / 'scores.parquet'}")


@app.command()
def forget(
    pseudonym: Annotated[str, typer.Argument(help="64 hexadecimal digits; never an id or a name.")],
    *,
    home: Home = None,
) -> None:
    """Remove a person from everything restricted, for good, and keep them out.

    The next release is made without them.

    Example: talentcast returns forget 3f9c...e1
    """
    settings = load_settings(home)
    store = RestrictedStore(settings.restricted, releases=settings.releases)
    removed = store.forget(pseudonym, forgotten_at=datetime.now(UTC))
    say(f"Removed {removed} rows. Publish again without this person: talentcast refresh")


@app.command()
def read(
    *,
    reason: Annotated[str, typer.Option("--reason", help="Why; it is written to the access log.")],
    home: Home = None,
    json: Json = False,
) -> None:
    """Read individual rows, unranked; needs TALENTCAST_ALLOW_INDIVIDUAL=1, and is logged.

    Example: talentcast returns read --reason "audit of the calibration, ticket 12"
    """
    settings = load_settings(home)
    store = RestrictedStore(settings.restricted, releases=settings.releases)
    rows = store.read_likelihoods(
        reason=reason, allow_individual=settings.allow_individual, read_at=datetime.now(UTC)
    )
    print_rows(
        [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")],
        as_json=json,
    )


def _summary(scores: pd.DataFrame) -> list[dict[str, object]]:
    everyone = scores[(scores["group"] == "all") & scores["metric"].isin(SHOWN)]
    table = everyone.pivot_table(
        index=["model", "horizon_years"], columns="metric", values="value"
    ).reset_index()
    return [
        {"model": row["model"], "horizon": row["horizon_years"]}
        | {metric: f"{row[metric]:.4f}" for metric in SHOWN if metric in row}
        for row in table.to_dict("records")
    ]


def _years(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--horizons {text!r} is no list of years. Write it as 1,3,5.") from None
