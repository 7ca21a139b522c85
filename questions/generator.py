"""Questions worth asking: every pair and threshold that is close enough to be uncertain."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import Final

import numpy as np

from questions.definition import USUAL_DAYS, Question
from questions.paths import SharePaths, is_told, probability_of
from talentcast.domain.types import REST_OF_WORLD, UNKNOWN_COUNTRY, SeriesKey, Statistic
from talentcast.populations.catalogue import known_populations

#: Round shares, and round changes of shares, that a question may name.
THRESHOLDS: Final = (
    0.005,
    0.01,
    0.02,
    0.03,
    0.04,
    0.05,
    0.075,
    0.1,
    0.125,
    0.15,
    0.2,
    0.25,
    0.3,
    0.35,
    0.4,
    0.45,
    0.5,
    0.55,
    0.6,
    0.65,
    0.7,
    0.8,
)
CHANGES: Final = (-0.05, -0.02, -0.01, 0.01, 0.02, 0.05, 0.1)


@dataclass(frozen=True, slots=True)
class InPlay:
    """What is close enough to be asked.

    Attributes:
        least: A question is in play if some model gives yes a probability between this and one
            less this.
        among: Only the countries with the largest shares in the last counted year.
        at_most: Questions by statistic, of one series and year, those nearest to even odds first;
            all that are in play for a statistic that is not named.
        days: As in `Question`.
        prefix: Of the ids. What is asked afterwards is another question than what was asked in
            time, though both may be about the same.
    """

    least: float = 0.05
    among: int = 12
    at_most: Mapping[Statistic, int] | None = None
    days: int = USUAL_DAYS
    prefix: str = ""


def in_play(
    key: SeriesKey,
    models: Sequence[SharePaths],
    *,
    last: tuple[int, SharePaths],
    years: Iterable[int],
    rule: InPlay,
) -> list[Question]:
    """Return the questions of one series that are in play, by year and statistic.

    Which are in play is not decided by one model: a baseline that is sure where others are not
    must answer for it.

    Args:
        key: The series.
        models: What each model drew.
        last: The last counted year, and the shares in it.
        years: That questions may be about.
        rule: What is close enough.
    """
    base_year, counted = last
    countries = _largest(base_year, counted, rule.among)
    found = []
    for year in years:
        candidates = _candidates(key, countries, rule, base_year=base_year, year=year)
        for statistic, group in groupby(candidates, key=lambda question: question.statistic):
            close = [(_closeness(one, models, counted, rule.least), one) for one in group]
            ranked = sorted((c, one.id, one) for c, one in close if c is not None)
            found += [one for _, _, one in ranked[: (rule.at_most or {}).get(statistic)]]
    return found


def _largest(year: int, counted: SharePaths, among: int) -> list[str]:
    shares = counted.by_year[year][0]
    order = [counted.countries[place] for place in np.argsort(-shares, kind="stable")]
    return [name for name in order if name not in (REST_OF_WORLD, UNKNOWN_COUNTRY)][:among]


def _closeness(
    question: Question, models: Sequence[SharePaths], counted: SharePaths, least: float
) -> float | None:
    """Return how far the models are from even odds on average; None if all of them are sure."""
    known = (SharePaths(one.countries, {**counted.by_year, **one.by_year}) for one in models)
    chances = [probability_of(question, one) for one in known if is_told(question, one)]
    if not any(least <= chance <= 1 - least for chance in chances):
        return None
    return abs(float(np.mean(chances)) - 0.5)


def _candidates(
    key: SeriesKey, countries: Sequence[str], rule: InPlay, *, base_year: int, year: int
) -> Iterator[Question]:
    """Yield every question of one year that could be asked, statistic by statistic."""
    name = f"{rule.prefix}{series_name(key)}"

    def asked(statistic: Statistic, country: str, words: str, **more: object) -> Question:
        return Question.model_validate(
            {
                "id": f"{name}-{country.lower()}-{words}",
                "population": key.population,
                "counting_rule": key.counting_rule,
                "source": key.source,
                "statistic": statistic,
                "country": country,
                "year": year,
                "days": rule.days,
                **more,
            }
        )

    # In order of their codes: the same pair is one question, whichever leads.
    for one, other in combinations(sorted(countries), 2):
        words = f"ahead-{other.lower()}-{year}"
        yield asked(Statistic.LEAD, one, words, other_country=other)
    for country in countries:
        for share in THRESHOLDS:
            words = f"above-{_digits(share)}-{year}"
            yield asked(Statistic.SHARE, country, words, threshold=share)
    for country in countries:
        yield asked(Statistic.LEAD_OVER_ALL, country, f"leads-{year}")
    if base_year < year:
        for country in countries:
            for change in CHANGES:
                words = f"change-{_digits(change)}-{base_year}-{year}"
                more = {"threshold": change, "base_year": base_year}
                yield asked(Statistic.CHANGE, country, words, **more)


def series_name(key: SeriesKey) -> str:
    """Return the population, with rule and source where its file does not say them."""
    known = known_populations().get(key.population)
    if known is not None and (known.counting_rule, known.source) == (key.counting_rule, key.source):
        return key.population
    return f"{key.population}-{key.counting_rule}-{key.source}"


def _digits(share: float) -> str:
    """Write per cent in an id.

    Example:
        >>> _digits(0.125), _digits(0.4), _digits(-0.02)
        ('12_5', '40', 'minus2')
    """
    text = f"{abs(100 * share):g}".replace(".", "_")
    return f"minus{text}" if share < 0 else text
