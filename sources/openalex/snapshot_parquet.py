"""Parts of a snapshot as Parquet: the columns that are read of works, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from sources.openalex.snapshot import SnapshotPart
from sources.plain_files import asking_store
from storage.arrow import open_parquet
from talentcast.domain.errors import InputRejectedError

_WANTED: Final = frozenset(
    {
        "id",
        "publication_year",
        "type",
        "is_xpac",
        "authors_count",
        "primary_topic.subfield.id",
        "authorships.author.id",
        "authorships.author_position",
        "authorships.countries",
        "authorships.institutions.country_code",
    }
)
#: What writers put between a list and what it holds.
_BETWEEN: Final = frozenset({"list", "element", "array", "bag", "item", "array_element"})
_AT_ONCE: Final = 4_000


def records_of(part: SnapshotPart) -> Iterator[list[dict[str, Any]]]:
    """Yield the works of a part, some thousands at a time, with what is read of them alone.

    Raises:
        InputRejectedError: `TRUNCATED` if it is no whole Parquet file, `SCHEMA` if it holds no
            works.
    """
    try:
        with asking_store(part.name), open_parquet(part.path) as file:
            paths = [file.schema.column(at).path for at in range(len(file.schema))]
            columns = [path for path in paths if _plain(path) in _WANTED]
            if not {"id", "authorships.author.id"} <= {_plain(path) for path in columns}:
                raise InputRejectedError(
                    "SCHEMA", f"{part.name} has no works with authors. Download it again."
                )
            for batch in file.iter_batches(_AT_ONCE, columns=columns):
                yield batch.to_pylist()
    except (pa.ArrowException, OSError) as error:
        raise InputRejectedError(
            "TRUNCATED",
            f"{part.name} breaks off or is damaged ({type(error).__name__}). Download it again.",
        ) from None


def _plain(path: str) -> str:
    return ".".join(name for name in path.split(".") if name not in _BETWEEN)
