"""Scenarios: stated changes of an assumption, carried from individuals to flows and shares.

A scenario is a small YAML text that names who is meant and what changes. Everything else stays as
in the baseline, so that the difference between the two is the effect of the change alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import expit

from models.returns.model.incidence import (
    Hazards,
    incidence_of_return,
    log_odds,
    with_returns,
)
from models.shares.stock import StockDraws
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.tables import COUNTRY_PATTERN, NAME_PATTERN
from talentcast.domain.types import BASELINE

#: Where scenario files are described.
SCENARIO_PAGE: Final = "docs/method/returns.md#scenarios"

Kind = Literal["return_hazard", "stay_rate", "inflow"]
_FIELDS: Final[Mapping[str, frozenset[str]]] = {
    "return_hazard": frozenset({"factor"}),
    "stay_rate": frozenset({"points"}),
    "inflow": frozenset({"factor"}),
}
_COMMON: Final = frozenset({"change", "origin", "host", "first_year", "last_year"})


@dataclass(frozen=True, slots=True)
class Change:
    """One changed assumption.

    Attributes:
        kind: `return_hazard`: the yearly hazard of return times `amount`; `stay_rate`: the share
            still abroad after five years plus `amount` (0.1 is ten points); `inflow`: the number
            of newcomers times `amount`.
        origin: Origin country it is limited to; all where missing.
        host: Host country it is limited to; all where missing.
        first_year: First calendar year it holds; from the start where missing.
        last_year: Last calendar year it holds; to the end where missing.
    """

    kind: Kind
    amount: float
    origin: str | None = None
    host: str | None = None
    first_year: int | None = None
    last_year: int | None = None

    def applies_to(self, landmarks: pd.DataFrame) -> NDArray[np.bool_]:
        """Return which landmarks are meant."""
        meant = np.ones(len(landmarks), dtype=bool)
        if self.origin is not None:
            meant &= (landmarks["origin_country"] == self.origin).to_numpy()
        if self.host is not None:
            meant &= (landmarks["host_country"] == self.host).to_numpy()
        return meant

    def holds_in(self, years: Sequence[int]) -> NDArray[np.bool_]:
        """Return in which of these calendar years it holds."""
        first = -np.inf if self.first_year is None else self.first_year
        last = np.inf if self.last_year is None else self.last_year
        return np.array([first <= year <= last for year in years])


@dataclass(frozen=True, slots=True)
class Scenario:
    """A named set of changes."""

    name: str
    title: str
    changes: tuple[Change, ...]


#: The baseline: nothing changes.
UNCHANGED: Final = Scenario(BASELINE, "Nothing changes", ())


def parse_scenario(text: str) -> Scenario:
    """Read a scenario.

    Raises:
        InputRejectedError: `SCENARIO`, saying which field is wrong and what it may be.

    Example:
        >>> change = "{change: return_hazard, origin: CHN, factor: 1.5}"
        >>> scenario = parse_scenario(f"{{name: more, title: More, changes: [{change}]}}")
        >>> scenario.changes[0].amount
        1.5
    """
    try:
        values = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())
        raise _refused(f"the text is no YAML: {reason}") from None
    if not isinstance(values, dict) or set(values) != {"name", "title", "changes"}:
        raise _refused("it needs exactly the fields name, title and changes")
    name, title = values["name"], values["title"]
    if not isinstance(name, str) or not re.fullmatch(NAME_PATTERN, name) or name == BASELINE:
        raise _refused("the name is not small letters, digits, - and _, or is `baseline`")
    # Only texts are looked at: a few aliases of YAML can stand for a list of any length.
    if not isinstance(title, str) or not title.strip():
        raise _refused("the title is no text")
    changes = values["changes"]
    if not isinstance(changes, list) or not changes:
        raise _refused("changes must be a list of at least one change")
    return Scenario(name, title, tuple(_change(entry) for entry in changes))


def changed_hazards(scenario: Scenario, landmarks: pd.DataFrame, hazards: Hazards) -> Hazards:
    """Return the hazards of landmarks under a scenario.

    Args:
        scenario: What changes; changes apply one after another.
        landmarks: Landmarks; step k of the hazards lies k + 1 years after the landmark year.
        hazards: Shape (n_landmarks, n_steps, 2).
    """
    years = landmarks["landmark_year"].to_numpy(dtype=int)
    for change in scenario.changes:
        if change.kind == "inflow":
            continue
        steps = np.arange(1, hazards.shape[1] + 1)
        holds = change.holds_in(range(int(years.min()), int(years.max()) + len(steps) + 1))
        in_time = holds[years[:, None] + steps[None, :] - int(years.min())]
        meant = change.applies_to(landmarks)[:, None] & in_time
        if meant.any():
            hazards = _apply(change, hazards, meant)
    return hazards


def inflow_factor(scenario: Scenario, newcomers: pd.DataFrame, year: int) -> NDArray[np.float64]:
    """Return by how much each newcomer counts in a year: 1 where nothing changes."""
    factor = np.ones(len(newcomers))
    for change in scenario.changes:
        if change.kind == "inflow" and change.holds_in([year])[0]:
            factor = np.where(change.applies_to(newcomers), factor * change.amount, factor)
    return factor


def changed_draws(baseline: StockDraws, relative_change: pd.DataFrame) -> StockDraws:
    """Return forecasts under changed stocks, draw by draw; the shares of each still sum to 1.

    Args:
        baseline: Shares and stocks in which nothing is changed.
        relative_change: Index: horizon in years; columns: countries; values: stock under the
            scenario over stock in the baseline, less 1. Countries that are absent do not change.
    """
    draws = baseline.draws
    change = relative_change.reindex(index=list(draws.horizons), columns=list(draws.countries))
    factors = (1 + change.fillna(0.0).to_numpy(dtype=float))[:, None, :]
    grown = draws.shares * factors
    closed = replace(draws, shares=grown / grown.sum(axis=2, keepdims=True))
    return StockDraws(closed, baseline.stocks * factors)


def _apply(change: Change, hazards: Hazards, meant: NDArray[np.bool_]) -> Hazards:
    if change.kind == "return_hazard":
        returns = np.where(meant, hazards[:, :, 0] * change.amount, hazards[:, :, 0])
        return with_returns(hazards, np.clip(returns, 0, 1))
    rows = meant.any(axis=1)

    def stay_rate(delta: float) -> float:
        incidence = incidence_of_return(_shifted(hazards[rows], meant[rows], delta))
        return float(1 - incidence[:, -1].mean())

    wanted = stay_rate(0.0) + change.amount
    if not stay_rate(20.0) < wanted < stay_rate(-20.0):
        raise _refused(
            f"a stay rate changed by {100 * change.amount:+.0f} points would leave 0 to 100 %"
        )
    delta = float(brentq(lambda shift: stay_rate(shift) - wanted, -20.0, 20.0, xtol=1e-10))
    return _shifted(hazards, meant, delta)


def _shifted(hazards: Hazards, meant: NDArray[np.bool_], delta: float) -> Hazards:
    moved = expit(log_odds(hazards[:, :, 0]) + delta)
    return with_returns(hazards, np.where(meant, moved, hazards[:, :, 0]))


def _change(entry: Any) -> Change:
    if not isinstance(entry, dict) or not all(isinstance(field, str) for field in entry):
        raise _refused("a change is a list of fields and values")
    if not isinstance(entry.get("change"), str) or entry["change"] not in _FIELDS:
        raise _refused(f"each change needs `change`: one of {sorted(_FIELDS)}")
    kind: Kind = entry["change"]
    wanted = _FIELDS[kind]
    if unknown := set(entry) - _COMMON - wanted:
        raise _refused(f"a change of {kind} does not know {sorted(unknown)}")
    if missing := wanted - set(entry):
        raise _refused(f"a change of {kind} needs {sorted(missing)}")
    (field,) = wanted
    amount = entry[field]
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise _refused(f"{field} must be a number")
    if field == "factor" and not 0 <= amount <= 100:
        raise _refused("factor must lie within 0 to 100")
    if field == "points" and not -100 < amount < 100:
        raise _refused("points must lie within -100 to 100")
    for name in ("origin", "host"):
        value = entry.get(name)
        if value is None:
            continue
        if not isinstance(value, str) or not re.fullmatch(COUNTRY_PATTERN, value):
            raise _refused(f"{name} is no ISO 3166-1 alpha-3 code")
    for name in ("first_year", "last_year"):
        year = entry.get(name)
        if isinstance(year, bool) or not isinstance(year, int | None):
            raise _refused(f"{name} must be a year")
    return Change(
        kind,
        amount / 100 if field == "points" else float(amount),
        entry.get("origin"),
        entry.get("host"),
        entry.get("first_year"),
        entry.get("last_year"),
    )


def _refused(problem: str) -> InputRejectedError:
    return InputRejectedError(
        "SCENARIO", f"The scenario is not usable: {problem}. See {SCENARIO_PAGE}."
    )
