"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import settings

# A slow machine is no reason to fail: speed is measured in bench/, never by a test.
settings.register_profile("talentcast", deadline=None)
settings.load_profile("talentcast")

#: Files that take half a minute or more. Processes that share the files out begin with these,
#: so that none of them is left for one process at the end.
LONGEST_FIRST = (
    "test_server.py",
    "test_pages.py",
    "test_orchestration.py",
    "test_backfill.py",
    "test_screenshots.py",
    "test_static_site.py",
    "test_scheduled_run.py",
    "test_packaging.py",
    "test_refresh.py",
    "test_people_in_releases.py",
    "test_faults_processes.py",
    "test_faults_security.py",
)


@pytest.fixture(scope="module", autouse=True)
def _people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Publish returns of few people too, without the notes on data sets of the user or other files.

    A few hundred people keep tests short, and are not worth another process.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TALENTCAST_DATASETS_DIR", str(tmp_path_factory.mktemp("datasets")))
        patch.setenv("TALENTCAST_MIN_PEOPLE_FOR_RETURNS", "0")
        patch.setenv("TALENTCAST_PEOPLE_PROCESSES", "1")
        patch.setenv("TALENTCAST_BACKFILL_PROCESSES", "1")
        yield


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put long files first where several processes work; one process runs from quick to slow."""
    if hasattr(config, "workerinput"):
        place = {name: number for number, name in enumerate(LONGEST_FIRST)}
        items.sort(key=lambda item: place.get(item.path.name, len(place)))
