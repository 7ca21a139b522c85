"""talentcast forecast: what comes next in a file, at a glance."""

from __future__ import annotations

import json as json_module
import sys
import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from talentcast.cli.options import Decimal, Json, ResearchersColumn
from talentcast.cli.output import print_table, print_warnings
from talentcast.cli.terminal import say
from talentcast.domain.errors import UsageError
from talentcast.domain.types import PUBLISHED_HORIZONS
from talentcast.store.failures import storage_failures

if TYPE_CHECKING:
    import pandas as pd

    from flows.steps.quick_look import QuickLook
    from readers.summaries.series import Series
    from talentcast.config import Settings

File = Annotated[
    str,
    typer.Argument(
        help="CSV, Excel or Parquet file of counts, its https:// address, or a built-in source."
    ),
]
Model = Annotated[str | None, typer.Option("--model", help="Model [default: that of releases].")]
Countries = Annotated[
    str | None,
    typer.Option("--countries", metavar="A,B", help="Only these: codes or English names."),
]
Horizon = Annotated[
    int,
    typer.Option(
        "--horizon", min=1, max=max(PUBLISHED_HORIZONS), help="Years ahead that are shown."
    ),
]
Population = Annotated[
    list[str] | None, typer.Option("--population", help="Keep only this; repeat for several.")
]
CsvFile = Annotated[
    Path | None, typer.Option("--csv", metavar="FILE", help="Write past and forecast shares.")
]
Out = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Write a page with charts (HTML).")
]
Open = Annotated[bool, typer.Option("--open", help="Write that page and open it.")]


def forecast(
    file: File,
    *,
    model: Model = None,
    countries: Countries = None,
    horizon: Horizon = 5,
    population: Population = None,
    researchers_column: ResearchersColumn = None,
    decimal: Decimal = None,
    csv: CsvFile = None,
    out: Out = None,
    open_page: Open = False,
    json: Json = False,
) -> None:
    """Forecast the shares in a file on the spot; nothing is published or kept.

    The numbers are those that `talentcast refresh --source FILE` would publish.

    Example: talentcast forecast counts.csv
    """
    from flows.steps.plan import Plan  # the models: not for a page of help
    from flows.steps.quick_look import quick_look
    from readers.share_table import chosen_countries
    from sources.registry import source_for

    source = source_for(
        file,
        researchers_column=researchers_column,
        decimal=decimal,
        wanted=population or (),
        settings=_settings(file),
    )
    plan = Plan.asked(sources=(file,), models=(model,) if model else None, populations=population)
    look = quick_look(source, plan)
    shown = [(one.until(horizon), chosen_countries(one, countries)) for one in look.series]
    if json:
        say(json_module.dumps(_rows(shown).to_dict("records"), indent=2))
    else:
        _print(look, shown)
    if csv is not None:
        _write_csv(csv, shown)
    if out is not None or open_page:
        _write_page(look, [series for series, _ in shown], out, opens=open_page)


def _settings(file: str) -> Settings | None:
    """Return the settings of a source that is not a file; a file needs none."""
    from sources.registry import BUILT_IN

    if "://" not in file and file not in BUILT_IN:
        return None
    from talentcast.config import load_settings

    return load_settings()


def _print(look: QuickLook, shown: list[tuple[Series, list[str]]]) -> None:
    from readers.share_table import share_table

    for line in look.understood:
        say(line)
    for series, codes in shown:
        key = series.key
        say()
        title = f"{key.population} ({key.counting_rule}, {key.source}), model {series.model}"
        print_table(*share_table(series, codes, has_bars=_shows_bars()), title=title)
        if left := len(series.names) - len(codes):
            say(f"and {left} more: --countries, --csv")
    print_warnings(look.report.warned)


def _shows_bars() -> bool:
    """Return whether the output can show bars."""
    return (sys.stdout.encoding or "").lower().startswith("utf")


def _rows(shown: list[tuple[Series, list[str]]]) -> pd.DataFrame:
    import pandas as pd

    from readers.summaries.describe import share_rows

    return pd.concat([share_rows(series, codes) for series, codes in shown], ignore_index=True)


def _write_csv(path: Path, shown: list[tuple[Series, list[str]]]) -> None:
    from readers.export.text import safe_csv

    _write(path, safe_csv(_rows(shown)))


def _write_page(look: QuickLook, series: list[Series], out: Path | None, *, opens: bool) -> None:
    from readers.report.quick_page import quick_page

    warnings = [f"{result.check} on {result.table}" for result in look.report.warned]
    page = quick_page(series, as_of=look.as_of.as_of, understood=look.understood, warnings=warnings)
    path = out or Path(tempfile.mkdtemp(prefix="talentcast-")) / "forecast.html"
    _write(path, page)
    if opens and not webbrowser.open(path.resolve().as_uri()):
        say(f"No browser was found; open {path} in one.", err=True)


def _write(path: Path, text: str) -> None:
    if path.is_dir():
        raise UsageError(f"{path} is a folder. Name a file.")
    with storage_failures(path.parent, parameter="out"):
        path.write_text(text, encoding="utf-8")
    say(f"Written: {path}", err=True)
