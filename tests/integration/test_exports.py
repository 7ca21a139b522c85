"""Every export is read back by the library of those who will use it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
import yaml
from small_release import publish_small

from readers.formats import writer
from talentcast.domain.types import QUANTILE_LEVELS
from talentcast.store.reader import condition, read_frame
from talentcast.store.release import Release

HUB_RULES = Path(__file__).resolve().parents[1] / "data" / "hubverse"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home") / "releases"


@pytest.fixture(scope="module")
def release(root: Path) -> Release:
    return publish_small(root)


@pytest.fixture(scope="module")
def hub(release: Release, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hub")
    writer("hubverse")(release, root, folder)
    return folder


def test_the_data_package_is_valid_and_holds_every_row(
    release: Release, root: Path, tmp_path: Path
) -> None:
    frictionless = pytest.importorskip("frictionless")
    package, *_ = writer("frictionless")(release, root, tmp_path)
    report = frictionless.validate(str(package))
    assert report.valid, [task.errors[:1] for task in report.tasks if task.errors]
    rows = {task.name.replace("-", "_"): task.stats["rows"] for task in report.tasks}
    assert rows == {name: entry.rows for name, entry in release.tables.items()}


def test_the_hub_is_read_by_its_own_library_with_every_share_forecast(
    release: Release, root: Path, hub: Path
) -> None:
    hubdata = pytest.importorskip("hubdata")
    rows = hubdata.connect_hub(hub).get_dataset().to_table().to_pandas()
    expected = read_frame(
        "forecasts", release, root, where=condition("forecasts", {"target": "researcher_share"})
    )
    assert len(rows) == len(expected)
    assert rows["value"].sum() == pytest.approx(expected["value"].sum())
    assert set(rows["horizon"]) == {12, 24, 36, 48, 60}
    assert set(rows["model_id"]) == {f"talentcast-{model}" for model in expected["model"].unique()}


@pytest.mark.parametrize("name", ["admin", "tasks", "target-data"])
def test_the_configuration_of_a_hub_is_as_hubs_ask_for_it(hub: Path, name: str) -> None:
    schema = json.loads((HUB_RULES / f"{name}.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    written = json.loads((hub / "hub-config" / f"{name}.json").read_text(encoding="utf-8"))
    errors = jsonschema.Draft202012Validator(schema).iter_errors(written)
    assert [f"{error.json_path}: {error.message}" for error in errors] == []


def test_what_a_hub_refuses_is_found(hub: Path) -> None:
    schema = json.loads((HUB_RULES / "tasks.json").read_text(encoding="utf-8"))
    written = json.loads((hub / "hub-config" / "tasks.json").read_text(encoding="utf-8"))
    about = written["rounds"][0]["model_tasks"][0]["target_metadata"][0]
    about |= {"time_unit": "year", "target_id": "x" * 31}
    errors = jsonschema.Draft202012Validator(schema).iter_errors(written)
    assert {error.json_path.rsplit(".", 1)[1] for error in errors} == {"time_unit", "target_id"}


def test_models_of_a_hub_describe_themselves_as_the_hub_asks(hub: Path) -> None:
    schema = json.loads((hub / "hub-config" / "model-metadata-schema.json").read_text())
    described = [yaml.safe_load(path.read_text()) for path in hub.glob("model-metadata/*.yml")]
    assert len(described) == 3
    for about in described:
        jsonschema.validate(about, schema)
    assert sum(about["designated_model"] for about in described) == 1


def test_samples_of_a_hub_sum_to_one_over_locations(hub: Path) -> None:
    hubdata = pytest.importorskip("hubdata")
    rows = hubdata.connect_hub(hub).get_dataset().to_table().to_pandas()
    samples = rows[rows["output_type"] == "sample"]
    sums = samples.groupby(["target", "scenario_id", "horizon", "output_type_id"])["value"].sum()
    assert sums.to_numpy() == pytest.approx(1.0)
    # One id names one draw: it never comes back under another target or scenario.
    owners = samples.groupby("output_type_id")[["target", "scenario_id"]].nunique()
    assert (owners == 1).all().all()


def test_target_data_of_a_hub_are_the_counted_shares(
    release: Release, root: Path, hub: Path
) -> None:
    hubdata = pytest.importorskip("hubdata")
    from hubdata.create_target_data_schema import TargetType

    observed = read_frame("observations", release, root).dropna(subset="share")
    finished = observed[~observed["is_provisional"]]  # the others are no outcomes to score against
    assert len(finished) < len(observed)
    for kind, column, expected in (
        (TargetType.TIME_SERIES, "observation", observed),
        (TargetType.ORACLE_OUTPUT, "oracle_value", finished),
    ):
        table = hubdata.connect_target_data(hub, kind).get_dataset().to_table().to_pandas()
        assert len(table) == len(expected)
        assert table[column].sum() == pytest.approx(expected["share"].sum())


def test_tasks_of_a_hub_name_every_level_date_and_location_that_was_submitted(hub: Path) -> None:
    hubdata = pytest.importorskip("hubdata")
    rows = hubdata.connect_hub(hub).get_dataset().to_table().to_pandas()
    tasks = json.loads((hub / "hub-config" / "tasks.json").read_text())
    for task in (task for found in tasks["rounds"] for task in found["model_tasks"]):
        target = task["task_ids"]["target"]["required"][0]
        own = rows[rows["target"] == target]
        assert len(own)
        for name in ("reference_date", "horizon", "location", "target_end_date", "scenario_id"):
            allowed = {str(value) for value in task["task_ids"][name]["optional"]}
            assert set(own[name].astype(str)) == allowed
        levels = task["output_type"]["quantile"]["output_type_id"]["required"]
        submitted = own.loc[own["output_type"] == "quantile", "output_type_id"].astype(float)
        assert sorted(submitted.unique()) == levels == list(QUANTILE_LEVELS)
        (about,) = task["target_metadata"]
        assert about["target_type"] == "compositional"
        assert about["time_unit"] == "month"  # hubs know no years
        compound = task["output_type"]["sample"]["output_type_id_params"]["compound_taskid_set"]
        assert not {"location", "horizon"} & set(compound)


def test_f093_no_cell_of_the_workbook_is_a_formula(
    release: Release, root: Path, tmp_path: Path
) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    (path,) = writer("xlsx")(release, root, tmp_path)
    book = openpyxl.load_workbook(path)
    kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
    assert "f" not in kinds
    checks = [cell.value for row in book["quality_checks"].iter_rows() for cell in row]
    assert "'=2+3 found" in checks
    assert book.sheetnames[0] == "notes"
    assert book["observations"].max_row == 1 + release.tables["observations"].rows


def test_the_workbook_opens_in_libreoffice_with_the_same_cells(
    release: Release, root: Path, tmp_path: Path
) -> None:
    office = shutil.which("soffice") or shutil.which("libreoffice")
    if office is None:
        pytest.skip("no LibreOffice on this machine; install the package libreoffice-calc")
    openpyxl = pytest.importorskip("openpyxl")
    (path,) = writer("xlsx")(release, root, tmp_path)
    profile = f"-env:UserInstallation=file://{tmp_path / 'profile'}"
    out = tmp_path / "again"
    subprocess.run(
        [office, profile, "--headless", "--convert-to", "xlsx", "--outdir", str(out), str(path)],
        check=True,
        timeout=180,
        capture_output=True,
    )
    before, after = (openpyxl.load_workbook(p) for p in (path, out / path.name))
    assert after.sheetnames == before.sheetnames
    for name in ("country_names", "quality_checks"):
        cells = [
            [[c.value for c in row] for row in book[name].iter_rows()] for book in (before, after)
        ]
        assert cells[0] == cells[1]


def test_f093_text_that_looks_like_a_formula_is_inert_in_csv(
    release: Release, root: Path, tmp_path: Path
) -> None:
    writer("csv")(release, root, tmp_path)
    checks = pd.read_csv(tmp_path / "quality_checks.csv", keep_default_na=False)
    assert "'=2+3 found" in checks["observed"].tolist()
    assert not any(str(cell).startswith("=") for cell in checks.to_numpy().ravel())


def test_long_csv_is_what_charting_tools_read(release: Release, root: Path, tmp_path: Path) -> None:
    writer("csv")(release, root, tmp_path)
    path = tmp_path / "shares-scholars_scopus-modal_country-bundled-baseline.csv"
    rows = pd.read_csv(path, keep_default_na=False)
    assert rows.columns[:3].tolist() == ["Entity", "Code", "Year"]
    counted = rows[rows["Kind"] != "forecast"].groupby("Year")["Share (percent)"].sum()
    assert counted.to_numpy() == pytest.approx(100.0)


def test_the_report_needs_nothing_from_elsewhere(
    release: Release, root: Path, tmp_path: Path
) -> None:
    page, picture = writer("report")(release, root, tmp_path)
    text = page.read_text(encoding="utf-8")
    assert text.count("<svg") >= 3
    assert "<script" not in text
    for loads in ("src=", "<link", "@import", "url(http"):
        assert loads not in text
    assert str(release.release_id) in text
    assert picture.read_bytes().startswith(b"\x89PNG")
