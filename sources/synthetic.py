"""Synthetic careers: people who do not exist, for demonstration. The bytes are how to draw them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date
from typing import Final

from talentcast.domain.provenance import RawFile
from talentcast.domain.types import Vintage

NAME: Final = "synthetic_careers"
#: Last year in which the simulated world is observed.
LAST_YEAR: Final = 2025


@dataclass(frozen=True, slots=True)
class Simulation:
    """How many people are drawn, and from which random numbers."""

    people: int = 15_000
    seed: int = 20241123


@dataclass(frozen=True, slots=True)
class SyntheticCareers:
    """The demonstration people; every table made from them carries `synthetic` in its names."""

    name: str = NAME
    title: str = "SYNTHETIC careers of people who do not exist, for demonstration"
    licence: str = "MIT"
    url: str = "models/simulation/careers.py"
    simulation: Simulation = Simulation()

    def download(self) -> list[RawFile]:
        """Return the one file: what is simulated."""
        content = json.dumps(asdict(self.simulation), sort_keys=True).encode()
        vintage = Vintage(date(LAST_YEAR, 12, 31))
        return [RawFile("simulation.json", content, NAME, self.url, self.licence, vintage)]


def parse_simulation(raw: RawFile) -> Simulation:
    """Read the one file back."""
    return Simulation(**json.loads(raw.content))
