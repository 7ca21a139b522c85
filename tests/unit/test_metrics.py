"""Figures for a monitor are of the release that is served, and parse as Prometheus reads them."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from small_release import Small, publish_small

from readers.export.metrics import metrics_text
from talentcast.store.pointer import list_releases


def values(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_they_are_of_the_release_that_is_served(tmp_path: Path) -> None:
    publish_small(tmp_path)
    second = publish_small(tmp_path, Small(settings="b"))
    now = second.published_at + timedelta(hours=2)
    found = values(metrics_text(list_releases(tmp_path), now=now))
    assert found["talentcast_release_age_seconds", ()] == 7200
    assert found["talentcast_releases", ("published",)] == 2
    labels = next(key[1] for key in found if key[0] == "talentcast_release_info")
    assert str(second.release_id) in labels
    rows = {key[1][0]: value for key, value in found.items() if key[0] == "talentcast_release_rows"}
    assert rows == {entry.name: entry.rows for entry in second.tables.values()}
    checks = {key[1][0]: v for key, v in found.items() if key[0] == "talentcast_release_checks"}
    assert checks == dict(second.quality)


def test_without_a_release_there_are_no_figures_of_one(tmp_path: Path) -> None:
    (tmp_path / "releases").mkdir()
    text = metrics_text([], now=None)  # type: ignore[arg-type]  # nothing has an age
    assert values(text) == {}
