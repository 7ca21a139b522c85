"""Counts of one's own: in other shapes, and behind an address."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from count_shapes import SHAPES
from https_server import Https, https_server, reply
from release_comparison import frame_differences

from flows.steps import pipeline
from flows.steps.ingest import fetch_all, parse_all
from flows.steps.pipeline import Refreshed
from flows.steps.plan import Plan
from sources.counts_link import CountsLink
from sources.registry import source_for
from talentcast.config import Settings
from talentcast.domain.errors import InputRejectedError, SourceUnavailableError, UsageError
from talentcast.store.reader import read_frame

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


@pytest.mark.parametrize("shape", ["decimal comma", "wide workbook"])
def test_another_shape_publishes_the_rows_of_a_plain_file(
    plain: tuple[Refreshed, Path], tmp_path: Path, shape: str
) -> None:
    other, root = publish(tmp_path / "other", shape)
    assert other.understood[0].startswith(f"read {SHAPES[shape][0]}, ")
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
    assert "s3cret" not in snapshot.path.with_name("provenance.json").read_text()
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
