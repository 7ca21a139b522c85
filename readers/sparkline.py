"""A course of numbers as a line of text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

_BARS: Final = "▁▂▃▄▅▆▇█"


def sparkline(past: Sequence[float], ahead: Sequence[float]) -> str:
    """Return one bar a number, from 0 to the largest; a line stands between past and future.

    Example:
        >>> sparkline([1, 2, 4], [6, 8])
        '▂▃▅│▇█'
    """
    top = max(*past, *ahead, 0) or 1.0
    bars = [_BARS[min(int(value / top * len(_BARS)), len(_BARS) - 1)] for value in (*past, *ahead)]
    return f"{''.join(bars[: len(past)])}│{''.join(bars[len(past) :])}"
