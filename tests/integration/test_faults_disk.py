"""Disks that are full or read-only, and files that belong to somebody else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np
import pandas as pd
import pytest
from console import Console
from release_drafts import NOW, draft, marked_tables, of_tables
from small_release import publish_small

from flows.steps import pipeline
from flows.steps.plan import Plan
from flows.steps.runner import PlainRunner
from models.simulation.careers import simulate_careers
from privacy.pseudonyms import pseudonymised, require_key
from restricted.store import RestrictedStore
from talentcast.config import load_settings
from talentcast.domain.errors import StoreError
from talentcast.store.pointer import events, find_release, list_releases
from talentcast.store.publisher import publish
from talentcast.store.verification import verify

P = ParamSpec("P")
R = TypeVar("R")

MAIN = "from talentcast.cli import main; main()"
#: A user that is nobody here.
STRANGER = 54_321

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount, and give files away")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def room_for(pages: int, disk: Path) -> Iterator[None]:
    """Leave room for so many pages of four kilobytes, and free the rest afterwards."""
    ballast = disk / "ballast"
    room = os.statvfs(disk)
    ballast.write_bytes(bytes((room.f_bavail - pages) * room.f_bsize))
    assert os.statvfs(disk).f_bavail == pages
    yield
    ballast.unlink()


def files_without_a_release(root: Path) -> set[str]:
    """Return the data and temporary files that neither a release nor the store itself names."""
    named = {
        root / entry.name / file.path
        for release in list_releases(root)
        for entry in release.tables.values()
        for file in entry.files
    }
    own = {root / name for name in (".lease.json", ".lease.lock", ".acknowledged")}
    found = {path for path in root.rglob("*") if path.is_file()} - named - own
    kept = {path for path in found if path.parent.name == "_delta_log" and path.stem.isdigit()}
    events_of = {path for path in found - kept if path.parent == root / "releases"}
    assert len(events_of) == len(events(root))
    return {str(path.relative_to(root)) for path in found - kept - events_of}


@only_root
def test_f047_whatever_room_is_left_a_release_is_whole_or_invisible_and_nothing_piles_up(
    disk: Path,
) -> None:
    root = disk / "store"
    publish(of_tables(marked_tables(0.5, 200), "f" * 64), root, published_at=NOW)
    outcomes = []
    for pages in range(14):
        wanted = of_tables(marked_tables(pages / 100, 200), f"{pages:064}")
        before = {release.release_id for release in list_releases(root)}
        said = ""
        with room_for(pages, disk):
            try:
                publish(wanted, root, published_at=NOW)
            except StoreError as error:
                said = str(error)
            seen = list_releases(root)
            assert {release.release_id for release in seen} - before <= {wanted.identity.release_id}
            assert verify(seen[0], root) == []
        assert not said or (said.startswith("DISK: ") and "Free space and run again" in said)
        outcomes.append(bool(said))
        again = publish(wanted, root, published_at=NOW)
        assert (find_release("latest", root), verify(again, root)) == (again, [])
        assert files_without_a_release(root) == set()
    assert outcomes[0]
    assert not outcomes[-1]
    assert len(events(root)) == 15


class Filling(PlainRunner):
    """Fills the disk when a stage begins, or a step is carried out."""

    def __init__(self, disk: Path, when: str) -> None:
        self.ballast, self._disk, self._when = disk / "ballast", disk, when

    def __call__(self, step: Callable[P, R], /, *args: P.args, **kwargs: P.kwargs) -> R:
        self._fill(step.__name__)
        return step(*args, **kwargs)

    def progress(self, doing: str) -> None:
        self._fill(doing)

    def _fill(self, now: str) -> None:
        if now == self._when:
            room = os.statvfs(self._disk)
            self.ballast.write_bytes(bytes(room.f_bavail * room.f_bsize))


def counts(path: Path, plus: int = 0) -> Path:
    rows = [
        f"{year},{country},{size + 10 * (year - 2000) + plus}"
        for year in range(2000, 2015)
        for country, size in (("FRA", 900), ("ITA", 700), ("ESP", 500))
    ]
    path.write_text("\n".join(["year,country,researchers", *rows]))
    return path


@only_root
def test_f047_a_run_whose_disk_fills_up_at_any_stage_says_so_and_the_next_one_publishes(
    disk: Path, tmp_path: Path
) -> None:
    settings = load_settings(disk / "home")
    plan = Plan(
        sources=(str(tmp_path / "lab.csv"),), models=("naive",), n_samples=20, scored_horizons=()
    )
    counts(tmp_path / "lab.csv")
    served = pipeline.refresh(plan, settings).release
    stages = {
        "Fetching sources": "snapshots",
        "Publishing": "reports",
        "publish_release": "releases",
    }
    for plus, (stage, folder) in enumerate(stages.items(), start=1):
        counts(tmp_path / "lab.csv", plus)
        run = Filling(disk, stage)
        with pytest.raises(StoreError, match=rf"DISK: writing to .*/{folder} failed.*Free space"):
            pipeline.refresh(plan, settings, run=run)
        assert find_release("latest", settings.releases) == served
        run.ballast.unlink()
        served = pipeline.refresh(plan, settings).release
        assert find_release("latest", settings.releases) == served
    counts(tmp_path / "lab.csv", plus=9)
    run = Filling(disk, "write_report")
    late = pipeline.refresh(plan, settings, run=run)
    assert late.is_new
    assert "No space left" in late.undelivered[0]
    run.ballast.unlink()
    assert pipeline.refresh(plan, settings).undelivered == ()
    assert [
        problem
        for one in list_releases(settings.releases)
        for problem in verify(one, settings.releases)
    ] == []
    assert files_without_a_release(settings.releases) == set()
    assert [path for path in (disk / "home").rglob(".*-*") if path.is_file()] == []
    assert len(list_releases(settings.releases)) == 5


@only_root
def test_f047_a_full_restricted_store_loses_nobody_and_forgets_on_the_second_try(
    disk: Path,
) -> None:
    store = RestrictedStore(disk / "restricted", releases=disk / "releases")
    drawn = simulate_careers(300, np.random.default_rng(1)).records
    records = pseudonymised(drawn, require_key("0123456789abcdef" * 4))
    store.save_records(records, name="one")
    person = str(records.careers["researcher_id"].iloc[0])
    release = draft().identity.release_id
    cells = pd.DataFrame({"country": ["FRA"], "researchers": [12]})
    for act in (
        lambda: store.write_ledger("lab_counts", release, cells),
        lambda: store.save_records(records, name="two"),
        lambda: store.forget(person, forgotten_at=datetime.now(UTC)),
    ):
        with room_for(0, disk), pytest.raises(StoreError, match=r"DISK: .*restricted failed"):
            act()
        assert list((disk / "restricted").rglob(".*-*")) == []
    assert store.read_ledger("lab_counts", [release]).empty
    assert store.forgotten() == frozenset()
    assert store.forget(person, forgotten_at=datetime.now(UTC)) > 0
    store.write_ledger("lab_counts", release, cells)
    assert store.read_ledger("lab_counts", [release]).equals(cells)


@only_root
@pytest.mark.parametrize(
    ("command", "pages"), [("refresh", 2), ("backfill --first-year 2015 --last-year 2015", 1000)]
)
def test_f047_a_home_without_room_for_a_run_is_said_at_once(
    disk: Path, tmp_path: Path, command: str, pages: int
) -> None:
    """A backfill would wait for a server, which needs more room."""
    lab = str(counts(tmp_path / "lab.csv"))
    with room_for(pages, disk):
        done = subprocess.run(
            [sys.executable, "-c", MAIN, *command.split(), "--source", lab],
            env={**os.environ, "TALENTCAST_HOME": str(disk), "PREFECT_API_URL": ""},  # noqa: TID251
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert (done.returncode, done.stderr.count("\n")) == (5, 1)
    assert "DISK: writing to" in done.stderr


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Console:
    return Console(monkeypatch, capsys)


@only_root
def test_f047_a_read_only_home_is_named_and_readers_still_read_it(
    disk: Path, tmp_path: Path, console: Console
) -> None:
    home = disk / "home"
    served = publish_small(home / "releases")
    kept = RestrictedStore(home / "restricted", releases=home / "releases")
    kept.write_ledger("lab_counts", served.release_id, pd.DataFrame({"researchers": [12]}))
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    lab, why = str(counts(tmp_path / "lab.csv")), ("--reason", "a test of disks", "--home", home)
    for command in (
        ("refresh", "--source", lab, "--home", home),
        ("sources", "fetch", lab, "--home", home),
        ("releases", "retract", "latest", *why),
        ("releases", "clean", "--no-dry-run", "--home", home),
        ("returns", "forget", "0" * 64, "--home", home),
        ("export", "--format", "csv", "--out", home / "out", "--home", home),
    ):
        code, _, said = console(*command)
        assert (code, said.count("\n")) == (5, 1), said
        assert "READ_ONLY: " in said
        assert said.endswith("(--out)\n" if command[0] == "export" else "(--home)\n")
    for command in (
        ("releases", "list"),
        ("releases", "show", "latest"),
        ("releases", "verify"),
        ("releases", "clean"),
        ("export", "--format", "csv", "--out", tmp_path / "out"),
    ):
        assert console(*command, "--home", home)[0] == 0
    assert pages(home) == [""]
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    assert console("releases", "retract", "latest", *why)[0] == 0


def pages(home: Path) -> list[str]:
    """Return what went wrong on the dashboard's first page, which a new process draws."""
    script = Path(__file__).parents[2] / "dashboard" / "entry" / "script.py"
    code = (
        "from streamlit.testing.v1 import AppTest; "
        f"app = AppTest.from_file({str(script)!r}, default_timeout=60).run(); "
        "print(*(error.message for error in app.exception), sep='')"
    )
    return [run(code, TALENTCAST_HOME=str(home)).stdout.strip()]


def run(code: str, *before: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, sys.executable, "-c", code],
        env={**os.environ, **variables},  # noqa: TID251
        capture_output=True,
        text=True,
        timeout=60,
    )


#: Root without the right to pass over modes, so that they bind it as they bind any user.
BOUND = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all")

ATTEMPT = """
import sys
from pathlib import Path
sys.path.insert(0, {support!r})
from release_drafts import NOW, draft
from talentcast.domain.errors import NotPermittedError
from talentcast.store.cleaning import clean
from talentcast.store.inspection import inspect
from talentcast.store.pointer import find_release
from talentcast.store.publisher import publish
from talentcast.store.reader import read_frame
root = Path({root!r})
acts = dict(
    list=lambda: find_release("latest", root),
    read=lambda: read_frame("country_names", find_release("latest", root), root),
    verify=lambda: [one.problems for one in inspect(root)],
    clean=lambda: clean(root, dry_run=True),
    publish=lambda: publish(draft("b" * 64), root, published_at=NOW),
)
for name, act in acts.items():
    try:
        found = act()
        print(name, "ok", found if name == "verify" else "")
    except NotPermittedError as error:
        print(name, str(error))
"""


def attempts(root: Path) -> Mapping[str, str]:
    """Return what a user with no rights but those of modes is told, by what was attempted."""
    support = str(Path(__file__).parents[1] / "support")
    done = run(ATTEMPT.format(support=support, root=str(root)), *BOUND)
    lines = [line.partition(" ") for line in done.stdout.splitlines()]
    assert len(lines) == 5, done.stdout + done.stderr
    return {name: said for name, _, said in lines}


def give_away(root: Path, *opened: Path) -> None:
    for path in (root, *root.rglob("*")):
        os.chown(path, STRANGER, STRANGER)
    for path in opened:
        os.chown(path, 0, 0)


@only_root
@pytest.mark.parametrize(
    ("closed", "refused"),
    [
        ("", {"publish"}),
        ("country_names", {"read", "verify", "clean", "publish"}),
        ("country_names/*/*.parquet", {"read", "verify", "publish"}),
        ("releases", {"list", "read", "verify", "clean", "publish"}),
        ("releases/*.parquet", {"list", "read", "verify", "clean", "publish"}),
        (".acknowledged", {"list", "read", "verify", "clean", "publish"}),
    ],
)
def test_files_of_somebody_else_are_named_with_their_owner_and_never_called_damaged(
    tmp_path: Path, closed: str, refused: set[str]
) -> None:
    root = tmp_path / "store"
    served = publish(draft(), root, published_at=NOW)
    give_away(root)
    shut = list(root.glob(closed)) if closed else []
    for path in shut:
        path.chmod(0o700 if path.is_dir() else 0o600)
    said = attempts(root)
    assert {name for name, line in said.items() if line.startswith("PERMISSION: ")} == refused
    for name in refused:
        assert f"belongs to user {STRANGER}, with mode" in said[name]
        assert str(root) in said[name]
    assert said["verify"] in ("ok [()]", said["verify"] if "verify" in refused else "")
    give_away(root, root, *root.rglob("*"))
    assert set(attempts(root).values()) == {"ok ", "ok [()]"}
    assert verify(served, root) == []
    assert len(list_releases(root)) == 2


@only_root
def test_one_table_that_another_user_wrote_stops_a_release_before_it_is_visible(
    tmp_path: Path,
) -> None:
    root = tmp_path / "store"
    served = publish(draft(), root, published_at=NOW)
    give_away(root / "country_names")
    said = attempts(root)
    assert f"{root}/country_names belongs to user {STRANGER}" in said["publish"]
    assert said["list"] == said["read"] == "ok "
    assert list_releases(root) == [served]
    give_away(root, root, *root.rglob("*"))
    assert attempts(root)["publish"] == "ok "


def test_what_a_publisher_writes_is_open_to_readers_as_its_umask_says(tmp_path: Path) -> None:
    root = tmp_path / "store"
    before = os.umask(0o027)
    try:
        publish(draft(), root, published_at=NOW)
        kept = RestrictedStore(tmp_path / "restricted", releases=root)
        kept.write_ledger("lab", draft().identity.release_id, pd.DataFrame({"n": [1]}))
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in root.rglob("*") if path.is_file()}
    assert modes == {0o640}
    assert {p.stat().st_mode & 0o777 for p in (tmp_path / "restricted").rglob("lab/*")} == {0o600}
