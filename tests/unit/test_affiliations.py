"""Reading affiliation records: what is understood, and what is refused."""

import io
from datetime import date

import pandas as pd
import pytest

from sources.affiliations import parse_career_records
from talentcast.domain.errors import InputRejectedError
from talentcast.domain.provenance import RawFile
from talentcast.domain.types import Vintage

CAREERS = pd.DataFrame(
    {"researcher_id": ["a", "a"], "year": [2000, 2001], "country": ["NA", "US"], "n_works": [1, 2]}
)


def parquet(frame: pd.DataFrame, name: str = "careers.parquet") -> RawFile:
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return RawFile(name, buffer.getvalue(), "affiliations", "", "", Vintage(date(2025, 1, 1)))


def code_of(*files: RawFile) -> str:
    with pytest.raises(InputRejectedError) as caught:
        parse_career_records(files)
    return caught.value.code


def test_known_other_names_of_columns_are_mapped_and_codes_are_unified() -> None:
    careers = parse_career_records([parquet(CAREERS)]).careers
    assert careers["works"].tolist() == [1, 2]
    assert careers["country"].tolist() == ["NAM", "USA"]


def test_affiliations_become_person_years_and_keep_their_weights() -> None:
    rows = pd.DataFrame(
        {
            "researcher_id": ["a", "a"],
            "year": [2000, 2000],
            "country": ["FRA", "DEU"],
            "weight": [0.7, 0.3],
            "works": [2, 1],
        }
    )
    records = parse_career_records([parquet(rows, "affiliations.parquet")])
    assert records.careers[["country", "works"]].to_numpy().tolist() == [["FRA", 2]]
    assert len(records.affiliation_weights) == 2


@pytest.mark.parametrize(
    "column",
    [
        "name",
        "author_name",
        "firstName",
        "Email",
        "e_mail",
        "nationality",
        "ethnicity",
        "gender",
        "sex",
        "religion",
        "LastName",
        "citizenship",
    ],
)
def test_columns_that_say_who_somebody_is_fail_the_run(column: str) -> None:
    assert code_of(parquet(CAREERS.assign(**{column: "x"}))) == "FORBIDDEN_COLUMN"


def test_a_derived_flag_is_not_a_name_and_is_not_read() -> None:
    flagged = CAREERS.assign(rare_name=[True, False], has_id=[True, True])
    assert not {"rare_name", "has_id"} & set(parse_career_records([parquet(flagged)]).careers)
    assert code_of(parquet(CAREERS.assign(rare_name=["Ng", "Li"]))) == "FORBIDDEN_COLUMN"


def test_broken_records_are_refused_by_the_rule_they_break() -> None:
    assert code_of(parquet(pd.concat([CAREERS, CAREERS]))) == "DUP_KEY"
    assert code_of(parquet(CAREERS.assign(country="ZZ"))) == "UNKNOWN_CODE"
    assert code_of(parquet(CAREERS.assign(year=[2000.5, 2001]))) == "NOT_INTEGER"
    assert code_of(parquet(CAREERS.assign(year=[219, 2001]))) == "YEAR_RANGE"
    assert code_of(parquet(CAREERS.assign(n_works=[0, 1]))) == "RANGE"
    assert code_of(parquet(CAREERS.drop(columns="country"))) == "SCHEMA"
    assert code_of(parquet(CAREERS.head(0))) == "EMPTY"


def test_namibia_survives_a_csv_file() -> None:
    content = CAREERS.assign(researcher_id=["01", "01"]).to_csv(index=False).encode()
    raw = RawFile("careers.csv", content, "affiliations", "", "", Vintage(date(2025, 1, 1)))
    careers = parse_career_records([raw]).careers
    assert careers["country"].tolist() == ["NAM", "USA"]
    assert careers["researcher_id"].tolist() == ["01", "01"]
