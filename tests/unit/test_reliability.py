"""A headline says how often earlier ranges held, and warns where they did not or nobody knows."""

from __future__ import annotations

import pandas as pd
import pytest

from readers.summaries.reliability import Reliability, reliability


def scores(held: dict[tuple[int, int], float], model: str = "pooled") -> pd.DataFrame:
    return pd.DataFrame(
        [
            (model, "all", "coverage_80", origin, horizon, value)
            for (origin, horizon), value in held.items()
        ],
        columns=["model", "country_group", "metric", "origin_year", "horizon_years", "value"],
    )


def test_only_the_newest_ten_origins_of_the_model_and_of_every_country_count() -> None:
    old = {(1999, h): 0.0 for h in (1, 2)}
    rows = scores(old | {(2000 + origin, h): 0.8 for origin in range(10) for h in (1, 2)})
    others = [
        scores({(2009, 1): 0.0}, "naive"),
        scores({(2009, 1): 0.0}).assign(country_group="top60"),
    ]
    found = reliability(pd.concat([rows, *others]), "pooled")
    assert (found.held, found.n_origins) == (pytest.approx(80), 10)
    assert not found.is_doubtful
    assert found.sentence() == "Such ranges held 80% of outcomes at the last 10 origins."


def test_a_horizon_at_which_ranges_did_not_hold_is_named_though_the_mean_is_right() -> None:
    held = {(2000 + origin, 1): 0.66 for origin in range(8)}
    held |= {(2000 + origin, 5): 0.94 for origin in range(8)}
    found = reliability(scores(held), "pooled")
    assert not found.is_doubtful
    assert "80% of outcomes at the last 8 origins (66% 1 year ahead)" in found.sentence()


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (Reliability(43.0, 10, (1, 43.0)), "held 43% of outcomes"),
        (Reliability(90.0, 4, (1, 90.0)), "last 4 origins, too few to tell"),
        (Reliability(100.0, 1, (1, 100.0)), "last 1 origin, too few to tell"),
        (Reliability(None, 0), "no such range was ever checked"),
    ],
)
def test_too_narrow_or_too_little_known_is_a_warning(found: Reliability, said: str) -> None:
    assert found.is_doubtful
    assert found.sentence().startswith("Do not rely on the range: ")
    assert said in found.sentence()


def test_nothing_scored_is_no_reliability() -> None:
    assert reliability(scores({}), "pooled") == Reliability(None, 0)
    assert reliability(scores({(2000, 1): float("nan")}), "pooled").held is None
