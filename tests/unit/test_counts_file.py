"""From a file of any common shape to canonical counts, with a note on each liberty taken."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pycountry
import pytest
from count_shapes import SHAPES, count

from features.edge_years import first_edge_year
from sources.columns import match_columns
from sources.counts_file import CountsFile, population_name
from sources.registry import BUILT_IN, source_for
from sources.scholarly_migration import ScholarlyMigration
from sources.tabular import read_table
from talentcast.domain.checks import Outcome
from talentcast.domain.errors import InputRejectedError, MissingColumnsError, UsageError
from talentcast.domain.provenance import ParsedCounts, RawFile
from talentcast.domain.tables import RESEARCHER_COUNTS
from talentcast.domain.types import CountingRule, Vintage

VINTAGE = Vintage(date(2024, 7, 24))


def parse(text: str, *, researchers_column: str | None = None) -> ParsedCounts:
    source = CountsFile(Path("My Counts.csv"), researchers_column=researchers_column)
    return source.parse([RawFile("My Counts.csv", text.encode(), "file", "", "", VINTAGE)])


def notes(parsed: ParsedCounts) -> dict[str, Outcome]:
    return {note.check: note.outcome for note in parsed.notes}


def test_counts_have_the_columns_of_the_contract_and_their_source_row() -> None:
    counts = parse("year,country,researchers\n2019,FR,5\n").counts
    assert tuple(counts.columns) == (*RESEARCHER_COUNTS.column_names, "source_row")
    assert str(counts["vintage"].dtype) == "datetime64[us]"
    assert [str(counts[name].dtype) for name in ("year", "researchers", "is_provisional")] == [
        "int64",
        "float64",
        "bool",
    ]
    row = counts.iloc[0]
    assert (row["population"], row["counting_rule"], row["source"]) == (
        "my_counts",
        "unspecified",
        "file",
    )
    assert (row["country"], row["source_row"]) == ("FRA", 2)
    assert row["vintage"] == pd.Timestamp("2024-07-24")


def test_what_a_file_states_goes_before_the_defaults() -> None:
    counts = parse(
        "year,country,researchers,population,counting_rule,source,vintage,is_provisional\n"
        "2019,FR,5,robots,fractional,own,2020-01-31,true\n"
    ).counts
    row = counts.iloc[0]
    assert (row["population"], row["counting_rule"], row["source"]) == (
        "robots",
        "fractional",
        "own",
    )
    assert row["vintage"] == pd.Timestamp("2020-01-31")
    assert row["is_provisional"]


def test_a_word_that_is_no_counting_rule_is_refused() -> None:
    with pytest.raises(InputRejectedError, match="'counting_rule' must match"):
        parse("year,country,researchers,counting_rule\n2019,FR,5,guess\n")


def test_common_other_names_are_mapped_and_the_mapping_is_reported() -> None:
    parsed = parse("Year,countrycode,padded_population_of_researchers\n2019.0,FRA,5\n")
    assert parsed.counts["researchers"].tolist() == [5.0]
    assert notes(parsed) == {"COLUMN_MAPPING": Outcome.PASS, "YEAR_COERCED": Outcome.WARN}
    assert "countrycode -> country" in parsed.notes[0].observed


def test_several_possible_counts_need_a_choice() -> None:
    text = "country,year,number_of_authors_scopus,number_of_authors_orcid\nUSA,2019,5,3\n"
    with pytest.raises(UsageError, match=r"number_of_authors_scopus.*number_of_authors_orcid"):
        parse(text)
    chosen = parse(text, researchers_column="number_of_authors_orcid")
    assert chosen.counts["researchers"].tolist() == [3.0]
    with pytest.raises(UsageError, match="no column 'other'"):
        parse(text, researchers_column="other")


def test_a_column_called_researchers_needs_no_choice() -> None:
    found = match_columns(["year", "country", "n", "researchers"]).found
    assert found["researchers"] == "researchers"


def test_the_first_of_several_country_columns_is_taken() -> None:
    columns = match_columns(["year", "iso2code", "countrycode", "n"])
    assert columns.found["country"] == "countrycode"
    assert columns.extra == ("iso2code",)


KNOWN = {
    "year": "year publication_year",
    "country": "country countrycode country_code iso3 iso3code iso_a3 iso2 iso2code iso_a2 "
    "countryname country_name",
    "researchers": "researchers padded_population_of_researchers number_of_researchers "
    "number_of_authors number_of_authors_scopus number_of_authors_orcid number_of_scholars "
    "authorships authors scholars count n",
    "arrivals": "arrivals number_of_inmigrations inmigrations immigrations",
    "departures": "departures number_of_outmigrations outmigrations emigrations",
}


@pytest.mark.parametrize(
    ("column", "name"),
    [(column, name) for column, names in KNOWN.items() for name in names.split()],
)
def test_each_known_name_stands_for_its_column(column: str, name: str) -> None:
    others = [one for one in ("year", "country", "researchers") if one != column]
    assert match_columns([*others, name.title()]).found[column] == name.title()


@pytest.mark.parametrize("name", ["net_moves", "netmigration", "net_migration"])
def test_each_known_name_stands_for_the_net_of_moves(name: str) -> None:
    columns = match_columns(["year", "country", "n", name])
    assert (columns.net_moves, columns.extra) == (name, ())


def test_missing_columns_are_named_with_those_that_were_found() -> None:
    with pytest.raises(MissingColumnsError, match=r"\['country'\]; found \['n', 'year'\]"):
        match_columns(["year", "n"])


def test_rows_without_a_country_are_parts_of_unknown_and_not_repeats() -> None:
    parsed = parse("year,country,n,arrivals\n2019,FRA,5,1\n2019,,7,2\n2019,,8,\n2018,,9,\n")
    unknown = parsed.counts[parsed.counts["country"] == "UNK"].set_index("year")
    assert unknown["researchers"].to_dict() == {2019: 15.0, 2018: 9.0}
    assert unknown.loc[2019, "arrivals"] == 2.0
    assert pd.isna(unknown.loc[2018, "arrivals"])
    assert unknown["source_row"].tolist() == [3, 5]
    assert notes(parsed)["COUNTRY_BLANK"] is Outcome.WARN


def test_rows_that_state_unk_twice_stay_two_rows() -> None:
    counts = parse("year,country,n\n2019,UNK,7\n2019,UNK,8\n").counts
    assert counts["researchers"].tolist() == [7.0, 8.0]


def test_a_blank_count_is_a_year_not_counted_and_noted() -> None:
    parsed = parse("year,country,n\n2018,FRA,5\n2019,FRA,\n")
    assert parsed.counts["year"].tolist() == [2018]
    (note,) = [one for one in parsed.notes if one.check == "BLANK_COUNT"]
    assert note.example_keys == ("row 3: FRA 2019",)


def test_a_file_without_any_count_is_empty() -> None:
    with pytest.raises(InputRejectedError, match="EMPTY"):
        parse("year,country,n\n2018,FRA,\n")


def test_a_year_with_moves_but_nobody_counted_is_left_out_and_noted() -> None:
    parsed = parse("year,country,n,arrivals\n2021,FRA,5,1\n2022,FRA,0,4\n2022,USA,0,0\n")
    assert parsed.counts["year"].tolist() == [2021]
    assert notes(parsed)["NOT_COUNTED_YEAR"] is Outcome.WARN


def test_net_moves_must_be_arrivals_minus_departures() -> None:
    header = "year,country,n,arrivals,departures,netmigration\n"
    assert len(parse(f"{header}2019,FRA,5,3,1,2\n").counts) == 1
    with pytest.raises(InputRejectedError, match=r"NET_MOVES.*row 2: FRA 2019"):
        parse(f"{header}2019,FRA,5,3,1,1\n")


def test_numbers_in_a_column_called_population_are_inhabitants() -> None:
    parsed = parse("year,country,researchers,population\n2019,FRA,5,67000000.0\n2018,FRA,5,\n")
    assert set(parsed.counts["population"]) == {"my_counts"}
    assert notes(parsed)["POPULATION_IS_INHABITANTS"] is Outcome.WARN


def test_parsing_does_not_depend_on_when_it_runs() -> None:
    text = "year,country,n\n2019,FRA,5\n"
    pd.testing.assert_frame_equal(parse(text).counts, parse(text).counts)


def test_a_blank_line_is_no_row_and_rows_keep_their_line() -> None:
    table = read_table(b"a,b\n1,2\n\n3,4\n", "x.csv")
    assert table.columns == {"a": ("1", "3"), "b": ("2", "4")}
    assert table.rows == (2, 4)


def test_a_column_without_a_name_is_tolerated() -> None:
    parsed = parse(",year,country,n\n0,2019,FRA,5\n")
    assert notes(parsed)["EXTRA_COLUMNS"] is Outcome.WARN


@pytest.mark.parametrize(
    ("stem", "name"),
    [("Robotics (2024)", "robotics_2024"), ("_x_", "x"), ("日本", "file"), ("a" * 80, "a" * 64)],
)
def test_a_population_name_is_made_of_a_file_stem(stem: str, name: str) -> None:
    assert population_name(stem) == name


def test_sources_are_found_by_name() -> None:
    assert [source_for(name).name for name in BUILT_IN] == list(BUILT_IN)


def test_a_path_is_a_counts_file_with_its_options() -> None:
    source = source_for("some/counts.csv", counting_rule=CountingRule.WHOLE, vintage=VINTAGE)
    assert isinstance(source, CountsFile)
    assert (source.counting_rule, source.vintage) == (CountingRule.WHOLE, VINTAGE)


@pytest.mark.parametrize("name", ["bundeld", "Bundled", "../bundled", ""])
def test_an_unknown_source_is_answered_with_the_known_ones(name: str) -> None:
    with pytest.raises(UsageError, match=r"bundled, scholarly_migration|is a folder"):
        source_for(name)


def country_file(ratios: dict[int, float]) -> RawFile:
    header = "year,countrycode,padded_population_of_researchers,number_of_inmigrations\n"
    rows = [f"{year}.0,FRA,1000,{round(1000 * ratio)}" for year, ratio in ratios.items()]
    content = (header + "\n".join(rows)).encode()
    return RawFile("some.csv", content, "scholarly_migration", "", "", VINTAGE)


def test_years_after_a_collapse_of_moves_are_provisional() -> None:
    ratios = {2016: 0.1, 2017: 0.1, 2018: 0.1, 2019: 0.1, 2020: 0.05, 2021: 0.06}
    parsed = ScholarlyMigration().parse([country_file(ratios)])
    counts = parsed.counts
    assert counts.loc[counts["is_provisional"], "year"].tolist() == [2020, 2021]
    assert notes(parsed)["EDGE_YEARS"] is Outcome.WARN


def test_a_collapse_early_in_the_series_is_no_edge() -> None:
    ratios = {1998: 0.1, 1999: 0.01, 2000: 0.1, 2001: 0.1, 2002: 0.1, 2003: 0.09}
    assert first_edge_year(ScholarlyMigration().parse([country_file(ratios)]).counts) is None


def test_a_country_with_a_control_character_is_refused() -> None:
    with pytest.raises(InputRejectedError, match=r"PARSE: row 2: .*'country' holds"):
        parse("year,country,n\n2019,F\x01R,5\n")


@pytest.mark.parametrize("column", ["population", "source"])
def test_names_in_a_file_match_the_pattern_of_names(column: str) -> None:
    with pytest.raises(InputRejectedError, match=f"'{column}' must match"):
        parse(f"year,country,n,{column}\n2019,FR,5,No Name\n")


def test_blanks_around_names_are_no_part_of_them() -> None:
    counts = parse("year,country,n,source\n2019,FR,5, own \n2018,FR,5,\n").counts
    assert counts["source"].tolist() == ["own", "file"]


def test_codes_and_names_that_were_read_as_codes_are_recorded() -> None:
    names = ["France", "Germany", "Italy", "Spain"]
    parsed = parse("year,country,n\n" + "".join(f"2019,{name},5\n" for name in names))
    (note,) = [one for one in parsed.notes if one.check == "COUNTRY_MAPPING"]
    assert (note.outcome, note.observed) == (
        Outcome.PASS,
        "4 codes or names: France -> FRA, Germany -> DEU, Italy -> ITA, Spain -> ESP",
    )


def test_a_country_before_its_first_year_is_unknown_and_named() -> None:
    parsed = parse("year,country,n\n2010,SSD,5\n2011,SSD,6\n2011,FRA,7\n")
    assert parsed.counts["country"].tolist() == ["UNK", "SSD", "FRA"]
    (note,) = [one for one in parsed.notes if one.check == "COUNTRY_TOO_EARLY"]
    assert note.example_keys == ("row 2: SSD 2010",)
    (blank,) = [one for one in parsed.notes if one.check == "COUNTRY_BLANK"]
    assert blank.example_keys == ("row 2: UNK 2010",)


def test_a_year_without_counts_and_without_moves_is_left_to_the_checks() -> None:
    assert len(parse("year,country,n,arrivals\n2021,FRA,0,0\n2021,USA,0,0\n").counts) == 2
    one_moved = parse("year,country,n,arrivals\n2021,FRA,5,1\n2022,FRA,0,1\n")
    assert one_moved.counts["year"].tolist() == [2021]
    (note,) = [one for one in one_moved.notes if one.check == "NOT_COUNTED_YEAR"]
    assert note.example_keys == ("row 3: FRA 2022",)


def test_parts_without_a_country_are_summed_flows_included() -> None:
    counts = parse("year,country,n,arrivals\n2019,,7,2\n2019,,8,3\n2019,FRA,1,\n").counts
    assert counts["country"].tolist() == ["UNK", "FRA"]
    assert counts["arrivals"].tolist()[0] == 5.0
    assert counts.index.tolist() == [0, 1]


def test_files_without_flags_are_finished_and_flags_are_read_by_name() -> None:
    assert not parse("year,country,n\n2019,FR,5\n").counts["is_provisional"].any()
    with pytest.raises(InputRejectedError, match="'is_provisional' must be"):
        parse("year,country,n,is_provisional\n2019,FR,5,maybe\n")
    with pytest.raises(InputRejectedError, match="'vintage' must be"):
        parse("year,country,n,vintage\n2019,FR,5,maybe\n")


def test_files_are_stacked_with_one_index() -> None:
    source = CountsFile(Path("lab.csv"))
    raws = [
        RawFile(f"{name}.csv", b"year,country,n\n2019,FR,5\n", "file", "", "", VINTAGE)
        for name in "ab"
    ]
    counts = source.parse(raws).counts
    assert counts.index.tolist() == [0, 1]
    assert counts["population"].tolist() == ["a", "b"]


def test_a_number_with_two_points_is_no_number_of_inhabitants() -> None:
    with pytest.raises(InputRejectedError, match="'population' must match"):
        parse("year,country,researchers,population\n2019,FRA,5,1.2.3\n")


def test_net_moves_beside_one_flow_alone_are_not_checked() -> None:
    parsed = parse("year,country,n,arrivals,netmigration\n2019,FRA,5,3,1\n")
    assert parsed.counts["arrivals"].tolist() == [3.0]


def test_of_many_mapped_names_twenty_are_shown() -> None:
    countries = list(pycountry.countries)[:30]
    parsed = parse("year,country,n\n" + "".join(f"2019,{c.alpha_2},5\n" for c in countries))
    (note,) = [one for one in parsed.notes if one.check == "COUNTRY_MAPPING"]
    assert note.observed.startswith("30 codes or names: ")
    assert note.observed.count(" -> ") == 20


def test_every_note_that_warns_of_a_loss_says_what_to_do() -> None:
    parsed = parse(
        "year,country,n,arrivals,remark\n2010,SSD,5,1,x\n2011,FRA,,1,x\n2022,FRA,0,4,x\n2021,FRA,5,1,x\n"
    )
    by_check = {note.check: note.message for note in parsed.notes}
    for check in ("EXTRA_COLUMNS", "BLANK_COUNT", "NOT_COUNTED_YEAR", "COUNTRY_TOO_EARLY"):
        assert by_check[check], check


@pytest.mark.parametrize("shape", SHAPES)
def test_nine_shapes_of_a_file_give_the_same_counts(shape: str) -> None:
    name, content, said = SHAPES[shape]
    source = source_for(name)
    assert isinstance(source, CountsFile)
    parsed = source.parse([RawFile(source.path.name, content, "file", "", "", VINTAGE)])
    key = ["country", "year", "researchers", "population", "source", "counting_rule", "vintage"]
    plain = parse(SHAPES["plain CSV"][1].decode()).counts.assign(population="lab")
    assert plain["researchers"].iloc[0] == count("France", 2000) == 1900.5
    pd.testing.assert_frame_equal(parsed.counts[key], plain[key])
    (line,) = parsed.understood
    assert line.startswith(f"read {source.path.name}, ")
    assert all(part in line for part in (*said.split(", "), "3 countries", "2000-2014"))
    shapes = [note.observed for note in parsed.notes if note.check == "SHAPE"]
    assert shapes == ([said] if said else [])
