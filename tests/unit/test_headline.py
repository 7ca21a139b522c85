import numpy as np
import pandas as pd
import pytest

from features.panel import Panel
from models.base import Draws
from models.forecast_rows import forecast_rows
from models.headline import probability_ahead, probability_ahead_in
from models.registry import create
from talentcast.domain.errors import UsageError
from talentcast.domain.types import CountingRule, Origin, SeriesKey


def test_the_probability_of_being_ahead_is_the_fraction_of_worlds() -> None:
    shares = np.array([[[0.6, 0.4], [0.3, 0.7], [0.2, 0.8], [0.1, 0.9]]])
    draws = Draws(("CHN", "USA"), Origin(2025), (2,), shares)
    assert probability_ahead(draws, "CHN", "USA").to_dict() == {2027: 0.25}
    assert probability_ahead(draws, "USA", "CHN").to_dict() == {2027: 0.75}


def test_published_samples_give_the_same_answer() -> None:
    years = pd.RangeIndex(2015, 2026, name="year")
    counts = pd.DataFrame({"CHN": np.linspace(80, 99, 11), "USA": 100.0, "ROW": 90.0}, index=years)
    panel = Panel(SeriesKey("neurips", CountingRule.AUTHORSHIPS, "papers"), counts)
    rows = forecast_rows(
        panel, create("naive"), horizons=[1, 2], n_draws=100, n_samples=100, seed=3
    )
    draws = create("naive").fit(panel).sample([1, 2], 100, np.random.default_rng([3, 2025]))
    pd.testing.assert_series_equal(
        probability_ahead_in(rows, "CHN", "USA"), probability_ahead(draws, "CHN", "USA")
    )


def test_a_country_without_a_share_is_refused() -> None:
    draws = Draws(("CHN", "USA"), Origin(2025), (1,), np.array([[[0.6, 0.4]]]))
    with pytest.raises(UsageError, match="FRA"):
        probability_ahead(draws, "FRA", "USA")
