"""Quantiles of draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from talentcast.domain.types import QUANTILE_LEVELS

LEVELS: Final = np.array(QUANTILE_LEVELS)


def quantiles(
    draws: NDArray[np.float64], *, levels: Sequence[float] = QUANTILE_LEVELS, axis: int = 0
) -> NDArray[np.float64]:
    """Return quantiles along one axis, which becomes the axis of levels.

    Linear between order statistics (Hyndman and Fan 1996, type 7), as `numpy.quantile`; one sort
    for all levels takes a fraction of the time.

    Example:
        >>> quantiles(np.array([3.0, 1.0, 2.0]), levels=[0.25, 0.5])
        array([1.5, 2. ])
    """
    # Sorting in place of a moved axis would copy column by column, at twice the time.
    ordered = np.moveaxis(np.sort(draws, axis=axis), axis, -1)
    position = np.asarray(levels) * (ordered.shape[-1] - 1)
    below = np.floor(position).astype(np.int64)
    above = np.minimum(below + 1, ordered.shape[-1] - 1)
    part = position - below
    result = ordered[..., below] * (1 - part) + ordered[..., above] * part
    # Rounding of the weighted mean must not make two levels cross by one unit in the last place.
    return np.moveaxis(np.maximum.accumulate(result, axis=-1), -1, axis)
