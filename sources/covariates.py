"""Covariates by country and year: the bundled ones, and a file that adds to or replaces them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from sources.bundled import bundled_covariates
from sources.cells import parse_numbers, parse_years
from sources.countries import country_code
from sources.plain_files import read_plain_file
from sources.tabular import read_table
from talentcast.domain.errors import InputRejectedError, MissingColumnsError
from talentcast.domain.tables import COUNTRY_COVARIATES

KEY = list(COUNTRY_COVARIATES.key)


def read_covariates(file: Path | None = None) -> pd.DataFrame:
    """Return `country_covariates`; values of the file replace bundled ones, cell by cell.

    Args:
        file: CSV or Parquet with country, year and numeric columns.

    Raises:
        InputRejectedError: If the file cannot be read, or repeats a country and year.
    """
    bundled = bundled_covariates()
    if file is None:
        return bundled
    own = parse_covariates(read_plain_file(file).content, file.name)
    return own.set_index(KEY).combine_first(bundled.set_index(KEY)).reset_index()


def parse_covariates(content: bytes, name: str) -> pd.DataFrame:
    """Read the bytes of a covariates file: `country`, `year`, and numeric columns.

    Raises:
        InputRejectedError: ``UNKNOWN_CODE``, ``DUP_KEY``, or what reading a table raises.
    """
    table = read_table(content, name)
    if missing := set(KEY) - set(table.columns):
        raise MissingColumnsError("country_covariates", missing, table.columns)
    years, _ = parse_years(table.columns["year"], table.rows)
    codes = [country_code(text) for text in table.columns["country"]]
    if None in codes:
        at = codes.index(None)
        raise InputRejectedError(
            "UNKNOWN_CODE",
            f"{name} row {table.rows[at]}: '{table.columns['country'][at]}' is no known country. "
            "Write ISO 3166-1 codes or English short names.",
        )
    numbers = {
        column: parse_numbers(cells, table.rows, column=column)
        for column, cells in table.columns.items()
        if column not in KEY
    }
    frame = pd.DataFrame({"country": pd.array(codes, dtype="str"), "year": years, **numbers})
    if repeated := frame.duplicated(KEY).sum():
        raise InputRejectedError("DUP_KEY", f"{name} repeats {repeated} countries and years.")
    return frame
