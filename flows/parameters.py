"""Parameters that several flows take."""

from __future__ import annotations

from pathlib import Path

from pydantic.json_schema import SkipJsonSchema

#: Commands name the folder. A form does not ask for it: it is the worker's TALENTCAST_HOME.
Home = SkipJsonSchema[Path | str | None]
