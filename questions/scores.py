"""How good answers were: Brier and log scores beside the baselines, and calibration."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from talentcast.domain.types import ForecasterRole, QuestionStatus

FloatArray = NDArray[np.float64]

#: Name under which answers of the model that is quoted are scored, whichever model that was.
QUOTED: Final = "quoted"
#: No logarithm is taken of less: half a draw of the fewest that are published.
LEAST_PROBABILITY: Final = 0.005
#: Metrics of `scoreboard`; lower is better.
METRICS: Final = ("brier", "log")
#: Resamples behind every interval, and the seed of them.
_RESAMPLES: Final = 2000
_SEED: Final = 20241123
_LOWER, _UPPER = 2.5, 97.5
#: Questions that share their fate, and how few groups of them tell nothing of the spread.
_BLOCK: Final = ("population", "target_year")
_FEWEST_BLOCKS: Final = 5


def scored_answers(questions: pd.DataFrame, answers: pd.DataFrame) -> pd.DataFrame:
    """Return the answers of resolved questions with their scores.

    Args:
        questions: Rows of `questions`.
        answers: Rows of `answers`.

    Returns:
        Columns question_id, population, target_year, statistic, answered_in, scored_as (`quoted`,
        or the forecaster), horizon_years (missing for others), probability, came_true, brier and
        log: minus the natural logarithm of the probability of what came.
    """
    decided = questions[questions["status"] == QuestionStatus.RESOLVED]
    about = decided[["question_id", "population", "target_year", "statistic", "came_true"]]
    rows = answers.merge(about, on="question_id")
    is_quoted = rows["role"] == str(ForecasterRole.MODEL)
    probability = rows["probability"].astype(float)
    came_true = rows["came_true"].astype(bool)
    of_outcome = probability.where(came_true, 1 - probability)
    log = -np.log(of_outcome.clip(LEAST_PROBABILITY, 1 - LEAST_PROBABILITY))
    horizon = rows["target_year"].astype(float) - rows["origin_year"].astype(float)
    made = rows.assign(
        scored_as=rows["forecaster"].mask(is_quoted, QUOTED),
        horizon_years=horizon,
        probability=probability,
        came_true=came_true,
        brier=(1 - of_outcome) ** 2,
        log=log,
    )
    return made[
        [
            *about.columns[:-1],
            "answered_in",
            "scored_as",
            "horizon_years",
            "probability",
            "came_true",
            *METRICS,
        ]
    ].reset_index(drop=True)


def question_scores(scored: pd.DataFrame) -> pd.DataFrame:
    """Return the mean score of each question and forecaster: a question counts once.

    Args:
        scored: From `scored_answers`.

    Returns:
        Columns question_id, population, target_year, statistic, scored_as, answers, brier, log.
    """
    key = ["question_id", "population", "target_year", "statistic", "scored_as"]
    groups = scored.groupby(key)
    means = groups[list(METRICS)].mean()
    return means.assign(answers=groups.size()).reset_index()[[*key, "answers", *METRICS]]


def scoreboard(scores: pd.DataFrame) -> pd.DataFrame:
    """Return mean scores by forecaster, and the skill of the quoted model over each of the others.

    Intervals hold 95 % of resamples of whole blocks: questions on one population and year share
    their fate. Skill is one less the ratio of mean scores over the questions that both answered.

    Args:
        scores: From `question_scores`.

    Returns:
        Columns scored_as, metric, questions, blocks, value, lower, upper, skill, skill_lower,
        skill_upper; the quoted model first, then by value. Skill of the quoted model is missing.
    """
    rows = []
    for metric in METRICS:
        wide = scores.pivot_table(
            index=["question_id", "population", "target_year"], columns="scored_as", values=metric
        )
        rows += [_line(wide, str(name), metric) for name in wide.columns]
    columns = [
        "scored_as",
        "metric",
        "questions",
        "blocks",
        "value",
        "lower",
        "upper",
        "skill",
        "skill_lower",
        "skill_upper",
    ]
    table = pd.DataFrame(rows, columns=columns)
    order = table["scored_as"].ne(QUOTED)
    return (
        table.assign(order=order)
        .sort_values(["metric", "order", "value"])
        .drop(columns="order")
        .reset_index(drop=True)
    )


def _line(wide: pd.DataFrame, name: str, metric: str) -> tuple[object, ...]:
    own = wide[[name]].dropna()
    value, lower, upper = _resampled(own, lambda means: means[:, 0])
    line = (name, metric, len(own), own.groupby(level=list(_BLOCK)).ngroups, value, lower, upper)
    if name == QUOTED or QUOTED not in wide:
        return (*line, np.nan, np.nan, np.nan)
    pair = wide[[QUOTED, name]].dropna()
    if pair.empty:
        return (*line, np.nan, np.nan, np.nan)
    return (*line, *_resampled(pair, _skill))


def reliability(scored: pd.DataFrame, *, bins: int = 10) -> pd.DataFrame:
    """Return how often what was given a probability came true.

    Args:
        scored: From `scored_answers`, of one forecaster.
        bins: Number of equal parts of 0 to 1.

    Returns:
        Columns low, high, probability (mean of the answers in the bin), frequency, lower, upper
        and answers; one row per bin with answers. Intervals as in `scoreboard`.
    """
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.digitize(scored["probability"], edges) - 1, 0, bins - 1)
    rows = []
    for number, group in scored.groupby(place):
        outcomes = group.set_index(list(_BLOCK))[["came_true"]].astype(float)
        frequency, lower, upper = _resampled(outcomes, lambda means: means[:, 0])
        mean = float(group["probability"].mean())
        low, high = edges[int(str(number))], edges[int(str(number)) + 1]
        rows.append((low, high, mean, frequency, lower, upper, len(group)))
    columns = ["low", "high", "probability", "frequency", "lower", "upper", "answers"]
    return pd.DataFrame(rows, columns=columns)


def _resampled(
    scores: pd.DataFrame, statistic: Callable[[FloatArray], FloatArray]
) -> tuple[float, float, float]:
    """Return a statistic of mean scores, and the bounds of its interval over blocks.

    Args:
        scores: Index with the levels of a block; one column per forecaster.
        statistic: Of means of shape (n, n_columns); returns shape (n,).
    """
    blocks = scores.groupby(level=list(_BLOCK))
    sums = blocks.sum().to_numpy(dtype=np.float64)
    sizes = blocks.size().to_numpy(dtype=np.float64)
    value = float(statistic(sums.sum(axis=0)[None] / sizes.sum())[0])
    n_blocks = len(sizes)
    if n_blocks < _FEWEST_BLOCKS:
        return value, np.nan, np.nan
    rng = np.random.default_rng(_SEED)
    weights = rng.multinomial(n_blocks, np.full(n_blocks, 1 / n_blocks), size=_RESAMPLES)
    means = (weights @ sums) / (weights @ sizes)[:, None]
    lower, upper = np.nanpercentile(statistic(means), [_LOWER, _UPPER])
    return value, float(lower), float(upper)


def _skill(means: FloatArray) -> FloatArray:
    """Return one less the ratio of two columns; missing where there is nothing to improve on."""
    reference = np.where(means[:, 1] > 0, means[:, 1], np.nan)
    return np.asarray(1 - means[:, 0] / reference)
