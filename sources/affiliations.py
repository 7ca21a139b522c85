"""A folder of affiliation records, as Parquet or CSV, read into career records.

The folder holds `careers` (one row per researcher and year) or `affiliations` (one row per
researcher, year and country), and where known `coauthor_countries` and `affiliation_weights`.
Columns that describe who somebody is are refused; columns that are not needed are never loaded.
"""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv

from features.career_records import CareerRecords
from features.careers import person_years
from features.engine import in_locked_duckdb
from sources.countries import country_code
from sources.headers import checked_header, require_few_csv_columns
from sources.parquet import parquet_schema, read_parquet
from sources.plain_files import MAX_FILE_BYTES, read_plain_file, require_reachable
from talentcast.domain.errors import (
    InputRejectedError,
    MissingColumnsError,
    SourceUnavailableError,
    UsageError,
    some_of,
)
from talentcast.domain.provenance import RawFile
from talentcast.domain.tables import AFFILIATIONS, CAREERS, COAUTHOR_COUNTRIES, Column, Table

SOURCE_NAME: Final = "affiliations"
#: Rows times columns of one table.
MAX_CELLS: Final = 400_000_000
#: Names of files and folders with the tables.
STEMS: Final = ("careers", "affiliations", "coauthor_countries", "affiliation_weights")
_SUFFIXES: Final = (".parquet", ".csv")
_OTHER_NAMES: Final = {
    "n_works": "works",
    "n_first": "first_author_works",
    "n_last": "last_author_works",
    "co_country": "country",
    "n": "coauthors",
}
_KEY: Final = ["researcher_id", "year", "country"]
_WEIGHT_COLUMNS: Final = (*_KEY, "weight")
#: Words in a column name that say who somebody is, or what origin may not be inferred from.
_FORBIDDEN_WORDS: Final = re.compile(
    "((first|last|full|sur|fore)?names?|e?mail|nationalit(y|ies)|citizenship|ethnic(ity)?|race"
    "|gender|sex|religion|birth(date|place)?)"
)
#: A yes-or-no flag that some public lists carry for rare names. It is not read: no model may
#: know how somebody is called.
_DERIVED_FLAGS: Final = frozenset({"rare_name"})
_WORD: Final = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")


def read_career_records(folder: Path, *, max_bytes: int = MAX_FILE_BYTES) -> CareerRecords:
    """Read a folder of affiliation records.

    Raises:
        InputRejectedError: `FORBIDDEN_COLUMN` for columns such as names or nationality, and the
            codes of the other rules: `DUP_KEY`, `UNKNOWN_CODE`, `YEAR_RANGE`, `RANGE`, `EMPTY`.
        UsageError: If the folder holds neither careers nor affiliations.
    """
    return parse_career_records(download_affiliations(folder, max_bytes=max_bytes))


def is_affiliations_folder(path: Path) -> bool:
    """Return whether a path is a folder that holds careers or affiliations.

    Raises:
        UsageError: If it cannot be looked at.
    """
    require_reachable(path)
    return path.is_dir() and any(
        (path / f"{stem}{suffix}").is_file() for stem in STEMS[:2] for suffix in _SUFFIXES
    )


def download_affiliations(folder: Path, *, max_bytes: int = MAX_FILE_BYTES) -> list[RawFile]:
    """Return the bytes of the tables in a folder. Person-level: for the restricted store only."""
    if not folder.is_dir():
        raise SourceUnavailableError(f"There is no folder {folder}. Check the path.")
    files = []
    for stem in STEMS:
        path = next(
            (
                folder / f"{stem}{suffix}"
                for suffix in _SUFFIXES
                if (folder / f"{stem}{suffix}").is_file()
            ),
            None,
        )
        if path is None:
            continue
        file = read_plain_file(path, max_bytes=max_bytes)
        files.append(RawFile(file.name, file.content, SOURCE_NAME, "", "as given", file.written))
    if not any(Path(file.name).stem in STEMS[:2] for file in files):
        raise UsageError(
            f"{folder} holds neither careers nor affiliations as .parquet or .csv. "
            "See docs/data-dictionary.md for their columns."
        )
    return files


def parse_career_records(files: Sequence[RawFile]) -> CareerRecords:
    """Return the career records in the bytes of a folder's tables."""
    last_year = max(file.vintage.as_of.year for file in files)
    tables = {Path(file.name).stem: _load(file) for file in files}
    coauthors = _optional(
        tables.get("coauthor_countries"), COAUTHOR_COUNTRIES.column_names, last_year
    )
    weights = _optional(tables.get("affiliation_weights"), _WEIGHT_COLUMNS, last_year)
    if "careers" in tables:
        careers = _checked(tables["careers"], CAREERS, last_year)
    else:
        affiliations = _checked(tables["affiliations"], AFFILIATIONS, last_year)
        if weights.empty:
            weights = affiliations[list(_WEIGHT_COLUMNS)]
        with in_locked_duckdb(affiliations) as table:
            careers = person_years(table).to_pandas()
        careers = careers.sort_values(["researcher_id", "year"], ignore_index=True)
    return CareerRecords(careers, coauthors, weights)


def records_sha256(files: Sequence[RawFile]) -> str:
    """Return one hash over the bytes of all tables, for the identity of a run."""
    digests = sorted(f"{file.name}:{hashlib.sha256(file.content).hexdigest()}" for file in files)
    return hashlib.sha256("\n".join(digests).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a cell of a column of numbers may be."""

    least: float
    most: float
    may_be_absent: bool


def number_bounds(table: str) -> dict[str, Bounds]:
    """Return what the columns of numbers of a table may hold, by name; the year aside."""
    return {
        column.name: Bounds(
            -np.inf if column.minimum is None else column.minimum,
            np.inf if column.maximum is None else column.maximum + 1e-9,
            column.nullable,
        )
        for column in _columns_of(table)
        if column.type in ("integer", "float") and column.name != "year"
    }


def table_columns(table: str) -> tuple[str, ...]:
    """Return the columns of a table that are read: who, when, where, and its numbers."""
    return (*_KEY, *number_bounds(table))


def required_columns(table: str) -> frozenset[str]:
    """Return the columns without which a table is refused."""
    needed = {column.name for column in _columns_of(table) if not column.optional}
    return frozenset(needed & set(table_columns(table)))


def known_names(names: Sequence[str], file_name: str, table: str) -> dict[str, str]:
    """Return the columns of a file that are read, with the names that they have here.

    Raises:
        InputRejectedError: `DUP_HEADER` or `TOO_MANY_COLUMNS`.
    """
    renamed = checked_header([_OTHER_NAMES.get(name, name) for name in names], file_name)
    known = set(table_columns(table))
    return {old: new for old, new in zip(names, renamed, strict=True) if new in known}


def empty_table(table: str) -> pd.DataFrame:
    """Return a table without rows."""
    columns = table_columns(table)
    return pd.DataFrame({name: pd.Series(dtype=_DTYPES.get(name, "float")) for name in columns})


def _columns_of(table: str) -> tuple[Column, ...]:
    if table == "affiliation_weights":  # they need not be shares
        columns = {column.name: column for column in AFFILIATIONS.columns}
        kept = (columns[name] for name in _WEIGHT_COLUMNS)
        return tuple(replace(column, maximum=None) for column in kept)
    contracts = (AFFILIATIONS, CAREERS, COAUTHOR_COUNTRIES)
    return next(contract.columns for contract in contracts if contract.name == table)


def _load(file: RawFile) -> pd.DataFrame:
    """Read the columns that are known; look at the others' names only."""
    schema = _schema(file)
    refuse_personal_columns(file.name, schema)
    names = checked_header([_OTHER_NAMES.get(name, name) for name in schema.names], file.name)
    known = {column.name for column in (*AFFILIATIONS.columns, *COAUTHOR_COUNTRIES.columns)}
    renamed = {old: new for old, new in zip(schema.names, names, strict=True) if new in known}
    arrow = _columns(file, list(renamed))
    try:
        frame: pd.DataFrame = arrow.rename_columns(list(renamed.values())).to_pandas()
    except (pa.ArrowException, ValueError, OverflowError) as error:  # dates beyond any calendar
        raise _unreadable(file, error) from None
    if frame.empty:
        raise InputRejectedError("EMPTY", f"{file.name} holds no rows.")
    return frame


def _schema(file: RawFile) -> pa.Schema:
    if file.name.endswith(".parquet"):
        return parquet_schema(file.content, file.name)
    require_few_csv_columns(file.content, file.name)
    try:
        schema = pa.csv.open_csv(io.BytesIO(file.content)).schema  # reads the first rows only
        schema.names  # noqa: B018 - decodes them
        return schema
    except (pa.ArrowException, UnicodeDecodeError) as error:
        raise _unreadable(file, error) from None


def _columns(file: RawFile, names: list[str]) -> pa.Table:
    if file.name.endswith(".parquet"):
        table = read_parquet(file.content, file.name, max_cells=MAX_CELLS, columns=names)
        return table.select(names)
    # Namibia's code is no missing value, and ids of digits are no numbers.
    options = pa.csv.ConvertOptions(
        strings_can_be_null=False,
        column_types={"researcher_id": pa.string(), "country": pa.string()},
        include_columns=names,
    )
    try:
        return pa.csv.read_csv(io.BytesIO(file.content), convert_options=options)
    except pa.ArrowException as error:
        raise _unreadable(file, error) from None


def _unreadable(file: RawFile, error: Exception) -> InputRejectedError:
    return InputRejectedError("PARSE", f"{file.name} cannot be read: {error}.")


def refuse_personal_columns(name: str, schema: pa.Schema) -> None:
    """Refuse a file with columns that say who somebody is.

    Raises:
        InputRejectedError: `FORBIDDEN_COLUMN`.
    """
    found = []
    for column in schema:
        words = {word.lower() for word in _WORD.findall(column.name)}
        is_flag = column.name in _DERIVED_FLAGS and pa.types.is_boolean(column.type)
        if any(_FORBIDDEN_WORDS.fullmatch(word) for word in words) and not is_flag:
            found.append(column.name)
    if found:
        raise InputRejectedError(
            "FORBIDDEN_COLUMN",
            f"{name} has columns {some_of(found)}. Nothing here may depend on who somebody is: "
            "no names, addresses, nationality, ethnicity, gender or religion. Remove them and run "
            "again.",
        )


def _optional(frame: pd.DataFrame | None, columns: Sequence[str], last_year: int) -> pd.DataFrame:
    if frame is None:
        return pd.DataFrame({name: pd.Series(dtype=_DTYPES.get(name, "float")) for name in columns})
    if missing := set(columns) - set(frame.columns):
        raise MissingColumnsError(
            "coauthor_countries or affiliation_weights", missing, list(frame.columns)
        )
    return _typed(frame[list(columns)], last_year)


#: Columns of numbers, in whichever of the tables; `affiliation_weights` need not be shares.
_NUMBERS: Final = {
    column.name: replace(column, maximum=None)
    for contract in (AFFILIATIONS, COAUTHOR_COUNTRIES)
    for column in contract.columns
    if column.type in ("integer", "float") and column.name != "year"
}
_DTYPES: Final = {"researcher_id": "str", "year": "int64", "country": "str"}


def _checked(frame: pd.DataFrame, contract: Table, last_year: int) -> pd.DataFrame:
    required = {column.name for column in contract.required}
    if missing := required - set(frame.columns):
        raise MissingColumnsError(contract.name, missing, list(frame.columns))
    typed = _typed(
        frame[[name for name in contract.column_names if name in frame.columns]], last_year
    )
    if typed.duplicated(list(contract.key)).any():
        # Not how many: what is said about people is read in logs as well.
        raise InputRejectedError(
            "DUP_KEY",
            f"Some rows of '{contract.name}' repeat a {' and '.join(contract.key)}. "
            "Keep one row for each.",
        )
    bounded = [column for column in contract.columns if column.name in _NUMBERS]
    return typed.assign(**{c.name: _numbers(typed[c.name], c) for c in bounded if c.name in typed})


def _typed(frame: pd.DataFrame, last_year: int) -> pd.DataFrame:
    if frame[_KEY].isna().to_numpy().any():
        raise InputRejectedError("MISSING_KEY", f"Some of {_KEY} are empty. Fill or drop the rows.")
    years = pd.to_numeric(frame["year"], errors="coerce").to_numpy(dtype=float)
    if not (np.isfinite(years) & (years == np.round(years))).all():
        raise InputRejectedError("NOT_INTEGER", "Some years are no whole numbers. Fix the column.")
    if years.min() < 1900 or years.max() > last_year:
        raise InputRejectedError(
            "YEAR_RANGE", f"Years must lie within 1900 and the files' own year, {last_year}."
        )
    raw = frame["country"].astype(str)
    codes = {text: country_code(text) for text in raw.unique()}
    if unknown := sorted(text for text, code in codes.items() if code is None):
        raise InputRejectedError(
            "UNKNOWN_CODE",
            f"Unknown countries {unknown[:10]}. Use ISO 3166-1 codes, English names, or UNK.",
        )
    return frame.assign(
        researcher_id=frame["researcher_id"].astype(str).astype("str"),
        year=years.astype("int64"),
        country=raw.map(codes).astype("str"),
        **{name: _numbers(frame[name], _NUMBERS[name]) for name in _NUMBERS if name in frame},
    ).reset_index(drop=True)


def _numbers(values: pd.Series, column: Column) -> pd.Series:
    """Return a column as numbers, within the bounds of its contract."""
    numbers = pd.to_numeric(values, errors="coerce")
    found = numbers.to_numpy(dtype=float, na_value=np.nan)
    is_absent = values.isna().to_numpy()
    is_bad = ~np.isfinite(found)
    is_bad |= found < (-np.inf if column.minimum is None else column.minimum)
    is_bad |= found > (np.inf if column.maximum is None else column.maximum + 1e-9)
    is_bad &= ~is_absent
    if not column.nullable:
        is_bad |= is_absent
    if is_bad.any():
        least = "any" if column.minimum is None else f"{column.minimum:g}"
        most = "any" if column.maximum is None else f"{column.maximum:g}"
        raise InputRejectedError(
            "RANGE",
            f"Some values of '{column.name}' are missing, no numbers, or outside "
            f"{least} to {most}.",
        )
    return numbers
