"""Which character is the decimal one, and that nobody guesses it."""

from __future__ import annotations

import pytest

from sources.number_styles import NumberStyle, decimal_character, plain_digits
from talentcast.domain.errors import InputRejectedError, UsageError


@pytest.mark.parametrize(
    ("cells", "plain", "style"),
    [
        ("1234 12", "1234 12", NumberStyle()),
        ("1.5 12 .5 2.", "1.5 12 .5 2.", NumberStyle(".")),
        ("1.5e3", "1.5e3", NumberStyle(".")),
        ("1,5 12 0,123", "1.5 12 0.123", NumberStyle(",")),
        ("1.234,5", "1234.5", NumberStyle(",", ".")),
        ("1,234.5 1,234", "1234.5 1234", NumberStyle(".", ",")),
        ("1,234,567 1,234", "1234567 1234", NumberStyle(None, ",")),
        ("1.234.567 -1.234", "1234567 -1234", NumberStyle(None, ".")),
        ("1,234,567 1.234", "1234567 1.234", NumberStyle(".", ",")),
        ("12,5 1.234", "12.5 1234", NumberStyle(",", ".")),
        ("12,5 1,234", "12.5 1.234", NumberStyle(",")),
        ("1'234 1’234.5", "1234 1234.5", NumberStyle(".", "'")),
        ("1\u202f234 1\u00a0234,5", "1234 1234.5", NumberStyle(",", " ")),
        ("1234.567", "1234.567", NumberStyle(".")),
    ],
)
def test_a_column_that_leaves_no_doubt_is_read(cells: str, plain: str, style: NumberStyle) -> None:
    assert plain_digits(cells.split(" "), column="n") == (tuple(plain.split(" ")), style)


@pytest.mark.parametrize("cell", ["1.234", "1,234", "999,000"])
def test_what_may_mean_two_things_is_refused_until_the_user_decides(cell: str) -> None:
    with pytest.raises(InputRejectedError, match=r"NUMBER_STYLE: .* may be \d+ or") as caught:
        plain_digits(["110", cell], column="n")
    assert caught.value.parameters == ("decimal",)
    (_, as_decimal), style = plain_digits(["110", cell], column="n", decimal=cell[-4])
    assert (float(as_decimal), style.decimal) == (float(cell.replace(",", ".")), cell[-4])
    other = "," if cell[-4] == "." else "."
    (_, as_thousands), _ = plain_digits(["110", cell], column="n", decimal=other)
    assert int(as_thousands) == int(cell.replace(cell[-4], ""))


@pytest.mark.parametrize(
    "cells", ["1.5 1,5", "1,234,567 1.234.567", "1,234,567 12,5", "1'234 1,234,567"]
)
def test_cells_that_contradict_each_other_are_refused(cells: str) -> None:
    with pytest.raises(InputRejectedError, match="NUMBER_STYLE: 'n' writes numbers in several"):
        plain_digits(cells.split(), column="n")


def test_a_cell_against_the_named_character_is_refused() -> None:
    with pytest.raises(InputRejectedError, match="NUMBER_STYLE"):
        plain_digits(["12.5"], column="n", decimal=",")


@pytest.mark.parametrize("cell", ["1,23,456", "x.y", "0,123,456", "12,34.5", "1..2", "-", ".,"])
def test_what_is_no_number_in_any_style_is_left_to_be_refused_by_its_row(cell: str) -> None:
    assert plain_digits([cell, "1"], column="n")[0] == (cell, "1")


def test_the_decimal_character_is_a_point_or_a_comma() -> None:
    assert [decimal_character(one) for one in (None, ".", ",")] == [None, ".", ","]
    with pytest.raises(UsageError, match="no decimal character"):
        decimal_character(";")
