"""Lists of accepted papers become a release: from a folder, and from pinned addresses."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from http.server import BaseHTTPRequestHandler
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from https_server import Https, https_server, reply

from flows.steps import pipeline
from flows.steps.plan import Plan
from sources.author_countries import count_by_country
from sources.paper_lists.list_file import reduce_list
from sources.paper_lists.names import list_name
from sources.paper_lists.source import PaperListSource, lists_in
from sources.registry import source_for
from talentcast.config import Settings
from talentcast.domain.errors import InputRejectedError, IntegrityError, UsageError
from talentcast.domain.types import CountingRule
from talentcast.populations.definition import PinnedFile, parse_population
from talentcast.store.reader import read_frame

SHARED = Path(__file__).resolve().parents[2].parent / "shared"
needs_real_lists = pytest.mark.skipif(
    not (SHARED / "data" / "paperlists").is_dir(), reason="the real lists are not at hand"
)
#: How the counts in `conference_by_country.csv` call the rules.
RULES = {
    "authorships": CountingRule.AUTHORSHIPS,
    "lead_author": CountingRule.LEAD_AUTHOR,
    "whole_paper": CountingRule.WHOLE_WORKS,
    "fractional_paper": CountingRule.FRACTIONAL_WORKS,
}
AUTHOR = "Ada Lovelace"
OWN = """\
id: two_venues_fractional
title: Papers at two venues
question: Who is at two venues?
unit: papers
counting_rule: fractional_works
source: paperlists
lists:
  venues: [alpha, beta]
  as_of: 2026-02-01
first_year: 2012
finished_after_months: 0
licence: counts only
attribution: own count
citation: Example, 2026
not_for: [An example.]
"""


def papers(year: int, seed: int) -> list[dict[str, str]]:
    """Return made-up papers of three authors, more and more of them from China."""
    rng = np.random.default_rng([seed, year])
    growing = (year - 2010) / 40
    names = ("United States", "China", "Germany", "India")
    odds = (0.5 - growing, 0.2 + growing, 0.2, 0.1)
    places = rng.choice(4, size=(150, 3), p=odds)
    return [
        {
            "status": "Reject" if at % 10 == 0 else "Poster",
            "author": f"{AUTHOR} {at};B{at};C{at}",
            "gender": "female;male;male",
            "aff_country_unique": ";".join(names),
            "aff_country_unique_index": ";".join(str(place) for place in row),
        }
        for at, row in enumerate(places)
    ]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as the public collection has it, and what else lies in one."""
    root = tmp_path_factory.mktemp("paperlists")
    for seed, venue in enumerate(("alpha", "beta")):
        (root / venue).mkdir()
        for year in range(2010, 2022):
            path = root / venue / f"{venue}{year}.json"
            path.write_text(json.dumps(papers(year, seed)))
    (root / "package.json").write_text("{}")
    (root / "alpha" / ".cache").mkdir()
    (root / "alpha" / ".cache" / "alpha2022.json").write_text("damaged")
    return root


def settings_with(own: Path, folder: Path) -> Settings:
    own.mkdir()
    (own / "two_venues_fractional.yaml").write_text(OWN)
    return Settings(home=folder / "home", populations=own)


def test_a_folder_of_lists_becomes_a_release(checkout: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    plan = Plan(sources=(str(checkout),), models=("pooled",), scored_horizons=(), n_samples=5)
    refreshed = pipeline.refresh(plan, settings)
    counts = read_frame("observations", refreshed.release, settings.releases)
    assert set(counts["population"]) == {"alpha_authorships", "beta_authorships"}
    of_year = counts.query("population == 'alpha_authorships' and year == 2021")
    assert of_year["researchers"].sum() == 135 * 3  # a tenth of 150 papers was not accepted
    kept = [path for path in settings.home.rglob("*") if path.is_file()]
    assert not [path for path in kept if AUTHOR.encode() in path.read_bytes()]
    again = pipeline.refresh(plan, settings)
    assert again.release.release_id == refreshed.release.release_id


def test_a_population_file_says_which_venues_are_added_up(checkout: Path, tmp_path: Path) -> None:
    settings = settings_with(tmp_path / "own", tmp_path)
    source = source_for(checkout, settings=settings)
    parsed = source.parse(source.download())
    assert set(parsed.counts["population"]) == {"two_venues_fractional"}
    assert set(parsed.counts["vintage"]) == {pd.Timestamp(2026, 2, 1)}
    by_year = parsed.counts.groupby("year")["researchers"].sum()
    assert by_year.to_dict() == pytest.approx(dict.fromkeys(range(2012, 2022), 270.0))
    assert {note.check for note in parsed.notes} == {"PAPERS_COUNTED"}


def test_other_venues_are_other_inputs(checkout: Path) -> None:
    one = parse_population(OWN, "two_venues_fractional.yaml")
    assert one.lists is not None
    alone = one.model_copy(update={"lists": one.lists.model_copy(update={"venues": ("alpha",)})})
    records = [PaperListSource(checkout, (each,)).download()[0].content for each in (one, alone)]
    assert records[0] != records[1]


def test_a_venue_without_lists_is_named(checkout: Path) -> None:
    one = parse_population(OWN.replace("beta]", "gamma]"), "two_venues_fractional.yaml")
    source = PaperListSource(checkout, (one,))
    with pytest.raises(InputRejectedError, match=r"gamma2024\.json"):
        source.parse(source.download())


def test_the_same_list_in_two_places_is_refused(checkout: Path, tmp_path: Path) -> None:
    shutil.copytree(checkout, tmp_path / ".home" / "lists")
    copied = tmp_path / ".home" / "lists"
    assert len(list(lists_in(copied))) == 24  # a hidden folder above is no reason to see nothing
    shutil.copytree(copied / "beta", copied / "copy")
    with pytest.raises(UsageError, match=r"beta2010\.json and .*beta2010\.json"):
        source_for(copied).download()


def test_two_days_stated_for_one_list_are_refused(checkout: Path) -> None:
    one = parse_population(OWN, "two_venues_fractional.yaml")
    other = parse_population(OWN.replace("2026-02-01", "2026-03-01"), "two_venues_fractional.yaml")
    with pytest.raises(UsageError, match="2026-02-01, 2026-03-01"):
        PaperListSource(checkout, (one, other)).download()


def test_without_lists_the_message_says_where_they_come_from() -> None:
    with pytest.raises(UsageError, match="--source FOLDER"):
        source_for("paperlists").download()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Https]:
    def answer(request: BaseHTTPRequestHandler) -> None:
        found = list_name(request.path.rpartition("/")[2])
        assert found is not None
        reply(request, 200, json.dumps(papers(found.year, 0)).encode())

    with https_server(tmp_path_factory.mktemp("server"), answer) as running:
        yield running


def pinned(server: Https, *, wrong: bool = False) -> PaperListSource:
    files = [
        PinnedFile(
            address=server.url(f"/lists/alpha{year}.json"),
            sha256="0" * 64 if wrong else sha256(json.dumps(papers(year, 0)).encode()).hexdigest(),
        )
        for year in range(2012, 2016)
    ]
    one = parse_population(OWN.replace(", beta", ""), "two_venues_fractional.yaml")
    assert one.lists is not None
    lists = one.lists.model_copy(update={"files": tuple(files)})
    population = one.model_copy(update={"lists": lists})
    return PaperListSource(None, (population,), hosts=("localhost",), transport=server.transport())


def test_pinned_files_are_fetched_and_checked(server: Https) -> None:
    source = pinned(server)
    counts = source.parse(source.download()).counts
    assert sorted(counts["year"].unique()) == [2012, 2013, 2014, 2015]
    with pytest.raises(IntegrityError, match="pin the new hash"):
        pinned(server, wrong=True).download()
    with pytest.raises(UsageError, match="TALENTCAST_SOURCE_HOSTS=localhost"):
        replace(source, hosts=()).download()


@needs_real_lists
def test_real_lists_give_the_counts_that_were_published() -> None:
    table = pd.read_csv(SHARED / "figures" / "conference_by_country.csv", keep_default_na=False)
    found = list(lists_in(SHARED / "data" / "paperlists"))
    assert len(found) == 9
    for (path, name), rule in product(found, RULES):
        rows = table.query("venue == @name.venue and year == @name.year and counting_rule == @rule")
        works = reduce_list(path.read_bytes(), path.name).papers
        expected = rows.set_index("country")["value"].to_dict()
        counts = count_by_country(works, RULES[rule])
        assert counts == pytest.approx(expected, abs=6e-5), (name.file, rule)
