import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.statespace.sarimax import SARIMAX

from features.panel import Panel
from models.shares.sarimax import Sarimax110
from talentcast.domain.types import CountingRule, SeriesKey

KEY = SeriesKey("scholars", CountingRule.WHOLE, "register")


def test_f079_a_constant_series_falls_back_to_drift_and_says_so() -> None:
    years = pd.RangeIndex(2000, 2012)
    rng = np.random.default_rng(3)
    moving = 500 * np.exp(np.cumsum(rng.normal(0.02, 0.05, len(years))))
    table = pd.DataFrame({"AAA": moving, "BBB": 1000 - moving / 2, "ROW": 200 - moving / 2 + 300})
    shares = table.div(table.sum(axis=1), axis=0)
    constant = pd.DataFrame({"CCC": 0.25, **{name: shares[name] * 0.75 for name in shares}})
    fitted = Sarimax110().fit(Panel(KEY, constant.set_index(years) * 1e4), [1])
    assert fitted.fallbacks == {"CCC": "constant"}


def test_f081_a_short_panel_falls_back_to_drift_everywhere() -> None:
    years = pd.RangeIndex(2000, 2004)
    table = pd.DataFrame(
        {"AAA": [100.0, 110, 120, 150], "ROW": [900.0, 880, 870, 850]}, index=years
    )
    fitted = Sarimax110().fit(Panel(KEY, table), [1])
    assert fitted.fallbacks == {"AAA": "4 years, needs 6", "ROW": "4 years, needs 6"}


def test_the_fit_is_the_maximum_likelihood_of_statsmodels() -> None:
    rng = np.random.default_rng(5)
    growth = [0.0]
    for shock in rng.normal(0, 0.02, 19):
        growth.append(0.7 * growth[-1] + shock)
    share = 0.3 * np.exp(np.cumsum(growth))
    table = pd.DataFrame({"AAA": share, "ROW": 1 - share}, index=pd.RangeIndex(2000, 2020)) * 1e5
    draws = Sarimax110().fit(Panel(KEY, table), [1, 5]).sample(1001, np.random.default_rng(1))
    log_share = np.log(share)
    scaled = (log_share - log_share[0]) / log_share.std()
    peer = SARIMAX(scaled, order=(1, 1, 0)).fit(disp=False).get_forecast(5).predicted_mean
    odds = np.log(draws.shares[:, :, 0] / draws.shares[:, :, 1])
    rest = np.log(1 - share)
    scaled_rest = (rest - rest[0]) / rest.std()
    peer_rest = SARIMAX(scaled_rest, order=(1, 1, 0)).fit(disp=False).get_forecast(5).predicted_mean
    expected = (peer * log_share.std() + log_share[0]) - (peer_rest * rest.std() + rest[0])
    assert odds.mean(axis=1) == pytest.approx(expected[[0, 4]], abs=2e-3)
