"""From OpenAlex to releases: one a day, all countries, and what changed since the day before."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from openalex_server import ALL_COUNTRIES, growing_world, openalex_server

import talentcast
from sources.openalex import source
from talentcast.domain.errors import LimitReachedError
from talentcast.store.pointer import list_releases

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
