"""The default model on a small panel, number by number.

A change of these numbers is a change of every forecast: look at the difference, then write the file
anew with `python tests/golden/test_pooled_forecast.py`.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from features.panel import Panel
from models.evaluation.quantiles import quantiles
from models.shares.registry import create
from talentcast.domain.types import CountingRule, SeriesKey

EXPECTED = Path(__file__).with_name("pooled_forecast.csv")


def forecast() -> pd.DataFrame:
    years = pd.RangeIndex(2000, 2016, name="year")
    waves = np.sin(np.arange(16)[:, None] * np.linspace(0.2, 1.1, 12)) * np.linspace(0.3, 0.05, 12)
    levels = np.linspace(6, 12, 12) + np.arange(16)[:, None] * np.linspace(0.06, 0.0, 12)
    names = [*(f"{letter}AA" for letter in "ABCDEFGHIJK"), "ROW"]
    panel = Panel(
        SeriesKey("made_up", CountingRule.WHOLE, "formula"),
        pd.DataFrame(np.exp(levels + waves), index=years, columns=names),
    )
    draws = create("pooled").fit(panel, [1, 3, 8]).sample(500, np.random.default_rng(1))
    levels_shown = (0.1, 0.5, 0.9)
    shown = quantiles(draws.shares, levels=levels_shown, axis=1)
    return pd.DataFrame(
        [
            (horizon, country, *shown[at, :, place])
            for at, horizon in enumerate(draws.horizons)
            for place, country in enumerate(draws.countries)
        ],
        columns=["horizon_years", "country", *(f"quantile_{level}" for level in levels_shown)],
    )


def test_the_default_model_gives_the_numbers_it_gave() -> None:
    pd.testing.assert_frame_equal(forecast(), pd.read_csv(EXPECTED), rtol=1e-6)


if __name__ == "__main__":
    forecast().to_csv(EXPECTED, index=False, float_format="%.9g")
