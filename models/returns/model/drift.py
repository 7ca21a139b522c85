"""Calendar drift: are returns getting rarer or commoner than the past says?

A model trained up to one year meets the years after it, and every model of returns has promised
too many of them for those. An earlier cut shows how far off the same model was over the years just
before the training data end; that ratio, shrunk, is carried forward.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from scipy.special import expit

from features.person_period import Exit
from models.returns.model.incidence import Hazards, log_odds, with_returns

#: The ratio is shrunk towards 1 as if this many returns more had been both seen and expected.
PRIOR_RETURNS: Final = 10.0


@dataclass(frozen=True, slots=True)
class CalendarDrift:
    """Returns seen and expected over the years just before the training data end."""

    observed: float
    expected: float

    @property
    def ratio(self) -> float:
        """Observed over expected, shrunk towards 1.

        Example:
            >>> CalendarDrift(observed=5.0, expected=20.0).ratio
            0.5
        """
        return (self.observed + PRIOR_RETURNS) / (self.expected + PRIOR_RETURNS)

    def shift(self, hazards: Hazards) -> Hazards:
        """Return hazards with the log-odds of return shifted by the log of the ratio."""
        return with_returns(hazards, expit(log_odds(hazards[:, :, 0]) + np.log(self.ratio)))


NO_DRIFT: Final = CalendarDrift(0.0, 0.0)


def measure_drift(hazards: Hazards, steps: pd.DataFrame) -> CalendarDrift:
    """Compare predicted hazards with what the person-period rows of later years show.

    Args:
        hazards: Of the landmarks that `steps` refers to, by a model that did not see them.
        steps: From `features.person_period.stacked_steps`.
    """
    expected, is_return, weight = _expected(hazards, steps)
    return CalendarDrift(float(weight @ is_return), float(weight @ expected))


def log_loss_of_steps(hazards: Hazards, steps: pd.DataFrame) -> float:
    """Return the mean log loss of yearly hazards of return, in nats per person-period row."""
    expected, is_return, weight = _expected(hazards, steps)
    inside = np.clip(expected, 1e-6, 1 - 1e-6)
    losses = np.where(is_return, -np.log(inside), -np.log1p(-inside))
    return float(np.average(losses, weights=weight))


def _expected(hazards: Hazards, steps: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    position, step = steps["position"].to_numpy(), steps["step"].to_numpy()
    is_return = steps["exit"].to_numpy() == Exit.RETURN
    return hazards[position, step, 0], is_return, steps["weight"].to_numpy()
