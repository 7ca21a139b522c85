"""Which people a model learns from where there are more than a fit needs.

A person is drawn by a hash of the id and a seed: neither by who else is there, nor by how the
records are divided into parts. A sample is halved until it is small enough.
"""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Draws = NDArray[np.uint64]


def draws_of(researcher_ids: pd.Series, seed: int) -> Draws:
    """Return a number for each row: evenly spread over people, the same in all of one's rows."""
    codes, names = pd.factorize(researcher_ids)
    digests = (hashlib.sha256(f"{seed} {name}".encode()).digest() for name in names)
    drawn = np.array([int.from_bytes(digest[:8]) for digest in digests], dtype=np.uint64)
    return drawn[codes]


def halvings_for(draws: Draws, most: int) -> int:
    """Return how often a sample must be halved until at most so many rows are left.

    Example:
        >>> quarters = (np.arange(4) * 2.0**62).astype(np.uint64)
        >>> [halvings_for(quarters, most) for most in (4, 3, 2, 1)]
        [0, 1, 1, 2]
    """
    halvings = 0
    while np.count_nonzero(is_drawn(draws, halvings)) > most:
        halvings += 1
    return halvings


def is_drawn(draws: Draws, halvings: int) -> NDArray[np.bool_]:
    """Return which rows are in a sample that was halved so often."""
    return np.asarray(draws >> np.uint64(1) < np.uint64(1 << (63 - halvings)))
