import numpy as np
import pandas as pd
import pytest

from features.panel import Panel
from models.shares.registry import create
from models.shares.stock import sample_stocks
from publication.share_forecasts import forecast_rows
from talentcast.domain.tables import FORECASTS
from talentcast.domain.types import BASELINE, CountingRule, SeriesKey

KEY = SeriesKey("scholars", CountingRule.WHOLE, "register")


def rows_of(panel: Panel, model: str, horizons: list[int], *, n_samples: int) -> pd.DataFrame:
    fitted = create(model).fit(panel, horizons)
    drawn = sample_stocks(fitted, panel, n_draws=200, rng=np.random.default_rng(1))
    return forecast_rows({BASELINE: drawn}, KEY, model=model, n_samples=n_samples)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    years = pd.RangeIndex(2000, 2010, name="year")
    growth = np.arange(10)[:, None] * np.array([0.0, 0.1, 0.03])
    counts = pd.DataFrame(
        np.exp(np.array([9.0, 8, 7]) + growth), index=years, columns=["USA", "CHN", "ROW"]
    )
    return rows_of(Panel(KEY, counts), "drift", [1, 3], n_samples=20)


def test_rows_have_the_columns_and_the_key_of_the_contract(rows: pd.DataFrame) -> None:
    assert list(rows.columns) == list(FORECASTS.unpublished_columns)
    assert not rows.duplicated(list(FORECASTS.unpublished_key)).any()
    assert rows["value"].dtype == np.float64
    assert (rows["target_year"] == 2009 + rows["horizon_years"]).all()
    assert len(rows) == 2 * 2 * 3 * (23 + 1 + 1 + 20)


def test_shares_sum_to_one_in_the_mean_and_in_every_sample(rows: pd.DataFrame) -> None:
    shares = rows[rows["target"] == "researcher_share"]
    for output_type in ("mean", "sample"):
        part = shares[shares["output_type"] == output_type]
        sums = part.groupby(["horizon_years", "output_type_id"], dropna=False)["value"].sum()
        assert (sums - 1).abs().max() < 1e-9


def test_quantiles_do_not_cross(rows: pd.DataFrame) -> None:
    quantiles = rows[rows["output_type"] == "quantile"]
    steps = quantiles.groupby(["target", "country", "horizon_years"])["value"].diff().dropna()
    assert (steps >= 0).all()


def test_stock_samples_are_the_share_samples_of_the_same_worlds(rows: pd.DataFrame) -> None:
    samples = rows[rows["output_type"] == "sample"].pivot_table(
        index=["horizon_years", "output_type_id", "country"], columns="target", values="value"
    )
    totals = samples["researcher_stock"] / samples["researcher_share"]
    spread = totals.groupby(["horizon_years", "output_type_id"]).agg(["min", "max"])
    np.testing.assert_allclose(spread["min"], spread["max"], rtol=1e-9)


def test_no_samples_are_published_when_none_are_asked_for(rows: pd.DataFrame) -> None:
    years = pd.RangeIndex(2000, 2005, name="year")
    panel = Panel(KEY, pd.DataFrame({"USA": 100.0, "ROW": 50.0}, index=years))
    none = rows_of(panel, "naive", [1], n_samples=0)
    assert "sample" not in set(none["output_type"])
