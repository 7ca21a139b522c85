"""A Frictionless data package: CSV files with a schema made from the contracts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from readers.export.release_tables import release_tables, reliability_notes
from readers.export.text import safe_csv
from storage.paths import StorePath
from talentcast.domain.tables import Column, DataType, Table
from talentcast.store.release import Release

_TYPES: Final[Mapping[DataType, str]] = {
    "string": "string",
    "integer": "integer",
    "float": "number",
    "boolean": "boolean",
    "date": "date",
    "timestamp": "datetime",
    "strings": "array",
    "json": "object",
}


def export_frictionless(release: Release, root: StorePath, folder: Path) -> list[Path]:
    """Write `datapackage.json` and `data/<table>.csv`."""
    (folder / "data").mkdir(exist_ok=True)
    written, resources = [], []
    for contract, frame in release_tables(release, root):
        path = folder / "data" / f"{contract.name}.csv"
        path.write_text(safe_csv(frame), encoding="utf-8")
        written.append(path)
        resources.append(_resource(contract, list(frame.columns)))
    package = folder / "datapackage.json"
    package.write_text(
        json.dumps(_package(release, resources, reliability_notes(release, root)), indent=2),
        encoding="utf-8",
    )
    return [package, *written]


def _package(
    release: Release, resources: list[dict[str, Any]], ranges: Sequence[tuple[str, str]]
) -> dict[str, Any]:
    licences = sorted({str(entry["licence"]) for entry in release.inputs})
    return {
        "name": f"talentcast-{release.release_id}",
        "id": str(release.release_id),
        "title": "Where researchers work: counts and forecasts",
        "description": "Counts by country, and probabilistic forecasts of them. Countries are "
        "where researchers publish from, never nationality. Inputs: "
        + "; ".join(licences)
        + ". "
        + " ".join(f"{label}: {said}" for label, said in ranges),
        "version": release.code_version,
        "created": release.published_at.isoformat(),
        "profile": "tabular-data-package",
        "sources": [
            {"title": f"{entry['name']} ({entry['source']}, {entry['licence']})"}
            for entry in release.inputs
        ],
        "resources": resources,
    }


def _resource(contract: Table, columns: list[str]) -> dict[str, Any]:
    key = [name for name in contract.key if not contract.column(name).nullable]
    schema: dict[str, Any] = {"fields": [_field(contract.column(name)) for name in columns]}
    if len(key) == len(contract.key):  # Frictionless takes no missing value in a primary key
        schema["primaryKey"] = key
    return {
        "name": contract.name.replace("_", "-"),
        "path": f"data/{contract.name}.csv",
        "profile": "tabular-data-resource",
        "description": contract.grain,
        "encoding": "utf-8",
        "schema": schema | {"missingValues": [""]},
    }


def _field(column: Column) -> dict[str, Any]:
    unit = f" Unit: {column.unit}." if column.unit else ""
    field: dict[str, Any] = {
        "name": column.name,
        "type": _TYPES[column.type],
        "description": f"{column.meaning}{unit}",
    }
    if column.type == "boolean":
        field |= {"trueValues": ["True"], "falseValues": ["False"]}
    limits: dict[str, Any] = {
        "minimum": column.minimum,
        "maximum": column.maximum,
        "pattern": column.pattern or None,
        "enum": list(column.one_of) or None,
    }
    constraints = {name: limit for name, limit in limits.items() if limit is not None}
    # An empty text is a missing value here, so only numbers and dates can be required.
    if not column.nullable and column.type != "string":
        constraints["required"] = True
    return field | ({"constraints": constraints} if constraints else {})
