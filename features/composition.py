"""Compositions: closure, log-ratios and zeros.

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


def replace_zeros(shares: ArrayLike, *, floor: float) -> FloatArray:
    """Replace zero shares by `floor` and shrink the others by one common factor.

    Ratios between positive parts stay as they are (multiplicative replacement, Martin-Fernandez,
    Barcelo-Vidal and Pawlowsky-Glahn 2003, eq. 5).

    Args:
        shares: Shape (..., n_parts); rows sum to 1.
        floor: Share given to a zero, for example half of the smallest share that could be seen.

    Returns:
        Same shape, strictly positive; rows sum to 1.

    Raises:
        ValueError: If `floor` is not positive or the zeros of a row would take all of it.

    Example:
        >>> replace_zeros([0.0, 0.2, 0.8], floor=0.1)
        array([0.1 , 0.18, 0.72])
    """
    values = close(shares)
    zeros = values == 0
    taken = zeros.sum(axis=-1, keepdims=True) * floor
    if floor <= 0 or (taken >= 1).any():
        raise ValueError(f"A floor of {floor} leaves nothing for the positive parts.")
    return np.where(zeros, floor, values * (1 - taken))


def clr(shares: ArrayLike) -> FloatArray:
    """Map shares to centred log-ratios (Aitchison 1986, ch. 4).

    Args:
        shares: Shape (..., n_parts). Strictly positive; any positive sum.

    Returns:
        Same shape, in nats. Rows sum to 0.

    Raises:
        ValueError: If a share is zero, negative or missing. Replace zeros first.

    Example:
        >>> clr(np.array([[0.5, 0.5]])).round(3) + 0.0
        array([[0., 0.]])
    """
    logs = _logs(shares)
    return np.asarray(logs - logs.mean(axis=-1, keepdims=True))


def clr_inverse(ratios: ArrayLike) -> FloatArray:
    """Map centred log-ratios, shape (..., n_parts) in nats, back to shares that sum to 1."""
    return close_logs(ratios)


def alr(shares: ArrayLike) -> FloatArray:
    """Map shares to log-ratios against the last part (Aitchison 1986, ch. 6).

    Args:
        shares: Shape (..., n_parts). Strictly positive; any positive sum.

    Returns:
        Shape (..., n_parts - 1), in nats.

    Raises:
        ValueError: If a share is zero, negative or missing. Replace zeros first.

    Example:
        >>> alr([0.5, 0.25, 0.25]).round(3)
        array([0.693, 0.   ])
    """
    logs = _logs(shares)
    return np.asarray(logs[..., :-1] - logs[..., -1:])


def alr_inverse(ratios: ArrayLike) -> FloatArray:
    """Map log-ratios against the last part, shape (..., n_parts - 1), back to shares."""
    values = np.asarray(ratios, dtype=np.float64)
    return close_logs(np.concatenate([values, np.zeros((*values.shape[:-1], 1))], axis=-1))


def ilr(shares: ArrayLike) -> FloatArray:
    """Map shares to orthonormal log-ratios (Egozcue et al. 2003): distances are Aitchison's.

    Args:
        shares: Shape (..., n_parts). Strictly positive; any positive sum.

    Returns:
        Shape (..., n_parts - 1), in nats. The basis is `ilr_basis`.

    Raises:
        ValueError: If a share is zero, negative or missing. Replace zeros first.

    Example:
        >>> ilr([0.5, 0.5]).round(3) + 0.0
        array([0.])
    """
    centred = clr(shares)
    return np.asarray(centred @ ilr_basis(centred.shape[-1]).T)


def ilr_inverse(ratios: ArrayLike) -> FloatArray:
    """Map orthonormal log-ratios, shape (..., n_parts - 1), back to shares."""
    values = np.asarray(ratios, dtype=np.float64)
    return close_logs(values @ ilr_basis(values.shape[-1] + 1))


def ilr_basis(n_parts: int) -> FloatArray:
    """Return orthonormal contrasts of each part against the mean of those before it.

    Returns:
        Shape (n_parts - 1, n_parts); rows have length 1 and sum to 0.
    """
    contrasts = np.tri(n_parts - 1, n_parts)
    sizes = np.arange(1, n_parts)
    contrasts /= sizes[:, None]
    contrasts[sizes - 1, sizes] = -1
    return np.asarray(contrasts * np.sqrt(sizes / (sizes + 1))[:, None])


def _logs(shares: ArrayLike) -> FloatArray:
    values = np.asarray(shares, dtype=np.float64)
    if not np.isfinite(values).all() or (values <= 0).any():
        raise ValueError("Log-ratios need positive, finite shares. Use replace_zeros first.")
    return np.log(values)
