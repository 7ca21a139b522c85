"""Which questions a release is unsure of, from the joint draws that it publishes."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from questions.definition import Question
from questions.generator import InPlay, in_play
from questions.paths import SharePaths
from readers.summaries.published_series import load_series, published_series
from storage.paths import StorePath
from talentcast.domain.types import BASELINE
from talentcast.store.release import Release


def questions_in_play(
    release: Release, root: StorePath, *, population: str, years: Iterable[int], rule: InPlay
) -> list[Question]:
    """Return every pair and threshold in play in a release, by series and year.

    Args:
        release: A published release.
        root: Root of the release store.
        population: Only this one; all without a name.
        years: That questions may be about; those that are not forecast are passed over.
        rule: What is close enough.
    """
    found: list[Question] = []
    for published in published_series(release, root):
        is_wanted = not population or published.key.population == population
        if published.scenario != BASELINE or not is_wanted:
            continue
        series = load_series(published, release, root)
        if series.joint_draws is None:
            continue
        draws = series.joint_draws
        drawn = SharePaths(draws.countries, dict(zip(draws.years, draws.shares, strict=True)))
        shares = [float(series.last_shares.get(name, np.nan)) / 100 for name in draws.countries]
        counted = SharePaths(
            draws.countries, {series.last_counted: np.nan_to_num(np.array([shares]))}
        )
        last = (series.last_counted, counted)
        asked = [year for year in years if year in draws.years]
        found += in_play(published.key, [drawn], last=last, years=asked, rule=rule)
    return found
