"""OpenAlex, shown by a server on loopback that fails in every documented way."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path

import pytest
from openalex_fetches import (
    PAGES,
    SHORT,
    TODAY,
    download,
    failure,
    notes,
    on_call,
    parsed,
    refused,
    source,
)
from openalex_server import (
    Call,
    OpenAlexServer,
    Reply,
    edited,
    openalex_server,
)

from sources.openalex.access import Access
from sources.openalex.source import OpenAlex
from talentcast.domain.errors import (
    ConfigurationError,
    InputRejectedError,
    SourceUnavailableError,
    TalentcastError,
    UsageError,
)


def test_f037_a_short_wish_to_be_left_alone_is_honoured(
    server: OpenAlexServer, tmp_path: Path
) -> None:
    server.fault = on_call(2, refused(429, retry_after="0"))
    download(server, tmp_path)
    assert len(server.calls) == PAGES + 1


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_f037_the_limit_of_the_day_is_an_error_that_says_when(
    server: OpenAlexServer, tmp_path: Path, form: str
) -> None:
    moment = datetime.now(UTC) + timedelta(hours=5)
    wish = "18000" if form == "seconds" else format_datetime(moment, usegmt=True)
    server.fault = on_call(2, refused(429, retry_after=wish))
    assert f"again from {moment:%Y-%m-%d %H}:" in str(failure(server, tmp_path))
    assert len(server.calls) == 2


@pytest.mark.parametrize(
    ("status", "kind", "said"),
    [
        (400, UsageError, "filter"),
        (401, ConfigurationError, "TALENTCAST_OPENALEX_KEY"),
        (402, SourceUnavailableError, "RATE_LIMIT"),
        (404, ConfigurationError, "TALENTCAST_OPENALEX_URL"),
        (410, SourceUnavailableError, "status 410"),
    ],
)
def test_a_refusal_is_not_repeated(
    server: OpenAlexServer, tmp_path: Path, status: int, kind: type[Exception], said: str
) -> None:
    server.fault = on_call(1, refused(status))
    error = failure(server, tmp_path)
    assert isinstance(error, kind)
    assert said in str(error)
    assert len(server.calls) == 1


@pytest.mark.parametrize("status", [403, 429, 500, 502, 503, 504])
def test_f039_bursts_of_refusals_are_ridden_out(
    server: OpenAlexServer, tmp_path: Path, status: int
) -> None:
    server.fault = lambda call, _: Reply(b"", status) if call.number % 3 else None
    download(server, tmp_path)
    assert len(server.calls) == 3 * PAGES


@pytest.mark.parametrize("status", [403, 500, 503])
def test_f039_a_server_that_stays_down_is_named_and_nothing_is_lost(
    server: OpenAlexServer, tmp_path: Path, status: int
) -> None:
    server.fault = lambda call, _: Reply(b"", status) if call.number > 2 else None
    error = failure(server, tmp_path)
    assert (error.exit_code, f"status {status}" in str(error)) == (4, True)
    server.fault = None
    download(server, tmp_path)
    assert len(server.calls) == 2 + 3 + PAGES - 2


def test_f039_an_absent_server_is_source_down(tmp_path: Path) -> None:
    with openalex_server() as gone:
        pass
    assert str(failure(gone, tmp_path)).startswith("SOURCE_DOWN")


def test_f040_an_answer_that_drips_ends_at_the_deadline(
    server: OpenAlexServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    limits = replace(Access(server.url).limits(), deadline_seconds=0.5)
    monkeypatch.setattr(Access, "limits", lambda _: limits)
    server.fault = lambda _, reply: Reply(reply.body, drip_seconds=0.05)
    assert "not done after" in str(failure(server, tmp_path))


@pytest.mark.parametrize(
    "body",
    [
        b"<html>canary</html>",
        b"",
        b"{}",
        b'{"error": "canary"}',
        b'{"meta": {"count": 3, "next_cursor": null}, "group_by": [{"key": "FR"',
        b'{"meta": {"count": 3}, "group_by": []}',
        b'{"meta": {"count": "3", "next_cursor": null}, "group_by": []}',
        b'{"meta": {"count": 3, "next_cursor": 7}, "group_by": []}',
        b'{"meta": {"count": 3, "next_cursor": null}, "group_by": [{"key": "FR", "count": -3}]}',
        b'{"meta": {"count": 3, "next_cursor": null}, "group_by": [{"key": "FR", "count": 1.5}]}',
        b'{"meta": {"count": 3, "next_cursor": null}, "group_by": [{"key": ["FR"], "count": 3}]}',
        b"[" * 100_000,
        b"\xff\xfe",
    ],
)
def test_f041_what_is_no_page_of_groups_is_refused_by_its_hash_and_not_kept(
    server: OpenAlexServer, tmp_path: Path, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.fault = on_call(3, lambda _: Reply(body))
    error = failure(server, tmp_path)
    assert isinstance(error, InputRejectedError)
    assert error.code == "BAD_PAYLOAD"
    assert sha256(body).hexdigest() in str(error)
    assert "canary" not in str(error) + caplog.text
    download(server, tmp_path)
    assert len(server.calls) == PAGES + 1


def test_f041_a_body_that_ends_early_is_asked_for_again(
    server: OpenAlexServer, tmp_path: Path
) -> None:
    server.fault = on_call(
        2, lambda reply: Reply(reply.body[:50], headers={"content-length": str(len(reply.body))})
    )
    download(server, tmp_path)
    assert len(server.calls) == PAGES + 1


def test_f045_no_redirect_is_followed(server: OpenAlexServer, tmp_path: Path) -> None:
    server.fault = on_call(1, refused(302, location="http://169.254.169.254/works"))
    assert "redirects" in str(failure(server, tmp_path))
    server.fault = lambda *_: Reply(b"", 302, {"location": "/works"})
    assert "redirects" in str(failure(server, tmp_path))
    assert len(server.calls) == 2


def test_f046_an_answer_without_end_is_cut_off(
    server: OpenAlexServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    limits = replace(Access(server.url).limits(), max_bytes=5_000)
    monkeypatch.setattr(Access, "limits", lambda _: limits)
    assert "more than 5000 bytes" in str(failure(server, tmp_path))


# Pages that contradict one another


def loop(reply: Reply) -> Reply:
    def change(answer: dict) -> None:  # type: ignore[type-arg]
        answer["meta"]["next_cursor"] = "*"

    return edited(reply, change)


def twice(reply: Reply) -> Reply:
    def change(answer: dict) -> None:  # type: ignore[type-arg]
        answer["group_by"].append(answer["group_by"][0])

    return edited(reply, change)


def more_works(reply: Reply) -> Reply:
    def change(answer: dict) -> None:  # type: ignore[type-arg]
        answer["meta"]["count"] += 24

    return edited(reply, change)


def cut(reply: Reply) -> Reply:
    def change(answer: dict) -> None:  # type: ignore[type-arg]
        answer["group_by"] = answer["group_by"][:3]

    return edited(reply, change)


def too_large(reply: Reply) -> Reply:
    def change(answer: dict) -> None:  # type: ignore[type-arg]
        answer["group_by"][0]["count"] = answer["meta"]["count"] + 1

    return edited(reply, change)


CONTRADICTIONS = {
    "PAGING_LOOP": loop,
    "GROUP_TWICE": twice,
    "UNSTABLE_TOTAL": more_works,
    "GROUPS_INCOMPLETE": cut,
    "GROUP_TOO_LARGE": too_large,
}


@pytest.mark.parametrize("code", CONTRADICTIONS)
def test_f042_f043_f044_a_year_that_contradicts_itself_is_asked_for_once_more(
    server: OpenAlexServer, tmp_path: Path, code: str
) -> None:
    plain = parsed(server, tmp_path / "plain")
    server.calls.clear()
    server.fault = on_call(2, CONTRADICTIONS[code])
    found = parsed(server, tmp_path)
    assert found.counts.equals(plain.counts)
    assert "[2024]" in notes(found)["ASKED_AGAIN"]
    assert len(server.calls) == PAGES + 2


@pytest.mark.parametrize("code", CONTRADICTIONS)
def test_f042_f043_f044_a_year_that_contradicts_itself_twice_is_refused(
    server: OpenAlexServer, tmp_path: Path, code: str
) -> None:
    def fault(call: Call, reply: Reply) -> Reply | None:
        is_second = call.query["cursor"] != "*"
        return CONTRADICTIONS[code](reply) if call.year == 2025 and is_second else None

    server.fault = fault
    error = failure(server, tmp_path)
    assert isinstance(error, InputRejectedError)
    assert error.code == code
    assert len(server.calls) == 2 + 4
    # The good year is kept, the bad one is not.
    server.fault = None
    download(server, tmp_path)
    assert len(server.calls) == 2 + 4 + 4


# What is read otherwise than written


def test_a_code_of_no_country_counts_as_unknown_and_is_noted(
    server: OpenAlexServer, tmp_path: Path
) -> None:
    server.world = lambda year: {"FR": 50, "ZZ": 7, "unknown": 5}
    found = parsed(server, tmp_path)
    of_2025 = found.counts[found.counts["year"] == 2025].set_index("country")["researchers"]
    assert of_2025.to_dict() == {"FRA": 50, "UNK": 12}
    assert "3 groups" in notes(found)["COUNTRY_UNPLACED"]


def test_two_codes_of_one_country_are_refused(server: OpenAlexServer, tmp_path: Path) -> None:
    server.world = lambda year: {"GB": 50, "UK": 7, "unknown": 5}
    with pytest.raises(InputRejectedError, match="GROUP_TWICE"):
        parsed(server, tmp_path)


def test_an_absent_country_is_a_zero_and_an_empty_year_is_left_out(
    server: OpenAlexServer, tmp_path: Path
) -> None:
    counted = {2024: {"FR": 50, "unknown": 1}, 2025: {}, 2026: {"FR": 9, "IT": 3, "unknown": 1}}
    server.world = lambda year: counted[year]
    found = parsed(server, tmp_path)
    assert found.counts.set_index(["year", "country"])["researchers"].unstack().to_dict(
        "index"
    ) == {
        2024: {"FRA": 50, "ITA": 0, "UNK": 1},
        2026: {"FRA": 9, "ITA": 3, "UNK": 1},
    }
    assert notes(found)["NO_WORKS"].startswith("[2025]")


def test_no_works_at_all_is_refused(server: OpenAlexServer, tmp_path: Path) -> None:
    server.world = lambda year: {}
    with pytest.raises(InputRejectedError, match="EMPTY"):
        parsed(server, tmp_path)


def test_a_missing_unknown_group_is_noted(server: OpenAlexServer, tmp_path: Path) -> None:
    server.unknown_key = None
    assert notes(parsed(server, tmp_path))["UNKNOWN_NOT_STATED"].startswith("3 years")


def test_future_years_are_not_asked_for(server: OpenAlexServer, tmp_path: Path) -> None:
    download(server, tmp_path, day=date(2026, 1, 1))
    assert {call.year for call in server.calls} == {2024, 2025, 2026}


def test_a_population_that_needs_finished_citations_takes_fewer_years_as_counted(
    server: OpenAlexServer, tmp_path: Path
) -> None:
    slow = SHORT.model_copy(update={"finished_after_months": 24})
    found = OpenAlex((slow,), Access(server.url), tmp_path, today=lambda: TODAY)
    counts = found.parse(found.download()).counts
    assert counts["is_provisional"].all()


# Who may answer, and what nobody may see


@pytest.mark.parametrize(
    "url",
    [
        "http://api.openalex.org",
        "http://10.0.0.1:8000",
        "http://localhost.example.org",
        "ftp://localhost",
        "file:///etc/passwd",
        "https://user:secret-word@api.openalex.org",
        "https://api.openalex.org?x=1",
        "nonsense",
        "",
    ],
)
def test_an_address_that_is_not_private_to_the_two_ends_is_refused(
    tmp_path: Path, url: str
) -> None:
    with pytest.raises(ConfigurationError, match="TALENTCAST_OPENALEX_URL") as caught:
        OpenAlex((SHORT,), Access(url), tmp_path).download()
    assert "secret-word" not in str(caught.value)


@pytest.mark.parametrize("url", ["http://localhost:1", "http://127.0.0.2:1", "http://[::1]:1"])
def test_plain_http_is_for_this_machine(url: str) -> None:
    assert Access(url).limits().scheme == "http"


@pytest.mark.parametrize("status", [200, 302, 401, 429, 500])
def test_the_key_is_in_no_log_message_file_or_representation(
    server: OpenAlexServer, tmp_path: Path, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)  # what --verbose shows
    server.key = "canary-of-the-key"
    if status != 200:
        server.fault = on_call(3, refused(status, location=f"/works?api_key={server.key}"))
    told = repr(source(server, tmp_path, key=server.key))
    try:
        told += "".join(
            f"{raw.url} {raw.content!r}" for raw in download(server, tmp_path, key=server.key)
        )
    except TalentcastError as error:
        told += repr(error)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    told += "".join(str(path) + path.read_text() for path in files)
    assert server.key not in told + caplog.text
    assert server.calls[0].query["api_key"] == server.key


def test_a_wrong_key_is_a_matter_of_settings(server: OpenAlexServer, tmp_path: Path) -> None:
    server.key = "right"
    error = failure(server, tmp_path, key="wrong")
    assert isinstance(error, ConfigurationError)
    assert "does not accept the key" in str(error)
    assert "wants a key" in str(failure(server, tmp_path))
