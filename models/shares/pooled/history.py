"""What the pooled model sees of a panel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.panel import Panel

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class History:
    """Log shares with gaps filled and flagged; arrays of shape (n_years, n_countries).

    Attributes:
        log_shares: In nats. Inside a series a gap is interpolated, at its end carried forward.
        counts: Persons, filled likewise.
        is_seen: False where a value was filled in; such values make no error to learn from.
    """

    log_shares: FloatArray
    counts: FloatArray
    is_seen: NDArray[np.bool_]

    @classmethod
    def of(cls, panel: Panel) -> History:
        """Read a panel."""
        counts = panel.counts.to_numpy(dtype=np.float64)
        return cls(
            log_shares=_filled(np.log(panel.shares().to_numpy(dtype=np.float64))),
            counts=np.exp(_filled(np.log(counts))),
            is_seen=np.isfinite(counts),
        )

    def between(self, first: int, end: int) -> History:
        """Return the years from position `first` to the one before `end`."""
        return History(self.log_shares[first:end], self.counts[first:end], self.is_seen[first:end])

    @property
    def n_years(self) -> int:
        """Years from first to last."""
        return int(self.log_shares.shape[0])

    @property
    def n_countries(self) -> int:
        """Parts of the composition."""
        return int(self.log_shares.shape[1])


def recency(n_years: int, *, half_life: float) -> FloatArray:
    """Return weights that halve every `half_life` years back; the last year weighs 1."""
    return np.asarray(0.5 ** (np.arange(n_years)[::-1] / half_life))


def _filled(logs: FloatArray) -> FloatArray:
    if np.isfinite(logs).all():
        return logs
    inside = pd.DataFrame(logs).interpolate(limit_area="inside")
    return inside.ffill().bfill().to_numpy(dtype=np.float64)
