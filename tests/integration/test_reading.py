"""What the guide to reading says is run as it stands."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq
import pytest
from small_release import Small, publish_small

import talentcast
from readers import cache
from talentcast.domain.errors import UsageError

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "read-the-tables.md"


def test_every_example_of_the_guide_runs_and_means_what_it_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    older = publish_small(tmp_path / "releases", Small(date(2023, 1, 31), 2022, settings="c"))
    latest = publish_small(tmp_path / "releases")
    monkeypatch.setenv("TALENTCAST_HOME", str(tmp_path))
    blocks = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    names: dict[str, Any] = {}
    for block in blocks:
        code = block.replace("r20240131-0123456789ab", str(older.release_id))
        exec(code, names)  # noqa: S102 - our own guide
    assert set(names["shares"]["country"]) == {"CHN", "USA"}
    assert set(names["shares"]["release_id"]) == {str(latest.release_id)}
    assert set(names["before"]["release_id"]) == {str(older.release_id)}
    assert isinstance(names["after"], pd.DataFrame)
    talentcast = names["talentcast"]
    chosen = {"population": "neurips_authorships"}
    ahead = talentcast.probability_ahead("CHN", "USA", **chosen)
    overtakes = talentcast.probability_overtakes("CHN", "USA", by=2026, **chosen)
    assert ahead.loc[2026] <= overtakes <= 1
    assert names["talentcast"].releases()["release_id"].tolist() == [
        str(latest.release_id),
        str(older.release_id),
    ]


def test_an_ambiguous_question_names_the_choices(tmp_path: Path) -> None:
    publish_small(tmp_path / "releases")
    with pytest.raises(UsageError, match=r"Choose counting_rule: fractional, modal_country\."):
        talentcast.probability_ahead("CHN", "USA", population="scholars_scopus", home=tmp_path)


def test_a_table_that_many_ask_for_at_once_is_read_from_disk_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = publish_small(tmp_path / "releases")
    opened: list[Path] = []
    original = pq.ParquetFile

    def counting(path: Path, **options: Any) -> Any:
        opened.append(path)
        return original(path, **options)

    monkeypatch.setattr(cache.pq, "ParquetFile", counting)
    with ThreadPoolExecutor(8) as threads:
        asked = [
            threads.submit(talentcast.read, "forecasts", home=tmp_path, country=country)
            for country in ("CHN", "USA", "IND", "JPN") * 4
        ]
    assert all(len(one.result()) for one in asked)
    assert len(opened) == len(release.tables["forecasts"].files)


def test_a_number_is_found_as_a_text_is(tmp_path: Path) -> None:
    publish_small(tmp_path / "releases")
    filters = {"country": ["CHN", "USA"], "target_year": 2025, "output_type": "median"}
    found = talentcast.read("forecasts", home=tmp_path, **filters)
    whole = talentcast.read("forecasts", home=tmp_path)
    expected = whole[
        whole["country"].isin(["CHN", "USA"])
        & (whole["target_year"] == 2025)
        & (whole["output_type"] == "median")
    ]
    pd.testing.assert_frame_equal(found, expected.reset_index(drop=True))
