"""Workbooks: values as text, one sheet, and a plain word about what cannot be read."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime

import pytest
from count_shapes import SHAPES, with_part, workbook
from openpyxl import Workbook

from sources.excel import read_sheet, require_own_suffix, sheet_of
from talentcast.domain.errors import InputRejectedError, UsageError

SOUND = SHAPES["first sheet"][1]
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def refusal(content: bytes) -> str:
    with pytest.raises(InputRejectedError) as caught:
        read_sheet(content, "lab.xlsx")
    assert "\n" not in str(caught.value)
    return caught.value.code


def test_values_become_text_and_empty_rows_and_columns_go() -> None:
    day = datetime(2020, 1, 31, 12, tzinfo=UTC).replace(tzinfo=None)
    rows = [
        ["Title"], [], [None, "country", "n", None, "day"], [None, "FRA", 5.0], [],
        [None, "NA", 1.5, None, day],
    ]  # fmt: skip
    found = read_sheet(workbook({"A": rows}), "lab.xlsx")
    assert found.rows == [("country", "n", "day"), ("FRA", "5", ""), ("NA", "1.5", "2020-01-31")]
    assert (found.name, found.numbers, found.numeric) == ("A", (3, 4, 6), {1})
    assert read_sheet(workbook({"A": [["a", "b"], [date(2020, 1, 1), True]]}), "x").rows[1] == (
        "2020-01-01",
        "True",
    )


def test_a_sheet_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(UsageError, match=r"no sheet 'counts'; it has \['Counts', 'Notes'\]"):
        read_sheet(SOUND, "lab.xlsx", "counts")


def test_the_stored_value_of_a_formula_is_read_and_a_formula_without_one_is_refused() -> None:
    book = Workbook()
    for row in (["country", "n"], ["FRA", "=2+3"]):
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    assert refusal(content.getvalue()) == "FORMULA"
    head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    cells = '<c r="A1" t="str"><v>a</v></c><c r="B1" t="str"><v>b</v></c>'
    stored = '<c r="A2"><v>1</v></c><c r="B2"><f>2+3</f><v>5</v></c>'
    rows = f'<row r="1">{cells}</row><row r="2">{stored}</row>'
    sheet = f"{head}<sheetData>{rows}</sheetData></worksheet>"
    content = with_part(SOUND, "xl/worksheets/sheet1.xml", sheet.encode())
    assert read_sheet(content, "lab.xlsx").rows[1] == ("1", "5")


def test_what_is_no_readable_workbook_is_refused_by_its_kind() -> None:
    empty = workbook({"A": []})
    archive = with_part(SOUND, "none", b"").replace(b"xl/workbook.xml", b"xl/workbork.xml")
    doctype = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'
    asked = {
        "ENCRYPTED": OLE + "EncryptedPackage".encode("utf-16-le"),
        "EMPTY": empty,
        "FORMAT": archive,
    }
    assert {code: refusal(content) for code, content in asked.items()} == {
        code: code for code in asked
    }
    assert refusal(OLE) == "FORMAT"
    for part in ("xl/workbook.xml", "xl/worksheets/sheet1.xml", "[Content_Types].xml"):
        for broken in (b"", b"<", b"\xff\xfe", doctype.encode()):
            assert refusal(with_part(SOUND, part, broken)) in ("CORRUPT", "EMPTY")


@pytest.mark.parametrize("part", [0.02, 0.5, 0.99])
def test_a_cut_workbook_is_corrupt(part: float) -> None:
    assert refusal(SOUND[: int(len(SOUND) * part)]) == "CORRUPT"


@pytest.mark.parametrize(
    ("name", "content"), [("lab.csv", SOUND), ("lab.csv", OLE), ("LAB.XLSX", b"a,b\n1,2\n")]
)
def test_a_file_under_the_name_of_another_kind_is_refused(name: str, content: bytes) -> None:
    with pytest.raises(InputRejectedError, match=r"FORMAT: .*\.(xlsx|csv)"):
        require_own_suffix(content, name)


def test_a_sheet_is_named_behind_the_file() -> None:
    assert sheet_of("a/lab.XLSX#Counts #2") == ("a/lab.XLSX", "Counts #2")
    assert sheet_of("lab.xlsx#") == ("lab.xlsx#", None)
