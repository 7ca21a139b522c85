"""One pass over the years gives the forecasts that a fit to each year would have given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from share_panels import REFERENCE, SMALL

from features.panel import Panel
from models.shares.pooled.beliefs import LEVEL, OWN_TREND
from models.shares.pooled.common import PooledSettings, forecast_with, learn_parameters
from models.shares.pooled.direct import FIRST_ORIGIN
from models.shares.pooled.every_year import forecasts_of_every_year, noise_of_every_year
from models.shares.pooled.history import History

USUAL = PooledSettings()


@pytest.mark.parametrize(
    "settings", [USUAL, *(replace(USUAL, trend=t, direct=None) for t in (LEVEL, OWN_TREND))]
)
def test_each_year_is_forecast_as_if_it_were_the_last(settings: PooledSettings) -> None:
    counts = SMALL.counts.copy()
    counts.iloc[6, 0] = np.nan
    history = History.of(Panel(SMALL.key, counts))
    common = learn_parameters(History.of(REFERENCE), settings, n_horizons=4)
    scales = noise_of_every_year(history, common.noise)
    means = forecasts_of_every_year(common, history, scales, settings, n_horizons=4)
    assert np.isnan(means[:, :FIRST_ORIGIN]).all()
    last = history.n_years - 1
    for year in range(FIRST_ORIGIN, history.n_years):
        known, seen = common.until(last - year), history.between(0, year + 1)
        alone = forecast_with(known, seen, settings, n_horizons=4).mean
        np.testing.assert_allclose(means[:, year], alone, atol=1e-12)


def test_of_a_short_history_the_last_year_alone_is_forecast() -> None:
    history = History.of(SMALL).between(0, 4)
    common = learn_parameters(History.of(REFERENCE), USUAL, n_horizons=2)
    scales = noise_of_every_year(history, common.noise)
    means = forecasts_of_every_year(common, history, scales, USUAL, n_horizons=2)
    assert np.isnan(means[:, :-1]).all()
    assert np.isfinite(means[:, -1]).all()
