"""The headline quotes the default model, the leading countries, and both years."""

from __future__ import annotations

import pandas as pd
import pytest

from publication.headline import default_models, headline_shares

KEY = {"population": "lab", "counting_rule": "modal_country", "source": "file"}


def forecasts() -> pd.DataFrame:
    rows = [
        (model, country, output_type, level, value + level / 100)
        for model in ("good", "baseline")
        for country, value in (("FRA", 0.3), ("ITA", 0.2), ("ROW", 0.5))
        for output_type, level in (("quantile", 0.1), ("quantile", 0.5), ("quantile", 0.9))
    ]
    rows.append(("good", "FRA", "sample", 0.0, 0.31))
    return pd.DataFrame(
        rows, columns=["model", "country", "output_type", "output_type_id", "value"]
    ).assign(
        **KEY,
        target="researcher_share",
        scenario="baseline",
        origin_year=2019,
        horizon_years=5,
        target_year=2024,
    )


def observations() -> pd.DataFrame:
    return pd.DataFrame(
        {"country": ["FRA", "ITA", "ROW"], "year": 2019, "share": [0.25, 0.26, 0.49]}
    ).assign(**KEY)


def test_each_series_quotes_the_model_whose_samples_are_published() -> None:
    swapped = forecasts()["model"].map({"good": "baseline", "baseline": "good"})
    other = forecasts().assign(population="another", model=swapped)
    found = default_models(pd.concat([forecasts(), other])).set_index("population")["model"]
    assert found.to_dict() == {"lab": "good", "another": "baseline"}


def test_countries_stand_in_the_order_of_their_last_count_without_the_rest() -> None:
    headline = headline_shares(observations(), forecasts())
    assert headline["country"].tolist() == ["ITA", "FRA"]
    assert headline["counted_year"].unique().tolist() == [2019]
    assert headline["target_year"].unique().tolist() == [2024]


def test_the_interval_holds_eight_outcomes_in_ten() -> None:
    row = headline_shares(observations(), forecasts(), leading=1).iloc[0]
    interval = [row["lower_80"], row["median"], row["upper_80"]]
    assert interval == pytest.approx([0.201, 0.205, 0.209])
    assert row["share"] == 0.26


def test_the_share_that_is_quoted_beside_a_nowcast_is_that_of_the_year_counted_before_it() -> None:
    nowcast = forecasts().assign(horizon_years=0, target_year=2019)
    before = observations().assign(year=2018, share=0.2)
    headline = headline_shares(
        pd.concat([before, observations()]), pd.concat([nowcast, forecasts()])
    )
    assert headline["counted_year"].unique().tolist() == [2018]
    assert headline["target_year"].unique().tolist() == [2024]
    assert set(headline["share"]) == {0.2}
