"""What a release is asked to contain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import IntEnum
from typing import TYPE_CHECKING, Final

import numpy as np

from models.evaluation.origins import MAX_ORIGINS
from models.shares.registry import BASELINES, DEFAULT_MODEL
from talentcast.domain.types import (
    PUBLISHED_HORIZONS,
    PUBLISHED_SAMPLES,
    SCORED_HORIZONS,
    Origin,
)
from talentcast.populations.catalogue import known_populations

if TYPE_CHECKING:
    from models.scenarios import Scenario

#: What a run is made from that names no source.
DEFAULT_SOURCES: Final = ("bundled", "synthetic_careers")
#: The default model, then the baselines it must beat.
USUAL_MODELS: Final = (DEFAULT_MODEL, *(name for name in BASELINES if name != DEFAULT_MODEL))

#: Of a further counting rule of a family: models, published samples, origins that are scored.
FURTHER_MODELS: Final = 2
FURTHER_SAMPLES: Final = 100
FURTHER_ORIGINS: Final = 5


#: Settings that a release states; names of files and columns are nobody's business.
_STATED: Final = (
    "models", "horizons", "scored_horizons", "n_draws", "n_samples", "n_origins", "seed",
)  # fmt: skip


class Stream(IntEnum):
    """Random numbers beside those of the forecasts themselves, each in a stream of its own."""

    REVISIONS = 1
    STAY_RATES = 2


@dataclass(frozen=True, slots=True)
class Plan:
    """Choices that decide the content of a release, besides its inputs and the code.

    Attributes:
        sources: Names of built-in sources, or paths of counts files and affiliation folders.
        populations: Populations to keep; empty for all that the sources hold.
        scenarios: Changed assumptions that the default model is also forecast under.
        researchers_column: Column of a counts file to read, where several could be meant.
        decimal: Decimal character of a counts file, where its cells do not decide.
        models: Models that forecast, the default one first; all are scored.
        n_draws: Joint draws behind every quantile and mean.
        n_samples: How many of them are published, for the default model.
        n_origins: On how many past origins every population is scored, at most.
        seed: Start of the random numbers; the same seed gives the same tables.
    """

    sources: tuple[str, ...]
    models: tuple[str, ...] = USUAL_MODELS
    populations: tuple[str, ...] = ()
    researchers_column: str | None = None
    decimal: str | None = None
    scenarios: tuple[Scenario, ...] = ()
    horizons: tuple[int, ...] = PUBLISHED_HORIZONS
    scored_horizons: tuple[int, ...] = SCORED_HORIZONS
    n_draws: int = 1000
    n_samples: int = PUBLISHED_SAMPLES
    n_origins: int = MAX_ORIGINS
    seed: int = 20241123

    @classmethod
    def asked(
        cls,
        *,
        sources: Sequence[str] = DEFAULT_SOURCES,
        models: Sequence[str] | None = None,
        populations: Sequence[str] | None = None,
        scenarios: Sequence[str] | None = None,
        researchers_column: str | None = None,
        decimal: str | None = None,
    ) -> Plan:
        """Return the plan of what a user names; nothing, or an empty list, is the usual.

        Raises:
            UsageError: If a scenario is neither bundled nor a file.
            InputRejectedError: If a scenario file is none.
        """
        return cls(
            sources=tuple(sources),
            models=tuple(models or USUAL_MODELS),
            populations=tuple(populations or ()),
            researchers_column=researchers_column,
            decimal=decimal,
            scenarios=_read(scenarios) if scenarios else (),
        )

    @property
    def default_model(self) -> str:
        """The model whose samples are published."""
        return self.models[0]

    def of(self, population: str) -> Plan:
        """Return the plan of one population.

        Where a family counts the same people or works by several rules, those beside the primary
        one are forecast with the default model and one baseline, publish fewer samples and are
        scored on fewer origins. A population may name models of its own; a run that names models
        keeps to those.
        """
        known = known_populations().get(population)
        if known is None:
            return self
        is_usual = self.models == USUAL_MODELS
        plan = replace(self, models=known.models) if known.models and is_usual else self
        if not known.is_further_rule:
            return plan
        return replace(
            plan,
            models=plan.models[:FURTHER_MODELS],
            n_samples=min(self.n_samples, FURTHER_SAMPLES),
            n_origins=min(self.n_origins, FURTHER_ORIGINS),
        )

    def settings(self) -> dict[str, object]:
        """Return the choices by name; sources are left out, their snapshots stand for them.

        What follows a `#` stays: one workbook holds several sheets.
        """
        chosen = asdict(self)
        del chosen["sources"]
        sheets = {source.partition("#")[2] for source in self.sources if "#" in source}
        return chosen | ({"sheets": sorted(sheets)} if sheets else {})

    def stated_settings(self) -> dict[str, object]:
        """Return the choices that a release states, as it reads them back: lists, no tuples."""
        chosen = {name: getattr(self, name) for name in _STATED}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in chosen.items()
        }

    def random(self, origin: Origin, stream: Stream) -> np.random.Generator:
        """Return the random numbers of one purpose; the same for every forecast from one origin."""
        return np.random.default_rng([self.seed, origin.year, stream])


def _read(scenarios: Sequence[str]) -> tuple[Scenario, ...]:
    from flows.steps.scenarios import read_scenario  # with all of the models of people behind it

    return tuple(read_scenario(name) for name in scenarios)
