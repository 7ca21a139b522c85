"""Jobs on a server with PostgreSQL and a password: registered, worked off, late, and killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml
from kill_rounds import Round, Rounds, failures
from loopback import running
from prefect_server import REPOSITORY, Server, postgresql_database, prefect_server, wait_for

from talentcast.code_version import code_version
from talentcast.store.pointer import events, list_releases

pytestmark = pytest.mark.server

PASSWORD = "analyst:correct-horse"  # noqa: S105 - of a server that lives for one test
MISSED = 50
#: What `refresh` does once a release has changed a headline.
EMITS = """
from flows.artifacts import emit_alerts
from readers.summaries.alerts import Alert
from talentcast.config import Settings
alert = Alert("order_flipped", "lab-ITA-FRA", "r20210301-000000000000", "Said.", "overview")
emit_alerts([alert], Settings(dashboard_url="https://board.example.org"))
"""
COUNTS = "year,country,researchers\n" + "\n".join(
    f"{year},{country},{base + 10 * (year - 2000) * step}"
    for year in range(2000, 2020)
    for country, base, step in (("FRA", 900, 1), ("ITA", 700, 2), ("NA", 100, 1))
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("server")
    (folder / "lab.csv").write_text(COUNTS)
    with (
        postgresql_database() as database,
        prefect_server(
            folder,
            PREFECT_SERVER_DATABASE_CONNECTION_URL=database,
            PREFECT_SERVER_API_AUTH_STRING=PASSWORD,
            PREFECT_API_AUTH_STRING=PASSWORD,
        ) as running,
    ):
        running.talentcast("deploy")
        yield running


def definitions() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = yaml.safe_load((REPOSITORY / "prefect.yaml").read_text())[
        "deployments"
    ]
    return found


def deployment(server: Server, name: str) -> dict[str, Any]:
    found: dict[str, Any] = server.get(f"/deployments/name/{name}")
    return found


def end_of(server: Server, run_id: str) -> dict[str, Any]:
    def final() -> dict[str, Any] | None:
        run: dict[str, Any] = server.get(f"/flow_runs/{run_id}")
        done = run["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
        return run if done else None

    found: dict[str, Any] = wait_for(final, said=(server.folder / "worker.log").read_text())
    return found


def test_f089_nothing_but_health_answers_without_the_password(server: Server) -> None:
    api = httpx.get(server.url.removesuffix("/api") + "/openapi.json", timeout=30)
    routes = ["/flow_runs/filter", "/deployments/filter", "/work_pools/filter", "/logs/filter"]
    assert api.status_code in (200, 401, 404)
    assert httpx.get(f"{server.url}/health", timeout=30).status_code == 200
    for route in routes:
        for auth in (None, ("analyst", "wrong")):
            reply = httpx.post(f"{server.url}{route}", json={}, auth=auth, timeout=30)
            assert reply.status_code == 401, route
    for route in (
        "/admin/settings",
        "/admin/version",
        "/collections/views/aggregate-worker-metadata",
    ):
        assert httpx.get(f"{server.url}{route}", timeout=30).status_code == 401, route


@pytest.mark.parametrize(
    ("password", "arguments"),
    [
        ("", ("deploy",)),
        ("analyst:wrong", ("refresh", "--source", "lab.csv")),
        ("", ("backfill", "--from", "2015", "--to", "2015", "--source", "lab.csv")),
    ],
)
def test_a_client_without_the_password_is_told_which_variable_it_needs(
    server: Server, password: str, arguments: tuple[str, ...]
) -> None:
    code, said = server.refused(*arguments, PREFECT_API_AUTH_STRING=password)
    assert code == 6, said
    assert len(said.splitlines()) == 1
    assert "PREFECT_API_AUTH_STRING=user:password" in said


@pytest.mark.parametrize("password", ["", "analyst:wrong"])
def test_a_doctor_asks_what_needs_the_password(server: Server, password: str) -> None:
    code, said = server.refused("doctor", "--json", PREFECT_API_AUTH_STRING=password)
    assert code == 6
    assert "PREFECT_API_AUTH_STRING" in said
    code, said = server.refused("doctor", "--json")
    assert code == 0, said


def test_runs_without_an_address_leave_the_database_of_a_real_server_alone(server: Server) -> None:
    """The environment is that in which the real server runs, but for its address."""

    def by_hand() -> list[str]:
        return [run["id"] for run in server.runs() if run["deployment_id"] is None]

    before = by_hand()
    home = server.folder / "temporary"
    lab = ("--source", "lab.csv", "--home", str(home))
    code, said = server.refused("refresh", *lab, PREFECT_API_URL="")
    assert code == 0, said
    assert not (home / "prefect").exists()  # it started no server at all
    years = ("--first-year", "2015", "--last-year", "2015", "--model", "naive")
    code, said = server.refused("backfill", *lab, *years, PREFECT_API_URL="")
    assert code == 0, said
    assert (home / "prefect" / "temporary.db").exists()
    assert by_hand() == before


def test_a_form_asks_for_nothing_that_is_not_a_users_choice(server: Server) -> None:
    for each in server.post("/deployments/filter", {}):
        assert not {"home", "kind"} & set(each["parameter_openapi_schema"]["properties"])
        assert each["tags"] == ["talentcast", each["name"]]


def test_both_ways_to_deploy_register_the_same(server: Server) -> None:
    def registered() -> dict[str, dict[str, Any]]:
        compared = (
            "name",
            "description",
            "entrypoint",
            "parameters",
            "parameter_openapi_schema",
            "job_variables",
            "work_pool_name",
            "pull_steps",
            "concurrency_options",
            "tags",
        )
        found = {each["entrypoint"]: each for each in server.post("/deployments/filter", {})}
        return {
            entrypoint: {
                name: each[name] for name in compared if name != "global_concurrency_limit"
            }
            | {"limit": (each["global_concurrency_limit"] or {}).get("limit")}
            | {"when": [schedule["schedule"] for schedule in each["schedules"]]}
            for entrypoint, each in found.items()
        }

    first = registered()
    assert len(first) == len(
        yaml.safe_load((REPOSITORY / "prefect.yaml").read_text())["deployments"]
    )
    assert {each["version"] for each in server.post("/deployments/filter", {})} == {code_version()}
    server.prefect("--no-prompt", "deploy", "--all")
    assert registered() == first
    server.talentcast("deploy")
    assert registered() == first
    assert len(server.post("/automations/filter", {})) in (2, 3)


def test_a_release_is_published_withdrawn_and_served_again_by_jobs(server: Server) -> None:
    home = server.folder / "jobs"
    with server.worker():
        done = end_of(
            server,
            server.start(
                "refresh/refresh",
                sources=[str(server.folder / "lab.csv")],
                models=["naive"],
                home=str(home),
            ),
        )
        assert done["state_name"] == "Completed", (server.folder / "worker.log").read_text()
        (release,) = list_releases(home / "releases")
        assert release.kind == "manual"
        again = server.start(
            "refresh/refresh",
            sources=[str(server.folder / "lab.csv")],
            models=["naive"],
            home=str(home),
        )
        done = end_of(server, again)
        assert (done["state_type"], done["state_name"]) == ("COMPLETED", "Nothing changed")
        assert str(release.release_id) in done["state"]["message"]
        name = str(release.release_id)
        for job, status in (("retract", "retracted"), ("restore", "published")):
            run = server.start(
                f"{job}/{job}", release_id=name, reason="a test", by="me", home=str(home)
            )
            assert end_of(server, run)["state_name"] == "Completed"
            (release,) = list_releases(home / "releases")
            assert release.status == status
        assert release.reason == "a test (me)"

        data = home / "releases" / "observations" / release.tables["observations"].files[0].path
        data.write_bytes(data.read_bytes()[:-1] + b"x")
        assert (
            end_of(server, server.start("verify/verify", home=str(home)))["state_name"] == "Failed"
        )
    (release,) = list_releases(home / "releases")
    assert release.status == "retracted"
    assert release.reason is not None and release.reason.startswith("damaged: table 'observations'")


@contextmanager
def receiving() -> Iterator[tuple[str, list[str]]]:
    """Give the address of a receiver on this machine, and what was posted to it so far."""
    told: list[str] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()

    with running(ThreadingHTTPServer(("127.0.0.1", 0), Receiver)) as port:
        yield f"http://127.0.0.1:{port}/told", told


def test_a_failed_run_is_told_to_the_block_that_the_operator_named(server: Server) -> None:
    with receiving() as (url, told):
        kind = server.get("/block_types/slug/custom-webhook")["id"]
        wanted = {"block_schemas": {"block_type_id": {"any_": [kind]}}}
        schema = server.post("/block_schemas/filter", wanted)[0]["id"]
        data = {
            "name": "operators",
            "url": url,
            "json_data": {"text": "{{subject}} {{body}}"},
        }
        server.post(
            "/block_documents/",
            {
                "name": "operators",
                "data": data,
                "block_type_id": kind,
                "block_schema_id": schema,
            },
        )
        for _ in range(2):
            server.talentcast("deploy", "--notify", "custom-webhook/operators")
        assert len(server.post("/automations/filter", {})) == 4
        for tags, message in ((["foreign"], "not ours"), (["talentcast"], "the reason")):
            flow = server.post("/flows/", {"name": "refresh"})["id"]
            running = {"type": "RUNNING", "name": "Running"}
            run = server.post("/flow_runs/", {"flow_id": flow, "tags": tags, "state": running})
            failed = {"type": "FAILED", "name": "Failed", "message": message}
            server.post(f"/flow_runs/{run['id']}/set_state", {"state": failed, "force": True})
        wait_for(lambda: told, seconds=60, said="a notification")
        assert len(told) == 1
        assert "talentcast: refresh Failed" in told[0]
        assert "the reason" in told[0]
        server.python(EMITS)
        wait_for(lambda: len(told) > 1, seconds=60, said="a second notification")
    assert "talentcast: release r20210301-000000000000" in told[1]
    assert "Said. https://board.example.org/overview" in told[1]
    code, said = server.refused("deploy", "--notify", "custom-webhook/nobody")
    assert (code, "--notify" in said) == (2, True)


def test_f071_of_fifty_missed_runs_only_the_newest_works(server: Server) -> None:
    home = server.folder / "late"
    refresh = deployment(server, "refresh/refresh")
    lab = str(server.folder / "lab.csv")
    parameters = {"sources": [lab], "models": ["naive"], "home": str(home)}
    now = datetime.now(UTC)
    server.patch(
        f"/deployments/{refresh['id']}",
        {
            "parameters": parameters,
            "schedules": [{"schedule": {"cron": "0 * * * *", "timezone": "UTC"}, "active": True}],
        },
    )
    server.post(
        f"/deployments/{refresh['id']}/schedule",
        {
            "start_time": (now - timedelta(hours=MISSED + 5)).isoformat(),
            "end_time": now.isoformat(),
            "min_runs": MISSED,
            "max_runs": MISSED,
        },
    )

    def missed() -> list[dict[str, Any]]:
        return [
            run
            for run in server.runs(deployment_id=refresh["id"])
            if run["auto_scheduled"] and datetime.fromisoformat(run["expected_start_time"]) < now
        ]

    assert len(missed()) == MISSED
    with server.worker():
        wait_for(
            lambda: all(run["state_type"] == "COMPLETED" for run in missed()),
            seconds=300,
            said=str([run["state_name"] for run in missed()]),
        )
    names = [run["state_name"] for run in missed()]
    assert names == ["Skipped"] * (MISSED - 1) + ["Completed"]
    assert len(events(home / "releases")) == 1


def test_f070_f076_a_killed_run_is_found_dead_and_the_next_one_has_its_place(
    server: Server,
) -> None:
    foreign = foreign_run_with_one_heartbeat(server)
    with Rounds(server) as rounds:
        played = rounds.play("run and worker")
    assert failures([played]) == []
    assert server.get(f"/flow_runs/{foreign}")["state_type"] == "RUNNING"


def foreign_run_with_one_heartbeat(server: Server) -> str:
    """Start a run of another project on the same server, and let no more be heard of it."""
    flow = server.post("/flows/", {"name": "foreign"})["id"]
    running = {"type": "RUNNING", "name": "Running"}
    run: str = server.post("/flow_runs/", {"flow_id": flow, "state": running})["id"]
    heartbeat = {
        "id": str(uuid4()),
        "occurred": datetime.now(UTC).isoformat(),
        "event": "prefect.flow-run.heartbeat",
        "resource": {"prefect.resource.id": f"prefect.flow-run.{run}"},
        "related": [
            {"prefect.resource.id": "prefect.tag.foreign", "prefect.resource.role": "tag"},
        ],
    }
    server.post("/events", [heartbeat])
    return run


def test_a_death_that_goes_unseen_or_stops_the_work_fails_a_soak() -> None:
    good = Round("run", 3.0, 9.0)
    assert failures([good]) == []
    bad = [Round("run", None, 9.0), Round("run", 61.0, 9.0), Round("run", 3.0, None)]
    assert len(failures([good, *bad])) == len(bad)
