"""Packages that the wheel holds."""

import tomllib
from pathlib import Path

_PROJECT = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text())
SHIPPED = tuple(_PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"])
