"""Where table expressions are computed: in an engine opened for one table and closed again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa


@contextmanager
def in_locked_duckdb(frame: pd.DataFrame) -> Iterator[ir.Table]:
    """Give a table in a DuckDB that can reach no file and no network.

    Expressions are computed where their tables are: those made from this table run here, those made
    from a table of another engine run there. It is gone at the end of the `with` block.
    """
    engine = ibis.duckdb.connect()
    try:
        # Text in the data can never become a file that is read: not even a hostile query could.
        engine.raw_sql("SET enable_external_access = false")
        engine.raw_sql("SET lock_configuration = true")
        engine.con.register("given", pa.Table.from_pandas(frame, preserve_index=False))
        yield engine.table("given")
    finally:
        engine.disconnect()
