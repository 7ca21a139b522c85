"""Where table expressions are computed."""

from __future__ import annotations

import atexit
from functools import cache

import ibis
import ibis.expr.types as ir
import pandas as pd


def computed(expression: ir.Table) -> pd.DataFrame:
    """Return the rows of an expression.

    It is computed where its tables are. What is in memory goes to the backend chosen with
    `ibis.set_backend`, or else to a DuckDB that can reach no file and no network.
    """
    if ibis.options.default_backend is None:
        ibis.set_backend(_locked_duckdb())
    frame: pd.DataFrame = expression.to_pandas()
    return frame


@atexit.register
def _let_go() -> None:
    """An engine that outlives the interpreter complains at length about what it could not free."""
    ibis.options.default_backend = None
    _locked_duckdb.cache_clear()


@cache
def _locked_duckdb() -> ibis.BaseBackend:
    engine = ibis.duckdb.connect()
    # Text in the data can never become a file that is read: not even a hostile query could.
    engine.raw_sql("SET enable_external_access = false")
    engine.raw_sql("SET lock_configuration = true")
    return engine
