"""A release as plain files: every link leads somewhere, every number is that of the tables."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from hashlib import sha256
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from xml.etree import ElementTree as ET

import duckdb
import pandas as pd
import pyarrow.parquet as pq
import pytest
from console import Console
from ranged_files import Ranges
from small_release import Small, publish_small, small_draft
from static_server import serving

from readers.fan import field
from readers.site.data import write_tables
from readers.site.index import SiteOptions, write_site
from readers.summaries.published_series import load_series, published_series
from readers.summaries.wording import probability
from talentcast.domain.errors import StoreError
from talentcast.domain.tables import table
from talentcast.store.publisher import publish
from talentcast.store.reader import read_frame
from talentcast.store.release import Release
from talentcast.store.retraction import retract

ADDRESS = "https://talent.example/site/"


@dataclass(frozen=True)
class Built:
    root: Path
    out: Path
    older: Release
    retracted: Release
    latest: Release

    @property
    def address(self) -> str:
        return f"{ADDRESS}releases/{self.latest.release_id}/"

    @property
    def folder(self) -> Path:
        return self.out / "releases" / str(self.latest.release_id)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """A site made after a first release, and again after one was retracted and one published."""
    root, out = tmp_path_factory.mktemp("home") / "releases", tmp_path_factory.mktemp("site")
    older, retracted = (
        publish_small(root, Small(date(2023, month, 28), 2022, "manual", "c", has_returns=False))
        for month in (1, 2)
    )
    at = datetime(2024, 3, 1, tzinfo=UTC)
    retract(str(retracted.release_id), root, reason="A source counted twice", by="ada", at=at)
    write_site(root, out, SiteOptions(ADDRESS))
    latest = publish_small(root, Small(has_questions=True, has_reasons=True))
    write_site(root, out, SiteOptions(ADDRESS))
    return Built(root, out, older, retracted, latest)


def pages(built: Built) -> Iterator[tuple[Path, str]]:
    return ((path, path.read_text()) for path in sorted(built.out.rglob("*.html")))


def test_every_link_leads_to_a_file_of_the_site(built: Built) -> None:
    seen = 0
    for path, text in pages(built):
        for target in re.findall(r'(?:href|src|srcset|url)="?=?([^"\s>]+)"', text):
            found = urlsplit(urljoin(path.as_uri(), unescape(target)))
            if target.startswith("#"):
                assert f'id="{target[1:]}"' in text
                continue
            if found.scheme == "data":
                continue
            assert found.scheme == "file", (path, target)
            leads_to = Path(unquote(found.path))
            assert leads_to.is_file(), (path, target)
            if found.fragment:
                assert f'id="{found.fragment}"' in leads_to.read_text(), (path, target)
            seen += 1
    assert seen > 500


def test_an_older_release_keeps_its_folder_and_the_index_leads_to_both(built: Built) -> None:
    index = (built.out / "releases.html").read_text()
    for release in (built.older, built.latest):
        assert f'href="releases/{release.release_id}/index.html"' in index
        day = built.out / "releases" / str(release.as_of.as_of) / "index.html"
        assert f"../{release.release_id}/index.html" in day.read_text()
    state = (built.out / "state.js").read_text()
    assert json.loads(state.split(" = ")[1].rstrip(";\n")) == {
        "latest": str(built.latest.release_id),
        "retracted": {str(built.retracted.release_id): "A source counted twice (ada)"},
        "status": {
            str(built.latest.release_id): "published",
            str(built.retracted.release_id): "retracted",
            str(built.older.release_id): "published",
        },
    }
    assert "A source counted twice" in index
    assert not (built.out / "releases" / str(built.retracted.release_id)).exists()
    moved = (built.out / "country" / "CHN.html").read_text()
    assert f"../releases/{built.latest.release_id}/country/CHN.html" in moved


def test_the_command_builds_the_same_site_to_the_byte(
    built: Built,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    talentcast = Console(monkeypatch, capsys)
    home = built.root.parent
    code, said, _ = talentcast(
        "site", "--out", tmp_path, "--home", home, "--url", ADDRESS, "--older", "0", "--json"
    )
    assert code == 0
    (row,) = json.loads(said)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    sizes = sum(path.stat().st_size for path in files)
    assert row == {"page": str(tmp_path / "index.html"), "files": len(files), "bytes": sizes}

    first, second = (
        {
            path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
            for path in (folder / "releases" / str(built.latest.release_id)).rglob("*")
            if path.is_file()
        }
        for folder in (built.out, tmp_path)
    )
    assert len(first) > 200
    assert first == second


def test_joint_samples_are_written_where_they_are_wanted(built: Built, tmp_path: Path) -> None:
    write_tables(built.latest, built.root, tmp_path, with_samples=True)
    samples = pd.read_parquet(tmp_path / "data" / "forecast_samples.parquet")
    assert set(samples["output_type"]) == {"sample"}
    stored = read_frame("forecasts", built.latest, built.root)
    assert len(samples) == (stored["output_type"] == "sample").sum()
    assert not list(built.folder.rglob("forecast_samples*"))


def test_forecasts_are_given_with_five_digits(built: Built) -> None:
    stored = read_frame("forecasts", built.latest, built.root)
    stored = stored[stored["output_type"] != "sample"]
    given = pd.read_parquet(built.folder / "data" / "forecasts.parquet")
    wanted, found = (
        frame.sort_values([*table("forecasts").key], ignore_index=True)
        for frame in (stored, given.astype({"output_type_id": "float64"}))
    )
    assert len(wanted) > 1000
    relative = (found["value"].astype("float64") / wanted["value"] - 1).abs()
    assert relative.max() < 4e-6


def test_numbers_on_pages_are_those_of_the_tables(built: Built) -> None:
    forecasts = read_frame("forecasts", built.latest, built.root)
    for published in published_series(built.latest, built.root):
        series = load_series(published, built.latest, built.root).until(5)
        if series.scenario != "baseline" or published.key.population != "neurips_authorships":
            continue
        own = forecasts[
            (forecasts["population"] == "neurips_authorships")
            & (forecasts["target"] == "researcher_share")
            & (forecasts["model"] == published.model)
            & (forecasts["output_type"] == "quantile")
        ]
        for code in series.leaders:
            text = (built.folder / "country" / f"{code}.html").read_text()
            for year, rows in own[own["country"] == code].groupby("target_year"):
                at = rows.set_index(rows["output_type_id"].round(3))["value"] * 100
                cells = f'{at[0.5]:.2f}</td><td class="num second">{at[0.25]:.2f}–{at[0.75]:.2f}'
                assert f'class="num">{year}</th><td class="num">{cells}' in text
            chart = pd.read_csv(built.folder / "charts" / f"{code}-share.csv")
            last = chart[chart["year"] == series.target_year].iloc[0]
            assert last[field(0.5)] == pytest.approx(series.ahead(code)[field(0.5)], abs=1e-6)


def test_questions_have_the_answers_of_the_release(built: Built) -> None:
    asked = read_frame("questions", built.latest, built.root)
    answers = read_frame("answers", built.latest, built.root)
    given = answers[answers["role"] == "model"].sort_values("answered_as_of")
    newest = given.groupby("question_id")["probability"].last()
    text = unescape((built.folder / "questions.html").read_text())
    open_ones = asked[asked["status"] == "open"]
    assert len(open_ones)
    for row in open_ones.itertuples():
        said = probability(newest[row.question_id])
        assert f'<th scope="row">{row.text}</th><td class="num">{said}</td>' in text


def test_every_chart_has_its_files(built: Built) -> None:
    embedded = sorted(path.stem for path in (built.folder / "embed").glob("*.html"))
    assert len(embedded) > 20
    charts = built.folder / "charts"
    for name in embedded:
        about = json.loads((charts / f"{name}.metadata.json").read_text())
        assert about["release"] == str(built.latest.release_id)
        assert about["vintage"] == "2024-01-31"
        assert about["licence"] == ["CC0"]
        assert all(about[key] for key in ("title", "unit", "population", "counting_rule"))
        page, _, anchor = (
            about["url"].removeprefix(f"{ADDRESS}releases/{about['release']}/").partition("#")
        )
        assert anchor == name
        assert f'id="{name}"' in (built.folder / page).read_text()
        assert all((built.folder / path).is_file() for path in about["files"].values())
        assert len(pd.read_csv(charts / f"{name}.csv"))
        assert (charts / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        drawing = ET.parse(charts / f"{name}.svg").getroot()  # noqa: S314
        assert drawing.find("{*}title").text == about["title"]
        assert "var(" not in (charts / f"{name}.svg").read_text()
        (cited,) = json.loads((charts / f"{name}.csl.json").read_text())
        assert cited["version"] == about["release"]
        assert cited["URL"] == about["url"]
        bibtex = (charts / f"{name}.bib").read_text()
        assert bibtex.startswith(f"@misc{{talentcast-{about['release']}-{name},")
        assert bibtex.count("{") == bibtex.count("}")


def test_why_a_share_and_its_forecast_changed_is_drawn_where_a_step_can_be_seen(
    built: Built,
) -> None:
    drawn, tables = set(), set()
    for page in sorted((built.folder / "country").glob("*.html")):
        text, code = page.read_text(), page.stem
        for name, said in (("reasons", "Why the share"), ("forecast-reasons", "Why the forecast")):
            has_chart = f'id="{code}-{name}"' in text
            assert has_chart == (built.folder / "embed" / f"{code}-{name}.html").is_file()
            if has_chart:
                assert f'<h2 class="tc-h2">{said}' in text
                drawn.add((code, name))
            elif f'<h2 class="tc-h2">{said}' in text:
                tables.add((code, name))
    assert ("CHN", "forecast-reasons") in drawn
    assert {name for _, name in drawn} == {"reasons", "forecast-reasons"}
    assert tables
    stored = read_frame("share_changes", built.latest, built.root)
    largest = stored["value"].abs().groupby(stored["country"]).max()
    assert largest[[code for code, name in drawn if name == "reasons"]].min() >= 0.005


def test_steps_of_a_drawn_change_are_those_of_the_release(built: Built) -> None:
    stored = read_frame("share_changes", built.latest, built.root)
    for path in (built.folder / "charts").glob("*-reasons.csv"):
        if path.stem.endswith("forecast-reasons"):
            continue
        rows = pd.read_csv(path)
        code = path.stem.removesuffix("-reasons")
        assert set(rows["country"]) == {code}
        key = ["population", "counting_rule", "source", "from_year", "year", "country", "term"]
        both = rows.merge(stored, on=key, suffixes=("_drawn", ""), validate="one_to_one")
        assert len(both) == len(rows)
        assert (both["value_drawn"] / 100 - both["value"]).abs().max() < 1e-8


def test_what_is_withheld_stays_withheld(built: Built) -> None:
    stored = read_frame("return_cohorts", built.latest, built.root)
    hidden = stored[stored["is_suppressed"]]
    assert len(hidden)
    shown = pd.read_parquet(built.folder / "data" / "return_cohorts.parquet")
    kept = shown[shown["is_suppressed"]]
    assert len(kept) == len(hidden)
    numbers = ["researchers_at_risk", "expected_returns", "return_probability"]
    assert kept[numbers].isna().all(axis=None)
    rows = pd.read_csv(built.folder / "charts" / "FRA-cohorts.csv")
    assert rows.loc[rows["is_suppressed"], numbers].isna().all(axis=None)
    page = (built.folder / "country" / "FRA.html").read_text()
    assert page.count("<em>withheld</em>") == len(hidden) + len(hidden) // 3


def test_the_data_are_those_of_the_release_and_described(built: Built) -> None:
    about = json.loads((built.folder / "croissant.json").read_text())
    assert about["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert about["@type"] == "sc:Dataset"
    files = {file["@id"]: file for file in about["distribution"]}
    assert len(files) == len(built.latest.tables)
    for records in about["recordSet"]:
        file = files[f"{records['name']}.parquet"]
        path = built.out / file["contentUrl"].removeprefix(ADDRESS)
        assert sha256(path.read_bytes()).hexdigest() == file["sha256"]
        held = pq.read_schema(path).names
        assert [field["source"]["extract"]["column"] for field in records["field"]] == held
        stored = read_frame(records["name"], built.latest, built.root)
        if records["name"] == "forecasts":
            stored = stored[stored["output_type"] != "sample"]
        assert pq.read_metadata(path).num_rows == len(stored)
    page = (built.folder / "data.html").read_text()
    told = json.loads(page.split('<script type="application/ld+json">')[1].split("</script>")[0])
    assert told["@type"] == "Dataset"
    assert told["version"] == str(built.latest.release_id)
    assert {entry["name"] for entry in told["distribution"]} == set(built.latest.tables)


def test_the_feed_lists_every_release_with_its_own_time(built: Built) -> None:
    feed = ET.parse(built.out / "feed.xml").getroot()  # noqa: S314
    entries = feed.findall("{*}entry")
    assert [entry.find("{*}title").text for entry in entries] == [
        f"Release {release.release_id}" for release in (built.latest, built.retracted, built.older)
    ]
    times = [datetime.fromisoformat(entry.find("{*}updated").text) for entry in entries]
    assert times[0] == built.latest.published_at
    assert times[-1] == built.older.published_at
    links = [entry.find("{*}link").get("href") for entry in entries]
    assert all(link.startswith(ADDRESS) for link in links)
    assert all((built.out / link.removeprefix(ADDRESS)).is_file() for link in links)


def test_an_embedded_chart_says_so_when_its_release_is_retracted(built: Built) -> None:
    page = next((built.folder / "embed").glob("*.html")).read_text()
    assert '<script src="../../../state.js"></script>' in page
    assert f'data-release="{built.latest.release_id}"' in page
    state = (built.out / "state.js").read_text()
    assert f'"{built.retracted.release_id}": "retracted"' in state


def test_programs_read_the_tables_from_their_address(built: Built) -> None:
    stored = read_frame("observations", built.latest, built.root)
    name = f"releases/{built.latest.release_id}/data/observations.parquet"
    with serving(built.out) as served:
        read = pd.read_parquet(f"{served.address}/{name}")
        assert len(read) == len(stored)
        connection = duckdb.connect()
        connection.register_filesystem(Ranges(served.address))
        query = f"SELECT sum(researchers), count(*) FROM 'ranges://{name}'"  # noqa: S608
        ((total, rows),) = connection.sql(query).fetchall()
    assert rows == len(stored)
    assert total == pytest.approx(stored["researchers"].sum(), rel=1e-6)
    assert served.ranges


def test_the_first_chart_is_seen_after_a_hundred_kilobytes(built: Built) -> None:
    text = (built.out / "index.html").read_text()
    needed = re.findall(r'<(?:script src|link rel="stylesheet" href)="([^"]+)"', text)
    assert len(needed) == 3
    needed_bytes = sum((built.out / path).stat().st_size for path in needed)
    assert needed_bytes + len(text.encode()) <= 100_000


def test_the_command_says_what_is_wrong_and_leaves_other_files_alone(
    built: Built,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    talentcast = Console(monkeypatch, capsys)
    home = built.root.parent
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "thesis.tex").write_text("mine")
    code, _, err = talentcast("site", "--out", tmp_path / "thesis", "--home", home)
    assert (code, err.count("\n")) == (2, 1)
    assert "no site of talentcast" in err
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["thesis.tex"]

    code, _, err = talentcast("site", "--out", tmp_path / "new", "--home", tmp_path / "nothing")
    assert (code, err.count("\n")) == (5, 1)
    assert "Make one: talentcast refresh" in err
    assert not (tmp_path / "new").exists()


def test_a_release_without_shares_is_said_to_have_nothing_to_show(tmp_path: Path) -> None:
    draft = small_draft(Small(has_returns=False))
    forecasts = draft.tables["forecasts"]
    stocks = forecasts[forecasts["target"] == "researcher_stock"]
    published_at = datetime(2024, 2, 1, tzinfo=UTC)
    root = tmp_path / "releases"
    tables = {**draft.tables, "forecasts": stocks}
    publish(replace(draft, tables=tables), root, published_at=published_at)
    with pytest.raises(StoreError, match="nothing to show"):
        write_site(root, tmp_path / "site")
