"""talentcast claim: how sure a share is that somebody reports of a sample."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from readers.api import read
from readers.summaries.claims import (
    LEVEL_PERCENT,
    ClaimedShare,
    claim_facts,
    others_figures,
    our_shares,
)
from sources.countries import country_code
from talentcast.cli.options import Home, Json
from talentcast.cli.output import plain_rows, print_rows
from talentcast.cli.terminal import say
from talentcast.domain.errors import StoreError, UsageError


def claim(
    *,
    share: Annotated[float, typer.Option("--share", help="0.42 for 42 percent.")],
    n: Annotated[int, typer.Option("--n", help="How many were sampled.")],
    than: Annotated[
        float | None, typer.Option("--than", help="Share of another sample to compare with.")
    ] = None,
    than_n: Annotated[int | None, typer.Option("--than-n", help="How many that one had.")] = None,
    country: Annotated[
        str | None, typer.Option("--country", help="Show what others and we say of this country.")
    ] = None,
    year: Annotated[int | None, typer.Option("--year", help="Only of this year.")] = None,
    home: Home = None,
    json: Json = False,
) -> None:
    """Say how sure a share of a sample is, and beside which figures it stands.

    The intervals are those of a random sample: a list of who came, or who is cited, is none, and
    is less sure than this says.

    Example: talentcast claim --share 0.42 --n 867 --than 0.59 --than-n 675 --country USA
    """
    claimed, other = ClaimedShare(share, n), _other(than, than_n)
    facts = claim_facts(claimed, other)
    tables = {} if country is None else _beside(_code(country), year, home)
    if json:
        print_rows([facts | tables], as_json=True)
        return
    say(
        f"{100 * share:.1f} % of {n}: {facts['lower']} to {facts['upper']} % "
        f"({LEVEL_PERCENT} %, Wilson)"
    )
    if other is not None:
        say(
            f"less {100 * other.share:.1f} % of {other.n}: {facts['difference_lower']} to "
            f"{facts['difference_upper']} points ({LEVEL_PERCENT} %, Newcombe): "
            + ("chance alone may explain it" if facts["may_be_chance"] else "more than chance")
        )
    for title, rows in tables.items():
        say(f"\n{title}")
        print_rows(rows, as_json=False)


def _code(country: str) -> str:
    code = country_code(country)
    if code is None:
        raise UsageError(
            f"No country is called {country!r}. Write a code such as KOR, or an English name.",
            parameters=("country",),
        )
    return code


def _other(share: float | None, n: int | None) -> ClaimedShare | None:
    if (share is None) != (n is None):
        raise UsageError(
            "A share to compare with needs its number, and the number its share.",
            parameters=("than", "than_n"),
        )
    return None if share is None or n is None else ClaimedShare(share, n)


def _beside(country: str, year: int | None, home: str | None) -> dict[str, list[dict[str, Any]]]:
    try:
        figures = read("published_figures", home=home)
        observations = read("observations", home=home)
    except StoreError:
        raise StoreError("There is no release to look at. Make one: talentcast refresh") from None
    tables = {
        "Published by others": others_figures(figures, country, year),
        "Counted in the latest release": our_shares(observations, country, year),
    }
    return {title: plain_rows(table) for title, table in tables.items() if len(table)}
