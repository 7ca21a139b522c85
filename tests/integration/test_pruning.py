"""Old releases are pruned: their rows and files go, the record and everybody else's rows stay."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from console import Console
from deltalake import DeltaTable
from pandas.testing import assert_frame_equal
from release_drafts import draft, marked_tables, of_tables
from stress_store import Pruner, start

import talentcast
from flows.steps.retention import Retention, plan_pruning
from flows.steps.score import score_releases
from flows.steps.track_record import first_forecasts
from publication.scores import with_true_record
from restricted.store import RestrictedStore
from talentcast.domain.errors import IntegrityError, PrunedError, StoreError
from talentcast.domain.types import QUANTILE_LEVELS, Vintage
from talentcast.store.cleaning import clean
from talentcast.store.inspection import inspect
from talentcast.store.pointer import events, find_recorded, find_release, list_releases
from talentcast.store.pruning import PruneStage, Pruning, prune, stored_bytes
from talentcast.store.publisher import publish, published_release
from talentcast.store.reader import read_frame, read_rows
from talentcast.store.release import Kind, Release
from talentcast.store.retraction import restore, retract
from talentcast.store.verification import verify

DAY = datetime(2024, 3, 1, tzinfo=UTC)
PRUNED_AT = DAY + timedelta(days=30)
ONE = Retention(keep=1)


def publish_three(root: Path) -> list[Release]:
    """Publish three releases of two tables, a day apart."""
    return [
        publish(
            of_tables(marked_tables(number / 10, 200), f"{number:064}"),
            root,
            published_at=DAY + timedelta(days=number),
        )
        for number in range(3)
    ]


def planned(root: Path, retention: Retention = ONE) -> Pruning:
    return plan_pruning(root, retention, now=PRUNED_AT)


def prune_now(root: Path, on_stage: Callable[[PruneStage], None] = lambda _: None) -> int:
    return prune(planned(root), root, by="a.n", at=PRUNED_AT, on_stage=on_stage)


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("three") / "releases"
    publish_three(root)
    return root


@pytest.fixture
def root(three: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(three, tmp_path / "releases"))


def left_of(release: Release, root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if str(release.release_id) in str(path)]


def require_finished(root: Path) -> None:
    """Make sure that the two older releases are gone and the newest is whole."""
    newest, *older = list_releases(root)
    assert [one.status for one in (newest, *older)] == ["published", "pruned", "pruned"]
    assert verify(newest, root) == []
    assert [left_of(one, root) for one in older] == [[], []]
    for name in ("forecasts", "observations"):
        stored = set(DeltaTable(str(root / name)).to_pyarrow_table()["release_id"].to_pylist())
        assert stored == {str(newest.release_id)}
    assert planned(root).going == []
    assert planned(root).unfinished == ()


def test_rows_and_files_go_and_what_was_freed_is_what_lay_there(root: Path) -> None:
    newest, *older = list_releases(root)
    sizes = [stored_bytes(one.release_id, root) for one in older]
    assert min(sizes) > 1_000
    assert prune_now(root) == sum(sizes)
    require_finished(root)
    assert events(root)[-1].reason == "not among the newest 1 (a.n)"
    assert read_rows("forecasts", newest, root).num_rows == 200
    # Who publishes, cleans and prunes afterwards finds nothing amiss.
    before = events(root)
    assert prune_now(root) == 0
    assert events(root) == before
    assert clean(root, dry_run=False) == []
    assert publish_three(root / "elsewhere")
    publish(draft("d" * 64), root, published_at=DAY + timedelta(days=40))
    assert [found.problems for found in inspect(root)] == [()] * 4


def test_a_pruned_release_says_when_it_was_pruned_and_how_to_make_it_again(root: Path) -> None:
    held = list_releases(root)[1]
    prune_now(root)
    name = str(held.release_id)
    with pytest.raises(PrunedError, match=r"removed on 2024-03-31 00:00.*refresh --as-of") as said:
        find_release(name, root)
    assert said.value.exit_code == 5
    assert said.value.pruned_at == PRUNED_AT
    for look in (
        lambda: read_rows("forecasts", held, root),  # looked up before it was pruned
        lambda: read_rows("forecasts", find_recorded(name, root), root),
        lambda: restore(name, root, reason="needed", by="a.n", at=DAY),
        lambda: retract(name, root, reason="wrong", by="a.n", at=DAY),
        lambda: publish(of_tables(marked_tables(0.1, 200), f"{1:064}"), root, published_at=DAY),
    ):
        with pytest.raises(PrunedError):
            look()


def test_what_was_made_in_the_place_of_a_pruned_release_is_found_by_its_inputs(root: Path) -> None:
    first = list_releases(root)[-1]
    prune_now(root)
    assert (gone := published_release(first.release_id, root)) is not None
    assert gone.status == "pruned"
    again = of_tables(marked_tables(0.3, 200), f"{0:064}")
    again = replace(again, identity=again.identity.repeated(1))
    made = publish(again, root, published_at=DAY + timedelta(days=50))
    assert published_release(first.release_id, root) == made


def test_verify_checks_the_manifest_of_a_pruned_release_and_nothing_else(root: Path) -> None:
    listed = list_releases(root)
    prune_now(root)
    assert [(f.problems, f.checked) for f in inspect(root)] == [
        ((), "manifest and rows"),
        ((), "manifest only"),
        ((), "manifest only"),
    ]
    pruned = find_recorded(str(listed[1].release_id), root)
    assert verify(replace(pruned, quality={}), root) == [
        f"manifest of {pruned.release_id}, row {pruned.sequence}: it was changed"
    ]


def test_a_release_pruned_while_all_are_verified_is_not_called_damaged(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from talentcast.store import inspection

    listed = list_releases(root)
    prune_now(root)
    monkeypatch.setattr(inspection, "list_releases", lambda _: listed)
    assert [(f.release.status, f.problems) for f in inspect(root)] == [
        ("published", ()),
        ("pruned", ()),
        ("pruned", ()),
    ]


def test_a_release_that_lost_a_file_is_damaged_and_not_pruned(root: Path) -> None:
    newest = list_releases(root)[0]
    (root / "forecasts" / newest.tables["forecasts"].files[0].path).unlink()
    with pytest.raises(IntegrityError, match="has lost data"):
        read_rows("forecasts", newest, root)


def test_a_pruning_that_is_killed_after_any_step_is_completed_by_the_next(
    three: Path, tmp_path: Path
) -> None:
    whole: list[PruneStage] = []
    prune_now(Path(shutil.copytree(three, tmp_path / "whole")), whole.append)
    assert whole == [
        *[PruneStage.RECORDED] * 2,
        *[PruneStage.ROWS_DELETED] * 2,
        *[PruneStage.FILE_REMOVED] * 4,
    ]
    for dies_after in range(1, len(whole) + 1):
        root = Path(shutil.copytree(three, tmp_path / f"killed-{dies_after}"))
        before = list_releases(root)
        process = start(Pruner(root, PRUNED_AT, dies_after))
        process.join(60)
        assert process.exitcode == -signal.SIGKILL
        for held in before:  # by readers that had looked it up before
            for name in held.tables:
                with suppress(PrunedError):
                    assert read_rows(name, held, root).num_rows == held.tables[name].rows
        assert all(found.problems == () for found in inspect(root))
        assert planned(root).going or planned(root).unfinished or dies_after == len(whole)
        prune_now(root)
        require_finished(root)


def test_a_reader_gets_whole_tables_or_a_typed_error_at_every_step(root: Path) -> None:
    held = list_releases(root)
    seen = set()

    def read_everything(_: PruneStage) -> None:
        for release in held:
            for name in release.tables:
                try:
                    n_rows = read_rows(name, release, root).num_rows
                except PrunedError:
                    n_rows = 0
                assert n_rows in (0, release.tables[name].rows)
                seen.add(n_rows > 0)
        assert talentcast.read("observations", home=root.parent)["share"].tolist() == [0.2] * 20

    prune_now(root, read_everything)
    assert seen == {True, False}


def test_a_table_whose_files_go_while_it_is_read_is_never_read_by_half(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = list_releases(root)[1]

    def pruned_first(*arguments: object, **options: object) -> pq.ParquetFile:
        prune_now(root)
        return original(*arguments, **options)

    original = pq.ParquetFile
    from readers import cache

    monkeypatch.setattr(cache.pq, "ParquetFile", pruned_first)
    with pytest.raises(PrunedError):
        cache.rows("forecasts", held, root, filters={})


def test_nothing_is_pruned_if_the_record_changed_since_it_was_shown(root: Path) -> None:
    shown = planned(root)
    newest = str(list_releases(root)[0].release_id)
    retract(newest, root, reason="wrong counts", by="a.n", at=DAY)
    with pytest.raises(StoreError, match="Nothing was removed"):
        prune(shown, root, by="a.n", at=DAY)
    assert "pruned" not in {release.status for release in list_releases(root)}


def test_a_home_whose_table_knows_two_states_is_widened_once(root: Path) -> None:
    rule = "delta.constraints.status_known"
    table = DeltaTable(str(root / "releases"))
    table.alter.drop_constraint("status_known")
    table.alter.add_constraint({"status_known": "status IN ('published', 'retracted')"})
    assert "pruned" not in table.metadata().configuration[rule]
    prune_now(root)
    require_finished(root)
    widened = DeltaTable(str(root / "releases"))
    assert "'pruned'" in widened.metadata().configuration[rule]
    publish(draft("e" * 64), root, published_at=DAY)
    # One commit is the new row: nothing is widened a second time.
    assert DeltaTable(str(root / "releases")).version() == widened.version() + 1


def test_a_link_in_the_place_of_a_folder_is_not_followed(root: Path, tmp_path: Path) -> None:
    oldest = list_releases(root)[-1]
    folder = root / "forecasts" / f"release_id={oldest.release_id}"
    elsewhere = folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(elsewhere)
    prune_now(root)
    assert list(elsewhere.iterdir())


def test_a_release_to_be_kept_has_to_exist(root: Path) -> None:
    absent = of_tables({}, "f" * 64).identity.release_id
    with pytest.raises(StoreError, match=str(absent)):
        planned(root, Retention(keep=1, keep_also=frozenset([absent])))


def publish_forecast(
    home: Path, as_of: date, origin_year: int, *, kind: Kind = "manual"
) -> Release:
    """Publish the shares of two countries, one and two years after an origin."""
    index = pd.MultiIndex.from_product(
        [["FRA", "NAM"], [1, 2], QUANTILE_LEVELS],
        names=["country", "horizon_years", "output_type_id"],
    )
    rows = pd.DataFrame(index=index).reset_index()
    tables = marked_tables(0.5, 1)
    rest = tables["forecasts"].drop(columns=rows.columns).assign(output_type="quantile")
    tables["forecasts"] = rows.merge(rest, how="cross").assign(
        origin_year=origin_year,
        target_year=origin_year + rows["horizon_years"],
        value=0.4 + 0.2 * rows["output_type_id"] + as_of.month / 1000,
    )
    tables["observations"] = pd.concat(
        tables["observations"].assign(source="file", year=year, country=country)
        for year in range(origin_year - 1, origin_year + 1)
        for country in ("FRA", "NAM")
    ).assign(counting_rule="fractional")
    made = of_tables(tables, f"{as_of:%Y%m%d}".zfill(64))
    identity = replace(made.identity, as_of=Vintage(as_of))
    at = datetime(as_of.year, as_of.month, as_of.day, 12, tzinfo=UTC)
    draft_of = replace(made, identity=identity, kind=kind)
    return publish(draft_of, home / "releases", published_at=at)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five releases: a backfill, two refreshes of origin 2021 and two of 2023."""
    home = tmp_path_factory.mktemp("home")
    publish_forecast(home, date(2019, 12, 31), 2018, kind="backfill")
    publish_forecast(home, date(2022, 1, 31), 2021)
    publish_forecast(home, date(2022, 2, 28), 2021)
    publish_forecast(home, date(2024, 1, 31), 2023)
    publish_forecast(home, date(2024, 2, 28), 2023)
    return home


def track_record(root: Path) -> pd.DataFrame:
    """Score what was published against the counts of the latest release."""
    observations = read_frame("observations", find_release("latest", root), root)
    return with_true_record(pd.DataFrame(), score_releases(observations, root))


def test_pruning_leaves_the_track_record_as_it_was(home: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(home, tmp_path / "home")) / "releases"
    latest, first_of_2023, second_of_2021, first_of_2021, _ = list_releases(root)
    needed = first_forecasts(root)
    assert needed == {first_of_2023.release_id, first_of_2021.release_id}
    before = track_record(root)
    assert set(before["made_by"]) == {str(first_of_2021.release_id)}
    planned = plan_pruning(root, ONE, now=datetime.now(UTC), recorded=needed)
    assert planned.going == [second_of_2021]
    prune(planned, root, by="a.n", at=datetime.now(UTC))
    assert_frame_equal(track_record(root), before)
    # Without the rule the first forecast would go, and the record would tell of the second.
    careless = plan_pruning(root, ONE, now=datetime.now(UTC))
    assert careless.going == [first_of_2023, first_of_2021]
    assert find_release("latest", root) == latest


def test_ledgers_of_pruned_releases_still_protect_the_next_one(root: Path, tmp_path: Path) -> None:
    store = RestrictedStore(tmp_path / "restricted", releases=root)
    listed = [release.release_id for release in list_releases(root)]
    store.write_ledger("careers_counts", listed[-1], pd.DataFrame({"researchers": [12]}))
    prune_now(root)
    seen = [release.release_id for release in list_releases(root)]
    assert seen == listed
    assert store.read_ledger("careers_counts", seen)["researchers"].tolist() == [12]


def test_an_operator_sees_what_goes_is_asked_and_readers_go_on(
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    console, root = Console(monkeypatch, capsys), home / "releases"
    by_day = {str(one.as_of.as_of): str(one.release_id) for one in list_releases(root)}
    going = by_day["2022-02-28"]
    command = ("releases", "prune", "--keep", "1", "--home", home)
    code, out, _ = console(*command, "--dry-run")
    assert code == 0
    assert going in out
    assert by_day["2022-01-31"] not in out
    assert (
        "4 releases to stay: 2 given to readers by default; 2 scored for the track record." in out
    )
    assert "1 release to go: " in out
    code, _, err = console(*command)
    assert code == 2
    assert "(--yes, --dry-run)" in err
    assert len(talentcast.read("observations", going, home=home)) > 0
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    assert console(*command)[0] == 1
    assert find_release(going, root).status == "published"
    code, out, _ = console(*command, "--yes")
    assert code == 0
    assert "Pruned 1 release; " in out
    for opened in ("show", "deliver"):
        code, out, err = console("releases", opened, going, "--home", home)
        assert code == 5
        assert f"PRUNED: the rows of {going} were removed" in err
    code, out, _ = console("releases", "list", "--home", home)
    assert {line.split()[0]: "pruned" in line for line in out.splitlines()[1:]} == {
        one: one == going for one in by_day.values()
    }
    code, out, _ = console("releases", "verify", "--home", home)
    assert code == 0
    assert out.count("manifest only") == 1
    with pytest.raises(PrunedError):
        talentcast.read("observations", going, home=home)
    statuses = talentcast.releases(home=home)["status"]
    assert sorted(statuses) == ["pruned", *["published"] * 4]
