"""What the guide to reading says is run as it stands."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from small_release import Small, publish_small

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
        str(latest.release_id), str(older.release_id),
    ]  # fmt: skip


def test_an_ambiguous_question_names_the_choices(tmp_path: Path) -> None:
    import talentcast
    from talentcast.domain.errors import UsageError

    publish_small(tmp_path / "releases")
    with pytest.raises(UsageError, match=r"Choose counting_rule: fractional, modal_country\."):
        talentcast.probability_ahead("CHN", "USA", population="scholars_scopus", home=tmp_path)
