"""From OpenAlex to releases: one a day, all countries, and what changed since the day before."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from openalex_server import ALL_COUNTRIES, World, growing_world, openalex_server

import talentcast
from readers.largest_changes import largest_changes
from sources.openalex import source
from talentcast.domain.errors import LimitReachedError
from talentcast.domain.types import NOWCAST_TOPIC
from talentcast.store.pointer import list_releases
from talentcast.store.release import Release

pytestmark = pytest.mark.usefixtures("orchestrator")

TODAY = date(2026, 11, 24)
COUNTRIES = ALL_COUNTRIES[:60]


def refresh(**options: object):  # type: ignore[no-untyped-def]
    from flows.refresh import refresh as flow

    return flow(
        sources=["openalex"], populations=["ai_works"], models=["naive", "drift"], **options
    )


def test_each_day_is_a_release_of_every_country_with_its_unknown_share(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    with openalex_server(world=growing_world(countries=COUNTRIES), groups_a_page=40) as server:
        monkeypatch.setenv("TALENTCAST_OPENALEX_URL", server.url)
        monkeypatch.setattr(source, "today_utc", lambda: TODAY)
        with pytest.raises(LimitReachedError):
            refresh(home=home, max_cost=0.0003)
        assert (len(server.calls), list_releases(home / "releases")) == (3, [])

        first = refresh(home=home)
        again = refresh(home=home)
        assert (first.is_new, again.is_new, len(server.calls)) == (True, False, 52)
        assert str(first.release.as_of.as_of) == "2026-11-24"

        monkeypatch.setattr(source, "today_utc", lambda: TODAY + timedelta(days=1))
        server.world = growing_world(day=1, countries=COUNTRIES)
        second = refresh(home=home)
        assert len(server.calls) == 2 * 52

    observed = talentcast.read("observations", home=home, release=str(first.release.release_id))
    of_2025 = observed[observed["year"] == 2025]
    assert of_2025["share"].sum() == pytest.approx(1)
    assert len(of_2025) > 0.9 * len(COUNTRIES)
    assert of_2025["unknown_share"].between(0.08, 0.10).all()
    assert set(observed.loc[observed["is_provisional"], "year"]) == {2026}
    assert set(observed["counting_rule"]) == {"whole_works"}

    assert str(second.release.as_of.as_of) == "2026-11-25"
    assert len(list_releases(home / "releases")) == 2
    changed = talentcast.read("revisions", home=home, release=str(second.release.release_id))
    moved = changed[changed["researchers"] != changed["previous_researchers"]]
    assert {2025} <= set(moved["year"]) <= {2025, 2026}
    assert ((moved["researchers"] - moved["previous_researchers"]) == 3).all()
    _is_estimated(first.release, home, year=2026)
    _moves_are_explained(first.release, second.release, home)
    said = {
        (row["what"], row["year"]): row
        for row in largest_changes(first.release, second.release, home / "releases")
    }
    assert said["count", 2026]["change"] == 3
    assert said["total", 2026]["country"] == "all"
    assert ("nowcast", 2026) in said


def _is_estimated(release: Release, home: Path, *, year: int) -> None:
    """A nowcast is a forecast at horizon 0, and its draws are compositions of all countries."""
    rows = talentcast.read(
        "forecasts", home=home, release=str(release.release_id), target="researcher_share"
    )
    nowcast = rows[rows["horizon_years"] == 0]
    assert set(nowcast["target_year"]) == {year}
    assert set(rows["origin_year"]) == {year}
    assert set(nowcast["country"]) == set(rows["country"])
    assert len(set(nowcast["country"])) > 0.5 * len(COUNTRIES)
    samples = nowcast[nowcast["output_type"] == "sample"].groupby("output_type_id")["value"].sum()
    assert len(samples) == 200
    assert samples.to_numpy() == pytest.approx(1)


def _moves_are_explained(first: Release, second: Release, home: Path) -> None:
    """What moved is revised counts of a finished year and new ones of an unfinished one."""
    before, now = (
        talentcast.read(
            "forecasts",
            home=home,
            release=str(release.release_id),
            target="researcher_share",
            output_type="mean",
            model="naive",
        ).set_index(["country", "target_year"])["value"]
        for release in (first, second)
    )
    changes = talentcast.read("forecast_changes", home=home)
    told = changes.groupby(["country", "target_year"])["value"].sum().reindex(now.index)
    assert (now - before).to_numpy() == pytest.approx(told.fillna(0).to_numpy(), abs=1e-9)
    assert set(changes["cause"]) == {"revised_data", "new_data"}


def test_how_full_a_year_is_is_stated_at_first_and_learned_from_own_vintages_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    with openalex_server(world=growing_world(countries=COUNTRIES)) as server:
        monkeypatch.setenv("TALENTCAST_OPENALEX_URL", server.url)
        for year in (2026, 2027):
            monkeypatch.setattr(source, "today_utc", lambda year=year: date(year, 11, 24))
            server.world = half_counted_world(year)
            refresh(home=home)
    cards = [
        talentcast.read("model_cards", home=home, release=str(release.release_id))
        for release in list_releases(home / "releases")
    ]
    learned, stated = (" ".join(card.loc[card["topic"] == NOWCAST_TOPIC, "text"]) for card in cards)
    assert "2026 is estimated: about 72% of it is counted (stated by" in stated
    assert "2027 is estimated: about 5" in learned
    assert "learned from own vintages of 2026" in learned
    medians = talentcast.read(
        "forecasts", home=home, target="researcher_stock", output_type="median", model="naive"
    )
    total = medians[medians["horizon_years"] == 0]["value"].sum()
    counts = half_counted_world(2027)(2027)
    assert total == pytest.approx(2 * sum(counts.values()), rel=0.15)


def half_counted_world(unfinished: int) -> World:
    """Return a world in which one half of one year is counted, and all of the years before."""

    def works(year: int) -> dict[str, int]:
        part = 0.5 if year == unfinished else 1.0
        return {code: int(part * n) for code, n in growing_world(countries=COUNTRIES)(2025).items()}

    return works
