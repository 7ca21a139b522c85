"""Numbers and odds in words, the same on every page."""

from __future__ import annotations

import math
from typing import Final

MINUS: Final = "−"
EN_DASH: Final = "–"
#: Least share, in per cent, that is written with a digit.
_LEAST_SHARE: Final = 0.05


def percent(value: float, *, digits: int = 1, gap: str = "") -> str:
    """Write per cent; a small share never looks like none.

    Example:
        >>> percent(26.18), percent(0.04), percent(4.392, digits=2), percent(26.18, gap=" ")
        ('26.2%', '<0.1%', '4.39%', '26.2 %')
    """
    if 0 < value < _LEAST_SHARE:
        return f"<0.1{gap}%"
    return f"{value:.{digits}f}{gap}%"


def whole_percent(value: float) -> str:
    """Write per cent for a heading: whole, or one decimal below ten.

    Example:
        >>> whole_percent(26.18), whole_percent(4.39)
        ('26%', '4.4%')
    """
    return percent(value, digits=0 if value >= 10 else 1)


def points(value: float, *, digits: int = 1) -> str:
    """Write a change in percentage points.

    Example:
        >>> points(-0.41), points(0.1), points(0.01), points(0.01, digits=2)
        ('−0.4 pt', '+0.1 pt', '0.0 pt', '+0.01 pt')
    """
    rounded = round(value, digits)
    sign = "" if rounded == 0 else "+" if rounded > 0 else MINUS
    return f"{sign}{abs(rounded):.{digits}f} pt"


def count(value: float) -> str:
    """Write persons or authorships.

    Example:
        >>> count(12345.2)
        '12,345'
    """
    return f"{value:,.0f}"


def probability(value: float) -> str:
    """Write a probability; never 0 and never 100 per cent.

    Example:
        >>> probability(0.254), probability(0.0), probability(1.0)
        ('25%', '<1%', '>99%')
    """
    if value < 0.01:
        return "<1%"
    return ">99%" if value > 0.99 else f"{100 * value:.0f}%"


def odds(value: float) -> str:
    """Write a probability as odds.

    Example:
        >>> odds(0.62), odds(0.03), odds(0.001), odds(0.999)
        ('about 6 in 10', 'about 3 in 100', 'less than 1 in 100', 'more than 99 in 100')
    """
    if value < 0.01:
        return "less than 1 in 100"
    if value > 0.99:
        return "more than 99 in 100"
    if value < 0.05 or value > 0.95:
        return f"about {100 * value:.0f} in 100"
    return f"about {min(9, max(1, math.floor(10 * value + 0.5)))} in 10"


def likelihood(value: float) -> str:
    """Say how likely, for a sentence that has the number nearby.

    Example:
        >>> likelihood(0.95), likelihood(0.7), likelihood(0.5), likelihood(0.2)
        ('very likely', 'more likely than not', 'about as likely as not', 'unlikely')
    """
    if value > 0.9:
        return "very likely"
    if value > 0.6:
        return "more likely than not"
    return "about as likely as not" if value >= 0.4 else "unlikely"


def span(low: float, high: float, *, digits: int = 1) -> str:
    """Write a range.

    Example:
        >>> span(3.84, 5.06)
        '3.8–5.1'
    """
    return f"{low:.{digits}f}{EN_DASH}{high:.{digits}f}"


def year_list(years: list[int]) -> str:
    """Write years, joining neighbours.

    Example:
        >>> year_list([2016, 2018, 2019])
        '2016, 2018–19'
    """
    runs: list[list[int]] = []
    for year in sorted(years):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return ", ".join(
        str(run[0]) if len(run) == 1 else f"{run[0]}{EN_DASH}{run[-1] % 100:02d}" for run in runs
    )


def possessive(name: str) -> str:
    """Write whose.

    Example:
        >>> possessive("China"), possessive("United States")
        ('China’s', 'the United States’')
    """
    return f"{in_sentence(name)}’" if name.endswith("s") else f"{in_sentence(name)}’s"


def in_sentence(name: str) -> str:
    """Write a country as it stands inside a sentence.

    Example:
        >>> in_sentence("United Kingdom"), in_sentence("Japan")
        ('the United Kingdom', 'Japan')
    """
    if name == "Rest of world":
        return "the rest of the world"
    takes_article = name.startswith("United ") or name in (
        "Netherlands",
        "Philippines",
        "Czech Republic",
        "Dominican Republic",
    )
    return f"the {name}" if takes_article else name


def sentence(text: str) -> str:
    """Write with a capital first letter.

    Example:
        >>> sentence("the United States’ share")
        'The United States’ share'
    """
    return text[:1].upper() + text[1:]
