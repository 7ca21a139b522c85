"""Print tables for people, or as JSON for programs."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from talentcast.cli.terminal import say, visible
from talentcast.domain.checks import CheckResult
from talentcast.domain.errors import UsageError
from talentcast.store.failures import storage_failures

if TYPE_CHECKING:
    import pandas as pd

#: Width of a table that nobody watches: wide enough that no cell is folded in a log.
LOG_WIDTH = 200

#: Results go to stdout, everything said on the way to stderr.
out = Console(width=None if sys.stdout.isatty() else LOG_WIDTH)
err = Console(stderr=True)


def print_rows(rows: Sequence[Mapping[str, Any]], *, as_json: bool, title: str = "") -> None:
    """Print rows with the same keys."""
    if as_json:
        say(json.dumps([dict(row) for row in rows], indent=2, default=str))
        return
    if not rows:
        say("No rows.")
        return
    print_table(list(rows[0]), (list(map(_text, row.values())) for row in rows), title=title)


def plain_rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table; None where nothing is known."""
    plain = table.astype(object).where(table.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "") -> None:
    """Print a table without box drawing, so that it can be pasted anywhere."""
    if title:
        out.print(visible(title), style="bold", markup=False, soft_wrap=True)
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for index, name in enumerate(header):
        # The first column names the row: give it the room when the terminal is narrow.
        grid.add_column(name, overflow="fold", no_wrap=index == 0)
    for row in rows:
        grid.add_row(*map(visible, row))
    out.print(grid, markup=False)


def print_warnings(warned: Sequence[CheckResult]) -> None:
    """Print one line per check that warned, however many tables it warned about."""
    if not warned:
        return
    say("\nChecks that warned:")
    lines: dict[tuple[str, str], list[CheckResult]] = {}
    for result in warned:
        lines.setdefault((result.check, result.message or result.observed), []).append(result)
    for (check, message), results in lines.items():
        examples = results[0].example_keys if len(results) == 1 else ()
        keys = f" ({'; '.join(examples[:3])})" if examples else ""
        say(f"  {check} on {', '.join(result.table for result in results)}: {message}{keys}")


@contextmanager
def writing_into(folder: Path) -> Iterator[None]:
    """Make a folder for results, and say in one line what the disk refuses there.

    Raises:
        UsageError: If it is a file.
        StoreError: If it cannot be written to.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file. Name a folder with --out.")
    with storage_failures(folder, parameter="out"):
        folder.mkdir(parents=True, exist_ok=True)
        yield


def _text(value: object) -> str:
    return "" if value is None else str(value)
