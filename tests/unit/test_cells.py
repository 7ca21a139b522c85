"""Cells are parsed by rules; what breaks one is refused with its row."""

from __future__ import annotations

import numpy as np
import pytest

from sources.cells import (
    parse_dates,
    parse_flags,
    parse_numbers,
    parse_years,
    require_pattern,
    require_printable,
)
from talentcast.domain.errors import InputRejectedError


def code_of(call: object, *args: object, **options: object) -> str:
    with pytest.raises(InputRejectedError) as caught:
        call(*args, **options)  # type: ignore[operator]
    return caught.value.code


def test_whole_years_are_read_with_or_without_a_point() -> None:
    years, with_point = parse_years(["2013", " 2014 ", "2015.0", "2016."], [2, 3, 4, 5])
    assert years.tolist() == [2013, 2014, 2015, 2016]
    assert with_point == 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("2019.5", "NOT_INTEGER"),
        ("2e3", "NOT_INTEGER"),
        ("", "PARSE"),
        ("next", "PARSE"),
        ("2019x", "PARSE"),
        ("2019.0x", "PARSE"),
        ("1000000000", "RANGE"),
        ("２０１９", "PARSE"),  # noqa: RUF001 - full-width digits
        ("20191231120000", "RANGE"),
    ],
)
def test_other_years_are_refused(text: str, code: str) -> None:
    assert code_of(parse_years, ["2018", text], [2, 3]) == code


@pytest.mark.parametrize(
    ("text", "value"),
    [("5", 5.0), ("-5", -5.0), ("+5", 5.0), (" 1.5 ", 1.5), (".5", 0.5), ("1e3", 1000.0)],
)
def test_plain_numbers_are_read(text: str, value: float) -> None:
    assert parse_numbers([text], [2], column="n").tolist() == [value]


def test_a_blank_number_is_missing() -> None:
    assert np.isnan(parse_numbers(["", "  "], [2, 3], column="n")).all()


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1,234", "PARSE"),
        ("1 234", "PARSE"),
        ("1_234", "PARSE"),
        ("0x10", "PARSE"),
        ("\u22125", "PARSE"),
        ("\u0661\u0662", "PARSE"),
        ("5\x00", "PARSE"),
        ("NA", "PARSE"),
        ("nano", "PARSE"),
        ("5x", "PARSE"),
        ("inf", "NON_FINITE"),
        ("-Infinity", "NON_FINITE"),
        ("NaN", "NON_FINITE"),
        ("1e309", "NON_FINITE"),
        ("1e308", "RANGE"),
        ("9007199254740993", "RANGE"),
        ("9007199254740994", "RANGE"),
        ("-9007199254740993", "RANGE"),
    ],
)
def test_other_numbers_are_refused(text: str, code: str) -> None:
    assert code_of(parse_numbers, ["1", text], [2, 3], column="n") == code


def test_the_largest_exact_whole_number_is_read() -> None:
    assert int(parse_numbers([str(2**53)], [2], column="n")[0]) == 2**53


def test_a_refusal_names_five_rows_and_counts_the_rest() -> None:
    with pytest.raises(InputRejectedError) as caught:
        parse_numbers(["x"] * 7, range(2, 9), column="n")
    assert "row 2: 'x'" in str(caught.value)
    assert "row 6: 'x' and 2 more" in str(caught.value)


def test_flags_are_words_or_bits() -> None:
    texts = ["true", "FALSE", "1", " 0 ", ""]
    assert parse_flags(texts, range(5), column="f").tolist() == [True, False, True, False, False]
    assert code_of(parse_flags, ["yes"], [2], column="f") == "PARSE"


def test_dates_are_iso_days() -> None:
    days = parse_dates([" 2024-01-31 "], [2], column="vintage")
    assert days[0].isoformat() == "2024-01-31T00:00:00"
    assert code_of(parse_dates, ["31/01/2024"], [2], column="vintage") == "PARSE"
    assert code_of(parse_dates, ["2024-02-30"], [2], column="vintage") == "PARSE"


def test_a_year_of_nine_digits_is_left_to_the_checks() -> None:
    assert parse_years(["999999999"], [2])[0].tolist() == [999_999_999]


def test_no_cells_are_no_values_of_the_right_type() -> None:
    assert parse_years([], [])[0].dtype == np.int64
    assert parse_numbers([], [], column="n").dtype == np.float64
    assert parse_flags([], [], column="f").dtype == np.bool_


def test_exactly_five_refused_rows_are_all_named() -> None:
    with pytest.raises(InputRejectedError) as caught:
        parse_numbers(["x"] * 5, range(2, 7), column="n")
    assert "row 6: 'x': " in str(caught.value)
    assert "more" not in str(caught.value)


def test_control_characters_are_refused() -> None:
    require_printable(["Côte d'Ivoire", ""], [2, 3], column="country")
    for text in ("a\x00b", "a\nb", "\u202ea"):
        assert code_of(require_printable, ["FR", text], [2, 3], column="country") == "PARSE"


def test_a_pattern_holds_for_the_whole_cell() -> None:
    require_pattern(["abc"], [2], "[a-z]+", column="source")
    for text in ("abc1", "1abc", ""):
        assert code_of(require_pattern, ["abc", text], [2, 3], "[a-z]+", column="source") == "PARSE"
