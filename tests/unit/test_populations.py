"""Population files: what they must say, and what they may not."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest
import yaml

from flows.steps.plan import Plan
from models.shares.registry import MODELS
from sources.registry import BUILT_IN
from talentcast.domain.errors import ConfigurationError, InputRejectedError
from talentcast.populations.catalogue import all_populations, bundled_populations, on_request
from talentcast.populations.definition import parse_population

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "add-a-population.md"
EXAMPLE = PAGE.read_text().split("```yaml\n")[1].split("```")[0]


def changed(**changes: object) -> str:
    return yaml.safe_dump(yaml.safe_load(EXAMPLE) | changes)


def test_the_populations_that_come_with_the_package_name_a_source_and_what_they_are_not() -> None:
    found = bundled_populations()
    assert {"ai_works", "ai_top10_works", "ai_company_works", "robotics_works"} <= set(found)
    assert all(one.source in BUILT_IN for one in found.values())
    asked = [one.id for one in found.values() if one.is_default and one.source == "openalex"]
    assert asked == ["ai_works"]
    assert on_request("bundled") == {
        "colt_authorships",
        "ijcai_lead_authors",
        "neurips_country_authorships",
        "robotics_lead_authors",
    }
    assert "ai_works" not in on_request("openalex")


def test_a_family_has_one_primary_rule_and_every_file_fits_on_a_screen() -> None:
    families: dict[str, list[bool]] = {}
    for name, one in bundled_populations().items():
        lines = files("talentcast.populations").joinpath(f"{name}.yaml").read_text().splitlines()
        assert len(lines) <= 40
        families.setdefault(one.family or name, []).append(one.is_primary or one.family is None)
    assert {name: sum(primary) for name, primary in families.items()} == dict.fromkeys(families, 1)
    assert len(families["robotics_conferences"]) > 2


def test_a_further_rule_of_a_family_is_forecast_and_scored_more_briefly() -> None:
    plan = Plan(sources=("bundled",))
    assert plan.of("robotics_authors") == plan.of("counts_of_my_own") == plan
    further = plan.of("robotics_papers")
    assert further.models == ("pooled", "naive")
    assert (further.n_samples, further.n_origins) == (100, 5)
    assert further.default_model == plan.default_model


def test_a_population_names_models_that_exist_unless_the_run_names_some() -> None:
    named = [name for one in bundled_populations().values() for name in one.models]
    assert set(named) <= set(MODELS)
    assert Plan(sources=("bundled",)).of("ijcai_authorships").models == ("naive", "drift")
    chosen = Plan(sources=("bundled",), models=("sarimax110",))
    assert chosen.of("ijcai_authorships").models == ("sarimax110",)


def test_the_example_of_the_page_is_a_population_of_at_most_40_lines(tmp_path: Path) -> None:
    assert len(EXAMPLE.splitlines()) <= 40
    (tmp_path / "our_ai_works.yaml").write_text(EXAMPLE)
    found = all_populations(tmp_path)
    assert found["our_ai_works"].question == "With which countries do we publish AI research?"
    assert set(bundled_populations()) < set(found)


def test_a_file_named_like_a_bundled_one_takes_its_place(tmp_path: Path) -> None:
    (tmp_path / "ai_works.yaml").write_text(changed(id="ai_works"))
    assert all_populations(tmp_path)["ai_works"].title == "AI works of our institutions"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "other"}, "not named after its id"),
        ({"first_year": "soon"}, "first_year"),
        ({"not_for": []}, "not_for"),
        ({"licence": ""}, "licence"),
        ({"counting_rule": "guess"}, "counting_rule"),
        ({"surprise": 1}, "surprise"),
        ({"query": None}, "query"),
        ({"source": "bundled"}, "query"),
        ({"lists": {"venues": []}}, "venues"),
        ({"query": {"filter": "publication_year:2020"}}, "publication_year"),
        ({"query": {"filter": "title.search:robots"}}, "search"),
        ({"query": {"filter": "is_xpac:false"}}, "is_xpac"),
        ({"query": {"filter": "type:article&api_key=x"}}, "characters"),
        ({"query": {"filter": "type:article b"}}, "blanks"),
        ({"query": {"filter": "type"}}, "key:value"),
        ({"query": {"filter": "type:article,"}}, "key:value"),
    ],
)
def test_what_a_file_may_not_say_is_named(changes: dict[str, object], said: str) -> None:
    with pytest.raises(InputRejectedError, match=said) as caught:
        parse_population(changed(**changes), "our_ai_works.yaml")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "- a", "a: [", "!!python/object:os.system {}", "\x00"])
def test_a_text_that_is_no_population_is_refused(text: str) -> None:
    with pytest.raises(InputRejectedError, match="POPULATION"):
        parse_population(text, "our_ai_works.yaml")


def test_an_own_folder_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="TALENTCAST_POPULATIONS"):
        all_populations(tmp_path / "absent")
    (tmp_path / "a.yaml").write_bytes(b"\xff")
    with pytest.raises(InputRejectedError, match="UTF-8"):
        all_populations(tmp_path)
    (tmp_path / "a.yaml").write_text(changed(id="a", source="lab", query=None))
    with pytest.raises(InputRejectedError, match="--source FILE"):
        all_populations(tmp_path)
    (tmp_path / "a.yaml").write_bytes(b"#" * 200_000)
    with pytest.raises(InputRejectedError, match="TOO_LARGE"):
        all_populations(tmp_path)
