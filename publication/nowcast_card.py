"""Model card of nowcasts: how full each unfinished year is taken to be, and how that is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from talentcast.domain.types import NOWCAST_TOPIC


@dataclass(frozen=True, slots=True)
class NowcastFact:
    """One unfinished year.

    Attributes:
        overall: Part of it that is taken to be counted.
        learned_from: Earlier years that were watched while they filled up; none if stated.
    """

    year: int
    overall: float
    learned_from: tuple[int, ...] = ()

    def text(self) -> str:
        """Return a sentence for a reader."""
        basis = (
            f"learned from own vintages of {', '.join(map(str, self.learned_from))}, and what "
            "the file of the population states"
            if self.learned_from
            else "stated by the file of the population, not learned from own vintages"
        )
        return f"{self.year} is estimated: about {self.overall:.0%} of it is counted ({basis})."


def nowcast_card(model: str, population: str, facts: Sequence[NowcastFact]) -> pd.DataFrame:
    """Return `model_cards` rows without `release_id`."""
    text = " ".join(fact.text() for fact in facts)
    return pd.DataFrame(
        {"model": [model], "population": [population], "topic": [NOWCAST_TOPIC], "text": [text]}
    )
