"""Hostile texts, tables, files and records: mostly sound, so that parsers read on."""

from __future__ import annotations

import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import strategies as st

from sources import columns

HOSTILE_TEXTS = (
    "",
    " ",
    "NA",
    "nan",
    "NaN",
    "inf",
    "-inf",
    "1e309",
    "-1e309",
    "1e308",
    "0",
    "-0",
    "-1",
    "1.5",
    "2019",
    "2019.0",
    "2019.5",
    "20219",
    "9007199254740993",
    "9" * 400,
    "1,234",
    "1_000",
    "0x10",
    "\u0661\u0662",
    "\uff11\uff12",
    "\u22125",
    "\u00bd",
    "true",
    "TRUE",
    "yes",
    "FR",
    "FRA",
    "fra",
    "ZZ",
    "XK",
    "UK",
    "SUN",
    "Côte d'Ivoire",
    "2024-01-31",
    "2024-13-01",
    "0001-01-01",
    "9999-12-31",
    "\x00",
    "\x1b[31m",
    "\u202e",
    "\ufeff",
    "\ud7ff",
    "\U0001f600",
    '"',
    "'",
    ";",
    "\t",
    "\r",
    "\n",
    "\\",
    "=1+1",
    "../../etc/passwd",
    "<img src=x>",
    "None",
    "null",
    "{}",
    "[]",
    "%s",
    "{0}",
    "a" * 300,
)
texts = st.one_of(
    st.sampled_from(HOSTILE_TEXTS),
    st.text(max_size=12),
    st.integers().map(str),
    st.floats().map(str),
)
plain = st.one_of(
    st.integers(1990, 2026).map(str),
    st.sampled_from(("FR", "USA", "NA", "China", "DE", "")),
    st.integers(0, 10**6).map(str),
)
#: Mostly sound cells, so that a table gets beyond its first one.
mixed = st.one_of(plain, plain, plain, plain, texts)

COUNT_NAMES = tuple(
    dict.fromkeys(
        [
            *(name for names in columns.KNOWN_NAMES.values() for name in names),
            *columns.RESEARCHERS_NAMES,
            *columns.NET_MOVES_NAMES,
        ]
    )
)
CAREER_NAMES = (
    "researcher_id",
    "year",
    "country",
    "weight",
    "works",
    "n_works",
    "n_first",
    "n_last",
    "n",
    "co_country",
    "coauthors",
    "team_size",
    "field",
    "institution_id",
    "name",
    "rare_name",
)
MOVE_NAMES = ("year", "n_migrations", "iso3codefrom", "iso3codeto", "iso2codefrom", "iso2codeto")


@st.composite
def headers(draw: st.DrawFn, known: tuple[str, ...], required: tuple[str, ...]) -> list[str]:
    """Return column names: mostly the required ones, some known, some strange."""
    kept = [name for name in required if draw(st.integers(0, 39)) > 0]
    more = draw(
        st.lists(st.one_of(st.sampled_from(known), texts), max_size=draw(st.integers(0, 3)))
    )
    names: list[str] = draw(st.permutations([*kept, *more]))
    return names


def sound_cell(name: str) -> st.SearchStrategy[str]:
    """Return cells that suit a column."""
    if "year" in name:
        return st.integers(2000, 2024).map(lambda year: draw_form(year))
    if "country" in name or "iso" in name:
        return st.sampled_from(("FR", "USA", "NA", "China", "DE", "Japan", "", "ROW"))
    if name == "researcher_id":
        return st.sampled_from("abcdefgh")
    if name == "weight":
        return st.sampled_from(("0.5", "1", "0.25"))
    if name in ("vintage",):
        return st.sampled_from(("2024-01-31", "2023-01-31"))
    if name in ("population", "counting_rule", "source"):
        return st.sampled_from(("modal_country", "fractional", "lab"))
    return st.integers(1, 10**5).map(str)


def draw_form(year: int) -> str:
    """Write some years with a point."""
    return f"{year}.0" if year % 7 == 0 else str(year)


@st.composite
def tables(
    draw: st.DrawFn, known: tuple[str, ...], required: tuple[str, ...]
) -> dict[str, list[str]]:
    """Return a table of text in which few cells are strange."""
    names = draw(headers(known, required))
    n_rows = draw(st.integers(0, 12))
    is_hostile = st.integers(0, 59).map(lambda number: number == 0)
    table: dict[str, list[str]] = {}
    for name in names:
        table[name] = [
            draw(texts if draw(is_hostile) else sound_cell(name.lower())) for _ in range(n_rows)
        ]
    return table


def quoted(text: str) -> str:
    """Write a cell as CSV does."""
    needs_quotes = any(character in text for character in ',"\r\n')
    return '"' + text.replace('"', '""') + '"' if needs_quotes else text


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """Cut, flip, repeat or insert a few bytes; most contents stay as they are."""
    kind = draw(st.integers(0, 24))
    if kind > 4 or not content:
        return content
    at = draw(st.integers(0, len(content) - 1))
    if kind == 0:
        return content[:at]
    if kind == 1:
        return (
            content[:at] + bytes([content[at] ^ (1 << draw(st.integers(0, 7)))]) + content[at + 1 :]
        )
    if kind == 2:
        return content[:at] + draw(st.binary(max_size=6)) + content[at:]
    if kind == 3:
        return content + content[at:]
    return (
        draw(st.sampled_from((b"\xef\xbb\xbf", b"\xff\xfe", b"\x1f\x8b", b"PK\x03\x04", b"PAR1")))
        + content
    )


@st.composite
def csv_files(draw: st.DrawFn, known: tuple[str, ...], required: tuple[str, ...]) -> bytes:
    """Return a CSV file."""
    table = draw(tables(known, required))
    rows = zip(*table.values(), strict=True) if table else []
    end = draw(st.sampled_from(("\n", "\n", "\r\n", "\r")))
    lines = [",".join(map(quoted, row)) for row in ([*table], *rows)]
    text = end.join(lines) + draw(st.sampled_from(("", end, end * 2)))
    encoding = draw(st.sampled_from((*["utf-8"] * 18, "utf-16", "latin-1")))
    return draw(
        damaged(text.encode(encoding, errors="surrogatepass" if "utf" in encoding else "replace"))
    )


ARROW_TYPES = (
    pa.string(),
    pa.large_string(),
    pa.int64(),
    pa.uint64(),
    pa.int8(),
    pa.float32(),
    pa.float64(),
    pa.float16(),
    pa.bool_(),
    pa.binary(),
    pa.date32(),
    pa.date64(),
    pa.timestamp("ns"),
    pa.timestamp("s"),
    pa.timestamp("us", tz="UTC"),
    pa.duration("s"),
    pa.time64("us"),
    pa.decimal128(38, 10),
    pa.null(),
    pa.list_(pa.int64()),
    pa.struct([("a", pa.int64())]),
    pa.map_(pa.string(), pa.int64()),
    pa.dictionary(pa.int32(), pa.string()),
)


@st.composite
def arrow_columns(draw: st.DrawFn, cells_of_column: list[str]) -> pa.Array:
    """Return cells as text, as numbers where they are some, or as any other type."""
    kind = draw(st.integers(0, 5))
    if kind <= 2:
        return pa.array(cells_of_column, pa.string())
    if kind <= 4:
        numbers = [
            float(cell) if cell.replace(".", "", 1).isdecimal() else None
            for cell in cells_of_column
        ]
        return pa.array(numbers, draw(st.sampled_from((pa.float64(), pa.float32()))))
    wanted = draw(st.sampled_from(ARROW_TYPES))
    n_rows = len(cells_of_column)
    if pa.types.is_timestamp(wanted) or pa.types.is_date(wanted) or pa.types.is_duration(wanted):
        width = pa.int32() if wanted == pa.date32() else pa.int64()
        limit = 2**31 - 1 if wanted == pa.date32() else 2**62
        moments = draw(
            st.lists(
                st.one_of(st.none(), st.integers(-limit, limit)), min_size=n_rows, max_size=n_rows
            )
        )
        return pa.array(moments, width).cast(wanted, safe=False)
    try:
        return pa.array([None] * n_rows, wanted)
    except (pa.ArrowException, ValueError):
        return pa.nulls(n_rows)


@st.composite
def parquet_files(draw: st.DrawFn, known: tuple[str, ...], required: tuple[str, ...]) -> bytes:
    """Return a Parquet file; names may repeat, types may be anything."""
    table = draw(tables(known, required))
    names = [*table, *([next(iter(table))] if table and draw(st.integers(0, 19)) == 0 else [])]
    arrays = [draw(arrow_columns(table[name])) for name in names]
    sink = io.BytesIO()
    try:
        pq.write_table(pa.Table.from_arrays(arrays, names=names), sink)
    except (pa.ArrowException, ValueError, UnicodeEncodeError):
        pq.write_table(pa.table({"year": [2019]}), sink)
    return draw(damaged(sink.getvalue()))


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(texts, inner, max_size=3)),
    max_leaves=6,
)


@st.composite
def with_changes(draw: st.DrawFn, sound: dict[str, object]) -> dict[str, object]:
    """Return a record in which a few fields are exchanged or left out."""
    record = dict(sound)
    for name in draw(st.lists(st.sampled_from(sorted(sound)), max_size=2)):
        change = draw(st.integers(0, 3))
        value = record.get(name)
        if change == 0:
            record.pop(name, None)
        elif change == 1 and isinstance(value, str):
            record[name] = draw(damaged(value.encode())).decode(errors="replace")
        elif change == 2 and isinstance(value, str):
            record[name] = json.dumps(draw(json_values))
        else:
            record[name] = draw(json_values)
    return record


scenario_values = st.one_of(
    json_values,
    st.sampled_from(("CHN", "USA", 2020, 2030, 1.5, -10, 200)),
    st.sampled_from(("CHN", "USA", 2020, 2030, 1.5)),
)
scenario_change = st.dictionaries(
    st.sampled_from(("origin", "host", "first_year", "last_year", "factor", "points", "x")),
    scenario_values,
    max_size=3,
)


@st.composite
def scenarios(draw: st.DrawFn) -> str:
    """Return YAML that is mostly a scenario."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.text(max_size=60))
    change = draw(scenario_change)
    if draw(st.booleans()):
        kind = draw(st.sampled_from(("inflow", "return_hazard", "stay_rate")))
        change |= {"change": kind, "points" if kind == "stay_rate" else "factor": 1.5}
        change.pop("factor" if kind == "stay_rate" else "points", None)
        change.pop("x", None)
    record = {
        "name": draw(texts) if draw(st.integers(0, 9)) == 0 else "more",
        "title": draw(json_values) if draw(st.integers(0, 9)) == 0 else "More",
        "changes": draw(json_values) if draw(st.integers(0, 9)) == 0 else [change],
    }
    text = json.dumps(record)
    return draw(damaged(text.encode())).decode(errors="replace")
