"""Configuration of a hubverse hub that holds one release (schema version 6.0.0)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from talentcast.domain.types import QUANTILE_LEVELS
from talentcast.store.release import Release

_SCHEMAS: Final = "https://raw.githubusercontent.com/hubverse-org/schemas/main/v6.0.0"
TEAM: Final = "talentcast"
#: What tells one draw from the next: samples are joint over locations and horizons.
COMPOUND: Final = ["reference_date", "target", "scenario_id"]
#: Hubs count horizons in months: a year is no time unit of theirs.
MONTHS: Final = 12
#: Longest id and name of a target that a hub takes.
_LONGEST_ID: Final = 30
_LONGEST_NAME: Final = 100


@dataclass(frozen=True, slots=True)
class Task:
    """What one series adds to the hub."""

    target: str
    scenarios: tuple[str, ...]
    reference_date: str
    horizons: tuple[int, ...]
    end_dates: tuple[str, ...]
    locations: tuple[str, ...]
    n_samples: int
    title: str


def admin(release: Release) -> dict[str, Any]:
    """Return `admin.json`."""
    return {
        "schema_version": f"{_SCHEMAS}/admin-schema.json",
        "name": f"talentcast {release.release_id}",
        "maintainer": "talentcast",
        "contact": {"name": "talentcast", "email": "talentcast@example.org"},
        "repository": {"host": "github", "owner": "talentcast", "name": "talentcast"},
        "file_format": ["parquet"],
        # Hubs take no UTC; this place keeps its time all year.
        "timezone": "Africa/Abidjan",
        "model_output_dir": "model-output",
    }


def tasks(all_tasks: Sequence[Task]) -> dict[str, Any]:
    """Return `tasks.json`: one round a reference date, one model task a series."""
    dates = sorted({task.reference_date for task in all_tasks})
    return {
        "schema_version": f"{_SCHEMAS}/tasks-schema.json",
        "output_type_id_datatype": "character",
        "derived_task_ids": ["target_end_date"],
        "rounds": [
            {
                "round_id_from_variable": True,
                "round_id": "reference_date",
                "model_tasks": [_model_task(t) for t in all_tasks if t.reference_date == day],
                "submissions_due": {"start": day, "end": "2100-12-31"},
            }
            for day in dates
        ],
    }


def target_data() -> dict[str, Any]:
    """Return `target-data.json`."""
    return {
        "schema_version": f"{_SCHEMAS}/target-data-schema.json",
        "observable_unit": ["target_end_date", "target", "location"],
        "date_col": "target_end_date",
        "versioned": True,
        "time-series": {},
        "oracle-output": {"has_output_type_ids": False, "versioned": False},
    }


def model_metadata_schema() -> dict[str, Any]:
    """Return `model-metadata-schema.json`."""
    text = {"type": "string"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Model of this hub",
        "type": "object",
        "properties": {
            "team_name": text,
            "team_abbr": text,
            "model_name": text,
            "model_abbr": text,
            "model_version": text,
            "designated_model": {"type": "boolean"},
        },
        "required": ["team_name", "team_abbr", "model_name", "model_abbr", "designated_model"],
    }


def _model_task(task: Task) -> dict[str, Any]:
    share = {"type": "double", "minimum": 0, "maximum": 1}
    return {
        "task_ids": {
            "reference_date": _optional([task.reference_date]),
            "target": {"required": [task.target], "optional": None},
            "horizon": _optional(list(task.horizons)),
            "location": _optional(list(task.locations)),
            "target_end_date": _optional(list(task.end_dates)),
            "scenario_id": _optional(list(task.scenarios)),
        },
        "output_type": {
            "quantile": {
                "output_type_id": {"required": list(QUANTILE_LEVELS)},
                "is_required": True,
                "value": share,
            },
            "mean": {"output_type_id": {"required": None}, "is_required": False, "value": share},
            "median": {"output_type_id": {"required": None}, "is_required": False, "value": share},
            "sample": {
                "output_type_id_params": {
                    "type": "integer",
                    "min_samples_per_task": task.n_samples,
                    "max_samples_per_task": task.n_samples,
                    "compound_taskid_set": COMPOUND,
                },
                "is_required": False,
                "value": share,
            },
        },
        "target_metadata": [
            {
                "target_id": _short(task.target),
                "target_name": task.title[:_LONGEST_NAME],
                "target_units": "proportion of the total",
                "target_keys": {"target": task.target},
                "target_type": "compositional",
                "is_step_ahead": True,
                "time_unit": "month",
            }
        ],
    }


def _short(target: str) -> str:
    """Return a target's name, or its start and a hash where it is too long for a hub."""
    if len(target) <= _LONGEST_ID:
        return target
    return f"{target[: _LONGEST_ID - 9]} {sha256(target.encode()).hexdigest()[:8]}"


def _optional(values: list[Any]) -> dict[str, Any]:
    return {"required": None, "optional": values}
