"""The guard of refactorings: every table of a small release has the rows that it always had.

Publishes one release from a file of counts, a few careers that do not exist and one scenario, and
releases of two past years. The expected rows, in `tests/golden/release/`, were made by the code
before its pipeline could run without an orchestrator. Of the joint samples only the first few are
kept. Where rows are to change, look at the differences, then write them anew with

    PYTHONPATH=tests/support python tests/integration/test_same_rows.py

and say in the changelog what changes for a reader.
"""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, date, datetime
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from release_comparison import frame_differences

from flows.steps import past_years, people, pipeline
from flows.steps.plan import Plan
from flows.steps.scenarios import read_scenario
from sources.synthetic import Simulation, SyntheticCareers
from talentcast.config import Settings
from talentcast.domain.tables import table
from talentcast.store.pointer import list_releases
from talentcast.store.reader import read_frame

EXPECTED = Path(__file__).parents[1] / "golden" / "release"
MODELS = ("pooled", "naive", "sarimax110")
SAMPLES_KEPT = 4
#: Ids of releases: they follow from the code too.
IDS = ("release_id", "answered_in")


def counts_file(folder: Path) -> str:
    """Write counts that bend, with a gap and a revision of nothing, known since one day."""
    rows = [
        f"{year},{country},{round(size * growth ** (year - 2000)) + (year * step) % 7}"
        for year in range(2000, 2020)
        for country, size, growth, step in (
            ("CHN", 300, 1.09, 3), ("USA", 900, 1.01, 5), ("DEU", 400, 1.0, 2), ("NA", 60, 1.03, 1),
        )
        if (year, country) != (2007, "DEU")
    ]  # fmt: skip
    path = folder / "lab.csv"
    path.write_text("\n".join(["year,country,researchers", *rows, ""]))
    moment = datetime(2020, 3, 1, 12, tzinfo=UTC).timestamp()
    os.utime(path, (moment, moment))
    return str(path)


def few_people() -> SyntheticCareers:
    return SyntheticCareers(simulation=Simulation(people=2_500))


def published_rows(root: Path) -> dict[str, pd.DataFrame]:
    """Return the rows of all releases by table, in a fixed order, with the kind of release."""
    found: dict[str, list[pd.DataFrame]] = {}
    for release in list_releases(root):
        label = f"{release.kind} as of {release.as_of.as_of}"
        for name in release.tables:
            rows = read_frame(name, release, root).drop(columns=list(IDS), errors="ignore")
            if name == "forecasts":
                is_sample = rows["output_type"] == "sample"
                rows = rows[~is_sample | (rows["output_type_id"] < SAMPLES_KEPT)]
            found.setdefault(name, []).append(rows.assign(release=label))
    return {
        name: pd.concat(frames).sort_values(
            ["release", *(column for column in table(name).key if column not in IDS)],
            ignore_index=True,
        )
        for name, frames in found.items()
    }


def publish_all(folder: Path) -> Path:
    """Publish everything without an orchestrator; return where the releases are."""
    settings = Settings(home=folder / "home", people_processes=2)
    counts = counts_file(folder)
    pipeline.refresh(
        Plan(
            sources=(counts, "synthetic_careers"),
            models=MODELS,
            scenarios=(read_scenario("chn_return_hazard_x1_5"),),
        ),
        settings,
        as_of=date(2026, 1, 31),
    )
    past_years.backfill(range(2016, 2018), Plan(sources=(counts,), models=MODELS), settings)
    return settings.releases


def as_stored(rows: pd.DataFrame) -> bytes:
    content = BytesIO()
    rows.to_parquet(content, index=False, compression="zstd")
    return content.getvalue()


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "SyntheticCareers", few_people)
        return published_rows(publish_all(tmp_path_factory.mktemp("same_rows")))


def test_every_table_is_published_and_no_other(rows: dict[str, pd.DataFrame]) -> None:
    assert sorted(rows) == sorted(path.stem for path in EXPECTED.glob("*.parquet"))


@pytest.mark.parametrize("name", sorted(path.stem for path in EXPECTED.glob("*.parquet")))
def test_every_row_is_the_same(rows: dict[str, pd.DataFrame], name: str) -> None:
    expected = pd.read_parquet(EXPECTED / f"{name}.parquet")
    actual = pd.read_parquet(BytesIO(as_stored(rows[name])))
    assert list(frame_differences(name, expected, actual)) == []


def test_a_stay_rate_as_published_leaves_the_forecast_as_it_is(
    rows: dict[str, pd.DataFrame],
) -> None:
    scenarios = rows["stay_rate_scenarios"]
    same = ["release", "population", "counting_rule", "source", "model", "country", "target_year"]
    forecasts = rows["forecasts"]
    forecasts = forecasts[
        (forecasts["output_type"] == "mean")
        & (forecasts["target"] == "researcher_share")
        & (forecasts["scenario"] == "baseline")
    ]
    both = scenarios[scenarios["points"] == 0].merge(forecasts, on=same, validate="one_to_one")
    assert len(both) == (scenarios["points"] == 0).sum() > 0
    assert np.allclose(both["mean"], both["value"], rtol=1e-9)
    sums = scenarios.groupby(["release", "population", "points", "target_year"])["mean"].sum()
    assert np.allclose(sums, 1)
    usa = scenarios[scenarios["country"] == "USA"].sort_values("points")
    by_points = usa.groupby(["release", "population", "target_year"])["mean"]
    assert all(means.is_monotonic_increasing for _, means in by_points)


def main() -> None:
    """Write the expected rows anew."""
    EXPECTED.mkdir(exist_ok=True)
    people.SyntheticCareers = few_people  # type: ignore[assignment, misc]
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("TALENTCAST_MIN_PEOPLE_FOR_RETURNS", "0")
        for name, rows in published_rows(publish_all(Path(folder))).items():
            (EXPECTED / f"{name}.parquet").write_bytes(as_stored(rows))


if __name__ == "__main__":
    main()
