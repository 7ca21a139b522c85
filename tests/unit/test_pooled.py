"""The parts of the pooled model, where possible against the library that has the same."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from features.panel import Panel
from models.shares.pooled.covariate_step import CovariateSettings, add_covariates
from models.shares.pooled.direct import DirectSettings, huber_ridge
from models.shares.pooled.distribution import (
    DistributionSettings,
    gamma_regression,
    growth_over_horizons,
    learn_error_models,
    spreads,
)
from models.shares.pooled.forecaster import Pooled, PooledSettings, ShortPanelWarning
from models.shares.pooled.history import History
from models.shares.pooled.noise_scale import learn_noise_prior, noise_scale
from models.shares.pooled.trend import (
    PointForecast,
    TrendSettings,
    fit_trend,
    learn_trend_prior,
    member_likelihood,
    member_weights,
)
from talentcast.domain.types import CountingRule, SeriesKey

KEY = SeriesKey("scholars", CountingRule.WHOLE, "register")


def panel(n_years: int = 16, n_countries: int = 40, *, seed: int = 1) -> Panel:
    """Countries whose growth has momentum; small ones are noisier."""
    rng = np.random.default_rng(seed)
    sizes = np.linspace(6, 12, n_countries)
    growth = np.zeros((n_years, n_countries))
    for year in range(1, n_years):
        growth[year] = 0.7 * growth[year - 1] + rng.normal(0, 0.02, n_countries)
    noise = rng.normal(0, 1, growth.shape) * np.exp(-sizes / 2)
    logs = sizes + np.cumsum(growth, axis=0) + noise
    columns = [*(f"{chr(65 + n // 26)}{chr(65 + n % 26)}A" for n in range(n_countries - 1)), "ROW"]
    years = pd.RangeIndex(2000, 2000 + n_years, name="year")
    return Panel(KEY, pd.DataFrame(np.exp(logs), index=years, columns=columns))


def test_noise_scales_follow_size_and_are_pulled_together() -> None:
    history = History.of(panel(8))
    prior = learn_noise_prior(history)
    scale = noise_scale(history, prior)
    alone = np.sqrt((np.diff(history.log_shares, 2, axis=0) ** 2).mean(axis=0))
    assert np.log(scale).std() < np.log(alone).std()
    assert scale[:10].mean() > scale[-10:].mean()


def test_more_unlike_countries_lend_each_other_less() -> None:
    alike = History.of(panel(12))
    rng = np.random.default_rng(3)
    wild = alike.log_shares * np.exp(rng.normal(0, 1.5, alike.n_countries))
    unlike = History(wild, alike.counts, alike.is_seen)
    freedom = [learn_noise_prior(history).degrees_of_freedom for history in (alike, unlike)]
    assert freedom[0] > freedom[1]


@pytest.mark.parametrize(("alpha", "beta", "phi"), [(0.95, 0.3, 0.88), (0.7, 0.6, 0.97)])
def test_a_member_of_the_trend_is_the_damped_ets_of_statsmodels(
    alpha: float, beta: float, phi: float
) -> None:
    history = History.of(panel(15, 3))
    settings = TrendSettings((alpha,), (beta,), (phi,), (0.0,))
    forecast = fit_trend(history, np.ones((1, 3)), n_horizons=4, settings=settings)
    series = history.log_shares[:, 0]
    start_growth = float(np.median(np.diff(series)[:3]))
    model = ETSModel(
        series[1:],
        trend="add",
        damped_trend=True,
        initialization_method="known",
        initial_level=series[0],
        initial_trend=start_growth,
    )
    values = {"smoothing_level": alpha, "smoothing_trend": beta, "damping_trend": phi}
    known = dict(zip(model.param_names, model.start_params, strict=False)) | values
    fitted = model.smooth([known[name] for name in model.param_names])
    np.testing.assert_allclose(forecast.mean[:, 0], fitted.forecast(4), atol=1e-10)
    np.testing.assert_allclose(
        forecast.errors[0, 4:-1, 0], (series[1:] - fitted.fittedvalues)[4:], atol=1e-10
    )


def test_countries_agree_on_the_damping_that_made_them() -> None:
    history = History.of(panel(25, 60))
    scale = noise_scale(history, learn_noise_prior(history))
    settings = TrendSettings()
    likelihood = member_likelihood(history, scale, settings)
    prior = learn_trend_prior(likelihood, scale, settings)
    damping = settings.members()[:, 2]
    pooled = (prior.at(scale) * damping[:, None]).sum(axis=0)
    assert pooled.mean() < damping.mean()
    weights = member_weights(prior.at(scale), likelihood)
    np.testing.assert_allclose(weights.sum(axis=0), 1, atol=1e-12)


def test_a_year_not_seen_is_no_error_and_moves_no_state() -> None:
    table = panel(14, 12).counts
    gap = table.copy()
    gap.iloc[8, 2] = np.nan
    history = History.of(Panel(KEY, gap))
    settings = TrendSettings()
    n_members = len(settings.members())
    weights = np.full((n_members, 12), 1 / n_members)
    errors = fit_trend(history, weights, n_horizons=2, settings=settings).errors
    assert np.isnan(errors[0, 7, 2])
    assert np.isnan(errors[1, 6, 2])
    assert np.isnan(errors[0, 8, 2])
    assert np.isfinite(errors[0, 7, 3])


def test_without_a_pull_the_direct_regression_is_rlm_of_statsmodels() -> None:
    rng = np.random.default_rng(2)
    rows = rng.normal(size=(300, 10))
    target = rows @ np.linspace(-1, 1, 10) + rng.standard_t(2, 300)
    settings = DirectSettings(ridge=0.0, steps=200)
    ours = huber_ridge(rows, target, np.ones(300), prior=np.zeros(10), settings=settings)
    theirs = sm.RLM(target, rows, M=sm.robust.norms.HuberT(2.0)).fit(maxiter=200)
    np.testing.assert_allclose(ours, theirs.params, atol=5e-3)


def test_without_a_pull_the_scale_model_is_the_gamma_glm_of_statsmodels() -> None:
    rng = np.random.default_rng(2)
    rows = np.column_stack([np.ones(400), rng.normal(size=(400, 3))])
    target = rng.gamma(1.5, np.exp(rows @ np.array([-3.0, 0.5, -0.2, 0.1])))
    weights = rng.uniform(0.2, 1, 400)
    settings = DistributionSettings(ridge=0.0, largest_residual=np.inf, steps=100)
    ours = gamma_regression(rows, target, weights, settings)
    family = sm.families.Gamma(link=sm.families.links.Log())
    theirs = sm.GLM(target, rows, family=family, freq_weights=weights).fit()
    np.testing.assert_allclose(ours, theirs.params, atol=1e-6)


def test_error_shapes_hold_as_often_as_they_say_in_the_sample() -> None:
    rng = np.random.default_rng(5)
    errors = rng.standard_t(4, (1, 30, 50)) * 0.02
    features = rng.normal(size=(30, 50, 2))
    settings = DistributionSettings(half_life_years=1e9, own_weight=np.inf)
    (model,) = learn_error_models(errors, features, settings)
    lower, upper = model.deviations(np.array([0.1, 0.9]))
    inside = np.abs(errors[0]) <= model.scale(features) * upper
    assert lower == -upper
    assert inside.mean() == pytest.approx(0.8, abs=0.01)


def test_a_country_with_larger_errors_than_its_like_gets_wider_intervals() -> None:
    rng = np.random.default_rng(5)
    errors = rng.normal(0, 0.02, (2, 12, 20))
    errors[1, -2:] = np.nan
    errors[:, :, 0] *= 3
    features = rng.normal(size=(12, 20, 2)) * 0.01
    settings = DistributionSettings()
    models = learn_error_models(errors, features, settings)
    scale = spreads(models, errors, features, settings)
    assert scale[0, 0] > 1.4 * np.median(scale[0])
    unknown = np.repeat(errors[:1] * np.nan, 5, axis=0)
    far = spreads(models, np.concatenate([errors, unknown]), features, settings)
    np.testing.assert_allclose(far[4], scale[1] * 2.5)
    # Errors over two years are as large as those over one: half of that is believed further on.
    assert growth_over_horizons(scale) == pytest.approx(0, abs=0.15)
    np.testing.assert_allclose(far[6] / far[4], np.sqrt(7 / 5), rtol=0.05)


def forecast_with_errors(errors: np.ndarray) -> PointForecast:
    return PointForecast(np.zeros((1, errors.shape[1])), errors[None])


def test_a_covariate_that_explains_errors_every_year_is_used_and_noise_is_not() -> None:
    rng = np.random.default_rng(6)
    scores = rng.normal(size=(12, 60, 2))
    errors = 0.03 * scores[:, :, 0] + rng.normal(0, 0.02, (12, 60))
    errors[-1] = np.nan
    scale = np.full(60, 0.05)
    result = add_covariates(forecast_with_errors(errors), scale, scores, CovariateSettings())
    by_first, by_second = np.linalg.lstsq(scores[-1], result.mean[0], rcond=None)[0]
    assert by_first == pytest.approx(0.03, rel=0.25)
    assert abs(by_second) < 0.002
    assert np.nanstd(result.errors) < np.nanstd(errors)


def draws(model: Pooled, data: Panel) -> np.ndarray:
    return model.fit(data, [1, 3, 5]).sample(200, np.random.default_rng(1)).shares


def test_every_part_can_be_switched_off() -> None:
    data = panel()
    covariates = pd.DataFrame(
        [
            (year, country, 1e4 * (1 + 0.02 * place) ** (year - 2000))
            for place, country in enumerate(data.countries)
            for year in data.counts.index
        ],
        columns=["year", "country", "gdp_per_capita"],
    )
    full = PooledSettings()
    everything = draws(Pooled(settings=full, covariates=covariates), data)
    for settings in (
        replace(full, direct=None),
        replace(full, covariates=None),
        replace(full, trend=replace(full.trend, em_steps=0)),
        replace(full, distribution=replace(full.distribution, own_weight=np.inf)),
    ):
        partial = draws(Pooled(settings=settings, covariates=covariates), data)
        assert not np.allclose(everything, partial, rtol=1e-6)


def test_a_short_panel_alone_falls_back_to_drift_and_warns() -> None:
    with pytest.warns(ShortPanelWarning, match="5 years"):
        draws(Pooled(), panel(5))


@pytest.mark.filterwarnings("error::models.shares.pooled.forecaster.ShortPanelWarning")
@pytest.mark.parametrize(("n_years", "n_countries"), [(3, 40), (5, 3), (12, 3), (4, 12)])
def test_small_and_short_panels_borrow_from_a_larger_one(n_years: int, n_countries: int) -> None:
    small, large = panel(n_years, n_countries, seed=2), panel(16, 60)
    borrowed = draws(Pooled(reference_panel=large), small)
    assert np.isfinite(borrowed).all()
    other = panel(16, 60, seed=9)
    assert not np.allclose(borrowed, draws(Pooled(reference_panel=other), small), rtol=1e-6)


def test_a_small_panel_takes_nothing_from_covariates() -> None:
    small, large = panel(12, 3), panel(16, 60)
    rows = [
        (year, name, 1e4 * 1.05 ** ((year - 2000) * place))
        for year in small.counts.index
        for place, name in enumerate(small.countries)
    ]
    covariates = pd.DataFrame(rows, columns=["year", "country", "gdp_per_capita"])
    np.testing.assert_array_equal(
        draws(Pooled(reference_panel=large, covariates=covariates.iloc[:0]), small),
        draws(Pooled(reference_panel=large, covariates=covariates), small),
    )


def test_a_large_panel_borrows_nothing() -> None:
    data = panel()
    np.testing.assert_array_equal(
        draws(Pooled(reference_panel=panel(16, 60, seed=3)), data), draws(Pooled(), data)
    )


def test_pooled_intervals_hold_about_as_often_as_they_say_on_a_panel_it_has_not_seen() -> None:
    inside = []
    for seed in range(3):
        data = panel(22, 60, seed=seed)
        known = Panel(KEY, data.counts.iloc[:-2])
        shares = draws(Pooled(), known)[0]
        lower, upper = np.quantile(shares, [0.1, 0.9], axis=0)
        truth = data.shares().iloc[-2].to_numpy()
        inside.append(((truth >= lower) & (truth <= upper)).mean())
    assert 0.7 < np.mean(inside) < 0.9
