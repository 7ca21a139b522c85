"""What a question is, and what a file of questions may hold."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from talentcast.domain.definition_files import Definition, parse_definition
from talentcast.domain.tables import COUNTRY_PATTERN, NAME_PATTERN, QUESTION_PATTERN
from talentcast.domain.types import (
    REST_OF_WORLD,
    UNKNOWN_COUNTRY,
    CountingRule,
    SeriesKey,
    Statistic,
)

Name = Annotated[str, Field(pattern=NAME_PATTERN)]
QuestionId = Annotated[str, Field(pattern=QUESTION_PATTERN)]
Country = Annotated[str, Field(pattern=COUNTRY_PATTERN)]
Text = Annotated[str, Field(min_length=1, max_length=500)]
Year = Annotated[int, Field(ge=1950, le=2100)]

#: Days after a year ends before a vintage may decide on it, where a question states nothing.
USUAL_DAYS: Final = 30
#: So many years after the year that it is about, a question that nothing decided is void.
PATIENCE_YEARS: Final = 3
#: Begins the ids of questions that a backfill asks; no file may use it.
PAST_PREFIX: Final = "past-"
#: What of a question decides its outcome: none of it may change once it was answered.
DECIDING: Final = (
    "population",
    "counting_rule",
    "source",
    "statistic",
    "country",
    "other_country",
    "threshold",
    "base_year",
    "year",
    "days",
    "closes_on",
)


class Question(BaseModel):
    """One statement about one year of one series, which a later vintage decides.

    Attributes:
        id: Stands for this question for ever.
        text: The question in words; made from the other fields without this.
        statistic: What is compared with the threshold, see `Statistic`; yes means larger.
        other_country: Of a `lead`.
        threshold: A share, or a difference of shares: .05 is five points.
        base_year: Year from which a `change` is counted.
        year: That the question is about.
        days: The first vintage at least so many days after the year ends decides.
        closes: Last as-of date of an answer; the end of the year without this.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: QuestionId
    text: Text | None = None
    population: Name
    counting_rule: CountingRule
    source: Name = "bundled"
    statistic: Statistic
    country: Country
    other_country: Country | None = None
    threshold: Annotated[float, Field(ge=-1, le=1)] = 0.0
    base_year: Year | None = None
    year: Year
    days: Annotated[int, Field(ge=0, le=1500)] = USUAL_DAYS
    closes: date | None = None

    @field_validator("country", "other_country")
    @classmethod
    def _is_a_country(cls, code: str | None) -> str | None:
        if code in (REST_OF_WORLD, UNKNOWN_COUNTRY):
            raise ValueError(f"{code} changes its meaning from vintage to vintage: name a country")
        return code

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if (self.statistic is Statistic.LEAD) != (self.other_country is not None):
            raise ValueError("a lead, and nothing else, names other_country")
        if self.other_country == self.country:
            raise ValueError("a country cannot lead itself")
        if (self.statistic is Statistic.CHANGE) != (self.base_year is not None):
            raise ValueError("a change, and nothing else, names base_year")
        if self.base_year is not None and self.base_year >= self.year:
            raise ValueError("base_year lies before year")
        if self.statistic is Statistic.SHARE and not 0 < self.threshold < 1:
            raise ValueError("the threshold of a share lies between 0 and 1")
        if self.closes_on >= self.resolves_from:
            raise ValueError("it closes before the day from which a vintage may decide")
        return self

    @property
    def key(self) -> SeriesKey:
        """Series that it is about."""
        return SeriesKey(self.population, self.counting_rule, self.source)

    @property
    def closes_on(self) -> date:
        """Last as-of date of an answer."""
        return self.closes or date(self.year, 12, 31)

    @property
    def resolves_from(self) -> date:
        """First day of a vintage that may decide."""
        return date(self.year, 12, 31) + timedelta(days=self.days)

    @property
    def void_after(self) -> date:
        """Last day on which a vintage may still decide."""
        return date(self.year + PATIENCE_YEARS, 12, 31) + timedelta(days=self.days)

    @property
    def deciding(self) -> dict[str, object]:
        """What decides the outcome."""
        return {name: getattr(self, name) for name in DECIDING}


class OutsideForecast(BaseModel):
    """What somebody else said of a question, to stand beside our answers.

    Attributes:
        question: Its id.
        probability: Of yes.
        by: Who said so, for example `crowd_metaculus`.
        day: Of that forecast.
        url: Where it was read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    question: QuestionId
    probability: Annotated[float, Field(ge=0, le=1)]
    by: Name
    day: date
    url: Text | None = None


class QuestionSet(Definition):
    """A file of questions, of forecasts of others, or of both.

    Attributes:
        id: Stem of the file.
        title: What the questions have in common.
    """

    title: Text
    questions: tuple[Question, ...] = ()
    outside: tuple[OutsideForecast, ...] = ()

    @model_validator(mode="after")
    def _has_each_once(self) -> Self:
        if not (self.questions or self.outside):
            raise ValueError("it asks nothing, and holds no forecast of others")
        if taken := [one.id for one in self.questions if one.id.startswith(PAST_PREFIX)]:
            raise ValueError(f"'{taken[0]}' begins like a question of a backfill")
        counted = Counter(question.id for question in self.questions)
        if repeated := [name for name, times in counted.items() if times > 1]:
            raise ValueError(f"question '{repeated[0]}' stands twice")
        return self


def parse_question_set(text: str, name: str) -> QuestionSet:
    """Read a file of questions.

    Args:
        text: YAML.
        name: Name of the file; its stem is the id of the set.

    Raises:
        InputRejectedError: `QUESTIONS` if the text is none.
    """
    page = "docs/how-to/ask-a-question.md"
    return parse_definition(QuestionSet, text, name, code="QUESTIONS", page=page)
