"""talentcast export: a release in the formats of other tools."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from readers.formats import writer
from talentcast.cli.options import Home, Json
from talentcast.cli.output import print_rows, writing_into
from talentcast.config import load_settings
from talentcast.store.pointer import find_release
from talentcast.store.signing import Verifier
from talentcast.store.verification import require_genuine


class Format(StrEnum):
    """What `--format` takes."""

    CSV = "csv"
    XLSX = "xlsx"
    HUBVERSE = "hubverse"
    FRICTIONLESS = "frictionless"
    REPORT = "report"


def export(
    *,
    format_: Annotated[Format, typer.Option("--format", help="Format to write.")],
    out: Annotated[Path, typer.Option("--out", help="Folder to write into.")],
    release: Annotated[
        str, typer.Option("--release", metavar="ID", help="A release id, or latest.")
    ] = "latest",
    home: Home = None,
    json: Json = False,
) -> None:
    """Write a release in the format of another tool, or as a report that needs no server.

    Example: talentcast export --format xlsx --out exports
    """
    settings = load_settings(home)
    root = settings.releases
    verifier = Verifier.configured(settings.verifying_key_file)
    found = require_genuine(find_release(release, root), verifier)
    with writing_into(out):
        files = writer(str(format_))(found, root, out)
    print_rows([{"file": str(path), "bytes": path.stat().st_size} for path in files], as_json=json)
