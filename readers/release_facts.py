"""What a release is made of, a fact a row."""

from __future__ import annotations

from typing import Any

from talentcast.store.release import Release

_SHOWN_APART = ("inputs", "tables", "quality", "populations")


def release_facts(release: Release) -> list[dict[str, Any]]:
    """Return names and values: of the release, its inputs, its tables and its checks."""
    own = [(name, value) for name, value in release.to_row().items() if name not in _SHOWN_APART]
    inputs = [
        (
            f"input {entry['name']}",
            f"{entry['source']}, vintage {entry['vintage']}, "
            f"sha256 {entry['sha256'][:12]}, {entry['licence']}",
        )
        for entry in release.inputs
    ]
    tables = [
        (f"table {entry.name}", f"{entry.rows:,} rows at version {entry.delta_version}")
        for entry in release.tables.values()
    ]
    checks = [(f"checks {name}", count) for name, count in release.quality.items()]
    return [{"fact": name, "value": value} for name, value in (*own, *inputs, *tables, *checks)]
