"""Countries are understood from explicit tables, never by resemblance."""

from __future__ import annotations

import pytest

from sources.countries import aliases, country_code, country_names, short_name
from talentcast.domain.countries import TIME_BOUND, code_holds, known_codes


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("FR", "FRA"),
        ("FRA", "FRA"),
        ("France", "FRA"),
        ("NA", "NAM"),
        ("Namibia", "NAM"),
        ("UK", "GBR"),
        ("GB", "GBR"),
        ("EL", "GRC"),
        ("GR", "GRC"),
        ("HK", "HKG"),
        ("MO", "MAC"),
        ("TW", "TWN"),
        ("XK", "XKX"),
        ("Côte d'Ivoire", "CIV"),
        ("Cote d'Ivoire", "CIV"),
        ("Türkiye", "TUR"),
        ("Turkey", "TUR"),
        ("South Korea", "KOR"),
        ("Korea, Rep.", "KOR"),
        ("Russia", "RUS"),
        ("Hong Kong SAR, China", "HKG"),
        ("ROW", "ROW"),
        ("unk", "UNK"),
        ("", "UNK"),
        ("   ", "UNK"),
        ("EUE", "UNK"),
        ("YUG", "YUG"),
    ],
)
def test_codes_names_and_aliases_are_understood(text: str, code: str) -> None:
    assert country_code(text) == code


@pytest.mark.parametrize("text", ["ZZ", "ZZZ", "Frence", "Fran", "Korea", "England", "840", "nan"])
def test_what_no_table_lists_is_not_understood(text: str) -> None:
    assert country_code(text) is None


def test_a_decomposed_accent_is_the_same_name() -> None:
    assert country_code("Co\u0302te d'Ivoire") == "CIV"


def test_every_alias_leads_to_a_known_code() -> None:
    assert set(aliases().values()) <= known_codes()


def test_dissolved_states_are_known_up_to_their_last_year() -> None:
    assert set(TIME_BOUND) <= known_codes()
    assert code_holds("YUG", 2003)
    assert not code_holds("YUG", 2004)


def test_a_successor_may_be_counted_before_its_independence() -> None:
    assert code_holds("SRB", 1998)


def test_a_new_state_is_not_counted_before_its_first_year() -> None:
    assert not code_holds("SSD", 2010)
    assert code_holds("SSD", 2011)


def test_names_are_short_and_every_known_code_has_one() -> None:
    names = country_names(known_codes()).set_index("country")["name"]
    assert names["TWN"] == "Taiwan"
    assert names["KOR"] == "South Korea"
    assert names["ROW"] == "Rest of world"
    assert not any(name == code for code, name in names.items())
    assert not names.str.contains(",").loc[["BOL", "IRN", "MDA", "TZA", "VEN", "COD", "VIR"]].any()


def test_a_code_without_a_name_names_itself() -> None:
    assert short_name("ZZZ") == "ZZZ"
