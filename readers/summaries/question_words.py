"""Questions in words: what is asked, and how it will be decided."""

from __future__ import annotations

from questions.definition import Question
from readers.summaries.populations import population_words
from readers.summaries.wording import MINUS, in_sentence, possessive
from sources.countries import short_name
from talentcast.domain.types import Statistic


def question_text(question: Question) -> str:
    """Say a question that has no words of its own.

    Example:
        >>> question_text(Question(id="a", population="neurips_authorships",
        ...     counting_rule="authorships", statistic="lead", country="CHN", other_country="USA",
        ...     year=2027))
        'Will China’s share of NeurIPS authorships exceed that of the United States in 2027?'
    """
    whose = possessive(short_name(question.country))
    share = f"{whose} share of {population_words(question.population).whole}"
    year = question.year
    if question.statistic is Statistic.LEAD:
        other = in_sentence(short_name(str(question.other_country)))
        more = f" by more than {_points(question.threshold)}" if question.threshold else ""
        return f"Will {share} exceed that of {other}{more} in {year}?"
    if question.statistic is Statistic.LEAD_OVER_ALL:
        more = f", by more than {_points(question.threshold)}" if question.threshold else ""
        return f"Will {share} be the largest of all countries in {year}{more}?"
    if question.statistic is Statistic.CHANGE:
        since = question.base_year
        if question.threshold < 0:
            less = _points(-question.threshold)
            return f"Will {share} in {year} stay above that of {since} less {less}?"
        more = _points(question.threshold)
        return f"Will {share} be more than {more} higher in {year} than in {since}?"
    return f"Will {share} be above {100 * question.threshold:g} % in {year}?"


def _points(share: float) -> str:
    """Write a difference of shares.

    Example:
        >>> _points(0.05), _points(0.01), _points(-0.125)
        ('5 points', '1 point', '−12.5 points')
    """
    number = f"{abs(100 * share):g}"
    sign = MINUS if share < 0 else ""
    return f"{sign}{number} point{'' if number == '1' else 's'}"
