"""Faults of input data: each goes from bytes through a source and the counts gate."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from counts_input import (
    VINTAGE,
    YEARS,
    check,
    codes,
    csv_bytes,
    parquet_bytes,
    parse,
    rejection,
    result,
    rows_of,
)

from expectations.check import check_counts
from sources.scholarly_migration import FILES, require_bytes
from talentcast.domain.checks import Outcome
from talentcast.domain.countries import OUTSIDE_ISO, TIME_BOUND, known_codes
from talentcast.domain.errors import IntegrityError, MissingColumnsError
from talentcast.domain.provenance import RawFile
from talentcast.domain.types import CountingRule, Vintage
from talentcast.store.snapshots import load_raw, save_snapshot, snapshot_folder


def test_sound_counts_pass_every_check() -> None:
    report = check(csv_bytes(rows_of()))
    assert len(report.passed) == len(report.results) > 30


def test_f001_a_negative_count_fails_with_its_row_number() -> None:
    rows = [*rows_of(), "DEU,2018,7", "DEU,2019,-5"]
    found = result(check(csv_bytes(rows)), "NEG_COUNT")
    assert found.outcome is Outcome.FAIL
    assert found.example_keys == ("row 23: DEU 2019",)


def test_f002_a_repeated_row_fails_and_is_not_dropped() -> None:
    content = csv_bytes([*rows_of(), rows_of()[0]])
    report = check(content)
    assert codes(report.failed) == ["DUP_KEY"]
    assert result(report, "DUP_KEY").example_keys == ("row 22: FRA 2010",)
    assert len(parse(content).counts) == 21


def test_f003_two_counts_for_one_year_and_country_fail_and_both_rows_are_named() -> None:
    content = csv_bytes([*rows_of(), "FR,2019,7"])
    report = check(content)
    assert codes(report.failed) == ["DUP_CONFLICT"]
    assert result(report, "DUP_CONFLICT").example_keys == ("row 11: FRA 2019", "row 22: FRA 2019")


def test_f004_a_missing_year_is_flagged_and_a_long_gap_fails() -> None:
    without_2015 = [row for row in rows_of() if not row.startswith("FRA,2015")]
    report = check(csv_bytes(without_2015))
    assert not report.failed
    assert result(report, "GAP").outcome is Outcome.WARN
    assert result(report, "GAP").example_keys == ("FRA 2015",)
    without_three = [row for row in without_2015 if row[:8] not in ("FRA,2014", "FRA,2016")]
    report = check(csv_bytes(without_three))
    assert codes(report.failed) == ["GAP_TOO_LONG"]
    assert result(report, "GAP_TOO_LONG").example_keys == ("FRA 2014-2016",)


def many_countries() -> tuple[str, ...]:
    codes = sorted(known_codes() - set(TIME_BOUND) - set(OUTSIDE_ISO))
    return tuple(codes[:40])


def test_f005_a_latest_year_without_many_countries_fails_unless_it_is_provisional() -> None:
    countries = many_countries()
    gone = set(countries[:30])
    rows = [row for row in rows_of(countries) if not (row[:3] in gone and ",2019," in row)]
    found = result(check(csv_bytes(rows)), "COVERAGE")
    assert found.outcome is Outcome.FAIL
    assert found.failing_rows == 30
    flagged = [f"{row},{str(',2019,' in row).lower()}" for row in rows]
    header = "country,year,researchers,is_provisional"
    assert not check(csv_bytes(flagged, header)).failed


def test_f005_a_file_that_ends_earlier_for_everyone_passes() -> None:
    assert not check(csv_bytes(rows_of(years=range(2005, 2015)))).failed


def test_f006_an_unknown_code_fails_and_kosovo_is_known_by_the_alias_table() -> None:
    rows = [*rows_of(), "ZZ,2019,5", *(f"XK,{year},5" for year in YEARS)]
    report = check(csv_bytes(rows))
    assert result(report, "UNKNOWN_CODE").example_keys == ("row 22: ZZ 2019",)
    parsed = parse(csv_bytes(rows))
    assert set(parsed.counts["country"]) == {"FRA", "USA", "ZZ", "XKX"}
    assert "COUNTRY_MAPPING" in codes(parsed.notes)


def test_f007_namibia_survives_every_loader_and_a_round_trip() -> None:
    content = csv_bytes([*rows_of(), *(f"NA,{year},5" for year in YEARS)])
    from_csv = parse(content)
    frame = pd.read_csv(io.BytesIO(content), keep_default_na=False)
    from_parquet = parse(parquet_bytes(frame), "counts.parquet")
    again = parse(from_parquet.counts.drop(columns="source_row").to_csv(index=False).encode())
    back = parse(parquet_bytes(again.counts.drop(columns="source_row")), "counts.parquet")
    for parsed in (from_csv, from_parquet, again, back):
        assert (parsed.counts["country"] == "NAM").sum() == len(YEARS)
        assert parsed.counts["country"].notna().all()
        assert not check_counts(parsed.counts).failed
    assert from_csv.counts["country"].tolist() == back.counts["country"].tolist()


def test_f008_a_byte_order_mark_changes_nothing() -> None:
    bom = b"\xef\xbb\xbf"
    plain = csv_bytes(rows_of())
    quoted = csv_bytes(rows_of(), '"country","year","researchers"')
    expected = parse(plain).counts
    for content in (bom + plain, quoted, bom + quoted):
        pd.testing.assert_frame_equal(parse(content).counts, expected)
        assert not check(content).failed


def test_f009_another_encoding_fails_with_the_byte_offset() -> None:
    rows = [*rows_of(), "Côte d'Ivoire,2019,5"]
    latin = "\n".join(["country,year,researchers", *rows]).encode("latin-1")
    error = rejection(latin)
    assert error.code == "ENCODING"
    assert f"offset {latin.index(0xF4)}" in str(error)
    utf16 = rejection("\n".join(["country,year,researchers", *rows_of()]).encode("utf-16"))
    assert utf16.code == "ENCODING"
    assert "offset 0" in str(utf16)
    utf8 = parse("\n".join(["country,year,researchers", *rows]).encode())
    assert utf8.counts["country"].iloc[-1] == "CIV"


@pytest.mark.parametrize("written", ['"1,234"', "1.234"])
def test_f010_what_may_be_thousands_or_decimals_fails_unless_a_cell_or_the_user_decides(
    written: str,
) -> None:
    error = rejection(csv_bytes([*rows_of(), f"DEU,2019,{written}"]))
    assert error.code == "NUMBER_STYLE"
    assert error.parameters == ("decimal",)
    assert "1234 or 1.234" in str(error)
    separator = written.strip('"')[1]
    decided = parse(csv_bytes([*rows_of(), f"DEU,2019,{written}", f'DEU,2018,"1{separator}5"']))
    assert decided.counts["researchers"].tolist()[-2:] == [1.234, 1.5]
    grouped = parse(csv_bytes([*rows_of(), f'DEU,2019,"1{separator}234{separator}567"']))
    assert grouped.counts["researchers"].iloc[-1] == 1234567


def test_f010_a_fraction_fails_where_persons_are_whole() -> None:
    with_point = csv_bytes([*rows_of(), *(f"DEU,{year},1.2345" for year in YEARS)])
    found = result(check(with_point), "NOT_INTEGER")
    assert found.outcome is Outcome.FAIL
    assert found.example_keys[0] == "row 22: DEU 2010"
    fractional = parse(with_point, counting_rule=CountingRule.FRACTIONAL).counts
    assert not check_counts(fractional).failed
    assert fractional["researchers"].iloc[-1] == 1.2345


def test_f011_two_huge_counts_fail_as_cells_before_any_sum() -> None:
    error = rejection(csv_bytes([*rows_of(), "DEU,2018,1e308", "DEU,2019,1e308"]))
    assert error.code == "RANGE"
    assert "row 22" in str(error) and "row 23" in str(error)
    merely_large = check(csv_bytes([*rows_of(), "DEU,2019,2000000000"]))
    assert result(merely_large, "RANGE").example_keys == ("row 22: DEU 2019",)


@pytest.mark.parametrize("text", ["1e309", "-1e309", "inf", "-Infinity", "nan", "NaN"])
def test_f012_numbers_that_are_not_finite_fail(text: str) -> None:
    error = rejection(csv_bytes([*rows_of(), f"DEU,2019,{text}"]))
    assert error.code == "NON_FINITE"
    assert "row 22" in str(error)


def test_f013_a_whole_number_beyond_exact_doubles_fails_beside_a_missing_cell() -> None:
    error = rejection(csv_bytes([*rows_of(), "DEU,2018,9007199254740993", "DEU,2019,"]))
    assert error.code == "RANGE"
    assert "9007199254740993" in str(error)
    frame = pd.DataFrame(
        {
            "country": ["FRA", "FRA"],
            "year": [2018, 2019],
            "researchers": pd.array([9007199254740993, None], dtype="Int64"),
        }
    )
    error = rejection(parquet_bytes(frame), "counts.parquet")
    assert error.code == "RANGE"
    assert "9007199254740993" in str(error)


def test_f014_years_with_a_point_are_read_if_whole_and_noted() -> None:
    rows = [row.replace(",20", ",20", 1).replace("2019,", "2019.0,") for row in rows_of()]
    parsed = parse(csv_bytes(rows))
    assert parsed.counts["year"].dtype == np.int64
    assert "YEAR_COERCED" in codes(parsed.notes)
    assert not check_counts(parsed.counts).failed
    error = rejection(csv_bytes([*rows_of(), "DEU,2019.5,5"]))
    assert error.code == "NOT_INTEGER"
    assert "row 22" in str(error)


@pytest.mark.parametrize("year", ["20219", "219", "0"])
def test_f015_a_year_outside_the_possible_fails(year: str) -> None:
    found = result(check(csv_bytes([*rows_of(), f"DEU,{year},5"])), "YEAR_RANGE")
    assert found.outcome is Outcome.FAIL
    assert found.example_keys == (f"row 22: DEU {year}",)


def test_f016_a_year_after_the_vintage_fails() -> None:
    report = check(csv_bytes([*rows_of(), "FRA,2020,130", "USA,2020,230", "FRA,2021,130"]))
    found = result(report, "YEAR_FUTURE")
    assert found.outcome is Outcome.FAIL
    assert found.example_keys == ("row 24: FRA 2021",)


def test_f017_a_year_of_zeros_fails_and_a_single_zero_is_flagged() -> None:
    everywhere = [f"{row[:9]}0" if ",2019," in row else row for row in rows_of()]
    report = check(csv_bytes(everywhere))
    assert codes(report.failed) == ["ALL_ZERO"]
    assert result(report, "ALL_ZERO").example_keys == ("year 2019",)
    only_france = ["FRA,2019,0" if row.startswith("FRA,2019") else row for row in rows_of()]
    report = check(csv_bytes(only_france))
    assert not report.failed
    assert result(report, "ZERO_COUNT").example_keys == ("row 11: FRA 2019",)


def revised(factor: float, last: int) -> list[str]:
    parts = [row.split(",") for row in rows_of()]
    return [
        f"{country},{year},{round(int(count) * factor) if int(year) <= last else count}"
        for country, year, count in parts
    ]


def test_f018_a_revised_history_is_blocked_until_someone_approves_it() -> None:
    previous = parse(csv_bytes(rows_of())).counts
    now = parse(csv_bytes(revised(1.3, 2018)), vintage=Vintage(date(2021, 6, 30))).counts
    report = check_counts(now, previous=previous)
    assert codes(report.failed) == ["REVISION"]
    found = result(report, "REVISION")
    assert found.failing_rows == 18
    assert found.example_keys[0] == "row 2: FRA 2010: 110 -> 143"
    report = check_counts(now, previous=previous, approved_revisions={"counts"})
    assert not report.failed
    assert result(report, "REVISION").outcome is Outcome.WARN


def test_f019_a_change_of_unit_fails() -> None:
    previous = parse(csv_bytes(rows_of())).counts
    now = parse(csv_bytes(revised(1000, 2019))).counts
    found = result(check_counts(now, previous=previous), "LEVEL_SHIFT")
    assert found.outcome is Outcome.FAIL
    assert "1000 times" in found.example_keys[0]
    unchanged = check_counts(previous, previous=previous)
    assert result(unchanged, "LEVEL_SHIFT").outcome is Outcome.PASS


def test_f020_a_dissolved_country_ends_with_its_state() -> None:
    vintage_years = range(1985, 1996)
    until_1991 = [f"SU,{year},500" for year in range(1985, 1992)]
    sound = csv_bytes([*rows_of(many_countries(), vintage_years), *until_1991])
    assert not check(sound).failed
    assert parse(sound).counts["country"].eq("SUN").sum() == 7
    too_late = csv_bytes([*rows_of(years=vintage_years), *until_1991, "SUN,1993,400"])
    found = result(check(too_late), "COUNTRY_VALIDITY")
    assert found.outcome is Outcome.FAIL
    assert found.example_keys == ("row 31: SUN 1993",)


def test_f021_a_new_country_is_accepted_only_from_its_first_year() -> None:
    from_2011 = csv_bytes([*rows_of(), *(f"SSD,{year},9" for year in range(2011, 2020))])
    assert not check(from_2011).failed
    assert parse(from_2011).counts["country"].eq("SSD").sum() == 9
    too_early = parse(csv_bytes([*rows_of(), *(f"SSD,{year},9" for year in YEARS)]))
    (note,) = [one for one in too_early.notes if one.check == "COUNTRY_TOO_EARLY"]
    assert note.example_keys == ("row 22: SSD 2010",)
    assert too_early.counts["country"].eq("UNK").sum() == 1
    assert too_early.counts["researchers"].sum() == parse(from_2011).counts["researchers"].sum() + 9


def test_f022_special_codes_follow_the_written_policy_and_count_nobody_twice() -> None:
    written = ("CN", "HK", "MO", "TW", "XK", "UK", "EL")
    rows = [f"{code},{year},10" for code in written for year in YEARS]
    counts = parse(csv_bytes(rows)).counts
    assert list(counts["country"].unique()) == ["CHN", "HKG", "MAC", "TWN", "XKX", "GBR", "GRC"]
    assert counts["researchers"].sum() == 10 * len(rows)
    assert not check_counts(counts).failed
    both_names = check(csv_bytes([*rows, "GB,2019,10"]))
    assert codes(both_names.failed) == ["DUP_KEY"]


@pytest.mark.parametrize(
    "row", ["DEU,2019,\uff11\uff12", "DEU,2019,\u22125", "D\x00E,2019,5", "DEU,\uff12019,5"]
)
def test_f023_other_digits_other_minus_signs_and_nul_bytes_fail(row: str) -> None:
    error = rejection(csv_bytes([*rows_of(), row]))
    assert error.code == "PARSE"
    assert "row 22" in str(error)


def sound_frame() -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(csv_bytes(rows_of())), keep_default_na=False)


def test_f024_a_truncated_parquet_file_fails() -> None:
    whole = parquet_bytes(sound_frame())
    assert not check_counts(parse(whole, "counts.parquet").counts).failed
    for part in (0.5, 0.05, 0.99):
        assert rejection(whole[: int(len(whole) * part)], "counts.parquet").code == "CORRUPT"


def test_f025_a_flipped_bit_in_a_stored_file_is_noticed(tmp_path: Path) -> None:
    content = parquet_bytes(sound_frame())
    raw = RawFile("counts.parquet", content, "file", "counts.parquet", "own", VINTAGE)
    snapshot = save_snapshot(raw, tmp_path, retrieved_at=datetime(2020, 7, 1, tzinfo=UTC))
    flipped = bytearray(content)
    flipped[60] ^= 1
    (snapshot_folder(tmp_path, snapshot.sha256) / "content").write_bytes(bytes(flipped))
    with pytest.raises(IntegrityError):
        load_raw(snapshot, tmp_path)


def test_f025_a_download_that_differs_from_the_pinned_bytes_is_refused() -> None:
    pinned = next(file for file in FILES if file.sha256)
    with pytest.raises(IntegrityError, match="sha256"):
        require_bytes(pinned, b"year,countrycode\n")


def test_f026_a_missing_or_renamed_column_fails_and_an_extra_one_is_noted() -> None:
    with pytest.raises(MissingColumnsError) as caught:
        parse(csv_bytes(["FRA,2019"], "country,year"))
    assert caught.value.code == "SCHEMA"
    assert caught.value.missing == ["researchers"]
    assert "['country', 'year']" in str(caught.value)
    with pytest.raises(MissingColumnsError, match="'headcount_estimate'"):
        parse(csv_bytes(rows_of(), "country,year,headcount_estimate"))
    parsed = parse(csv_bytes([f"{row},x" for row in rows_of()], "country,year,researchers,remark"))
    (note,) = parsed.notes
    assert (note.check, note.outcome) == ("EXTRA_COLUMNS", Outcome.WARN)
    assert "remark" in note.observed
    assert not check_counts(parsed.counts).failed


def test_f027_a_surplus_field_on_every_row_fails_instead_of_shifting_columns() -> None:
    error = rejection(csv_bytes([f"{row},9" for row in rows_of()]))
    assert error.code == "RAGGED"
    assert "row 2:" in str(error)


@pytest.mark.parametrize("header", ["iso2,n,n", "year,n, n "])
def test_f028_a_repeated_header_fails(header: str) -> None:
    error = rejection(csv_bytes(rows_of(), header))
    assert error.code == "DUP_HEADER"
    assert "'n'" in str(error)


def test_f029_an_open_quote_or_a_short_row_fails_with_its_line() -> None:
    short = rejection(csv_bytes([*rows_of(), "DEU,2019"]))
    assert short.code == "RAGGED"
    assert "row 22" in str(short)
    open_quote = rejection(csv_bytes([*rows_of(), '"DEU,2019,5']))
    assert open_quote.code == "RAGGED"
    assert "row 2" in str(open_quote)


@pytest.mark.parametrize("content", [b"", b"\n\n", b"country,year,researchers\n"])
def test_f030_an_empty_file_fails_before_any_expectation(content: bytes) -> None:
    assert rejection(content).code == "EMPTY"


def test_f030_a_parquet_file_without_rows_fails() -> None:
    assert rejection(parquet_bytes(sound_frame().iloc[:0]), "counts.parquet").code == "EMPTY"


def test_f030_a_table_without_rows_fails_at_the_gate() -> None:
    report = check_counts(parse(csv_bytes(rows_of())).counts.iloc[:0])
    assert codes(report.failed) == ["EMPTY"]
