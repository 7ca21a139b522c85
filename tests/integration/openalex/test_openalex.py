"""OpenAlex, shown by a server on loopback that behaves as documented: counts and resuming."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from openalex_fetches import (
    FULL,
    PAGES,
    SHORT,
    TODAY,
    download,
    failure,
    parsed,
)
from openalex_server import (
    Call,
    OpenAlexServer,
    Reply,
    growing_world,
)
from pydantic import SecretStr

from sources.openalex.access import PRICE_USD, Access
from sources.openalex.source import OpenAlex
from talentcast.domain.errors import (
    SourceUnavailableError,
)
from talentcast.domain.provenance import RawFile
from talentcast.store.snapshots import load_raw, save_snapshot


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
        return [load_raw(save_snapshot(raw, store, retrieved_at=now), store) for raw in raws]

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
        "from sources.openalex.source import open_alex; "
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
