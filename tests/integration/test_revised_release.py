"""A release from two vintages of one series: what it forecasts, how it is scored, what it says."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from flows.steps import pipeline
from flows.steps.plan import Plan
from talentcast.config import Settings
from talentcast.domain.types import ACROSS_VINTAGES, REVISION_TOPIC
from talentcast.store.pointer import list_releases
from talentcast.store.reader import read_frame

CODES = [
    "ARG", "AUS", "AUT", "BEL", "BRA", "CAN", "CHE", "CHL", "CHN", "CZE", "DEU", "DNK", "ESP",
    "FIN", "FRA", "GBR", "GRC", "HUN", "IND", "ITA",
]  # fmt: skip


def table(vintage: str, last_year: int, *, revision: float) -> pd.DataFrame:
    """Counts that hardly change from year to year, as one vintage tells them."""
    rng = np.random.default_rng(3)
    sizes = np.exp(np.linspace(6, 10, len(CODES)))
    offsets = np.exp(rng.normal(0, revision, len(CODES)))
    years = range(2004, last_year + 1)
    noise = np.exp(np.random.default_rng(4).normal(0, 0.002, (20, len(CODES))))
    return pd.DataFrame(
        [
            {
                "year": year,
                "country": code,
                "researchers": round(sizes[at] * offsets[at] * noise[year - 2004, at]),
                "vintage": vintage,
            }
            for year in years
            for at, code in enumerate(CODES)
        ]
    )


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, pd.DataFrame]]:
    """The tables of a release from both vintages, and of one from the later one alone."""
    folder = tmp_path_factory.mktemp("revised")
    earlier = table("2020-06-30", 2017, revision=0.0)
    later = table("2022-06-30", 2019, revision=0.1)
    found = {}
    for name, rows in (("both", pd.concat([earlier, later])), ("one", later)):
        path: Path = folder / name / "lab.csv"
        path.parent.mkdir()
        rows.to_csv(path, index=False)
        settings = Settings(home=folder / name / "home")
        plan = Plan(sources=(str(path),), models=("naive",), scored_horizons=(1, 2))
        pipeline.refresh(plan, settings, as_of=date(2022, 12, 31))
        (release,) = list_releases(settings.releases)
        found[name] = {
            table: read_frame(table, release, settings.releases) for table in release.tables
        }
    return found


def card(tables: dict[str, pd.DataFrame]) -> str:
    cards = tables["model_cards"]
    return " ".join(cards.loc[cards["topic"] == REVISION_TOPIC, "text"])


def width(tables: dict[str, pd.DataFrame]) -> float:
    """Mean width of 80 % ranges of log shares one year ahead."""
    rows = tables["forecasts"].query(
        "target == 'researcher_share' and output_type == 'quantile' and horizon_years == 1"
    )
    low, high = (
        np.log(rows.loc[rows["output_type_id"] == level, "value"].to_numpy())
        for level in (0.1, 0.9)
    )
    return float((high - low).mean())


def test_ranges_allow_for_what_the_source_was_seen_to_revise(
    releases: dict[str, dict[str, pd.DataFrame]],
) -> None:
    assert width(releases["both"]) > 1.3 * width(releases["one"])


def test_a_release_says_how_its_revisions_are_known(
    releases: dict[str, dict[str, pd.DataFrame]],
) -> None:
    assert "20 countries were revised since 2020-06-30" in card(releases["both"])
    assert "no vintage of these counts" in card(releases["one"])


def test_models_trained_on_the_earlier_vintage_are_scored_against_the_later_one(
    releases: dict[str, dict[str, pd.DataFrame]],
) -> None:
    across = releases["both"]["scores"]
    across = across[across["metric"].isin(ACROSS_VINTAGES.values())]
    assert across["training_vintage"].astype(str).unique().tolist() == ["2020-06-30"]
    assert across["truth_vintage"].astype(str).unique().tolist() == ["2022-06-30"]
    # The last year that the earlier vintage had finished is an origin as it was.
    assert across.loc[~across["is_pseudo_vintage"], "origin_year"].unique().tolist() == [2017]
    held = across.query("metric == 'coverage_80_across_vintages' and country_group == 'all'")
    assert 0.6 < held["value"].mean() < 0.97
    assert not releases["one"]["scores"]["metric"].isin(ACROSS_VINTAGES.values()).any()


def test_scores_on_one_vintage_do_not_change(
    releases: dict[str, dict[str, pd.DataFrame]],
) -> None:
    both = releases["both"]["scores"]
    same = both[~both["metric"].isin(ACROSS_VINTAGES.values())].reset_index(drop=True)
    columns = ["origin_year", "horizon_years", "country_group", "metric", "value"]
    pd.testing.assert_frame_equal(
        same.sort_values(columns, ignore_index=True)[columns],
        releases["one"]["scores"].sort_values(columns, ignore_index=True)[columns],
    )
