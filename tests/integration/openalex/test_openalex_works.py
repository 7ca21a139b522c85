"""Works listed one by one: authorships, cut lists of authors, and what is kept of people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path

import pytest
from openalex_fetches import TODAY, notes
from openalex_server import AUTHOR, Call, OpenAlexServer, Reply, edited, growing_list

from sources.openalex.access import Access
from sources.openalex.source import OpenAlex
from talentcast.domain.errors import ContradictionError, LimitReachedError, TalentcastError
from talentcast.domain.provenance import ParsedCounts
from talentcast.domain.types import CountingRule
from talentcast.populations.catalogue import bundled_populations

#: Three years: two full ones of two pages, and one of a single page.
SHORT = bundled_populations()["ai_authorships"].model_copy(update={"first_year": 2024})
PAGES = 5
#: A work whose authors a list does not show whole.
LARGE = 20_240_003


def with_a_large_work(year: int) -> Mapping[int, list[list[str]]]:
    works = dict(growing_list(year))
    if year == 2024:
        works[LARGE] = [["US"]] * 100 + [["CN"]] * 50
        works[LARGE + 1] = [["DE"]] * 100
        works[LARGE + 2] = [["IN"]] * 120
    return works


def source(
    server: OpenAlexServer,
    home: Path,
    *,
    rule: CountingRule = CountingRule.AUTHORSHIPS,
    cost: float = 0.10,
    day: date = TODAY,
) -> OpenAlex:
    population = SHORT.model_copy(update={"counting_rule": rule})
    return OpenAlex((population,), Access(server.url, None, None, cost), home, today=lambda: day)


def counted(server: OpenAlexServer, home: Path, **options: object) -> ParsedCounts:
    return OpenAlex().parse(source(server, home, **options).download())  # type: ignore[arg-type]


def of_year(found: ParsedCounts, year: int) -> dict[str, float]:
    rows = found.counts[found.counts["year"] == year]
    return {
        country: n for country, n in zip(rows["country"], rows["researchers"], strict=True) if n
    }


def test_each_author_counts_in_the_first_country(server: OpenAlexServer, tmp_path: Path) -> None:
    found = counted(server, tmp_path)
    expected = Counter(
        author[0] if author else "UNK" for work in growing_list(2025).values() for author in work
    )
    names = {"US": "USA", "CN": "CHN", "DE": "DEU", "IN": "IND", "GB": "GBR", "ZZ": "UNK"}
    told: Counter[str] = Counter()
    for code, number in expected.items():
        told[names.get(code, code)] += number
    assert of_year(found, 2025) == dict(told)
    assert set(found.counts["counting_rule"]) == {"authorships"}
    assert "COUNTRY_UNPLACED" in notes(found)
    assert sorted(set(found.counts.loc[found.counts["is_provisional"], "year"])) == [2026]
    assert len(server.calls) == PAGES


@pytest.mark.parametrize(
    ("rule", "total"),
    [(CountingRule.LEAD_AUTHOR, 330.0), (CountingRule.FRACTIONAL_WORKS, 330.0)],
)
def test_rules_that_divide_works_add_up_to_them(
    server: OpenAlexServer, tmp_path: Path, rule: CountingRule, total: float
) -> None:
    assert sum(of_year(counted(server, tmp_path, rule=rule), 2025).values()) == pytest.approx(total)


def test_lists_of_authors_that_were_cut_are_asked_for_alone(
    server: OpenAlexServer, tmp_path: Path
) -> None:
    server.works = with_a_large_work
    server.gone = frozenset({LARGE + 2})
    plain = counted(server, tmp_path)
    alone = [call.path for call in server.calls if call.path != "/works"]
    assert alone == [f"/works/W{LARGE + at}" for at in range(3)]
    large = of_year(plain, 2024)
    small = {n: a for n, a in with_a_large_work(2024).items() if n not in range(LARGE, LARGE + 3)}
    china = sum(author[:1] == ["CN"] for work in small.values() for author in work)
    assert large["CHN"] == china + 50
    assert notes(plain)["AUTHORS_CUT"].startswith("2024: 1 works")
    assert server.spent_usd == pytest.approx(PAGES * 0.0001)


def test_a_merged_work_is_found_under_its_new_address(
    server: OpenAlexServer, tmp_path: Path
) -> None:
    server.works = with_a_large_work
    server.merged = {LARGE: LARGE + 2}
    found = of_year(counted(server, tmp_path), 2024)
    assert found["IND"] >= 240
    assert "AUTHORS_CUT" not in notes(counted(server, tmp_path))


def test_nothing_personal_is_kept(server: OpenAlexServer, tmp_path: Path) -> None:
    raws = source(server, tmp_path).download()
    kept = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(kept) > PAGES
    assert not [one for one in (*kept, *(raw.content for raw in raws)) if AUTHOR.encode() in one]


@pytest.mark.parametrize("stop_after", range(1, PAGES + 3))
def test_no_call_is_made_twice_after_a_stop(
    server: OpenAlexServer, tmp_path: Path, stop_after: int
) -> None:
    server.works = with_a_large_work
    server.fault = lambda call, _: Reply(b"", 401) if call.number == stop_after + 1 else None
    with pytest.raises(TalentcastError):
        source(server, tmp_path).download()
    server.fault = None
    source(server, tmp_path, day=TODAY + timedelta(days=5)).download()
    assert len(server.calls) == PAGES + 3 + 1
    asked = Counter((call.path, call.page) for call in server.calls)
    assert sorted(asked.values(), reverse=True)[:2] == [2, 1]


def test_the_limit_of_cost_holds(server: OpenAlexServer, tmp_path: Path) -> None:
    with pytest.raises(LimitReachedError, match="COST_LIMIT"):
        source(server, tmp_path, cost=0.0002).download()
    assert len(server.calls) == 2


def _without_the_last(answer: dict[str, object]) -> None:
    results = answer["results"]
    assert isinstance(results, list)
    results.pop()


def _twice(answer: dict[str, object]) -> None:
    results = answer["results"]
    assert isinstance(results, list)
    results[0] = {**results[0], "id": "https://openalex.org/W20240001"}


def _other_total(answer: dict[str, object]) -> None:
    meta = answer["meta"]
    assert isinstance(meta, dict)
    meta["count"] = 331


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (_without_the_last, "WORKS_INCOMPLETE"),
        (_twice, "WORK_TWICE"),
        (_other_total, "UNSTABLE_TOTAL"),
    ],
)
def test_pages_that_contradict_one_another_are_asked_for_again_once(
    server: OpenAlexServer, tmp_path: Path, change: object, code: str
) -> None:
    def on_second_page(call: Call, reply: Reply) -> Reply | None:
        is_second = call.query.get("cursor", "*") != "*" and call.year == 2024
        return edited(reply, change) if is_second else None  # type: ignore[arg-type]

    server.fault = lambda call, reply: on_second_page(call, reply) if call.number < 3 else None
    assert "ASKED_AGAIN" in notes(counted(server, tmp_path / "once"))
    server.fault = on_second_page
    with pytest.raises(ContradictionError, match=code):
        source(server, tmp_path / "always").download()


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b'{"meta": {}, "results": []}',
        b"[" * 9_999,
        b'{"meta":1,"results":[{"id":3}]}',
    ],
)
def test_an_answer_that_is_no_page_is_refused(
    server: OpenAlexServer, tmp_path: Path, body: bytes
) -> None:
    server.fault = lambda call, reply: Reply(body)
    with pytest.raises(TalentcastError, match="BAD_PAYLOAD"):
        source(server, tmp_path).download()
