"""OpenAlex, shown by a server on loopback that behaves as documented, faults included."""

from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path

import pytest
import stamina
from openalex_server import (
    Call,
    OpenAlexServer,
    Reply,
    edited,
    growing_world,
    openalex_server,
)
from pydantic import SecretStr

from talentcast.domain.errors import (
    ConfigurationError,
    InputRejectedError,
    SourceUnavailableError,
    TalentcastError,
    UsageError,
)
from talentcast.domain.provenance import ParsedCounts, RawFile
from talentcast.populations.catalogue import bundled_populations
from talentcast.sources.openalex.access import PRICE_USD, Access
from talentcast.sources.openalex.source import OpenAlex
from talentcast.store.snapshots import load_raw, save_snapshot

TODAY = date(2026, 11, 24)
FULL = bundled_populations()["ai_works"]
#: Three years, two pages each.
SHORT = FULL.model_copy(update={"first_year": 2024})
PAGES = 6


@pytest.fixture
def server() -> Iterator[OpenAlexServer]:
    with openalex_server() as running:
        yield running


@pytest.fixture(autouse=True)
def without_waiting() -> Iterator[None]:
    with stamina.set_testing(testing=True, attempts=3):
        yield


def source(
    server: OpenAlexServer, home: Path, *, day: date = TODAY, cost: float = 0.10, key: str = ""
) -> OpenAlex:
    access = Access(server.url, SecretStr(key) if key else None, None, cost)
    return OpenAlex((SHORT,), access, home / "snapshots", today=lambda: day)


def download(server: OpenAlexServer, home: Path, **options: object) -> Sequence[RawFile]:
    return source(server, home, **options).download()  # type: ignore[arg-type]


def parsed(server: OpenAlexServer, home: Path, **options: object) -> ParsedCounts:
    return OpenAlex().parse(download(server, home, **options))


def failure(server: OpenAlexServer, home: Path, **options: object) -> TalentcastError:
    with pytest.raises(TalentcastError) as caught:
        download(server, home, **options)
    assert "\n" not in str(caught.value)
    # A try by the orchestrator would have a budget of its own.
    assert not getattr(caught.value, "may_pass_soon", False)
    return caught.value


def notes(found: ParsedCounts) -> dict[str, str]:
    return {note.check: note.observed for note in found.notes}


def on_call(number: int, change: Callable[[Reply], Reply]) -> Callable[[Call, Reply], Reply | None]:
    return lambda call, reply: change(reply) if call.number == number else None


def refused(status: int, **headers: str) -> Callable[[Reply], Reply]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _: Reply(b'{"error": "x"}', status, named)


# What is counted


@pytest.mark.parametrize("form", ["code", "lower", "address"])
@pytest.mark.parametrize("unknown", ["unknown", "https://openalex.org/countries/unknown", "-111"])
def test_every_country_and_the_unknown_are_counted_however_they_are_keyed(
    server: OpenAlexServer, tmp_path: Path, form: str, unknown: str
) -> None:
    server.key_form, server.unknown_key = form, unknown
    counts = parsed(server, tmp_path).counts
    told = server.world(2025)
    of_2025 = counts[counts["year"] == 2025].set_index("country")["researchers"]
    assert of_2025["UNK"] == told["unknown"]
    assert of_2025["CHN"] == told["CN"]
    assert of_2025["NAM"] == told["NA"]
    assert of_2025.sum() == sum(told.values())
    assert len(of_2025) == len(told)
    assert set(counts["counting_rule"]) == {"whole_works"}
    assert set(counts["source"]) == {"openalex"}
    assert set(counts["vintage"]) == {datetime(2026, 11, 24)}  # noqa: DTZ001 - a day
    assert sorted(set(counts.loc[counts["is_provisional"], "year"])) == [2026]


def test_26_years_cost_52_calls(server: OpenAlexServer, tmp_path: Path) -> None:
    whole = OpenAlex((FULL,), Access(server.url), tmp_path, today=lambda: TODAY)
    years = set(whole.parse(whole.download()).counts["year"])
    assert (min(years), max(years), len(server.calls)) == (2001, 2026, 52)


def test_a_call_says_what_it_asks_for_and_who_asks(server: OpenAlexServer, tmp_path: Path) -> None:
    access = Access(server.url, SecretStr("the-key"), "me@example.org")
    OpenAlex((SHORT,), access, tmp_path, today=lambda: TODAY).download()
    first, second = server.calls[:2]
    assert first.query == {
        "filter": "primary_topic.subfield.id:1702,type:article|preprint|conference-paper,"
        "publication_year:2024",
        "group_by": "authorships.countries:include_unknown",
        "corpus": "core",
        "per_page": "200",
        "cursor": "*",
        "mailto": "me@example.org",
        "api_key": "the-key",
    }
    assert second.query["cursor"] != "*"


def test_small_pages_and_an_empty_last_one_give_the_same_counts(
    server: OpenAlexServer, tmp_path: Path
) -> None:
    plain = parsed(server, tmp_path / "a").counts
    server.groups_a_page, server.ends_with_empty_page = 60, True
    assert parsed(server, tmp_path / "b").counts.equals(plain)


def test_answers_are_kept_byte_for_byte_with_their_day(
    server: OpenAlexServer, tmp_path: Path
) -> None:
    sent: list[bytes] = []

    def remember(_: Call, reply: Reply) -> None:
        sent.append(reply.body)

    server.fault = remember
    record, *pages = download(server, tmp_path)
    assert [raw.content for raw in pages] == sent
    assert json.loads(record.content)["as_of"] == "2026-11-24"
    assert {raw.vintage.as_of for raw in (record, *pages)} == {TODAY}
    assert pages[0].url.startswith(f"{server.url}/works?filter=primary_topic.subfield.id:1702")


def test_a_second_day_is_a_second_vintage(server: OpenAlexServer, tmp_path: Path) -> None:
    store = tmp_path / "snapshots"
    now = datetime.now(UTC)

    def kept(raws: Sequence[RawFile]) -> list[RawFile]:
        return [load_raw(save_snapshot(raw, store, retrieved_at=now)) for raw in raws]

    first = kept(download(server, tmp_path))
    # Nothing changed but the day: the pages have the same bytes, the record has not.
    second = kept(download(server, tmp_path, day=TODAY + timedelta(days=1)))
    server.world = growing_world(day=2)
    third = kept(download(server, tmp_path, day=TODAY + timedelta(days=2)))
    assert len(server.calls) == 3 * PAGES
    tables = [OpenAlex().parse(raws).counts for raws in (first, second, third)]
    assert [str(table["vintage"].max().date()) for table in tables] == [
        "2026-11-24",
        "2026-11-25",
        "2026-11-26",
    ]
    assert all(table["vintage"].nunique() == 1 for table in tables)
    assert tables[0].drop(columns="vintage").equals(tables[1].drop(columns="vintage"))
    assert tables[2]["researchers"].sum() > tables[1]["researchers"].sum()
    # What is a snapshot makes room among the downloads.
    assert len(list((store / "downloads" / "openalex").glob("ai_works-*"))) == 1


def test_a_second_run_on_a_day_asks_nothing(server: OpenAlexServer, tmp_path: Path) -> None:
    first = download(server, tmp_path)
    server.world = growing_world(day=1)
    assert download(server, tmp_path) == first
    assert len(server.calls) == PAGES


def test_another_query_shares_no_pages(server: OpenAlexServer, tmp_path: Path) -> None:
    download(server, tmp_path)
    other = SHORT.model_copy(
        update={"query": SHORT.query.model_copy(update={"filter": "type:article"})}
    )
    OpenAlex((other,), Access(server.url), tmp_path / "snapshots", today=lambda: TODAY).download()
    assert len(server.calls) == 2 * PAGES


# Interruption


@pytest.mark.parametrize("answered", range(PAGES))
def test_a_fetch_that_stopped_goes_on_where_it_was(
    server: OpenAlexServer, tmp_path: Path, answered: int
) -> None:
    whole = download(server, tmp_path / "whole")
    before = server.asked()
    error = failure(server, tmp_path, cost=answered * PRICE_USD)
    assert str(error).startswith("COST_LIMIT")
    assert download(server, tmp_path, cost=(PAGES - answered) * PRICE_USD) == whole
    assert server.asked() - before == before


def test_a_process_killed_at_any_call_asks_for_no_page_twice(
    server: OpenAlexServer, tmp_path: Path
) -> None:
    populations = tmp_path / "populations"
    populations.mkdir()
    text = json.dumps(SHORT.model_dump(mode="json") | {"first_year": datetime.now(UTC).year - 1})
    (populations / "ai_works.yaml").write_text(text)
    environment = os.environ | {  # noqa: TID251 - for a process of its own
        "TALENTCAST_HOME": str(tmp_path),
        "TALENTCAST_OPENALEX_URL": server.url,
        "TALENTCAST_POPULATIONS": str(populations),
    }
    code = (
        "from talentcast.config import Settings; "
        "from talentcast.sources.openalex.source import open_alex; "
        "open_alex(['ai_works'], Settings()).download()"
    )
    answered: Counter[str] = Counter()
    killed_at = 1

    def kill_once(call: Call, _: Reply) -> None:
        nonlocal killed_at
        if sum(answered.values()) + 1 == killed_at:
            killed_at += 1
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
        else:
            answered[call.page] += 1

    server.fault = kill_once
    for _ in range(4):
        process = subprocess.Popen([sys.executable, "-c", code], env=environment)
        assert process.wait(60) == -signal.SIGKILL
    process = subprocess.Popen([sys.executable, "-c", code], env=environment)
    assert process.wait(60) == 0
    assert sorted(answered.values()) == [1, 1, 1, 1]


def test_an_interrupted_fetch_is_gone_on_with_the_next_day_but_not_later(
    server: OpenAlexServer, tmp_path: Path
) -> None:
    failure(server, tmp_path, cost=2 * PRICE_USD)
    record = download(server, tmp_path, day=TODAY + timedelta(days=1))[0]
    assert (record.vintage.as_of, len(server.calls)) == (TODAY + timedelta(days=1), PAGES)
    failure(server, tmp_path, day=TODAY + timedelta(days=2), cost=2 * PRICE_USD)
    download(server, tmp_path, day=TODAY + timedelta(days=5))
    assert len(server.calls) == PAGES + 2 + PAGES


# Money


def test_the_cost_limit_is_never_passed(server: OpenAlexServer, tmp_path: Path) -> None:
    error = failure(server, tmp_path, cost=0.00035)
    assert (len(server.calls), error.exit_code) == (3, 4)
    assert isinstance(error, SourceUnavailableError)
    assert not error.may_pass_soon


def test_a_price_that_rose_counts_for_the_next_call(server: OpenAlexServer, tmp_path: Path) -> None:
    server.price_usd = 0.001
    failure(server, tmp_path, cost=0.0035)
    assert (len(server.calls), server.spent_usd) == (3, pytest.approx(0.003))


def test_failed_tries_count_as_calls(server: OpenAlexServer, tmp_path: Path) -> None:
    server.fault = lambda *_: Reply(b"", 503)
    assert "COST_LIMIT" in str(failure(server, tmp_path, cost=0.0002))
    assert len(server.calls) == 2


def test_f038_a_budget_that_ends_halfway_is_no_vintage_and_is_gone_on_with(
    server: OpenAlexServer, tmp_path: Path
) -> None:
    server.budget_usd = 3 * PRICE_USD
    error = failure(server, tmp_path)
    # The third answer said that nothing is left: the fourth call was not made.
    assert len(server.calls) == 3
    assert str(error).startswith("RATE_LIMIT: OpenAlex answers again from ")
    assert " 00:00 UTC" in str(error)
    assert not getattr(error, "may_pass_soon", True)
    server.budget_usd, server.spent_usd = 1.0, 0.0
    download(server, tmp_path, day=TODAY + timedelta(days=1))
    assert set(server.asked().values()) == {1}


# Answers that are no answer


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
