from datetime import date

from models.shares.later_vintage import OTHER_SOURCES
from publication.revision_card import revision_card, revision_text
from talentcast.domain.types import Vintage

KNOWN = revision_text(OTHER_SOURCES, Vintage(date(2022, 7, 31)))
UNKNOWN = revision_text(OTHER_SOURCES, None)


def test_a_card_says_whose_revisions_stand_in() -> None:
    assert "since 2022-07-31" in KNOWN
    assert "like those of Scopus scholars" in UNKNOWN
    assert "do not allow for revisions" in revision_text(None, None)


def test_a_population_has_one_card_whatever_its_sources_say() -> None:
    (same,) = revision_card("pooled", "scholars", {"a": UNKNOWN, "b": UNKNOWN})["text"]
    assert same == UNKNOWN
    (both,) = revision_card("pooled", "scholars", {"b": KNOWN, "a": UNKNOWN})["text"]
    assert both == f"a: {UNKNOWN} b: {KNOWN}"
