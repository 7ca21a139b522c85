import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from features.panel import Panel, build_panel
from models.shares.registry import create
from models.shares.stock import sample_stocks
from publication.share_forecasts import forecast_rows
from talentcast.domain.types import BASELINE, CountingRule, SeriesKey

KEY = SeriesKey("scholars", CountingRule.WHOLE, "register")


@st.composite
def panels(draw: st.DrawFn) -> Panel:
    """Short and long panels with zeros, gaps, provisional years, and series that never move."""
    n_years, n_countries = draw(st.integers(3, 16)), draw(st.integers(2, 14))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    walks = np.cumsum(rng.normal(0, draw(st.floats(0, 0.5)), (n_years, n_countries)), axis=0)
    counts = np.exp(rng.uniform(5, 13, n_countries) + walks) + 50
    constant = rng.random(n_countries) < 0.3
    counts[:, constant] = 500.0
    # The first two countries stay, so that there is a panel.
    spoiled = rng.random(counts.shape) < draw(st.floats(0, 0.2))
    spoiled[:, :2] = False
    counts[spoiled] = 0
    years = np.arange(2000, 2000 + n_years)
    table = pd.DataFrame(
        [
            (year, f"{chr(65 + place)}AA", counts[at, place])
            for at, year in enumerate(years)
            for place in range(n_countries)
        ],
        columns=["year", "country", "researchers"],
    )
    absent = rng.random(len(table)) < draw(st.floats(0, 0.1))
    table = table[~absent | table["country"].isin(["AAA", "BAA"])]
    provisional = int(rng.choice(years[1:-1])) if n_years > 5 and rng.random() < 0.3 else -1
    return build_panel(
        table.assign(
            population="scholars",
            counting_rule="whole",
            source="register",
            vintage=pd.Timestamp("2024-01-01"),
            is_provisional=table["year"] == provisional,
        ),
        KEY,
    )


@pytest.mark.filterwarnings("ignore::models.shares.pooled.forecaster.ShortPanelWarning")
@pytest.mark.parametrize("model", ["naive", "drift", "pooled"])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(panel=panels())
def test_f083_every_sample_closes_and_no_quantiles_cross(model: str, panel: Panel) -> None:
    fitted = create(model).fit(panel, [1, 4, 10])
    drawn = sample_stocks(fitted, panel, n_draws=60, rng=np.random.default_rng(1))
    rows = forecast_rows({BASELINE: drawn}, KEY, model=model, n_samples=20)
    assert np.isfinite(rows["value"]).all()
    shares = rows[rows["target"] == "researcher_share"]
    for output_type in ("sample", "mean"):
        part = shares[shares["output_type"] == output_type]
        sums = part.groupby(["horizon_years", "output_type_id"], dropna=False)["value"].sum()
        assert (sums - 1).abs().max() < 1e-9
    quantiles = rows[rows["output_type"] == "quantile"]
    steps = quantiles.groupby(["target", "country", "horizon_years"])["value"].diff().dropna()
    assert (steps >= 0).all()
