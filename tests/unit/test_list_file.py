"""A published list of papers is reduced to the countries of authors, and refused if it is none."""

from __future__ import annotations

import json

import pytest

from sources.paper_lists.list_file import PaperList, read_kept_list, reduce_list
from talentcast.domain.errors import InputRejectedError


def paper(
    author: str = "A;B", countries: str = "China;Japan", index: str = "0;1+0", **more: str
) -> dict[str, str]:
    known = {"aff_country_unique": countries, "aff_country_unique_index": index}
    return {"status": "Poster", "author": author, **known, **more}


def reduced(*papers: dict[str, str]) -> PaperList:
    return reduce_list(json.dumps(papers).encode(), "conf2024.json")


def test_authors_have_the_countries_at_their_positions() -> None:
    assert reduced(paper()).papers == [[["CHN"], ["JPN", "CHN"]]]


@pytest.mark.parametrize("status", ["Withdraw", "Reject", "Desk Reject", "reject "])
def test_papers_that_were_not_accepted_are_counted_nowhere(status: str) -> None:
    found = reduced(paper(), paper(status=status))
    assert len(found.papers) == 1
    assert found.statuses == {"Poster": 1, status.strip(): 1}


def test_a_list_of_authors_written_twice_is_read_once() -> None:
    assert len(reduced(paper("A;B;A;B")).papers[0]) == 2


@pytest.mark.parametrize(
    ("countries", "index"), [("China;", "0"), ("", ""), ("China", "0;0;0"), ("China", "7;x")]
)
def test_countries_that_do_not_fit_the_authors_are_unknown(countries: str, index: str) -> None:
    assert reduced(paper(countries=countries, index=index)).papers == [[[], []]]


def test_blank_and_unknown_names_are_no_country() -> None:
    found = reduced(paper(countries="Unknown;;France", index="0+2;1"))
    assert found.papers == [[["FRA"], []]]


def test_nothing_personal_is_kept() -> None:
    kept = reduced(
        paper("Ada Secret;B Hidden", gender="female;male", title="Titled", aff="Some University")
    ).to_bytes()
    assert not any(
        word in kept for word in (b"Secret", b"Hidden", b"female", b"gender", b"Titled", b"Univ")
    )
    assert read_kept_list(kept, "conf2024.json").papers == [[["CHN"], ["JPN", "CHN"]]]


def test_a_status_that_is_no_word_is_not_kept() -> None:
    found = reduced(paper(status="accepted, Ada Lovelace, 1 Home Street"))
    assert found.statuses == {"other": 1}
    assert len(found.papers) == 1


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"\xff\xfe", b"{}", b"[]", b"[1]", b"[[]]", b'[{"status": 3}]', b"[" * 10_000],
)
def test_what_is_no_list_is_refused(content: bytes) -> None:
    with pytest.raises(InputRejectedError, match="PAPER_LIST") as error:
        reduce_list(content, "conf2024.json")
    assert "paper-lists.md" in str(error.value)


def test_a_damaged_copy_is_refused() -> None:
    for content in (b"{}", b'{"papers": 3, "statuses": {}}', b"[]"):
        with pytest.raises(InputRejectedError, match="damaged"):
            read_kept_list(content, "conf2024.json")


def test_a_name_that_is_no_country_is_named_before_anything_is_kept() -> None:
    with pytest.raises(InputRejectedError, match="Atlantis"):
        reduced(paper(countries="Atlantis;China"))
