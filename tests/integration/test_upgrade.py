"""A release of an earlier version is read, verified and superseded by today's code."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from deltalake import DeltaTable
from release_archive import small_plan

from flows.steps import pipeline
from readers.api import read
from readers.summaries.published_series import load_series, published_series
from talentcast.config import Settings
from talentcast.domain.tables import TABLES
from talentcast.store.inspection import inspect
from talentcast.store.pointer import find_release, list_releases

TESTS = Path(__file__).parents[1]
ARCHIVES = sorted((TESTS / "data" / "releases").glob("*.tar.gz"))
UPGRADING = TESTS.parent / "docs" / "upgrading.md"


@pytest.fixture(scope="module", params=ARCHIVES, ids=lambda path: path.name.split(".tar")[0])
def home(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("earlier")
    with tarfile.open(request.param) as tar:
        tar.extractall(folder, filter="data")
    return folder


def test_it_is_verified(home: Path) -> None:
    (inspected,) = inspect(home / "releases")
    assert inspected.problems == ()
    assert inspected.checked == "manifest and rows"


def test_every_table_is_read_with_the_columns_of_today(home: Path) -> None:
    root = home / "releases"
    release = find_release("latest", root)
    for name in release.tables:
        frame = read(name, home=home)
        (contract,) = (table for table in TABLES if table.name == name)
        assert tuple(frame.columns) == contract.column_names
        assert len(frame) > 0, name
    (series,) = published_series(release, root)
    assert load_series(series, release, root).names


def test_it_is_superseded_and_stays_as_it_was(home: Path, tmp_path: Path) -> None:
    settings = Settings(home=home)
    root = settings.releases
    before = find_release("latest", root)
    refreshed = pipeline.refresh(small_plan(tmp_path, last_year=2020), settings)
    assert find_release("latest", root).release_id == refreshed.release.release_id
    assert {one.release_id for one in list_releases(root)} == {
        before.release_id,
        refreshed.release.release_id,
    }
    assert [one.problems for one in inspect(root)] == [(), ()]


def test_a_change_of_a_table_is_explained_to_those_who_upgrade(home: Path) -> None:
    explained = UPGRADING.read_text()
    for table in (one for one in TABLES if one.role == "published"):
        stored = home / "releases" / table.name
        if not stored.is_dir():
            continue
        before = {field.name for field in DeltaTable(stored).schema().fields}
        changed = before ^ set(table.column_names)
        unexplained = [name for name in changed if f"`{table.name}.{name}`" not in explained]
        assert unexplained == [], f"docs/upgrading.md does not name these of {table.name}"
