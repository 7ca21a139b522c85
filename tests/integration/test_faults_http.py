"""Faults of a remote server, shown by a real one on loopback."""

from __future__ import annotations

import asyncio
import gzip
import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
import stamina
from https_server import Answer, Https, https_server, reply

from sources import scholarly_migration
from sources.http import FetchLimits, fetch_bytes
from sources.scholarly_migration import FILES, ScholarlyMigration
from talentcast.domain.errors import (
    InputRejectedError,
    IntegrityError,
    SourceUnavailableError,
    TalentcastError,
)

CSV = b"year,country,researchers\n2019,FR,5\n"


@pytest.fixture
def without_waiting() -> Iterator[None]:
    with stamina.set_testing(testing=True, attempts=3):
        yield


def limits(**changes: object) -> FetchLimits:
    values: dict[str, object] = {"hosts": ("localhost",), "max_bytes": 1000, "attempts": 3}
    return FetchLimits(**(values | changes))  # type: ignore[arg-type]


def fetch(server: Https, path: str = "/file.csv", **changes: object) -> bytes:
    return fetch_bytes(server.url(path), limits(**changes), transport=server.transport())


def failure(server: Https, path: str = "/file.csv", **changes: object) -> TalentcastError:
    with pytest.raises(TalentcastError) as caught:
        fetch(server, path, **changes)
    assert "\n" not in str(caught.value)
    return caught.value


def one_after_another(*answers: Answer) -> Answer:
    left = list(answers)
    return lambda request: (left.pop(0) if len(left) > 1 else left[0])(request)


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    return lambda request: reply(request, code, body, **headers)


GOOD = status(200, CSV, content_type="text/csv")


def test_a_body_is_returned_byte_for_byte_also_where_a_loop_is_running(tmp_path: Path) -> None:
    with https_server(tmp_path, GOOD) as server:
        assert fetch(server) == CSV

        async def in_a_notebook() -> bytes:
            return fetch(server)

        # In a thread of its own: a browser under test may have a loop running in this one.
        with ThreadPoolExecutor(1) as thread:
            assert thread.submit(asyncio.run, in_a_notebook()).result() == CSV


@pytest.mark.parametrize("form", ["seconds", "date", "none"])
def test_f037_a_wish_to_be_left_alone_is_honoured(tmp_path: Path, form: str) -> None:
    in_two_seconds = format_datetime(datetime.now(UTC) + timedelta(seconds=2.5), usegmt=True)
    headers = {"seconds": {"retry_after": "1"}, "date": {"retry_after": in_two_seconds}, "none": {}}
    with https_server(tmp_path, one_after_another(status(429, **headers[form]), GOOD)) as server:
        assert fetch(server) == CSV
        assert len(server.moments) == 2
        if form == "seconds":
            assert server.moments[1] - server.moments[0] >= 1


@pytest.mark.parametrize("wish", ["86400", "Wed, 21 Oct 2099 07:28:00 GMT"])
def test_f037_a_wish_beyond_patience_ends_the_tries_at_once(tmp_path: Path, wish: str) -> None:
    with https_server(tmp_path, status(429, retry_after=wish)) as server:
        error = failure(server)
        assert isinstance(error, SourceUnavailableError)
        assert str(error).startswith("RATE_LIMIT")
        assert "Try again in " in str(error)
        assert len(server.paths) == 1


@pytest.mark.parametrize("wish", ["soon", "-5", "", "٣", "1e9", "Wed, 99 Foo 2020"])
def test_f037_a_wish_that_makes_no_sense_is_not_followed(
    tmp_path: Path, wish: str, without_waiting: None
) -> None:
    with https_server(tmp_path, status(429, retry_after=wish.encode().decode("latin-1"))) as server:
        assert str(failure(server)).startswith("RATE_LIMIT")
        assert len(server.paths) == 3


def test_f038_a_source_of_several_files_comes_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The budget of the day ends between the first file and the second.
    budget_ended = status(429, retry_after="40000", x_ratelimit_remaining="0")
    with https_server(tmp_path, one_after_another(GOOD, budget_ended)) as server:

        def through_server(address: str, _: FetchLimits) -> bytes:
            return fetch(server, "/" + address.rsplit("/", 1)[1])

        monkeypatch.setattr(scholarly_migration, "fetch_bytes", through_server)
        monkeypatch.setattr(ScholarlyMigration, "_fetched", _unpinned)
        with pytest.raises(SourceUnavailableError, match=r"RATE_LIMIT.*Nothing was kept"):
            ScholarlyMigration().download()
        assert len(server.paths) == len(FILES) == 2


def _unpinned(self: ScholarlyMigration, file: scholarly_migration.PublicFile) -> bytes:
    return scholarly_migration.fetch_bytes(file.address, self.limits)


def test_f039_bursts_of_server_errors_are_ridden_out(tmp_path: Path, without_waiting: None) -> None:
    # Seven of ten answers are good, in an order in which two bad ones follow each other.
    pattern = [500, 502, 200, 200, 503, 200, 200, 200, 200, 200] * 3
    answers = [GOOD if code == 200 else status(code) for code in pattern]
    with https_server(tmp_path, one_after_another(*answers)) as server:
        assert [fetch(server) for _ in range(21)] == [CSV] * 21
        assert len(server.paths) == 30


@pytest.mark.parametrize("code", [500, 502, 503, 504])
def test_f039_a_server_that_stays_down_is_named_after_the_last_try(
    tmp_path: Path, code: int, without_waiting: None
) -> None:
    with https_server(tmp_path, status(code)) as server:
        error = failure(server)
        assert str(error).startswith("SOURCE_DOWN")
        assert (error.exit_code, f"status {code}" in str(error)) == (4, True)
        assert len(server.paths) == 3


def test_f039_a_missing_file_is_not_tried_again(tmp_path: Path) -> None:
    with https_server(tmp_path, status(404)) as server:
        assert "status 404" in str(failure(server))
        assert len(server.paths) == 1


def test_f039_nobody_listening_is_source_down(tmp_path: Path, without_waiting: None) -> None:
    with https_server(tmp_path, GOOD) as server:
        gone = server
    assert "ConnectError" in str(failure(gone))


def drip(request: BaseHTTPRequestHandler, pieces: bytes) -> None:
    for piece in pieces:
        request.wfile.write(bytes([piece]))
        time.sleep(0.1)


def slow_headers(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\nx-slow: ")
    drip(request, b"x" * 600)


def slow_body(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 600\r\n\r\n")
    drip(request, b"x" * 600)


def silence(request: BaseHTTPRequestHandler) -> None:
    time.sleep(3)


@pytest.mark.parametrize("answer", [slow_headers, slow_body, silence])
def test_f040_bytes_that_come_one_by_one_end_at_the_deadline(
    tmp_path: Path, answer: Answer, without_waiting: None
) -> None:
    # Each byte comes well within any timeout per read; only their sum is too slow.
    with https_server(tmp_path, answer) as server:
        error = failure(server, deadline_seconds=0.8, attempts=1)
        assert "not done after" in str(error)
    assert FetchLimits(hosts=()).deadline_seconds <= 60


def cut_short(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 600\r\n\r\n" + CSV)


def test_f041_a_body_that_ends_early_is_no_body(tmp_path: Path, without_waiting: None) -> None:
    with https_server(tmp_path, cut_short) as server:
        assert str(failure(server)).startswith("SOURCE_DOWN")
        assert len(server.paths) == 3


@pytest.mark.parametrize("kind", ["text/html; charset=utf-8", "text/csv", None])
def test_f041_a_web_page_with_status_200_is_refused_by_its_hash(
    tmp_path: Path, kind: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    page = b"\n<html>log in: canary-of-the-page</html>"
    headers = {"content_type": kind} if kind else {}
    with https_server(tmp_path, status(200, page, **headers)) as server:
        error = failure(server)
    assert isinstance(error, InputRejectedError)
    assert error.code == "BAD_PAYLOAD"
    assert sha256(page).hexdigest() in str(error)
    assert "canary-of-the-page" not in str(error) + caplog.text


@pytest.mark.parametrize("body", [CSV + CSV, CSV[:-4]])
def test_f043_f044_a_file_of_another_size_than_published_is_refused(
    body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scholarly_migration, "fetch_bytes", lambda *_: body)
    with pytest.raises(IntegrityError, match="were published"):
        ScholarlyMigration().download()


def redirect(address: Callable[[], str]) -> Answer:
    return lambda request: reply(request, 302, location=address())


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data",
        "https://169.254.169.254/",
        "https://[::1]/",
        "//internal.example/",
        "http://localhost/",
        "file:///etc/passwd",
    ],
)
def test_f045_a_redirect_to_a_host_that_was_not_named_is_not_followed(
    tmp_path: Path, target: str
) -> None:
    with https_server(tmp_path, redirect(lambda: target)) as server:
        error = failure(server)
        assert isinstance(error, SourceUnavailableError)
        assert len(server.paths) == 1


def test_f045_this_machine_by_its_number_is_another_host(tmp_path: Path) -> None:
    found: list[Https] = []
    with https_server(
        tmp_path, redirect(lambda: found[0].url("/secret", host="127.0.0.1"))
    ) as server:
        found.append(server)
        assert "127.0.0.1 is not among the hosts" in str(failure(server))
        assert server.paths == ["/file.csv"]


def test_f045_a_redirect_within_the_named_hosts_is_followed(tmp_path: Path) -> None:
    found: list[Https] = []
    answers = one_after_another(redirect(lambda: found[0].url("/moved.csv")), GOOD)
    with https_server(tmp_path, answers) as server:
        found.append(server)
        assert fetch(server) == CSV
        assert server.paths == ["/file.csv", "/moved.csv"]


def test_f042_redirects_in_a_circle_end(tmp_path: Path) -> None:
    found: list[Https] = []
    with https_server(tmp_path, redirect(lambda: found[0].url())) as server:
        found.append(server)
        assert "redirects more than" in str(failure(server))
        assert len(server.paths) == 6


def endless(request: BaseHTTPRequestHandler) -> None:
    request.wfile.write(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n")
    while True:
        request.wfile.write(b"3e8\r\n" + b"x" * 1000 + b"\r\n")


def test_f046_an_endless_body_is_cut_off(tmp_path: Path) -> None:
    with https_server(tmp_path, endless) as server:
        assert "more than 5000 bytes" in str(failure(server, max_bytes=5000))
        assert len(server.paths) == 1


def test_f046_a_body_that_would_unfold_is_not_unpacked(tmp_path: Path) -> None:
    packed = gzip.compress(b"0" * 10_000_000)
    with https_server(tmp_path, status(200, packed, content_encoding="gzip")) as server:
        assert "compressed body" in str(failure(server, max_bytes=100_000))
