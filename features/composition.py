"""Compositions: closure and log-ratios.

A composition is a row of non-negative parts of which only the ratios carry information. Notation
follows Aitchison (1986), The Statistical Analysis of Compositional Data.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

FloatArray = NDArray[np.float64]


def close(parts: ArrayLike) -> FloatArray:
    """Divide parts by their sum.

    Args:
        parts: Shape (..., n_parts). Non-negative and finite; each row has a positive part.

    Returns:
        Same shape; rows sum to 1.

    Raises:
        ValueError: If a part is negative or not finite, or a row is all zero.

    Example:
        >>> close([1.0, 3.0])
        array([0.25, 0.75])
    """
    values = np.asarray(parts, dtype=np.float64)
    if not np.isfinite(values).all() or (values < 0).any():
        raise ValueError("Parts must be finite and not negative. Fill missing parts first.")
    largest = values.max(axis=-1, keepdims=True)
    if (largest == 0).any():
        raise ValueError("A composition without a positive part cannot be closed.")
    # Dividing by the largest part first keeps the sum of huge parts finite.
    scaled = values / largest
    return np.asarray(scaled / scaled.sum(axis=-1, keepdims=True))


def close_logs(log_parts: ArrayLike) -> FloatArray:
    """Return the composition whose parts have these logarithms, up to a common constant.

    Args:
        log_parts: Shape (..., n_parts), in nats, finite.

    Returns:
        Same shape; rows sum to 1.

    Example:
        >>> close_logs([1000.0, 1000.0])
        array([0.5, 0.5])
    """
    values = np.asarray(log_parts, dtype=np.float64)
    parts = values - values.max(axis=-1, keepdims=True)
    # In place: draws of a large panel fill memory several times over otherwise.
    np.exp(parts, out=parts)
    parts /= parts.sum(axis=-1, keepdims=True)
    return np.asarray(parts)


def clr(shares: ArrayLike) -> FloatArray:
    """Map shares to centred log-ratios (Aitchison 1986, ch. 4).

    Args:
        shares: Shape (..., n_parts). Strictly positive; any positive sum.

    Returns:
        Same shape, in nats. Rows sum to 0.

    Raises:
        ValueError: If a share is zero, negative or missing.

    Example:
        >>> clr(np.array([[0.5, 0.5]])).round(3) + 0.0
        array([[0., 0.]])
    """
    values = np.asarray(shares, dtype=np.float64)
    if not np.isfinite(values).all() or (values <= 0).any():
        raise ValueError("Log-ratios need positive, finite shares.")
    logs = np.log(values)
    return np.asarray(logs - logs.mean(axis=-1, keepdims=True))
