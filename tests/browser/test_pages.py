"""Every page in a real browser: it opens, says what the tables say, and asks nobody else."""

from __future__ import annotations

import csv
import json
from typing import Any

import pandas as pd
import pytest
from dashboard_pages import PAGES
from forecast_medians import median

import talentcast

#: Layout shift that readers do not notice.
STILL = 0.1


def test_the_heading_quotes_the_leader_s_median(visit: Any, store: Any) -> None:
    visit.open()
    expected = median(
        store, "CHN", 2028, population="neurips_authorships", counting_rule="authorships"
    )
    assert "China’s lead" in visit.title()
    assert f"about {expected:.0f}% of NeurIPS authorships by 2028" in visit.title()
    assert "last counted 2023, read 2024-" in visit.text()


def test_the_numbers_under_the_chart_are_those_of_the_table(visit: Any, store: Any) -> None:
    visit.open(population="scholars_scopus")
    shown = {row[0]: row[2] for row in visit.rows("Share of the world")}
    assert shown == {
        name: f"{median(store, code, 2028):.1f}%"
        for code, name in (
            ("CHN", "China"),
            ("USA", "United States"),
            ("IND", "India"),
            ("GBR", "United Kingdom"),
        )
    }


def test_claims_stand_beside_what_was_counted(visit: Any, store: Any) -> None:
    visit.open("claims")
    observed = talentcast.read("observations", store.latest, home=store.home)
    ours = observed[(observed["population"] == "neurips_authorships") & (observed["year"] == 2019)]
    share = 100 * ours.set_index("country")["researchers"] / ours["researchers"].sum()
    quoted, _, counted, _ = visit.rows("What it rests on")
    assert quoted[3:] == ["2019", "59.0%", "55.2–62.6", "675"]
    assert counted[3:6] == ["2019", f"{share['USA']:.1f}%", "counted in full"]
    assert "Not comparable with what is counted here." in visit.text()


def test_questions_stand_with_their_answers_and_outcomes_and_each_has_a_link(
    visit: Any, store: Any
) -> None:
    visit.open("questions", question="india-ahead")
    assert "2 questions open, 1 decided" in visit.title()
    assert "30 further questions of past years, asked and answered afterwards" in visit.text()
    assert "1 became void" in visit.text()
    question = "Will India’s share of the world’s researchers exceed that of the United Kingdom"
    answers = talentcast.read("answers", store.latest, home=store.home, question_id="india-ahead")
    quoted = answers[answers["role"] == "model"].sort_values("answered_as_of")["probability"]
    said = visit.rows("Probability of yes")
    row = next(cells for cells in said if cells[0].startswith(question))
    assert row[1:4] == ["55%", "+15", "35%"]
    assert quoted.tolist() == [0.4, 0.55]
    assert row[6] == "35%"  # a crowd's
    assert len(said) == 2
    visit.page.get_by_text("Show the numbers").first.click()
    every = visit.rows("Answers to this question")
    assert ["a crowd", "2023-01-15", "35%"] in every
    assert len(every) == len(answers)
    assert "Void: FRA is no longer counted apart" in visit.text()
    decided = visit.rows("The last answer")
    assert decided[1][1:] == ["Yes, by the vintage of 2024-01-31", "30%", "0.490"]

    visit.choose("Questions about", "NeurIPS authorships")
    assert visit.query()["about"] == "neurips_authorships"
    assert "1 question open, 0 decided" in visit.title()
    visit.open("questions", about="neurips_authorships", question="china-share")
    assert "Will China’s share of NeurIPS authorships be above 25 % in 2026?" in visit.text()


def test_odds_come_from_the_joint_samples(visit: Any, store: Any) -> None:
    visit.open(population="scholars_scopus", counting="modal_country.bundled")
    visit.choose("Will this country", "France")
    visit.choose("…be ahead of", "United Kingdom")
    ahead = talentcast.probability_ahead(
        "FRA",
        "GBR",
        population="scholars_scopus",
        counting_rule="modal_country",
        release=store.latest,
        home=store.home,
    )
    shown = visit.rows("France ahead of the United Kingdom")
    expected = [
        [str(year), "<1%" if p < 0.01 else ">99%" if p > 0.99 else f"{100 * p:.0f}%"]
        for year, p in ahead.items()
    ]
    assert shown == expected


def test_the_first_numbers_are_how_likely_china_is_ahead_by_every_rule_year_by_year(
    visit: Any, store: Any
) -> None:
    visit.open(population="scholars_scopus")
    other = "Scholars (Scopus), each person once, split between countries"
    for name, population, rule in (
        ("Scholars (Scopus)", "scholars_scopus", "modal_country"),
        (other, "scholars_scopus", "fractional"),
        ("NeurIPS authorships", "neurips_authorships", "authorships"),
    ):
        ahead = talentcast.probability_ahead(
            "CHN",
            "USA",
            population=population,
            counting_rule=rule,
            release=store.latest,
            home=store.home,
        )
        (shown,) = visit.rows(f"{name}: chance that China is ahead of the United States")
        assert shown == [">99%" if p > 0.99 else f"{100 * p:.0f}%" for p in ahead]


def test_a_pair_of_the_same_country_asks_for_another(visit: Any) -> None:
    visit.open()
    visit.choose("Will this country", "India")
    visit.choose("…be ahead of", "India")
    assert "Choose two different countries to compare." in visit.text()


#: What a reader can choose on every page: label, option, part of the address, its value.
FILTERS = (
    ("Horizon", "to 2026", "horizon", "3"),
    ("Scenario", "Higher returns", "scenario", "higher_returns"),
    ("Counting rule", "Each person once, split", "counting", "fractional.bundled"),
    ("Population", "NeurIPS authorships", "population", "neurips_authorships"),
)


@pytest.mark.parametrize("path", PAGES)
def test_every_filter_works_on_every_page(visit: Any, store: Any, path: str) -> None:
    visit.open(path, population="scholars_scopus")
    for label, option, part, value in (*FILTERS, ("Release", store.older, "release", store.older)):
        visit.choose(label, option)
        assert visit.query()[part] == value
        assert visit.page.locator("[data-testid=stException]").count() == 0
        assert visit.page.locator("h1").count() == 1
    assert store.older in visit.text()


@pytest.mark.parametrize(("scenario", "name"), [("baseline", ""), ("higher_returns", "Higher")])
def test_a_scenario_has_its_own_numbers_and_is_named(
    visit: Any, store: Any, scenario: str, name: str
) -> None:
    visit.open(population="scholars_scopus", scenario=scenario)
    (china, *_) = (row for row in visit.rows("Share of the world") if row[0] == "China")
    assert china[2] == f"{median(store, 'CHN', 2028, scenario=scenario):.1f}%"
    assert ("Scenario: higher_returns." in visit.text()) is bool(name)


def test_a_counting_rule_has_its_own_numbers_and_is_named(visit: Any, store: Any) -> None:
    visit.open(population="scholars_scopus", counting="fractional.bundled")
    (china, *_) = (row for row in visit.rows("Share of the world") if row[0] == "China")
    assert china[2] == f"{median(store, 'CHN', 2028, counting_rule='fractional'):.1f}%"
    assert "Counting: each person once, split between countries." in visit.text()


#: What one page lets choose: the same, by page.
CHOICES = {
    "overview": [
        ("Will this country", "France", "first", "FRA"),
        ("…be ahead of", "Japan", "second", "JPN"),
    ],
    "country": [("Country", "Japan", "country", "JPN")],
    "returns": [
        ("First seen in", "India", "origin", "IND"),
        ("Now in", "Europe", "host", "europe"),
    ],
    "track-record": [
        ("Countries count", "equally", "weight", "all"),
        ("Country", "India", "country", "IND"),
    ],
    "quality": [
        ("Gate", "panel", "gate", "panel"),
        ("Table or series", "scholars_scopus", "checked", "scholars_scopus"),
    ],
}


@pytest.mark.parametrize("path", CHOICES)
def test_what_one_page_lets_choose_is_in_its_link(visit: Any, path: str) -> None:
    visit.open(path)
    before = visit.text()
    for label, option, part, value in CHOICES[path]:
        visit.choose(label, option)
        visit.page.wait_for_function(
            "([part, value]) => new URLSearchParams(location.search).get(part) === value",
            arg=[part, value],
        )
    link, chosen = visit.page.url, visit.still_text()
    assert chosen != before
    visit.page.goto("about:blank")
    visit.page.goto(link)
    visit.settle()
    assert visit.still_text() == chosen


def test_provisional_years_are_drawn_apart_and_named(visit: Any) -> None:
    visit.open()
    assert "last counted 2023 (2023 provisional)" in visit.text()
    assert visit.page.locator(".tc-key").get_by_text("provisional").count() == 1


def test_a_store_without_a_release_says_how_to_make_one(empty: Any) -> None:
    for path in ("overview", "releases"):
        empty.open(path)
        assert empty.title() == "Nothing has been published yet"
        assert "talentcast refresh" in empty.text()


def test_a_series_that_does_not_count_moves_says_so(visit: Any) -> None:
    visit.open("country", population="neurips_authorships")
    assert "The source of NeurIPS authorships does not count moves." in visit.text()


def test_a_deep_link_restores_the_view(visit: Any, store: Any) -> None:
    wanted = {
        "release": store.older,
        "population": "scholars_scopus",
        "counting": "modal_country.bundled",
        "scenario": "higher_returns",
        "horizon": "2",
        "country": "IND",
    }
    visit.open("country", **wanted)
    assert visit.query() == wanted
    expected = median(store, "IND", 2024, release=store.older, scenario="higher_returns")
    assert visit.title().startswith("India’s share is")
    assert f"{expected:.1f}% by 2024" in visit.title()


def test_the_choice_survives_a_change_of_page(visit: Any) -> None:
    visit.open("country", country="IND", horizon="3")
    visit.page.get_by_role("link", name="Track record").first.click()
    visit.page.wait_for_url("**/track-record**")
    visit.settle()
    assert visit.query()["horizon"] == "3"
    assert visit.query()["country"] == "IND"


def test_what_does_not_exist_is_named_and_replaced(visit: Any, store: Any) -> None:
    visit.open("country", release="r19990101-000000000000", country="ATA")
    text = visit.text()
    assert "There is no release “r19990101-000000000000” here" in text
    assert "There is no country “ATA” in this series" in text
    assert visit.query()["release"] == store.latest


def test_a_country_is_chosen_by_name_and_kept_by_code(visit: Any, store: Any) -> None:
    visit.open("country")
    visit.choose("Country", "Namibia")
    assert visit.query()["country"] == "NAM"
    assert [row[1] for row in visit.rows("Namibia’s share")] == [
        f"{median(store, 'NAM', year):.2f}" for year in range(2024, 2029)
    ]


def test_withheld_cells_are_words_and_never_numbers(visit: Any) -> None:
    visit.open("returns")
    visit.choose("First seen in", "France")
    rows = visit.rows("Expected to have returned")
    hidden = [row for row in rows if row[1] == "Europe"]
    assert hidden
    assert all(cell == "withheld" for row in hidden for cell in row[2:])
    assert "withheld to protect people" in visit.text()


def test_a_release_without_returns_says_so(visit: Any, store: Any) -> None:
    visit.open("returns", release=store.older)
    assert visit.title() == "Returns are not in this release"


def test_past_forecasts_are_shown_where_a_release_was_made_from_earlier_data(visit: Any) -> None:
    visit.open("track-record")
    visit.page.locator(".st-key-chart-earlier svg").first.wait_for(timeout=60_000)


def test_the_pages_that_compare_releases_show_what_moved(visit: Any, store: Any) -> None:
    visit.open("releases", population="scholars_scopus")
    before, after = (
        median(store, "IND", 2027, release=release) for release in (store.older, store.latest)
    )
    shown = {row[0]: row[1:3] for row in visit.rows("Median share of 2027")}
    assert shown["India"] == [f"{before:.2f}%", f"{after:.2f}%"]


def test_figures_of_others_stand_only_beside_the_same_population_and_unit(visit: Any) -> None:
    visit.open(population="neurips_authorships")
    assert "published elsewhere" in visit.text()
    visit.open(population="scholars_scopus")
    assert "published elsewhere" not in visit.text()


def test_the_file_under_a_chart_holds_the_forecast_that_is_shown(visit: Any, store: Any) -> None:
    visit.open(population="scholars_scopus")
    path = visit.saved(visit.page.locator(".st-key-csv-shares button"))
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - a browser's path
        rows = list(csv.DictReader(file))
    found = [r for r in rows if (r["country"], r["year"], r["kind"]) == ("CHN", "2028", "forecast")]
    assert len(found) == 1
    assert float(found[0]["share_percent"]) == pytest.approx(median(store, "CHN", 2028))
    assert {r["release_id"] for r in rows} == {store.latest}


@pytest.mark.parametrize("path", PAGES)
def test_every_page_opens_and_each_of_its_files_names_the_release(
    visit: Any, store: Any, path: str
) -> None:
    visit.open(path)
    assert visit.page.locator("h1").count() == 1
    buttons = visit.page.get_by_role("button", name="Data (CSV)")
    assert buttons.count() >= 1
    for place in range(buttons.count()):
        rows = pd.read_csv(visit.saved(buttons.nth(place)), keep_default_na=False)
        assert len(rows)
        assert set(rows["release_id"]) == {store.latest}


def test_a_whole_table_and_the_manifest_can_be_downloaded(visit: Any, store: Any) -> None:
    visit.open("releases")
    visit.choose("Table", "country_names")
    button = visit.page.get_by_role("button", name="Download as CSV")
    names = pd.read_csv(visit.saved(button), keep_default_na=False)
    assert (
        names["country"].tolist()
        == talentcast.read("country_names", release=store.latest, home=store.home)[
            "country"
        ].tolist()
    )
    path = visit.saved(visit.page.get_by_role("button", name="Manifest"))
    with open(path, encoding="utf-8") as file:  # noqa: PTH123 - a browser's path
        assert json.load(file)["release_id"] == store.latest


def test_filters_can_be_used_with_the_keyboard_alone(visit: Any) -> None:
    visit.open()
    visit.page.get_by_role("combobox", name="Horizon", exact=False).first.focus()
    visit.page.keyboard.type("2025")
    visit.page.wait_for_timeout(300)
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_function("() => location.search.includes('horizon=2')", timeout=20_000)


@pytest.mark.parametrize("path", PAGES)
def test_nothing_moves_while_a_page_is_drawn(visit: Any, path: str) -> None:
    visit.open(path)
    # A machine that stalls half-way shows a half page; the best of three visits is the page's own.
    shifts = [visit.open(path).page.evaluate("window.__shift") for _ in range(3)]
    assert min(shifts) < STILL
