"""Sources that read files: the bundled ones, and the real ones where they are at hand."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from features.panel import build_panels
from flows.steps.ingest import fetch_all, parse_all
from flows.steps.plan import Plan
from sources.bundled import Bundled, bundled_covariates, published_figures
from sources.counts_file import CountsFile
from sources.moves import arrivals_and_departures, to_moves
from sources.registry import source_for
from sources.scholarly_migration import FILES, MOVES_FILE, ScholarlyMigration
from sources.tabular import read_table
from talentcast.config import Settings
from talentcast.domain.checks import Outcome
from talentcast.domain.errors import InputRejectedError, IntegrityError, UsageError
from talentcast.domain.tables import COUNTRY_COVARIATES, PUBLISHED_FIGURES
from talentcast.domain.types import Vintage
from talentcast.populations.catalogue import bundled_populations

REAL = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "scholarly_migration"
needs_real_files = pytest.mark.skipif(
    not REAL.is_dir(), reason="the files of the scholarly migration database are not at hand"
)


def test_the_bundled_populations_are_complete() -> None:
    source = Bundled()
    counts = source.parse(source.download()).counts
    spans = counts.groupby("population").agg(
        first=("year", "min"), last=("year", "max"), parts=("country", "nunique")
    )
    assert spans.to_dict("index") == {
        "colt_authorships": {"first": 2011, "last": 2024, "parts": 35},
        "ijcai_authorships": {"first": 2020, "last": 2024, "parts": 66},
        "ijcai_lead_authors": {"first": 2020, "last": 2024, "parts": 59},
        "neurips_country_authorships": {"first": 2007, "last": 2018, "parts": 50},
        "robotics_authorships": {"first": 2005, "last": 2023, "parts": 86},
        "robotics_lead_authors": {"first": 2005, "last": 2023, "parts": 77},
        "robotics_papers": {"first": 2005, "last": 2023, "parts": 86},
        "icml_authorships": {"first": 2013, "last": 2025, "parts": 3},
        "neurips_authorships": {"first": 2006, "last": 2025, "parts": 3},
        "robotics_authors": {"first": 2005, "last": 2023, "parts": 18},
        "scholars_scopus": {"first": 1998, "last": 2019, "parts": 61},
    }
    defined = {
        name: (one.counting_rule, one.first_year)
        for name, one in bundled_populations().items()
        if one.source == "bundled"
    }
    assert set(defined) == set(spans.index)
    rules = counts.groupby("population")["counting_rule"].unique().map(list).to_dict()
    assert rules == {name: [rule] for name, (rule, _) in defined.items()}
    late = {name: first for name, (_, first) in defined.items() if spans["first"][name] != first}
    assert set(late) == {"robotics_authorships", "robotics_lead_authors", "robotics_papers"}


def test_two_bundled_populations_of_conferences_forecast_thirty_countries_apart() -> None:
    source = Bundled()
    panels = build_panels(source.parse(source.download()).counts)
    sizes = {panel.key.population: len(panel.countries) - 1 for panel in panels}
    assert min(sizes["robotics_authorships"], sizes["robotics_papers"]) >= 30


def test_the_robotics_year_without_one_venue_is_provisional() -> None:
    source = Bundled()
    counts = source.parse(source.download()).counts
    flagged = counts[counts["is_provisional"]]
    assert set(flagged["population"]) == {"robotics_authors"}
    assert set(flagged["year"]) == {2016}


def test_every_bundled_file_states_where_it_is_from() -> None:
    for raw in Bundled().download():
        assert raw.url
        assert raw.licence
        assert raw.vintage <= Vintage(date(2026, 11, 23))


def test_bundled_covariates_follow_their_contract() -> None:
    covariates = bundled_covariates()
    assert tuple(covariates.columns) == COUNTRY_COVARIATES.column_names
    assert not covariates.duplicated(["country", "year"]).any()
    assert covariates["country"].nunique() == 212
    assert (covariates["country"] == "NAM").any()
    assert covariates["gdp_per_capita"].isna().sum() == 63


def test_published_figures_follow_their_contract() -> None:
    figures = published_figures()
    assert tuple(figures.columns) == tuple(
        name for name in PUBLISHED_FIGURES.column_names if name != "release_id"
    )
    assert figures["figure_id"].is_unique
    assert set(figures["measure"]) <= set(PUBLISHED_FIGURES.column("measure").one_of)
    assert figures["confidence"].ne("").all()


def test_a_file_is_dated_by_when_it_was_written_unless_told_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "counts.csv"
    path.write_text("year,country,n\n2019,FR,5\n")
    os.utime(path, (1_600_000_000, 1_600_000_000))
    (raw,) = source_for(path).download()
    assert raw.vintage == Vintage(date(2020, 9, 13))
    told = Vintage(date(2019, 12, 31))
    (raw,) = source_for(path, vintage=told).download()
    assert raw.vintage == told
    assert raw.content == path.read_bytes()
    assert str(tmp_path) not in raw.url


def test_links_pipes_folders_and_absent_files_are_refused(tmp_path: Path) -> None:
    target = tmp_path / "counts.csv"
    target.write_text("year,country,n\n2019,FR,5\n")
    link = tmp_path / "link.csv"
    link.symlink_to(target)
    pipe = tmp_path / "pipe.csv"
    os.mkfifo(pipe)
    for path in (link, pipe, tmp_path / "absent.csv"):
        with pytest.raises(UsageError):
            source_for(path).download()
    with pytest.raises(UsageError, match="folder"):
        source_for(tmp_path)


def test_a_file_above_the_size_limit_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.truncate(5_000_000_000)
    with pytest.raises(InputRejectedError, match="TOO_LARGE"):
        CountsFile(path).download()


def test_a_folder_without_the_files_says_which_are_expected(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="scopus_2024_V1"):
        ScholarlyMigration(tmp_path).download()


def test_a_changed_local_copy_is_refused(tmp_path: Path) -> None:
    pinned = next(file for file in FILES if file.sha256)
    (tmp_path / pinned.name).write_text("year,countrycode\n")
    with pytest.raises(IntegrityError, match="sha256"):
        ScholarlyMigration(tmp_path).download()


@needs_real_files
def test_the_real_vintages_stand_side_by_side() -> None:
    source = ScholarlyMigration(REAL)
    parsed = source.parse(source.download())
    counts = parsed.counts
    by_vintage = counts.groupby("vintage")["researchers"].sum()
    assert by_vintage.to_dict() == {
        pd.Timestamp("2022-07-31"): 128_791_046.0,
        pd.Timestamp("2024-07-24"): 128_456_432.0,
    }
    assert not counts.duplicated(["vintage", "year", "country"]).any()
    assert "EUE" not in set(counts["country"])
    assert {"NAM", "HKG", "MAC", "UNK"} <= set(counts["country"])
    newest = counts[counts["vintage"] == "2024-07-24"]
    blank_2019 = newest[(newest["country"] == "UNK") & (newest["year"] == 2019)]
    assert blank_2019["researchers"].tolist() == [89_345.0]
    balance = counts.groupby(["vintage", "year"])[["arrivals", "departures"]].sum()
    assert ((balance["arrivals"] - balance["departures"]).abs() < 25).all()


def folders_with_moves(hand_made: Path) -> list[Path]:
    """Return a small folder, and that of the real files where they are at hand."""
    country, moves = FILES[0].name, MOVES_FILE
    (hand_made / country).write_text(
        "year,countrycode,padded_population_of_researchers,number_of_inmigrations,"
        "number_of_outmigrations\n2014.0,USA,900,20,30\n2014.0,NAM,90,30,20\n"
    )
    pd.DataFrame(
        {
            "n_migrations": [20, 30],
            "year": [2014.0, 2014.0],
            "iso3codefrom": ["NAM", "USA"],
            "iso3codeto": ["USA", "NAM"],
        }
    ).to_parquet(hand_made / moves)
    return [hand_made, *([REAL] if REAL.is_dir() else [])]


def test_moves_between_countries_are_compared_with_the_counts_of_a_folder(tmp_path: Path) -> None:
    for folder in folders_with_moves(tmp_path):
        source = source_for(folder)
        raws = source.download()
        parsed = source.parse(raws)
        assert raws[-1].name == MOVES_FILE
        notes = {note.check: note for note in parsed.notes if note.table == MOVES_FILE}
        assert notes["MOVES_AGREE"].outcome is Outcome.PASS
        moves = to_moves(read_table(raws[-1].content, MOVES_FILE), raws[-1].vintage).moves
        balance = arrivals_and_departures(moves).groupby("year")[["arrivals", "departures"]].sum()
        assert (balance["arrivals"] == balance["departures"]).all()
        assert "NAM" in set(moves["from_country"])
        if folder == REAL:
            assert len(moves) == 92_980
            assert notes["NET_SIGN"].failing_rows == 5


@needs_real_files
def test_the_real_files_are_read_as_counts_files_too() -> None:
    for path in sorted(REAL.glob("*country*.csv")):
        source = source_for(path)
        counts = source.parse(source.download()).counts
        assert not counts.duplicated(["year", "country"]).any()
    authors = source_for(
        REAL / "author_counts_scopus_orcid.csv", researchers_column="number_of_authors_scopus"
    )
    assert authors.parse(authors.download()).counts["year"].max() == 2024


def test_parsing_loads_neither_prefect_nor_great_expectations() -> None:
    code = (
        "import sys, sources.registry, expectations.report, expectations\n"
        "found = {'prefect', 'great_expectations'} & set(sys.modules)\n"
        "sys.exit(f'loaded: {found}' if found else 0)"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr


def test_a_run_that_names_populations_is_told_of_no_other(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    every = Plan(sources=("bundled",))
    named = replace(every, populations=("neurips_authorships",))
    fetched = fetch_all(every, settings)
    told = parse_all(fetched, every, settings)
    own = parse_all(fetched, named, settings)
    assert own.populations == {"neurips_authorships"}
    assert "robotics_authors" in {note.table for note in told.notes.results}
    assert not {note.table for note in own.notes.results} & (told.populations - own.populations)
