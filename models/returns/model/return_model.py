"""The return model: blend or base rate, whichever an earlier cut prefers, corrected for drift."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.person_period import Exit, chances_of_being_seen, stacked_steps
from models.returns.landmark_history import LandmarkHistory
from models.returns.model.base_rate import BaseRate, fit_base_rate
from models.returns.model.blend import Blend, fit_blend
from models.returns.model.drift import NO_DRIFT, CalendarDrift, log_loss_of_steps, measure_drift
from models.returns.model.incidence import Hazards, Incidence, as_seen, cumulative_incidence
from models.returns.model.members import STEPS, Training
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.types import Origin

#: The earlier cut lies this many years before the end of the training data.
INNER_YEARS: Final = 3
#: With fewer returns before the earlier cut, the members are not tried at all.
MIN_RETURNS: Final = 20
#: The earlier cut yields one ratio and one comparison: it needs less than the forecast itself.
_INNER_MAX_ROWS: Final = 5_000
_INNER_MAX_LANDMARKS: Final = 4_000
_INNER_FOREST_COST: Final = 120_000

Choice = Literal["blend", "base_rate"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which of the two was chosen at the earlier cut, and on what evidence.

    Attributes:
        reason: One sentence for the model card.
        blend_log_loss: Per person-period row after the earlier cut; missing if never tried.
        base_log_loss: Likewise, of the base rate.
        training_returns: Landmarks with a return in the whole training table.
    """

    choice: Choice
    reason: str
    blend_log_loss: float
    base_log_loss: float
    training_returns: int
    blend_drift: CalendarDrift
    base_drift: CalendarDrift


@dataclass(frozen=True, eq=False)
class ReturnModel:
    """A fitted model of returns.

    Attributes:
        origin: Last year whose records it has seen.
        blend: Missing where the training table was too small to fit it.
        seen_within: Shape (5,), chance of being seen within 1, 2, ... years of a move.
    """

    origin: Origin
    blend: Blend | None
    base_rate: BaseRate
    selection: Selection
    seen_within: NDArray[np.float64]

    @property
    def drift(self) -> CalendarDrift:
        """The correction of the one that was chosen."""
        chosen = self.selection
        return chosen.blend_drift if chosen.choice == "blend" else chosen.base_drift

    def hazards_before_drift(self, landmarks: pd.DataFrame) -> Hazards:
        """Return yearly hazards of return and of a third country for five years, uncorrected."""
        if self.blend is not None and self.selection.choice == "blend":
            return self.blend.hazards(landmarks)
        return self.base_rate.hazards(landmarks)

    def hazards_of_moves(self, landmarks: pd.DataFrame) -> Hazards:
        """Return the same in the year of the move, which shows with the next observation only."""
        return self.drift.shift(self.hazards_before_drift(landmarks))

    def hazards(self, landmarks: pd.DataFrame) -> Hazards:
        """Return yearly hazards of being seen at origin, and in a third country."""
        return self.as_seen(self.hazards_of_moves(landmarks))

    def as_seen(self, hazards: Hazards) -> Hazards:
        """Return when moves are seen; the base rate counts them in that year already."""
        if self.selection.choice == "base_rate":
            return hazards
        return as_seen(hazards, self.seen_within)

    def incidence(self, landmarks: pd.DataFrame) -> Incidence:
        """Return the probability to have been seen after each exit within 1 to 5 years.

        Shape (n_landmarks, 5, 2).
        """
        return cumulative_incidence(self.hazards(landmarks))


@dataclass(frozen=True, eq=False)
class TrainingTables:
    """Landmarks with outcomes as they stood at the origin year, and at an earlier cut."""

    origin: Origin
    table: pd.DataFrame
    inner_origin: Origin
    early: pd.DataFrame

    @classmethod
    def of(cls, history: LandmarkHistory, origin: Origin) -> TrainingTables:
        """Look up both tables in a history of any length."""
        inner = Origin(origin.year - INNER_YEARS)
        return cls(origin, history.before(origin), inner, history.before(inner))

    def without(self, fold: int) -> TrainingTables:
        """Drop the researchers of a fold, where landmarks have a column `fold`."""
        table, early = (
            part[part["fold"] != fold].reset_index(drop=True) for part in (self.table, self.early)
        )
        return replace(self, table=table, early=early)

    @property
    def late(self) -> pd.DataFrame:
        """Landmarks between the earlier cut and the origin year."""
        is_late = self.table["landmark_year"] >= self.inner_origin.year
        return self.table[is_late].reset_index(drop=True)


def fit_return_model(tables: TrainingTables, *, seed: int) -> ReturnModel:
    """Fit on everything known by the origin year.

    Raises:
        InputRejectedError: `NO_RETURNS` if nobody was ever seen abroad and again afterwards.
    """
    table = tables.table
    if not (table["next_exit"] >= 0).any():
        raise InputRejectedError(
            "NO_RETURNS",
            f"No researcher was observed abroad before {tables.origin.year} and seen again by "
            "then. Returns cannot be learned from that: give more years or more people.",
        )
    blend = None
    if _n_returns(table) >= MIN_RETURNS:
        blend = fit_blend(Training.of(table, np.random.default_rng(seed)), seed=seed)
    seen_within = chances_of_being_seen(table, tables.origin.year, STEPS)
    chosen = _select(tables, seed)
    return ReturnModel(tables.origin, blend, fit_base_rate(table), chosen, seen_within)


def _select(tables: TrainingTables, seed: int) -> Selection:
    """Fit both at the earlier cut and see which predicted the years since then better."""
    early, inner, rng = tables.early, tables.inner_origin, np.random.default_rng(seed)
    late = _sampled(tables.late, _INNER_MAX_LANDMARKS, rng)
    n_returns = _n_returns(tables.table)
    steps = stacked_steps(late, STEPS)
    if _n_returns(early) < MIN_RETURNS or steps.empty:
        reason = f"Fewer than {MIN_RETURNS} returns before {inner.year}: too few to try a model."
        return Selection("base_rate", reason, np.nan, np.nan, n_returns, NO_DRIFT, NO_DRIFT)
    training = Training.of(early, rng, max_rows=_INNER_MAX_ROWS)
    members = fit_blend(training, seed=seed, forest_cost=_INNER_FOREST_COST)
    blend = members.hazards(late)
    base = fit_base_rate(early).hazards(late)
    blend_loss, base_loss = log_loss_of_steps(blend, steps), log_loss_of_steps(base, steps)
    choice: Choice = "blend" if blend_loss < base_loss else "base_rate"
    reason = (
        f"Trained up to {inner.year}, the blend forecast the returns up to {tables.origin.year} "
        f"with log loss {blend_loss:.4f} per person-year, duration by origin with {base_loss:.4f}."
    )
    drifts = measure_drift(blend, steps), measure_drift(base, steps)
    return Selection(choice, reason, blend_loss, base_loss, n_returns, *drifts)


def _sampled(table: pd.DataFrame, n: int, rng: np.random.Generator) -> pd.DataFrame:
    if len(table) <= n:
        return table
    rows = np.sort(rng.choice(len(table), n, replace=False))
    return table.iloc[rows].reset_index(drop=True)


def _n_returns(table: pd.DataFrame) -> int:
    return int((table["exit"] == Exit.RETURN).sum())
