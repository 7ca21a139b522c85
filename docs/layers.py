"""The picture of the layers, from the import contracts in pyproject.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from html import escape
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
_WIDTH, _ROW, _GAP, _LEFT = 720, 44, 14, 40


def layers_picture() -> str:
    """Return docs/images/layers.svg: one row per layer; each may import the rows below it."""
    rows = [[name.strip(" ()") for name in layer.split("|")] for layer in contract("One direction")]
    height = len(rows) * (_ROW + _GAP) + _GAP
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
            'font-family="sans-serif" font-size="15">',
            f"<title>Layers, from {rows[0][0]} down to {rows[-1][0]}</title>",
            f'<path d="M20 {_GAP}V{height - _GAP - 6}m-5 -6l5 8l5 -8" fill="none" stroke="#777"/>',
            *(line for row, names in enumerate(rows) for line in _boxes(row, names)),
            "</svg>\n",
        ]
    )


def contract(name: str) -> list[str]:
    """Return the layers of a contract, the top one first."""
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    layers: list[str] = next(each["layers"] for each in contracts if each["name"] == name)
    return layers


def _boxes(row: int, names: list[str]) -> Iterator[str]:
    room = (_WIDTH - _LEFT - _GAP * len(names)) / len(names)
    top = _GAP + row * (_ROW + _GAP)
    for index, name in enumerate(names):
        left = _LEFT + index * (room + _GAP)
        yield (
            f'<rect x="{left:.0f}" y="{top}" width="{room:.0f}" height="{_ROW}" rx="4" '
            'fill="#eef2f6" stroke="#5b7083"/>'
        )
        yield (
            f'<text x="{left + room / 2:.0f}" y="{top + 28}" text-anchor="middle" '
            f'fill="#1b2a36">{escape(name)}</text>'
        )
