import numpy as np
import pytest

from features.composition import close
from features.vintage_pairs import SeenRevisions
from models.evaluation.across_vintages import N_FOLDS, revisions_in_folds
from models.shares.later_vintage import OTHER_SOURCES, learn_revisions, revised

N_COUNTRIES, N_YEARS = 60, 8


def seen(*, size: float, n_countries: int = N_COUNTRIES, newest: float = 1.0) -> SeenRevisions:
    """Revisions of a given mean absolute size over one year; the newest year has another."""
    rng = np.random.default_rng(5)
    shares = np.tile(close(np.exp(np.linspace(0, 7, n_countries))), (N_YEARS, 1))
    # The years of a country are revised together.
    moved = np.tile(rng.normal(0, size / 0.798, n_countries), (N_YEARS, 1))
    moved[-1] *= newest
    age = np.arange(N_YEARS)[::-1]
    names = tuple(f"C{number:02}" for number in range(n_countries))
    return SeenRevisions(names, shares, moved, age, years_between=1.0)


def test_the_size_of_revisions_is_found_again() -> None:
    model = learn_revisions(seen(size=0.05))
    assert model is not None
    found = model.spread(np.array([0.01]), years_between=1.0, age_years=3)
    assert float(found[0]) == pytest.approx(0.05, rel=0.3)


def test_years_that_are_revised_more_are_expected_to() -> None:
    model = learn_revisions(seen(size=0.05, newest=3.0))
    assert model is not None
    newest, older = model.spread(0.01, years_between=1.0, age_years=np.array([0.0, 6.0]))
    assert newest > 2 * older


def test_too_few_countries_teach_nothing_of_their_own() -> None:
    assert learn_revisions(seen(size=0.05, n_countries=9)) is None


def test_a_population_is_believed_as_far_as_its_countries_go() -> None:
    expected = float(OTHER_SOURCES.spread(0.02, years_between=1.0))
    few, many = (
        OTHER_SOURCES.at_level_of(seen(size=20 * expected, n_countries=n)).level for n in (2, 60)
    )
    assert 1 < few < many


def test_revisions_grow_with_the_time_in_between_and_are_known_for_no_larger_share() -> None:
    once, later = OTHER_SOURCES.spread(0.05, years_between=np.array([1.0, 4.0]))
    assert later == pytest.approx(2 * once)
    small, large, larger = OTHER_SOURCES.spread(np.array([0.001, 0.22, 0.7]), years_between=1.0)
    assert small > large == pytest.approx(larger, rel=0.01)


def test_revised_draws_are_compositions_and_wider_by_what_is_stated() -> None:
    rng = np.random.default_rng(2)
    shares = np.tile(close([5.0, 3.0, 1.0, 1.0]), (2, 4000, 1))
    spread = np.array([[0.01] * 4, [0.02] * 4])
    drawn = revised(shares, spread, rng)
    np.testing.assert_allclose(drawn.sum(axis=2), 1, atol=1e-12)
    moved = np.abs(np.log(drawn) - np.log(shares)).mean(axis=(1, 2))
    assert moved[1] == pytest.approx(2 * moved[0], rel=0.05)
    assert moved[0] == pytest.approx(0.01, rel=0.2)


def test_no_country_is_scored_with_what_it_taught() -> None:
    plain = seen(size=0.05)
    moved = plain.moved.copy()
    moved[:, 7] = 3.0
    wild = SeenRevisions(plain.countries, plain.shares, moved, plain.age_years, 1.0)
    before, after = revisions_in_folds(plain), revisions_in_folds(wild)
    same = {name for name in plain.countries if before[name] == after[name]}
    assert same == set(plain.countries[7 % N_FOLDS :: N_FOLDS])
