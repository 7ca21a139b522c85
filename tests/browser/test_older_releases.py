"""Releases beside the latest one, as a reader sees them in a real browser."""

from __future__ import annotations

from typing import Any

from forecast_medians import median

from talentcast.store.pointer import find_release


def test_two_releases_of_the_reader_s_choice_are_compared(visit: Any, store: Any) -> None:
    visit.open("releases", population="scholars_scopus")
    visit.choose("Compare with", store.backfill)
    assert visit.query()["compare"] == store.backfill
    before, after = (
        median(store, "IND", 2024, release=release) for release in (store.backfill, store.latest)
    )
    shown = {row[0]: row[1:3] for row in visit.rows("Median share of 2024")}
    assert shown["India"] == [f"{before:.2f}%", f"{after:.2f}%"]


def test_an_older_release_is_shown_with_its_own_numbers_and_says_so(visit: Any, store: Any) -> None:
    visit.open(population="scholars_scopus")
    visit.choose("Release", store.older)
    assert visit.query()["release"] == store.older
    expected = median(store, "CHN", 2027, release=store.older)
    assert f"about {expected:.0f}%" in visit.title()
    assert f"Release {store.older} is not the latest one." in visit.text()


def test_a_retracted_release_says_why_and_that_its_numbers_are_not_to_be_used(
    visit: Any, store: Any
) -> None:
    for path in ("overview", "releases"):
        text = visit.open(path, release=store.retracted).text()
        assert f"Release {store.retracted} was retracted: A source counted twice (ada)." in text
        assert "Do not use its numbers." in text
    states = {row[0]: row[3] for row in visit.rows("Releases, newest first")}
    assert states == {
        store.latest: "published",
        store.older: "published",
        store.pruned: "pruned",
        f"{store.retracted} (shown)": "retracted",
        store.backfill: "published",
    }
    visit.page.get_by_role("link", name="Show the latest.").click()
    visit.page.wait_for_url(f"**release={store.latest}**")


def test_a_link_to_a_pruned_release_says_so_and_shows_the_latest(visit: Any, store: Any) -> None:
    visit.open("releases", release=store.pruned)
    assert f"{store.pruned} was pruned on 2024-04-01; the latest one is shown." in visit.text()
    box = visit.page.get_by_role("combobox", name="Compare with").first
    box.click()
    box.fill("r20")
    visit.page.get_by_role("option", name=store.older).wait_for()
    assert visit.page.get_by_role("option", name=store.pruned).count() == 0


def test_the_manifest_hash_of_a_release_is_the_one_that_is_verified(visit: Any, store: Any) -> None:
    visit.open("releases")
    shown = {row[0].split(" ")[0]: row[5] for row in visit.rows("Releases, newest first")}
    for release_id in (store.latest, store.older, store.retracted, store.backfill):
        release = find_release(release_id, store.root)
        assert release.manifest_sha256 == release.manifest_hash()
        assert shown[release_id] == release.manifest_hash()[:16]
