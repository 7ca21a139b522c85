"""Files of records as Arrow batches of bounded size: Parquet, CSV and JSON lines."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.json

from restricted.converted import PSEUDONYM
from sources.affiliations import known_names, refuse_personal_columns
from sources.plain_files import asking_store
from storage.arrow import Readable, first_lines, is_packed, open_parquet, open_text
from storage.objects import ObjectPath
from talentcast.domain.errors import InputRejectedError

#: Ends of names, and what reads such files.
FORMS: Final = {
    ".parquet": "parquet",
    ".csv": "csv",
    ".csv.gz": "csv",
    ".jsonl": "json",
    ".jsonl.gz": "json",
    ".ndjson": "json",
}
_ROWS: Final = 131_072
#: Of a row as text, packed and not, to guess how many there are.
_ROW_BYTES: Final = 80
_PACKED_ROW_BYTES: Final = 15
_BLOCK_BYTES: Final = 8 << 20
_ID: Final = "researcher_id"
_TEXTS: Final = (_ID, "country")
#: No id and no name of a country is longer; a cell that is could be any number of bytes.
_MAX_TEXT: Final = 512
#: Unpacked bytes of a column in a row group, which is read at once.
_MAX_CHUNK_BYTES: Final = 1 << 30


def form_of(file: Readable | ObjectPath) -> str | None:
    """Return what reads a file, by the end of its name."""
    return next((form for end, form in FORMS.items() if file.name.endswith(end)), None)


def schema_of(path: Readable, name: str) -> pa.Schema:
    """Return names and types of the columns of a file, as written; of a text, from its beginning.

    Args:
        path: The file.
        name: For messages.

    Raises:
        InputRejectedError: `PARSE` or `CHANGED`. Messages quote no cell: it could be an id.
        SourceUnavailableError: If a store stops to answer.
    """
    with _damage(path, name):
        form = form_of(path)
        if form == "parquet":
            with open_parquet(path) as file:
                return file.schema_arrow
        lines = pa.BufferReader(first_lines(path, _BLOCK_BYTES))
        with _json(lines, None) if form == "json" else _csv(lines, None) as reader:
            return reader.schema


def names_of(schema: pa.Schema, name: str, table: str) -> dict[str, str]:
    """Return the columns of a file that are read, with the names that they have here.

    A pseudonym of 32 bytes stands where an id would.

    Raises:
        InputRejectedError: `DUP_HEADER` or `TOO_MANY_COLUMNS`.
    """
    is_named = PSEUDONYM in schema.names and schema.field(PSEUDONYM).type == pa.binary(32)
    plain = [_ID if is_named and one == PSEUDONYM else one for one in schema.names]
    found = known_names(plain, name, table)
    return {PSEUDONYM if is_named and one == _ID else one: here for one, here in found.items()}


def batches(
    path: Readable, name: str, table: str, fixed: Mapping[str, str]
) -> Iterator[pa.RecordBatch]:
    """Yield the known columns of a file under their names, texts coded by dictionary.

    Args:
        path: The file.
        name: For messages.
        table: What the file is a part of.
        fixed: Columns that the folders of the file are named after.

    Raises:
        InputRejectedError: `FORBIDDEN_COLUMN`, `DUP_HEADER`, `PARSE`, `TOO_LARGE` or `CHANGED`.
            Messages quote no cell: it could be an id.
        SourceUnavailableError: If a store stops to answer.
    """
    schema = schema_of(path, name)
    refuse_personal_columns(name, schema)
    names = names_of(schema, name, table)
    with _damage(path, name):
        for batch in _read(path, name, list(names), schema):
            columns = {names[column]: batch.column(column) for column in batch.schema.names}
            columns |= {key: pa.array([value]).take(_zeros(batch)) for key, value in fixed.items()}
            coded = {key: _coded(key, column, name) for key, column in columns.items()}
            yield pa.RecordBatch.from_pydict(coded)


def rows_in(path: Readable, name: str, size: int) -> int:
    """Return how many rows a file of so many bytes has; of a text, about how many.

    Raises:
        InputRejectedError: `PARSE` or `CHANGED`.
        SourceUnavailableError: If a store stops to answer.
    """
    if form_of(path) != "parquet":
        return size // (_PACKED_ROW_BYTES if is_packed(path) else _ROW_BYTES)
    with _damage(path, name), open_parquet(path) as file:
        return int(file.metadata.num_rows)


@contextmanager
def _damage(path: Readable, name: str) -> Iterator[None]:
    """Say which file is damaged, and quote nothing of it."""
    try:
        with asking_store(name):
            yield
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        form = form_of(path)
        raise InputRejectedError(
            "PARSE",
            f"{name} cannot be read as {form} ({type(error).__name__}). Write the file again.",
        ) from None


def _zeros(batch: pa.RecordBatch) -> pa.Array:
    return pa.nulls(len(batch), pa.int32()).fill_null(0)


def _read(
    path: Readable, name: str, columns: list[str], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    form = form_of(path)
    if form == "parquet":
        yield from _parquet(path, name, columns, schema)
        return
    with (
        open_text(path) as stream,
        _csv(stream, columns) if form == "csv" else _json(stream, schema) as reader,
    ):
        for batch in reader:
            yield batch.select([column for column in columns if column in batch.schema.names])


def _parquet(
    path: Readable, name: str, columns: list[str], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    # Coded by dictionary: one long text cannot unfold to gigabytes.
    texts = [field.name for field in schema if _is_text(field.type)]
    with open_parquet(path, texts) as file:
        groups = range(file.metadata.num_row_groups)
        if any(file.metadata.row_group(at).total_byte_size > _MAX_CHUNK_BYTES for at in groups):
            raise InputRejectedError(
                "TOO_LARGE",
                f"{name} has a row group of more than {_MAX_CHUNK_BYTES} bytes. Write it with "
                "smaller ones, for example of a million rows.",
            )
        yield from file.iter_batches(batch_size=_ROWS, columns=columns)


def _is_text(type_: pa.DataType) -> bool:
    return bool(pa.types.is_string(type_) or pa.types.is_large_string(type_))


@contextmanager
def _csv(stream: pa.NativeFile, columns: list[str] | None) -> Iterator[Any]:
    # Namibia's code is no missing value, and ids of digits are no numbers; what is a number is
    # decided row by row, so that one bad cell is one bad row.
    options = pa.csv.ConvertOptions(
        strings_can_be_null=False,
        column_types=None if columns is None else dict.fromkeys(columns, pa.string()),
        include_columns=columns,
    )
    block = pa.csv.ReadOptions(block_size=_BLOCK_BYTES)
    with pa.csv.open_csv(stream, read_options=block, convert_options=options) as reader:
        yield reader


@contextmanager
def _json(stream: pa.NativeFile, schema: pa.Schema | None) -> Iterator[Any]:
    parse = pa.json.ParseOptions(
        explicit_schema=schema, unexpected_field_behavior="infer" if schema is None else "ignore"
    )
    block = pa.json.ReadOptions(block_size=_BLOCK_BYTES)
    yield pa.json.open_json(stream, read_options=block, parse_options=parse)


def _coded(column: str, values: pa.Array, name: str) -> pa.Array:
    """Return a column of texts as codes; ids that are numbers become texts first."""
    if column not in _TEXTS or values.type == pa.binary(32):
        return values
    if not pa.types.is_dictionary(values.type):
        values = values.cast(pa.string()).dictionary_encode()
    texts = values.dictionary
    if len(texts) and (pc.max(pc.binary_length(texts)).as_py() or 0) > _MAX_TEXT:
        raise InputRejectedError(
            "TOO_LARGE", f"{name} has a {column} of more than {_MAX_TEXT} bytes. Is this the file?"
        )
    return values
