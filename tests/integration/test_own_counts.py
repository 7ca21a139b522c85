"""Counts of one's own: in other shapes, and behind an address."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pandas as pd
import pytest
from count_shapes import SHAPES
from https_server import Https, https_server, reply
from release_comparison import frame_differences

from features.panel import USUAL_RULE, build_panels
from features.series import select_populations
from flows.steps import pipeline
from flows.steps.ingest import fetch_all, parse_all
from flows.steps.pipeline import Refreshed
from flows.steps.plan import USUAL_MODELS, Plan
from flows.steps.quick_look import quick_look
from readers.summaries.describe import share_rows
from readers.summaries.published_series import load_series, published_series
from sources.counts_link import CountsLink
from sources.registry import source_for
from talentcast.cli.forecast import forecast
from talentcast.config import Settings
from talentcast.domain.errors import (
    ChecksFailedError,
    InputRejectedError,
    SourceUnavailableError,
    UsageError,
)
from talentcast.store.reader import read_frame
from talentcast.store.snapshots import snapshot_folder

#: What says how a file was read differs, and nothing else.
ABOUT_READING = {"quality_checks"}


def publish(folder: Path, shape: str) -> tuple[Refreshed, Path]:
    """Publish a small release from one shape of the same counts."""
    name, content, _ = SHAPES[shape]
    path = folder / name.partition("#")[0]
    folder.mkdir()
    path.write_bytes(content)
    moment = datetime(2015, 3, 1, tzinfo=UTC).timestamp()
    os.utime(path, (moment, moment))
    plan = Plan(sources=(str(folder / name),), models=("pooled",), scored_horizons=(), n_samples=5)
    settings = Settings(home=folder / "home")
    return pipeline.refresh(plan, settings), settings.releases


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> tuple[Refreshed, Path]:
    return publish(tmp_path_factory.mktemp("own") / "plain", "plain CSV")


@pytest.mark.parametrize("shape", [name for name in SHAPES if name != "plain CSV"])
def test_another_shape_publishes_the_rows_of_a_plain_file(
    plain: tuple[Refreshed, Path], tmp_path: Path, shape: str
) -> None:
    other, root = publish(tmp_path / "other", shape)
    assert other.understood[0].startswith(f"read {SHAPES[shape][0].partition('#')[0]}, ")
    assert set(other.release.tables) == set(plain[0].release.tables)
    for name in set(other.release.tables) - ABOUT_READING:
        frames = (
            read_frame(name, one.release, at).drop(columns="release_id")
            for one, at in (plain, (other, root))
        )
        assert list(frame_differences(name, *frames)) == []
    checks = read_frame("quality_checks", other.release, root).set_index("check")["observed"]
    assert checks["SHAPE"] == SHAPES[shape][2]


def test_two_sheets_of_a_workbook_are_two_releases() -> None:
    plans = [Plan(sources=(f"lab.xlsx{sheet}",)) for sheet in ("", "#A", "#B")]
    assert len({str(plan.settings()) for plan in plans}) == 3


CHANGED = datetime(2020, 6, 30, 12, tzinfo=UTC)


def answer(request: BaseHTTPRequestHandler) -> None:
    path, _, query = request.path.partition("?")
    if path == "/moved/lab.csv":
        reply(request, 302, location="https://127.0.0.1/lab.csv")
    elif path == "/private/lab.csv" and query != "token=s3cret":
        reply(request, 403)
    elif path == "/page/lab.csv":
        reply(request, 200, b"<html>sign in</html>", content_type="text/html")
    else:
        shape = "wide workbook" if path.endswith(".xlsx") else "decimal comma"
        changed = format_datetime(CHANGED, usegmt=True)
        dated = {} if "undated" in path else {"last_modified": changed}
        reply(request, 200, SHAPES[shape][1], **dated)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Https]:
    with https_server(tmp_path_factory.mktemp("server"), answer) as running:
        yield running


@pytest.fixture
def settings(server: Https, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("SSL_CERT_FILE", str(server.certificate))
    monkeypatch.setenv("TALENTCAST_SOURCE_HOSTS", "Localhost, example.org")
    return Settings(home=tmp_path / "home")


@pytest.mark.parametrize(
    "path", ["/lab.csv", "/deep/lab.xlsx#Counts", "/private/lab.csv?token=s3cret"]
)
def test_a_file_behind_an_address_is_kept_and_read_like_one_on_the_disk(
    server: Https, settings: Settings, path: str
) -> None:
    plan = Plan(sources=(server.url(path),))
    fetched = fetch_all(plan, settings)
    (snapshot,) = fetched.snapshots
    assert snapshot.url == server.url(path).partition("?")[0].partition("#")[0]
    assert snapshot.vintage.as_of == CHANGED.date()
    kept = snapshot_folder(settings.snapshots, snapshot.sha256)
    assert "s3cret" not in (kept / "provenance.json").read_text()
    inputs = parse_all(fetched, plan, settings)
    assert inputs.populations == {"lab"}
    assert inputs.counts["researchers"].iloc[0] == 1900.5
    # Once more, the same bytes are the same input.
    assert fetch_all(plan, settings).identity(plan) == fetched.identity(plan)


def test_a_file_without_a_date_is_of_the_day_on_which_it_was_fetched(
    server: Https, settings: Settings
) -> None:
    source = source_for(server.url("/undated/lab.csv"), settings=settings)
    assert isinstance(source, CountsLink)
    (raw,) = replace(source, today=lambda: date(2021, 1, 31)).download()
    assert raw.vintage.as_of == date(2021, 1, 31)


def test_a_web_page_in_place_of_a_file_is_refused(server: Https, settings: Settings) -> None:
    source = source_for(server.url("/page/lab.csv"), settings=settings)
    with pytest.raises(InputRejectedError, match="BAD_PAYLOAD"):
        source.download()


@pytest.mark.parametrize(
    ("path", "said"),
    [("/moved/lab.csv", "not among the hosts"), ("/private/lab.csv?token=wr0ng", "status 403")],
)
def test_an_address_leads_nowhere_else_and_errors_hold_no_token(
    server: Https, settings: Settings, path: str, said: str
) -> None:
    with pytest.raises(SourceUnavailableError, match=said) as caught:
        source_for(server.url(path), settings=settings).download()
    assert "wr0ng" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (
            "https://elsewhere.example/lab.csv",
            "SOURCE_HOSTS=localhost,example.org,elsewhere.example",
        ),
        ("https://me:pw@localhost/lab.csv", "without a user"),
        ("https://localhost/lab.exe", "ends in"),
        ("https:///lab.csv", "without a user"),
        ("https://localhost:port/lab.csv", "no address"),
        ("http://localhost/lab.csv", "no address of this kind"),
    ],
)
def test_an_address_that_may_not_be_asked_is_refused_with_what_to_do(
    settings: Settings, address: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said) as caught:
        source_for(address, settings=settings).download()
    assert "pw" not in str(caught.value)


def test_a_quick_look_keeps_to_the_rules_of_a_population() -> None:
    name = "ijcai_authorships"
    source = source_for("bundled", wanted=(name,))
    look = quick_look(source, Plan(sources=(), populations=(name,), n_samples=5))
    (series,) = look.series
    counts = select_populations(source.parse(source.download()).counts, (name,))
    (panel,) = build_panels(counts)
    assert panel.rule != USUAL_RULE
    assert set(series.names) == set(panel.countries)
    assert series.model == Plan(sources=()).of(name).default_model != USUAL_MODELS[0]
    assert {result.table for result in look.report.warned} <= {name}


def test_a_quick_look_says_what_a_release_of_the_same_file_says(
    plain: tuple[Refreshed, Path],
) -> None:
    refreshed, root = plain
    (published,) = published_series(refreshed.release, root)
    source = source_for(root.parents[1] / "lab.csv")
    look = quick_look(source, Plan(sources=(), models=("pooled",), n_samples=5))
    (series,) = look.series
    expected = share_rows(load_series(published, refreshed.release, root))
    assert list(frame_differences("shares", expected, share_rows(series))) == []
    assert look.understood == refreshed.understood
    warned = {result.check for result in refreshed.report.warned}
    assert {result.check for result in look.report.warned} == warned


#: Imports that take as long as the whole answer may.
HEAVY = ("prefect", "great_expectations", "deltalake", "duckdb", "sklearn", "statsmodels", "httpx")


def test_the_command_imports_nothing_heavy_and_answers_in_a_table(
    plain: tuple[Refreshed, Path],
) -> None:
    path = str(plain[1].parents[1] / "lab.csv")
    script = (
        "import sys\nfrom talentcast.cli import main\n"
        f"sys.argv = ['talentcast', 'forecast', {path!r}, '--countries', 'Italy,FRA']\n"
        "try:\n    main()\nfinally:\n"
        f"    assert not {set(HEAVY)} & set(sys.modules), sorted(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},  # noqa: TID251
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    lines = done.stdout.splitlines()
    assert lines[0] == "read lab.csv, 3 countries, 2000-2014"
    assert lines[2] == "lab (unspecified, file), model pooled"
    assert lines[3].split()[:5] == ["country", "share", "2014", "2019", "80"]
    assert [line.split()[0] for line in lines[4:6]] == ["Italy", "France"]
    assert all("│" in line for line in lines[4:6])
    assert lines[6] == "and 1 more: --countries, --csv"


def test_a_quick_look_is_also_rows_a_file_and_a_page(
    plain: tuple[Refreshed, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = str(plain[1].parents[1] / "lab.csv")
    table, page = tmp_path / "shares.csv", tmp_path / "look.html"
    forecast(path, json=True, horizon=2, csv=table, out=page)
    rows = pd.read_csv(table)
    printed = pd.DataFrame(json.loads(capsys.readouterr().out))
    assert printed["country"].tolist() == rows["country"].tolist()
    assert set(rows.loc[rows["kind"] == "forecast", "year"]) == {2015, 2016}
    text = page.read_text(encoding="utf-8")
    assert "<svg" in text and "read lab.csv, 3 countries" in text
    asked = re.findall(r"(?:src|href)=[\"'](?!#)([^\"']+)|url\((?!#)([^)]+)\)", text)
    assert asked == []
    with pytest.raises(UsageError, match="is a folder"):
        forecast(path, csv=tmp_path)


def test_a_quick_look_refuses_what_a_release_would(tmp_path: Path) -> None:
    path = tmp_path / "lab.csv"
    path.write_bytes(SHAPES["plain CSV"][1].replace(b"Italy", b"Atlantis"))
    with pytest.raises(ChecksFailedError, match=r"UNKNOWN_CODE.*talentcast check lab\.csv"):
        forecast(str(path))
    path.write_bytes(SHAPES["plain CSV"][1])
    with pytest.raises(UsageError, match="There are ESP, FRA, ITA"):
        forecast(str(path), countries="Atlantis")
