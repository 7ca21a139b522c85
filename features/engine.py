"""Where table expressions are computed: in an engine opened for one table and closed again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa


@dataclass(frozen=True, slots=True)
class EngineLimits:
    """What a DuckDB may use.

    Attributes:
        memory: As DuckDB writes it, such as `1GB`.
        threads: At once.
        spill: Folder for what does not fit into the memory; None: nothing is written.
    """

    memory: str = "1GB"
    threads: int = 2
    spill: Path | None = None


DEFAULT_LIMITS: Final = EngineLimits()


@contextmanager
def in_locked_duckdb(
    frame: pd.DataFrame, limits: EngineLimits = DEFAULT_LIMITS
) -> Iterator[ir.Table]:
    """Give a table in a DuckDB that can reach no network and no file but those it spills.

    Expressions are computed where their tables are: those made from this table run here, those made
    from a table of another engine run there. It is gone at the end of the `with` block.
    """
    engine = ibis.duckdb.connect()
    try:
        _limit(engine, limits)
        # Text in the data can never become a file that is read: not even a hostile query could.
        engine.raw_sql("SET enable_external_access = false")
        engine.raw_sql("SET lock_configuration = true")
        engine.con.register("given", pa.Table.from_pandas(frame, preserve_index=False))
        yield engine.table("given")
    finally:
        engine.disconnect()


def _limit(engine: ibis.BaseBackend, limits: EngineLimits) -> None:
    run = engine.con.execute
    run("SET memory_limit = ?", [limits.memory])
    run("SET threads = ?", [limits.threads])
    run("SET temp_directory = ?", [str(limits.spill) if limits.spill is not None else ""])
    # Rows have an order of their own: keeping that of the input takes memory.
    run("SET preserve_insertion_order = ?", [False])
