"""What every registered share model must do. A new model is tested here by being registered."""

import numpy as np
import pandas as pd
import pytest

from features.panel import Panel
from models.evaluation.quantiles import quantiles
from models.shares.protocol import Draws
from models.shares.registry import BASELINES, DEFAULT_MODEL, MODELS, ModelContext, create
from talentcast.domain.errors import UsageError
from talentcast.domain.types import CountingRule, Origin, SeriesKey

KEY = SeriesKey("scholars", CountingRule.WHOLE, "register")
HORIZONS = (1, 2, 5, 10)
N_DRAWS = 100

# A panel too short for a model may say so; what it must still do is give a valid forecast.
pytestmark = pytest.mark.filterwarnings("ignore::models.shares.pooled.forecaster.ShortPanelWarning")

every_model = pytest.mark.parametrize("name", list(MODELS))


def panel(n_years: int = 14, n_countries: int = 8, *, seed: int = 1) -> Panel:
    rng = np.random.default_rng(seed)
    growth = rng.normal(0, 0.03, n_countries) + rng.normal(0, 0.02, (n_years, n_countries))
    values = np.exp(rng.uniform(5, 10, n_countries) + np.cumsum(growth, axis=0))
    codes = [f"C{chr(65 + number)}A" for number in range(n_countries - 1)]
    years = pd.RangeIndex(2000, 2000 + n_years, name="year")
    return Panel(KEY, pd.DataFrame(values, index=years, columns=[*codes, "ROW"]))


def draw(name: str, data: Panel, *, seed: int = 7, context: ModelContext | None = None) -> Draws:
    fitted = create(name, context).fit(data, HORIZONS)
    return fitted.sample(N_DRAWS, np.random.default_rng(seed))


def assert_valid(draws: Draws, data: Panel) -> None:
    assert draws.countries == data.countries
    assert draws.origin == data.origin
    assert draws.shares.shape == (len(HORIZONS), N_DRAWS, len(data.countries))
    assert np.isfinite(draws.shares).all()
    assert (draws.shares > 0).all()
    np.testing.assert_allclose(draws.shares.sum(axis=2), 1, atol=1e-9)
    assert (np.diff(quantiles(draws.shares, axis=1), axis=1) >= 0).all()


@every_model
def test_f083_draws_close_and_quantiles_do_not_cross(name: str) -> None:
    data = panel()
    assert_valid(draw(name, data), data)


@every_model
@pytest.mark.parametrize("n_years", [3, 4, 5, 6, 7, 8])
def test_f080_short_panels_get_a_forecast_with_some_spread(name: str, n_years: int) -> None:
    data = panel(n_years)
    draws = draw(name, data)
    assert_valid(draws, data)
    assert (np.log(draws.shares).std(axis=1) > 1e-4).all()


@every_model
def test_constant_series_get_a_forecast(name: str) -> None:
    data = panel()
    constant = Panel(KEY, data.counts * 0 + np.arange(100.0, 900.0, 100.0))
    draws = draw(name, constant)
    assert_valid(draws, constant)
    np.testing.assert_allclose(
        np.median(draws.shares, axis=1), constant.shares().iloc[[-1] * len(HORIZONS)], rtol=0.02
    )


@every_model
def test_missing_years_and_gaps_get_a_forecast(name: str) -> None:
    counts = panel().counts
    counts.loc[2004] = np.nan
    counts.loc[2008, "CAA"] = np.nan
    counts.loc[2013, "CBA"] = np.nan
    data = Panel(KEY, counts)
    assert_valid(draw(name, data), data)


@every_model
def test_two_parts_are_enough(name: str) -> None:
    data = panel(12, 2)
    assert_valid(draw(name, data), data)


@every_model
def test_f084_the_same_seed_gives_the_same_draws(name: str) -> None:
    np.testing.assert_array_equal(draw(name, panel()).shares, draw(name, panel()).shares)


@every_model
def test_the_unit_of_the_counts_does_not_matter(name: str) -> None:
    data = panel()
    thousandfold = Panel(KEY, data.counts * 1000)
    ratio = draw(name, thousandfold).shares.mean(axis=1) / draw(name, data).shares.mean(axis=1)
    np.testing.assert_allclose(ratio, 1, rtol=1e-3)


@every_model
def test_what_comes_after_the_origin_does_not_matter(name: str) -> None:
    data = panel()
    changed = data.counts.copy()
    changed.loc[2011:] *= np.linspace(0.1, 9, changed.shape[1])
    covariates = pd.DataFrame(
        [
            (year, country, 1e4 + year, 1e6)
            for year in data.counts.index
            for country in ("CAA", "CBA")
        ],
        columns=["year", "country", "gdp_per_capita", "population"],
    )
    later = covariates.assign(
        gdp_per_capita=covariates["gdp_per_capita"].where(covariates["year"] <= 2010, 1.0)
    )
    origin = Origin(2010)
    known = ModelContext(covariates, data).until(origin)
    leaking = ModelContext(later, Panel(KEY, changed)).until(origin)
    before = draw(name, data.until(origin), context=known)
    after = draw(name, Panel(KEY, changed).until(origin), context=leaking)
    np.testing.assert_array_equal(before.shares, after.shares)


@every_model
def test_fitting_leaves_the_panel_as_it_was(name: str) -> None:
    data = panel()
    before = data.counts.copy()
    draw(name, data)
    pd.testing.assert_frame_equal(data.counts, before)


@every_model
def test_a_model_goes_by_its_registered_name(name: str) -> None:
    assert create(name).name == name


def test_an_unknown_model_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(UsageError, match="naive, drift, sarimax110"):
        create("oracle")


def test_the_default_and_the_baselines_are_registered() -> None:
    assert {DEFAULT_MODEL, *BASELINES} <= set(MODELS)
