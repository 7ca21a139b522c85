"""A release as a hubverse hub: the format of collaborative forecast hubs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from readers.export import hub_config
from readers.export.hub_config import MONTHS, TEAM, Task
from readers.summaries.populations import population_words
from readers.summaries.published_series import country_names
from storage.paths import StorePath
from talentcast.domain.types import OutputType, Target
from talentcast.store.reader import condition, read_frame
from talentcast.store.release import Release

_SERIES: Final = ["population", "counting_rule", "source"]
_TASK_IDS: Final = [
    "reference_date",
    "target",
    "horizon",
    "location",
    "target_end_date",
    "scenario_id",
]


def export_hubverse(release: Release, root: StorePath, folder: Path) -> list[Path]:
    """Write a hub with the share forecasts of a release.

    Returns:
        The files, configuration first.
    """
    where = condition("forecasts", {"target": str(Target.SHARE)})
    forecasts = _task_rows(read_frame("forecasts", release, root, where=where))
    observed = read_frame("observations", release, root)
    all_tasks = _tasks(forecasts)
    files = _configuration(release, all_tasks, folder)
    files += _models(release, forecasts, folder)
    return files + _targets(release, observed, forecasts, folder, country_names(release, root))


def _task_rows(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return forecasts with the hub's task ids and output columns."""
    sample = forecasts["output_type"] == OutputType.SAMPLE
    # A draw is joint within one series and scenario: its id must not come back in another one.
    group = forecasts.groupby([*_SERIES, "scenario", "origin_year"]).ngroup()
    level = forecasts["output_type_id"].map("{:g}".format)
    draw = (1000 * group + forecasts["output_type_id"].fillna(0)).astype(int).astype(str)
    output_id = level.where(forecasts["output_type_id"].notna(), None).astype(object)
    return pd.DataFrame(
        {
            "model": forecasts["model"],
            "reference_date": _year_end(forecasts["origin_year"]),
            "target": _target_name(forecasts),
            "horizon": MONTHS * forecasts["horizon_years"],
            "location": forecasts["country"],
            "target_end_date": _year_end(forecasts["target_year"]),
            "scenario_id": forecasts["scenario"],
            "output_type": forecasts["output_type"],
            "output_type_id": output_id.where(~sample, draw),
            "value": forecasts["value"],
        }
    )


def _target_rows(observations: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "target_end_date": _year_end(observations["year"]),
            "target": _target_name(observations),
            "location": observations["country"],
            "observation": observations["share"],
            "as_of": observations["vintage"].astype(str),
        }
    ).dropna(subset=["observation"])


def _tasks(forecasts: pd.DataFrame) -> list[Task]:
    tasks = []
    for (target, day), rows in forecasts.groupby(["target", "reference_date"], sort=True):
        samples = rows[rows["output_type"] == OutputType.SAMPLE]
        per_scenario = samples.groupby("scenario_id")["output_type_id"].nunique()
        population = str(target).split(" ")[1]
        tasks.append(
            Task(
                target=str(target),
                scenarios=tuple(sorted(rows["scenario_id"].unique())),
                reference_date=str(day),
                horizons=tuple(sorted(int(h) for h in rows["horizon"].unique())),
                end_dates=tuple(sorted(str(day) for day in rows["target_end_date"].unique())),
                locations=tuple(sorted(rows["location"].unique())),
                n_samples=int(per_scenario.max()) if len(per_scenario) else 1,
                title=f"Share of {population_words(population).whole}",
            )
        )
    return tasks


def _configuration(release: Release, all_tasks: list[Task], folder: Path) -> list[Path]:
    config = folder / "hub-config"
    config.mkdir(exist_ok=True)
    contents: dict[str, Any] = {
        "admin.json": hub_config.admin(release),
        "tasks.json": hub_config.tasks(all_tasks),
        "target-data.json": hub_config.target_data(),
        "model-metadata-schema.json": hub_config.model_metadata_schema(),
    }
    for name, content in contents.items():
        (config / name).write_text(json.dumps(content, indent=2), encoding="utf-8")
    return [config / name for name in contents]


def _models(release: Release, forecasts: pd.DataFrame, folder: Path) -> list[Path]:
    written = []
    sampled = set(forecasts.loc[forecasts["output_type"] == OutputType.SAMPLE, "model"])
    metadata = folder / "model-metadata"
    metadata.mkdir(exist_ok=True)
    for (model, day), rows in forecasts.groupby(["model", "reference_date"], sort=True):
        model_id = f"{TEAM}-{model}"
        path = folder / "model-output" / model_id / f"{day}-{model_id}.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = rows[[*_TASK_IDS, "output_type", "output_type_id", "value"]]
        pq.write_table(pa.Table.from_pandas(kept, schema=_SCHEMA, preserve_index=False), path)
        about = {
            "team_name": TEAM,
            "team_abbr": TEAM,
            "model_name": str(model),
            "model_abbr": str(model),
            "model_version": release.code_version,
            "designated_model": model in sampled,
        }
        description = metadata / f"{model_id}.yml"
        description.write_text(yaml.safe_dump(about, sort_keys=False), encoding="utf-8")
        written += [path] if description in written else [path, description]
    return written


_SCHEMA: Final = pa.schema(
    [
        ("reference_date", pa.date32()),
        ("target", pa.string()),
        ("horizon", pa.int32()),
        ("location", pa.string()),
        ("target_end_date", pa.date32()),
        ("scenario_id", pa.string()),
        ("output_type", pa.string()),
        ("output_type_id", pa.string()),
        ("value", pa.float64()),
    ]
)


def _targets(
    release: Release,
    observations: pd.DataFrame,
    forecasts: pd.DataFrame,
    folder: Path,
    names: dict[str, str],
) -> list[Path]:
    data = folder / "target-data"
    data.mkdir(exist_ok=True)
    series, oracle = data / "time-series.csv", data / "oracle-output.csv"
    _target_rows(observations).to_csv(series, index=False)
    # What a source has not finished counting is no outcome to score forecasts against.
    finished = _target_rows(observations[~observations["is_provisional"]])
    finished.rename(columns={"observation": "oracle_value"}).drop(columns="as_of").to_csv(
        oracle, index=False
    )
    locations = folder / "auxiliary-data" / "locations.csv"
    locations.parent.mkdir(exist_ok=True)
    codes = sorted(forecasts["location"].unique())
    pd.DataFrame({"location": codes, "name": [names.get(code, code) for code in codes]}).to_csv(
        locations, index=False
    )
    return [series, oracle, locations]


def _target_name(rows: pd.DataFrame) -> pd.Series:
    return "share " + rows["population"] + " " + rows["counting_rule"] + " " + rows["source"]


def _year_end(years: pd.Series) -> pd.Series:
    return pd.to_datetime(years.astype(str) + "-12-31").dt.date
