"""Small frozen values that make wrong calls hard."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from talentcast.domain.errors import UsageError

REST_OF_WORLD: Final = "ROW"
UNKNOWN_COUNTRY: Final = "UNK"
#: Scenario name of forecasts in which nothing is changed.
BASELINE: Final = "baseline"
#: Topic of a row of `model_cards` that is about unfinished years.
NOWCAST_TOPIC: Final = "nowcast"
#: Topic of a row that is about revisions, and which vintage forecasts are about.
REVISION_TOPIC: Final = "revisions"
#: Metrics of models that were trained on one vintage and scored on a later one.
ACROSS_VINTAGES: Final = {
    name: f"{name}_across_vintages" for name in ("wis", "coverage_50", "coverage_80", "coverage_95")
}

#: The 23 published quantile levels, as in the forecast hubs of the epidemiological community.
QUANTILE_LEVELS: Final[tuple[float, ...]] = (
    0.01,
    0.025,
    *(round(0.05 * step, 2) for step in range(1, 20)),
    0.975,
    0.99,
)
PUBLISHED_HORIZONS: Final[tuple[int, ...]] = tuple(range(1, 11))
SCORED_HORIZONS: Final[tuple[int, ...]] = tuple(range(1, 6))
PUBLISHED_SAMPLES: Final = 200

_RELEASE_ID = re.compile(r"r[0-9]{8}-[0-9a-f]{12}(-[0-9]{1,4})?")


class CountingRule(StrEnum):
    """How a person present in several places in one year counts."""

    MODAL_COUNTRY = "modal_country"
    FRACTIONAL = "fractional"
    WHOLE = "whole"
    WHOLE_WORKS = "whole_works"
    AUTHORSHIPS = "authorships"
    LEAD_AUTHOR = "lead_author"
    FRACTIONAL_WORKS = "fractional_works"
    UNSPECIFIED = "unspecified"

    @property
    def counts_whole_persons(self) -> bool:
        """Whether a fraction of a person is impossible under this rule."""
        return self is CountingRule.MODAL_COUNTRY


class VintageKind(StrEnum):
    """`true` when the data were archived on the as-of date, else `pseudo`."""

    TRUE = "true"
    PSEUDO = "pseudo"


class Target(StrEnum):
    """What a forecast row is about."""

    SHARE = "researcher_share"
    STOCK = "researcher_stock"
    RETURN_FLOW = "return_flow"


class OutputType(StrEnum):
    """How a forecast row describes the predictive distribution."""

    QUANTILE = "quantile"
    MEAN = "mean"
    MEDIAN = "median"
    SAMPLE = "sample"


class Statistic(StrEnum):
    """What a question compares with its threshold."""

    SHARE = "share"
    LEAD = "lead"
    LEAD_OVER_ALL = "lead_over_all"
    CHANGE = "change"


class QuestionStatus(StrEnum):
    """Where a question stands."""

    OPEN = "open"
    CLOSED = "closed"
    RESOLVED = "resolved"
    VOID = "void"


class ForecasterRole(StrEnum):
    """What an answer is beside the others."""

    MODEL = "model"
    BASELINE = "baseline"
    LAST_ORDER = "last_order"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True, order=True)
class Vintage:
    """State of the world as it was known at the end of one day."""

    as_of: date

    @classmethod
    def parse(cls, text: str) -> Vintage:
        """Read an ISO date.

        Raises:
            UsageError: If the text is no ISO date.

        Example:
            >>> Vintage.parse("2024-01-31").as_of.year
            2024
        """
        try:
            return cls(date.fromisoformat(text))
        except ValueError:
            raise UsageError(f"{text!r} is no ISO date. Write it as YYYY-MM-DD.") from None


@dataclass(frozen=True, slots=True, order=True)
class Origin:
    """Last year whose data a forecast may use."""

    year: int


@dataclass(frozen=True, slots=True, order=True)
class SeriesKey:
    """What one panel counts: who, by which rule, according to whom."""

    population: str
    counting_rule: CountingRule
    source: str


@dataclass(frozen=True, slots=True)
class ReleaseId:
    """Name of a release: `r<vintage date>-<hash>` and, for a forced repeat, a number."""

    text: str

    def __post_init__(self) -> None:
        if not _RELEASE_ID.fullmatch(self.text):
            raise UsageError(
                f"{self.text!r} is no release id. Ids look like r20240131-0123456789ab; "
                "list them with: talentcast releases list"
            )

    @property
    def base(self) -> str:
        """The id without the number of a forced repeat."""
        return "-".join(self.text.split("-")[:2])

    def __str__(self) -> str:
        return self.text
