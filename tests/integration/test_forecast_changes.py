"""Releases in a row, each with one thing changed: each says what that moved."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from flows.steps import forecast, pipeline
from flows.steps.plan import Plan
from models.shares import registry
from models.shares.baselines import Drift
from talentcast.config import Settings
from talentcast.store.reader import read_frame
from talentcast.store.release import Release

GROWTH = (("CHN", 300, 1.09, 3), ("USA", 900, 1.01, 5), ("DEU", 400, 1.0, 2))


@dataclass
class Lab:
    """A file of counts, and the releases made of it by what was changed for each."""

    folder: Path
    releases: dict[str, Release] = field(default_factory=dict)

    @property
    def settings(self) -> Settings:
        return Settings(home=self.folder / "home")

    @property
    def plan(self) -> Plan:
        counts = str(self.folder / "lab.csv")
        models = ("pooled", "naive")
        return Plan(sources=(counts,), models=models, scored_horizons=(), n_samples=5)

    def count(self, last_year: int, *, revised: int = 0, more: tuple[str, ...] = ()) -> None:
        """Write counts up to a year, known in the next one; `revised` more people in 2018."""
        rows = [
            f"{year},{country},{round(size * growth ** (year - 2000)) + (year * step) % 7 + extra}"
            for year in range(2000, last_year + 1)
            for country, size, growth, step in GROWTH
            for extra in [revised if (year, country) == (2018, "DEU") else 0]
        ]
        path = self.folder / "lab.csv"
        path.write_text("\n".join(["year,country,researchers", *rows, *more, ""]))
        moment = datetime(last_year + 1, 3, 1, 12, tzinfo=UTC).timestamp()
        os.utime(path, (moment, moment))

    def publish(self, changed: str, plan: Plan | None = None, *, force: bool = False) -> None:
        made = pipeline.refresh(plan or self.plan, self.settings, force=force)
        self.releases[changed] = made.release

    def changes(self, changed: str) -> pd.DataFrame:
        return read_frame("forecast_changes", self.releases[changed], self.settings.releases)

    def means(self, changed: str) -> pd.Series:
        rows = read_frame("forecasts", self.releases[changed], self.settings.releases)
        (model,) = set(rows.loc[rows["output_type"] == "sample", "model"])
        return forecast.published_means(rows, model)

    def before(self, changed: str) -> str:
        names = list(self.releases)
        return names[names.index(changed) - 1]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    made = Lab(tmp_path_factory.mktemp("lab"))
    with pytest.MonkeyPatch.context() as patch:
        made.count(2019)
        made.publish("nothing")
        made.count(2020, revised=40)
        made.publish("input")
        redrawn = replace(made.plan, seed=7, n_draws=500)
        made.publish("setting", redrawn)
        patch.setitem(registry.MODELS, "of_last_year", lambda context: Drift())
        made.publish("model", replace(redrawn, models=("of_last_year", "naive")))
        patch.delitem(registry.MODELS, "of_last_year")
        made.publish("gone model", replace(redrawn, seed=8))
        patch.setitem(registry.MODELS, "pooled", lambda context: Drift())
        made.publish("code", replace(redrawn, seed=8), force=True)
        france = tuple(f"{year},FRA,{60 + year - 2000}" for year in range(2000, 2022))
        made.count(2021, revised=40, more=france)
        made.publish("parts", replace(redrawn, seed=8))
        yield made


def test_nothing_is_compared_without_a_release_before(lab: Lab) -> None:
    assert "forecast_changes" not in lab.releases["nothing"].tables


@pytest.mark.parametrize(
    ("changed", "causes"),
    [
        ("input", {"revised_data", "new_data"}),
        ("setting", {"settings"}),
        ("model", {"model"}),
        # A model that is gone cannot be fitted: what else changed is told with it.
        ("gone model", {"model"}),
        ("code", {"code"}),
        ("parts", {"new_data"}),
    ],
)
def test_causes_sum_to_what_moved_and_no_other_is_named(
    lab: Lab, changed: str, causes: set[str]
) -> None:
    before = lab.before(changed)
    moved = (lab.means(changed) - lab.means(before)).dropna()
    changes = lab.changes(changed)
    told = changes.groupby(["country", "target_year"])["value"].sum()
    assert np.allclose(told.reindex(moved.index).fillna(0), moved, atol=1e-9, rtol=0)
    assert moved.abs().max() > 1e-6
    assert set(changes["cause"]) == causes
    assert set(changes["previous_release_id"]) == {str(lab.releases[before].release_id)}
    shares = changes.set_index(["country", "target_year"])["previous_share"]
    assert np.allclose(shares, lab.means(before)[shares.index], atol=0, rtol=1e-12)


def test_countries_that_are_forecast_apart_only_now_are_left_out(lab: Lab) -> None:
    assert set(lab.changes("parts")["country"]) == {"CHN", "DEU", "USA"}
