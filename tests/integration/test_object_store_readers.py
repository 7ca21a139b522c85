"""Readers of a store by its address: the same pages and files as from a folder, in few requests."""

from __future__ import annotations

import filecmp
from pathlib import Path

import pytest
from object_store import ObjectServer
from small_release import Small, publish_small
from streamlit.testing.v1 import AppTest

import talentcast
from readers import cache
from readers.formats import writer
from readers.site.data import write_tables
from storage.objects import ObjectPath

SMALL = Small(has_returns=False)


@pytest.fixture(scope="module")
def store(object_server: ObjectServer) -> ObjectPath:
    with pytest.MonkeyPatch.context() as patch:
        object_server.ask_through_proxy(patch)
        home = object_server.new_bucket()
        publish_small(home / "releases", SMALL)
    return home


@pytest.fixture
def asking(
    store: ObjectPath, object_server: ObjectServer, monkeypatch: pytest.MonkeyPatch
) -> ObjectPath:
    """The home, with credentials in the environment and no request counted yet."""
    object_server.ask_through_proxy(monkeypatch)
    monkeypatch.setenv("TALENTCAST_HOME", str(store))
    object_server.proxy.asked()
    return store


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("folder")
    publish_small(root, SMALL)
    return root


def test_a_table_is_a_request_a_file_and_then_one_look_for_news(
    asking: ObjectPath, object_server: ObjectServer
) -> None:
    talentcast.read("forecasts", home=str(asking))
    first = object_server.proxy.asked()
    files = [one.target for one in first if one.target.endswith(".parquet")]
    (release,) = cache.releases(asking / "releases")
    assert sum("/forecasts/" in file for file in files) == len(release.tables["forecasts"].files)
    assert not any("/forecasts/_delta_log" in one.target for one in first)
    object_server.proxy.asked()
    talentcast.read("forecasts", home=str(asking), country="USA")
    talentcast.read("forecasts", home=str(asking), country="CHN")
    again = object_server.proxy.asked()
    assert len(again) == 2
    listed = {one.listed for one in (*first, *again)} - {None}
    assert listed == {f"{asking.key}/releases/releases/_delta_log/"}


def test_exports_and_tables_of_the_site_are_those_from_a_folder(
    asking: ObjectPath, folder: Path, tmp_path: Path
) -> None:
    for where, root in (("folder", folder), ("store", asking / "releases")):
        release, out = cache.find("latest", root), tmp_path / where
        out.mkdir()
        writer("csv")(release, root, out)
        write_tables(release, root, out / "site", with_samples=True)
    assert differing(tmp_path / "folder", tmp_path / "store") == []


def differing(one: Path, other: Path) -> list[str]:
    names = [str(path.relative_to(one)) for path in one.rglob("*") if path.is_file()]
    assert len(names) > 10
    assert len(names) == sum(path.is_file() for path in other.rglob("*"))
    _, changed, missing = filecmp.cmpfiles(one, other, names, shallow=False)
    return changed + missing


def test_the_dashboard_shows_it(asking: ObjectPath) -> None:
    script = Path(__file__).parents[2] / "dashboard" / "entry" / "script.py"
    app = AppTest.from_file(str(script), default_timeout=60).run()
    assert not app.exception
    shown = " ".join(each.proto.body for each in app.get("html"))
    assert str(cache.releases(asking / "releases")[0].release_id) in shown
    assert "cannot be shown" not in shown
