"""Faults of security: secrets, injection, hostile text, hostile files, and caches."""

from __future__ import annotations

import ast
import logging
import re
import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime
from inspect import getsource, signature
from itertools import pairwise
from pathlib import Path

import httpx
import pandas as pd
import pytest
from prefect_server import prefect_server
from shipped_packages import SHIPPED
from small_release import Small, small_draft
from streamlit.testing.v1 import AppTest

import talentcast
from dashboard.context import Context
from dashboard.links import PAGE
from expectations.check import check_counts
from expectations.report import report_html
from features.engine import in_locked_duckdb
from readers.formats import writer
from sources.counts_file import CountsFile
from talentcast.config import load_settings
from talentcast.domain.errors import ConfigurationError, InputRejectedError, UsageError
from talentcast.domain.provenance import RawFile
from talentcast.domain.types import Vintage
from talentcast.store.publisher import publish
from talentcast.store.release import Release

REPOSITORY = Path(__file__).resolve().parents[2]
SCRIPT = "<img src=x onerror=alert(1)>"


def source_of(*packages: str) -> dict[Path, ast.Module]:
    paths = [path for name in packages for path in (REPOSITORY / name).rglob("*.py")]
    return {path: ast.parse(path.read_text()) for path in paths}


def calls(tree: ast.Module) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call)]


CANARY_KEY = "canary-key-0123456789abcdefghijklmnop"
CANARY_PASSWORD = "canary-password-8d1f"  # noqa: S105 - to be looked for


@pytest.mark.usefixtures("orchestrator")
def test_f088_secrets_are_in_no_log_parameter_table_report_or_result(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    from prefect.settings import get_current_settings

    from flows.refresh import refresh

    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("TALENTCAST_PSEUDONYM_KEY", CANARY_KEY)
    address = f"postgresql://reader:{CANARY_PASSWORD}@127.0.0.1:1/nowhere"
    monkeypatch.setenv("TALENTCAST_MIRROR_TO", address)
    source = tmp_path / "lab.csv"
    rows = [f"{year},{code},{year - 1900}" for year in range(2010, 2020) for code in ("FRA", "ITA")]
    source.write_text("\n".join(["year,country,researchers", *rows, ""]))
    refreshed = refresh(sources=[str(source)], models=["naive"], home=tmp_path / "home")
    assert refreshed.undelivered, "the mirror cannot be reached, and an error is where secrets slip"

    url = get_current_settings().server.database.connection_url
    assert url is not None
    with sqlite3.connect(url.get_secret_value().split("///", 1)[1]) as connection:
        database = "\n".join(connection.iterdump())
    assert str(refreshed.release.release_id) in database
    captured = capfd.readouterr()
    said = [
        caplog.text,
        captured.out,
        captured.err,
        repr(refreshed),
        repr(load_settings()),
        database,
    ]
    written = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 20
    for secret in (CANARY_KEY, CANARY_PASSWORD):
        assert not [text for text in said if secret in text]
        assert not [content for content in written if secret.encode() in content]


def test_f088_an_unusable_setting_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TALENTCAST_MAX_INPUT_BYTES", "canary")
    with pytest.raises(ConfigurationError) as caught:
        load_settings()
    assert "TALENTCAST_MAX_INPUT_BYTES" in str(caught.value)
    assert "canary" not in str(caught.value)


def test_f089_the_orchestrator_answers_nobody_without_its_password(tmp_path: Path) -> None:
    credentials = ("admin", "a-password-of-this-test")
    with prefect_server(tmp_path, PREFECT_SERVER_API_AUTH_STRING=":".join(credentials)) as server:
        assert httpx.get(f"{server.url}/health").status_code == 200
        for path in ("flow_runs", "deployments", "flows", "artifacts", "variables", "logs"):
            route = f"{server.url}/{path}/filter"
            assert httpx.post(route, json={}).status_code == 401
            assert httpx.post(route, json={}, auth=("admin", "guess")).status_code == 401
            assert httpx.post(route, json={}, auth=credentials).status_code == 200


def test_f089_the_dashboard_listens_to_this_machine_only() -> None:
    from talentcast.cli.serve import serve

    assert signature(serve).parameters["address"].default == "127.0.0.1"


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Release, Path]:
    """A release in which every free text is an attack."""
    home = tmp_path_factory.mktemp("home")
    draft = small_draft(Small(reason=f"'; DROP TABLE releases; -- {SCRIPT}"))
    tables = dict(draft.tables)
    names = tables["country_names"]
    tables["country_names"] = names.assign(name=[f"{SCRIPT} {code}" for code in names["country"]])
    tables["model_cards"] = tables["model_cards"].assign(text=SCRIPT)
    tables["published_figures"] = tables["published_figures"].assign(
        publisher=SCRIPT, source=f'"><script>alert(1)</script>{SCRIPT}'
    )
    tables["quality_checks"] = tables["quality_checks"].assign(observed=SCRIPT, message=SCRIPT)
    release = publish(
        replace(draft, tables=tables),
        home / "releases",
        published_at=datetime(2024, 2, 1, tzinfo=UTC),
    )
    return release, home


INJECTIONS = (
    "FRA' OR 1=1 --",
    "FRA' UNION SELECT * FROM releases --",
    'FRA"; DROP TABLE x; --',
    "%",
)


@pytest.mark.parametrize("text", INJECTIONS)
def test_f090_a_filter_is_a_value_and_never_a_condition(
    hostile: tuple[Release, Path], text: str
) -> None:
    _, home = hostile
    assert len(talentcast.read("observations", home=home, country="FRA"))
    assert talentcast.read("observations", home=home, country=text).empty
    assert talentcast.read("observations", home=home, country=[text, "x"]).empty
    with pytest.raises(UsageError, match="has no column"):
        talentcast.read("observations", home=home, **{text: "FRA"})
    with pytest.raises(UsageError):
        talentcast.read(text, home=home)


def test_f090_no_sql_is_put_together_from_text() -> None:
    for path, tree in source_of(*SHIPPED).items():
        for call in calls(tree):
            name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            if name in ("execute", "executemany", "raw_sql", "sql") and call.args:
                assert not isinstance(call.args[0], ast.JoinedStr | ast.BinOp), path


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/etc/*')",
        "COPY (SELECT 1) TO '{folder}/written.csv'",
        "ATTACH '{folder}/written.db'",
        "EXPORT DATABASE '{folder}/written'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
        "SET lock_configuration = false",
        "RESET enable_external_access",
    ],
)
def test_f091_the_engine_reaches_no_file_and_cannot_be_unlocked(
    tmp_path: Path, statement: str
) -> None:
    with in_locked_duckdb(pd.DataFrame({"a": [1]})) as table:
        assert table.to_pandas()["a"].tolist() == [1]
        with pytest.raises(Exception, match=r"(?i)permission|cannot|disabled|locked"):
            table.get_backend().raw_sql(statement.format(folder=tmp_path)).fetchall()
    assert not list(tmp_path.iterdir())


def test_f091_there_is_one_place_that_opens_an_engine() -> None:
    opening = {"duckdb", "set_backend", "get_backend", "memtable"}
    for path, tree in source_of(*SHIPPED).items():
        if path.name == "engine.py":
            continue
        used = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        imported = {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        assert not opening & (used | imported), path


def html_of_page(home: Path, monkeypatch: pytest.MonkeyPatch, **query: str) -> list[str]:
    monkeypatch.setenv("TALENTCAST_HOME", str(home))
    script = REPOSITORY / "dashboard" / "entry" / "script.py"
    app = AppTest.from_file(str(script), default_timeout=60)
    for name, value in query.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return [str(element.proto.body) for element in app.get("html")]


@pytest.mark.parametrize("page", ["", "country", "returns", "claims", "quality", "releases"])
def test_f092_hostile_names_are_text_on_every_page(
    hostile: tuple[Release, Path], page: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = html_of_page(hostile[1], monkeypatch, **{PAGE: page})
    assert pieces
    assert not [piece for piece in pieces if "<img src=x" in piece or "<script>alert" in piece]
    if page in ("", "country", "quality"):
        assert [piece for piece in pieces if "&lt;img src=x" in piece]


def test_f092_hostile_names_are_text_in_reports(
    hostile: tuple[Release, Path], tmp_path: Path
) -> None:
    release, home = hostile
    page, *_ = writer("report")(release, home / "releases", tmp_path)
    text = page.read_text(encoding="utf-8")
    assert "<img" not in text
    assert "<script" not in text
    assert "&lt;img src=x" in text


def test_f092_a_hostile_country_in_a_file_is_text_in_the_report_of_checks() -> None:
    rows = [f"{year},FRA,5" for year in range(2010, 2020)]
    content = "\n".join(["year,country,researchers", *rows, f'2019,"{SCRIPT}",5', ""]).encode()
    raw = RawFile("lab.csv", content, "file", "", "", Vintage(date(2021, 1, 1)))
    report = check_counts(CountsFile(Path("lab.csv")).parse([raw]).counts)
    page = report_html(report, f"Checks {SCRIPT}")
    assert "<img" not in page
    assert "&lt;img src=x" in page


def test_f092_html_of_the_dashboard_is_never_unsafe_markdown() -> None:
    for path, tree in source_of("dashboard").items():
        for call in calls(tree):
            assert "unsafe_allow_html" not in {keyword.arg for keyword in call.keywords}, path


FORMULAS = ("=HYPERLINK(1)", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", " =1", "\uff1d1", "\n=1")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_f093_text_that_a_spreadsheet_would_run_is_inert_and_numbers_stay_numbers(
    tmp_path: Path, kind: str
) -> None:
    draft = small_draft(Small())
    checks = draft.tables["quality_checks"]
    many = pd.concat([checks.head(1)] * len(FORMULAS), ignore_index=True)
    many = many.assign(observed=FORMULAS, check=[f"CHECK_{n}" for n in range(len(FORMULAS))])
    release = publish(
        replace(draft, tables={**draft.tables, "quality_checks": many}),
        tmp_path / "releases",
        published_at=datetime(2024, 2, 1, tzinfo=UTC),
    )
    out = tmp_path / "out"
    out.mkdir()
    writer(kind)(release, tmp_path / "releases", out)
    if kind == "csv":
        cells = pd.read_csv(out / "quality_checks.csv", keep_default_na=False)["observed"]
        values = pd.read_csv(out / "observations.csv")["share"]
    else:
        (book,) = out.glob("*.xlsx")
        cells = pd.read_excel(book, sheet_name="quality_checks", keep_default_na=False)["observed"]
        values = pd.read_excel(book, sheet_name="observations")["share"]
    assert [str(cell)[0] for cell in cells] == ["'"] * len(FORMULAS)
    assert pd.api.types.is_float_dtype(values)


def test_f094_hostile_parameters_of_a_page_are_refused_by_name(
    hostile: tuple[Release, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = html_of_page(
        hostile[1],
        monkeypatch,
        horizon="1000000000",
        country="FRA," * 10_000,
        population="(a+)+$" * 50,
        release="../../etc/passwd",
    )
    said = " ".join(pieces)
    assert "There is no horizon" in said
    assert "There is no release" in said


def test_f094_a_question_of_ten_thousand_values_is_answered(
    hostile: tuple[Release, Path],
) -> None:
    wanted = [f"X{number}" for number in range(10_000)]
    assert talentcast.read("observations", home=hostile[1], country=wanted).empty


#: Nine lists of nine times the list before: a kilobyte that stands for thousands of millions.
UNFOLDING = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{name}: &{name} [{','.join([f'*{before}'] * 9)}]\n" for before, name in pairwise("abcdefghij")
)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        f"{UNFOLDING}title: *j\nname: *j\nchanges: *j",
        "name: x\ntitle: &t [1]\nchanges: [{change: *t, factor: 2}]",
        "name: x\ntitle: t\nchanges: [{change: inflow, factor: " + "9" * 5_000 + "}]",
    ],
)
def test_f094_a_scenario_that_unfolds_or_nests_without_end_is_refused(text: str) -> None:
    from models.scenarios import parse_scenario

    with pytest.raises(InputRejectedError, match="SCENARIO"):
        parse_scenario(text)


def test_f099_readers_have_no_call_that_opens_the_restricted_store(
    hostile: tuple[Release, Path],
) -> None:
    _, home = hostile
    with pytest.raises(UsageError, match=r"holds no table|No table"):
        talentcast.read("return_likelihoods", home=home)
    for path, tree in source_of("dashboard").items():
        names = {
            node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
        } | {alias.name for n in ast.walk(tree) if isinstance(n, ast.Import) for alias in n.names}
        assert not [name for name in names if re.search(r"restricted|privacy|sources", name)], path


def test_f102_every_cache_of_the_dashboard_is_keyed_by_release() -> None:
    cached = 0
    for path, tree in source_of("dashboard").items():
        for node in ast.walk(tree):
            if not isinstance(node, ast.FunctionDef):
                continue
            marks = [ast.unparse(mark) for mark in node.decorator_list]
            if any("cache_data" in mark or "cache_resource" in mark for mark in marks):
                cached += 1
                names = [argument.arg for argument in (*node.args.args, *node.args.kwonlyargs)]
                # Streamlit leaves arguments that start with an underscore out of the key; the key
                # of a chart begins with that of its context.
                assert {"release_id", "key"} & set(names), f"{path}: {node.name}"
    assert cached >= 2
    assert "self.release_id" in getsource(Context.key.fget)
