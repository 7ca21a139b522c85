"""Small panels cut out of a large one: random groups of countries, counted in teams.

Yearly shares of a few thousand authorships move by chance more than those of a million scholars do,
and the authors of a paper are counted together. Groups of countries of the reference panel, counted
as coarsely as the small panel is, show how much of such movement lasts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.panel import Panel
from models.shares.pooled.history import History
from talentcast.domain.types import REST_OF_WORLD

FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class CutSettings:
    """How small panels are cut.

    Attributes:
        n_parts: Parts of all cut panels together.
        team_size: Authors that are counted together, on average.
        largest_group: Countries that make up one part at most.
        smallest_share: Of a part in the last year.
        seed: Of the cuts.
    """

    n_parts: int = 120
    team_size: float = 2.0
    largest_group: int = 5
    smallest_share: float = 0.02
    seed: int = 7


def cut_panels(reference: Panel, panel: Panel, settings: CutSettings) -> History | None:
    """Return panels of random groups of countries, counted like the small panel, side by side.

    Args:
        reference: Panel with many countries; its last year is matched with that of `panel`.
        panel: Gives the number of parts and how many are counted each year.
        settings: Of the cuts.

    Returns:
        None where no group of countries makes up a large enough part.
    """
    counts = (
        reference.carried_forward()
        .drop(columns=REST_OF_WORLD, errors="ignore")
        .to_numpy(np.float64)
    )
    n_years, n_parts = len(counts), len(panel.countries)
    rng = np.random.default_rng([settings.seed, reference.origin.year, n_parts])
    n_teams = _totals(panel, n_years)[:, None] / settings.team_size
    smallest = min(settings.smallest_share, 0.3 / n_parts**1.5)
    n_panels = max(settings.n_parts // n_parts, 8)
    found: list[FloatArray] = []
    for _ in range(50 * n_panels):
        shares = _random_groups(counts, n_parts, settings.largest_group, rng)
        if shares is not None and shares[-1].min() >= smallest:
            found.append(np.maximum(rng.poisson(shares * n_teams) * settings.team_size, 1.0))
        if len(found) == n_panels:
            break
    if not found:
        return None
    logs = [np.log(each / each.sum(axis=1, keepdims=True)) for each in found]
    drawn = np.hstack(found)
    return History(np.hstack(logs), drawn, np.ones(drawn.shape, dtype=bool))


def _totals(panel: Panel, n_years: int) -> FloatArray:
    """Return the totals of the last so many years, the first one repeated where it is shorter."""
    totals = panel.totals().ffill().bfill().to_numpy(dtype=np.float64)
    missing = max(n_years - len(totals), 0)
    return np.concatenate([np.repeat(totals[:1], missing), totals])[-n_years:]


def _random_groups(
    counts: FloatArray, n_parts: int, largest: int, rng: np.random.Generator
) -> FloatArray | None:
    """Return shares of random groups of countries, None where they are more than there are."""
    n_countries = counts.shape[1]
    ends = np.cumsum(rng.integers(1, largest + 1, n_parts))
    order = rng.permutation(n_countries)
    if ends[-1] > n_countries:
        return None
    starts = np.concatenate([[0], ends[:-1]])
    grouped = [counts[:, order[a:b]].sum(axis=1) for a, b in zip(starts, ends, strict=True)]
    parts = np.column_stack(grouped)
    return np.asarray(parts / parts.sum(axis=1, keepdims=True))
