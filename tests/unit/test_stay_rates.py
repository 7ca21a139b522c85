"""Other stay rates: nobody is lost, who leaves goes home, and one cohort counted by hand."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import pandas as pd
import pytest

from bench.stay_rates import both_shocks
from features.stay_rates import StayRate, arrival_rates, stay_rates
from models.shares.protocol import Draws
from models.shares.stock import StockDraws
from models.stay_rates import ForeignResearchers, assumed_researchers, with_stay_rate
from publication.stay_rates import stay_rate_rows
from readers.summaries.series import Series
from readers.summaries.stay_rates import stay_rate_in_words, stay_rate_steps
from sources.bundled import published_figures
from talentcast.domain.tables import STAY_RATE_SCENARIOS
from talentcast.domain.types import CountingRule, Origin, SeriesKey

COUNTRIES = ("CHN", "USA", "DEU", "ROW")
KEY = SeriesKey("lab", CountingRule.UNSPECIFIED, "lab")


def forecasts(n_draws: int = 50, n_years: int = 5) -> StockDraws:
    rng = np.random.default_rng(1)
    stocks = np.array([300.0, 1000, 200, 500]) * rng.lognormal(0, 0.1, (n_years, n_draws, 4))
    shares = stocks / stocks.sum(axis=2, keepdims=True)
    return StockDraws(Draws(COUNTRIES, Origin(2020), tuple(range(1, n_years + 1)), shares), stocks)


def foreign(
    n_draws: int = 50, *, staying: float = 0.5, origins: tuple[str, ...] = ("CHN", "EUROPE")
) -> ForeignResearchers:
    return ForeignResearchers(
        arriving=np.full(n_draws, 0.02),
        staying=np.full((n_draws, len(origins)), staying),
        weights=np.full(len(origins), 1 / len(origins)),
        origins=origins,
    )


@pytest.mark.parametrize("points", [-0.2, -0.05, 0.1, 0.2])
def test_nobody_is_lost_and_shares_sum_to_one(points: float) -> None:
    before = forecasts()
    after = with_stay_rate(before, 1000.0, foreign(), points)
    assert np.allclose(after.stocks.sum(axis=2), before.stocks.sum(axis=2))
    assert np.allclose(after.draws.shares.sum(axis=2), 1)
    moved = after.draws.shares - before.draws.shares
    assert np.all(np.sign(moved[:, :, 1]) == np.sign(points))
    assert np.all(np.sign(moved[:, :, [0, 2, 3]]) == -np.sign(points))


def test_nothing_moves_without_a_change() -> None:
    before = forecasts()
    after = with_stay_rate(before, 1000.0, foreign(), 0.0)
    assert np.allclose(after.stocks, before.stocks)


def test_a_first_year_counted_by_hand() -> None:
    before = forecasts(n_draws=1, n_years=1)
    after = with_stay_rate(before, 1000.0, foreign(1, origins=("CHN",)), -0.1)
    # Cohorts that came 0 to 4 years ago; a year at .5 and one at .4 in five.
    stay, changed = 0.5**0.2, 0.4**0.2
    size = 0.02 * min(1000.0, before.stocks[0, 0, 1])
    left = sum(size * stay**years * (stay - changed) for years in range(5))
    assert before.stocks[0, 0, 1] - after.stocks[0, 0, 1] == pytest.approx(left)
    assert after.stocks[0, 0, 0] - before.stocks[0, 0, 0] == pytest.approx(left)
    assert after.stocks[0, 0, 2] == before.stocks[0, 0, 2]


def test_a_group_of_countries_is_spread_over_all_that_are_not_named() -> None:
    before = forecasts()
    after = with_stay_rate(before, 1000.0, foreign(origins=("CHN", "EUROPE")), -0.1)
    moved = after.stocks - before.stocks
    ratio = moved[:, :, [2, 3]] / before.stocks[:, :, [2, 3]]
    assert np.allclose(ratio, ratio[:, :, :1])
    assert np.all(ratio > 0)
    assert np.allclose(moved[:, :, 0], moved[:, :, [2, 3]].sum(axis=2))  # half of each origin


def test_a_country_that_is_not_forecast_apart_is_part_of_the_rest_of_the_world() -> None:
    before = forecasts()
    after = with_stay_rate(before, 1000.0, foreign(origins=("TWN",)), -0.1)
    moved = after.stocks - before.stocks
    assert np.allclose(moved[:, :, [0, 2]], 0)
    assert np.allclose(moved[:, :, 3], -moved[:, :, 1])


def test_no_more_are_kept_abroad_than_an_origin_has() -> None:
    before = forecasts()
    before.stocks[:, :, 0] = 0.5
    after = with_stay_rate(before, 1000.0, foreign(origins=("CHN",)), 0.2)
    assert np.allclose(after.stocks[-1, :, 0], 0)
    assert np.allclose(after.stocks.sum(axis=2), before.stocks.sum(axis=2))
    assert np.all(after.stocks[:, :, 1] >= before.stocks[:, :, 1])


def test_those_at_the_origin_may_differ_by_draw() -> None:
    before = forecasts()
    one = with_stay_rate(before, 500.0, foreign(), -0.1)
    by_draw = with_stay_rate(before, np.full(50, 500.0), foreign(), -0.1)
    assert np.allclose(one.stocks, by_draw.stocks)


def test_five_years_of_people_who_stay_or_leave_one_by_one() -> None:
    """Arrivals are followed person by person; five years after arrival nobody leaves any more."""
    rng = np.random.default_rng(3)
    arrived = np.repeat(np.arange(-4, 6), 100_000)

    def there(changed: float) -> list[int]:
        is_there, counts = np.ones(len(arrived), dtype=bool), []
        for year in range(-3, 6):
            rate = 0.5 if year <= 0 else changed
            at_risk = (arrived < year) & (year - arrived <= 5)
            is_there &= ~(at_risk & (rng.random(len(arrived)) > rate**0.2))
            counts.append(int(is_there[arrived <= year].sum()))
        return counts[-5:]

    simulated = np.array(there(0.5)) - np.array(there(0.4))
    stocks = np.tile(np.array([300.0, 1000, 200, 500]), (5, 1, 1))
    draws = Draws(COUNTRIES, Origin(2020), (1, 2, 3, 4, 5), stocks / stocks.sum(axis=2)[..., None])
    before = StockDraws(draws, stocks)
    after = with_stay_rate(before, 1000.0, foreign(1, origins=("CHN",)), -0.1)
    left = (before.stocks - after.stocks)[:, 0, 1]
    assert left == pytest.approx(20 * simulated / 100_000, rel=0.03)


def test_published_rates_are_read_with_their_samples() -> None:
    rates = stay_rates(published_figures())
    by_origin = {one.origin: one for one in rates.by_origin}
    assert by_origin["CHN"] == StayRate("CHN", pytest.approx(0.832), 15800)
    assert by_origin["KOR"].rate == pytest.approx(0.51)
    assert len(by_origin) == 10
    assert 0.1 < rates.spread < 0.6
    drawn = assumed_researchers(
        rates, np.array([0.01, 0.02]), n_draws=4000, rng=np.random.default_rng(1)
    )
    assert set(drawn.arriving) == {0.01, 0.02}
    assert drawn.weights.sum() == pytest.approx(1)
    middle = np.median(drawn.staying[:, drawn.origins.index("CHN")])
    assert middle == pytest.approx(0.832, abs=0.01)


def test_arrival_rates_are_those_of_the_last_years_that_count_them() -> None:
    counts = pd.DataFrame(
        {
            "country": ["USA"] * 3 + ["CHN"],
            "year": [2018, 2019, 2020, 2020],
            "researchers": [100.0, 200, 400, 50],
            "arrivals": [2.0, 8, np.nan, 1],
            "is_provisional": False,
        }
    )
    assert list(arrival_rates(counts, Origin(2020))) == [0.02, 0.04]
    assert list(arrival_rates(counts, Origin(2018))) == [0.02]
    unseen = counts.assign(is_provisional=counts["year"] == 2019)
    assert list(arrival_rates(unseen, Origin(2020))) == [0.02]
    assert len(arrival_rates(counts[counts["country"] == "CHN"], Origin(2020))) == 0


def test_two_past_shocks_are_nearer_once_they_are_known() -> None:
    errors = both_shocks().set_index(["shock", "year"])
    last = errors.xs("2019", level="year").astype(dict.fromkeys(errors.columns[-2:], float))
    assert (last.iloc[:, -1].abs() < last.iloc[:, -2].abs()).all()


def test_rows_hold_every_step_and_sum_to_one() -> None:
    before = forecasts()
    steps = {points: with_stay_rate(before, 1000.0, foreign(), points / 100) for points in (-10, 0)}
    rows = stay_rate_rows(steps, KEY, model="pooled", are_arrivals_counted=False)
    assert tuple(rows.columns) == STAY_RATE_SCENARIOS.unpublished_columns
    assert np.allclose(rows.groupby(["points", "target_year"])["mean"].sum(), 1)
    assert set(rows["arrival_basis"]) == {"assumed"}
    assert (rows["lower_80"] <= rows["upper_80"]).all()


def test_a_step_is_told_with_its_range_and_who_moves_most() -> None:
    before = forecasts()
    steps = {points: with_stay_rate(before, 1000.0, foreign(), points / 100) for points in (-10, 0)}
    rows = stay_rate_rows(steps, KEY, model="pooled", are_arrivals_counted=False)
    series = cast(Series, SimpleNamespace(key=KEY, target_year=2023))
    told = stay_rate_steps(rows, series)
    assert told is not None
    assert (told.year, told.steps, told.are_arrivals_counted) == (2023, [-10, 0], False)
    said = stay_rate_in_words(told, -10, "USA", "United States", "the United States", "people")
    usa = told.of("USA").set_index("points")
    assert said.startswith("If the five-year stay rate of foreign researchers in the United States")
    mean = f"{usa['mean'][-10]:.2f}%"
    assert f"the United States’ share of people in 2023 would be {mean} on average" in said
    assert usa["change"][-10] < 0
    moved = told.moved(-10, {"CHN": "China"})
    assert set(moved["country"]) == {"CHN", "USA", "DEU"}
    assert list(moved["change"].abs()) == sorted(moved["change"].abs(), reverse=True)
    assert stay_rate_steps(rows, cast(Series, SimpleNamespace(key=KEY, target_year=2019))) is None
