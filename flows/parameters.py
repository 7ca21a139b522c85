"""Parameters that several flows take."""

from __future__ import annotations

from pathlib import Path

from pydantic.json_schema import SkipJsonSchema

#: Commands name the folder or address. A form does not ask: it is the worker's TALENTCAST_HOME.
Home = SkipJsonSchema[str | Path | None]
