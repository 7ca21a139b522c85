"""talentcast demo: a chart of a population that comes with the package."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from talentcast.cli.forecast import forecast
from talentcast.cli.terminal import say

Out = Annotated[Path, typer.Option("--out", metavar="FILE", help="Where the page goes.")]
Population = Annotated[
    str, typer.Option("--population", help="Which one; see: talentcast populations.")
]
Open = Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")]


def demo(
    *,
    population: Population = "neurips_authorships",
    out: Out = Path("talentcast-demo.html"),
    open_page: Open = True,
) -> None:
    """Forecast a population that comes with the package, and open a page with its chart.

    Needs no network, no server and no data of your own; nothing is published.

    Example: talentcast demo
    """
    forecast("bundled", population=[population], out=out, open_page=open_page)
    say()
    say("Your own counts: talentcast forecast counts.csv; releases: talentcast refresh")
