"""Which checks a release passed, and what part of its counts has no country."""

from __future__ import annotations

from typing import Final

import pandas as pd
from markupsafe import Markup

from readers import html
from readers.figures.figure import Figure
from readers.figures.view import View
from readers.html import Head
from readers.summaries.headlines import Headline
from readers.summaries.series import Series
from readers.summaries.source_line import SourceLine
from readers.summaries.wording import percent

#: Rows that a page shows at once.
SHOWN: Final = 30
#: Worst first.
_ORDER: Final = {"fail": 0, "could_not_run": 1, "warn": 2, "pass": 3}
_WORDS: Final = {"fail": "fail", "could_not_run": "could not run", "warn": "warn", "pass": "pass"}


def checks_headline(checks: pd.DataFrame) -> Headline:
    """Say how many checks passed."""
    counts = checks["outcome"].value_counts()
    others = [
        f"{counts[name]} {_WORDS[name]}" for name in _ORDER if name != "pass" and name in counts
    ]
    said = ", ".join(others) if others else "none warned"
    meaning = (
        "A check that fails stops a release, so what is published has none. A warning is for the "
        "reader to weigh."
    )
    title = f"{int(counts.get('pass', 0)):,} of {len(checks):,} checks passed; {said}"
    return Headline(title, ((meaning, False),))


def not_passed(checks: pd.DataFrame) -> Markup:
    """Return the checks that a reader must weigh; nothing if every one passed."""
    noted = checks[checks["outcome"] != "pass"]
    if noted.empty:
        return Markup()
    table = checks_table(noted.head(SHOWN), "Checks that did not pass")
    return html.heading("What to weigh") + table


def without_a_country(series: Series) -> str:
    """Say what part of the counts has no country."""
    known = series.history.dropna(subset=["unknown_share"])
    last = known[known["year"] == known["year"].max()]
    if last.empty:
        return (
            f"The source of {series.words.name} does not say how many have no known country; "
            "they are in the rest of the world."
        )
    return (
        f"In {int(last['year'].iloc[0])} {percent(100 * float(last['unknown_share'].iloc[0]))} of "
        f"{series.words.whole} had no known country."
    )


def every_check(view: View, checks: pd.DataFrame) -> Figure:
    """Return checks as a table, the worst first; all of them as a file."""
    ordered = checks.sort_values("outcome", key=lambda o: o.map(_ORDER), kind="stable")
    shown = ordered.head(SHOWN)
    return Figure(
        "quality",
        "Every check",
        SourceLine(
            unit="checks; affected rows are rows or groups that broke the rule",
            population="every table of the release and the inputs it was made from",
            counting="one row a check that ran",
            release_id=view.release_id,
            last_counted=str(view.full_series.last_counted),
            as_of=view.release.as_of.as_of,
        ),
        lambda: ordered.drop(columns="release_id"),
        numbers=checks_table(shown, f"{len(shown)} of {len(ordered)} checks, worst first"),
    )


def checks_table(rows: pd.DataFrame, caption: str) -> Markup:
    """Return checks as a table."""
    heads = [
        Head("Check", is_number=False),
        Head("Status", is_number=False),
        Head("Of", is_number=False),
        Head("Seen", is_number=False),
        Head("Allowed", is_number=False, is_secondary=True),
        Head("Affected rows"),
    ]
    cells = [
        [
            row["check"].replace("_", " ").lower(),
            _WORDS.get(row["outcome"], row["outcome"]),
            row["table"],
            ". ".join(filter(None, (row["observed"], row["message"]))),
            row["threshold"],
            f"{row['failing_rows']:,}",
        ]
        for row in rows.to_dict("records")
    ]
    return html.table(heads, cells, caption=caption)
