"""Questions over releases: answered, decided by the first vintage that may, and never altered."""

from __future__ import annotations

import json
from datetime import date
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from console import Console
from lab_counts import counts

import talentcast
from flows.steps import past_years, pipeline
from flows.steps import questions as steps
from flows.steps.plan import Plan
from flows.steps.publish import publish_release
from questions.definition import QuestionSet, parse_question_set
from questions.record import question_of
from questions.writing import question_set_text
from talentcast.config import Settings
from talentcast.domain.errors import InputRejectedError, IntegrityError
from talentcast.domain.types import Vintage
from talentcast.store.pointer import latest_release
from talentcast.store.release import Identity, Release, ReleaseDraft
from talentcast.store.verification import verify

MODELS = ("pooled", "naive")
QUESTIONS = """
id: lab
title: Two countries of a laboratory
questions:
- {{id: ahead, population: lab, counting_rule: unspecified, source: file, statistic: lead,
   country: ITA, other_country: FRA, year: {year}}}
- {{id: above, population: lab, counting_rule: unspecified, source: file, statistic: share,
   country: ITA, threshold: 0.5, year: {year}, text: "Will most be in Italy?"}}
- {{id: small, population: lab, counting_rule: unspecified, source: file, statistic: share,
   country: NLD, threshold: 0.05, year: {year}}}
- {{id: elsewhere, population: other, counting_rule: unspecified, source: file, statistic: share,
   country: ITA, threshold: 0.5, year: {year}}}
outside:
- {{question: ahead, probability: 0.35, by: crowd, day: 2020-02-15, url: "https://example.org/7"}}
- {{question: ahead, probability: 0.45, by: crowd, day: 2020-02-20}}
- {{question: ahead, probability: 0.99, by: crowd, day: 2030-01-01}}
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "asked"
    folder.mkdir()
    (folder / "lab.yaml").write_text(QUESTIONS.format(year=2020))
    return Settings(home=tmp_path / "home", questions=folder)


def publish(source: str, settings: Settings, **options: object) -> Release:
    plan = Plan(sources=(source,), models=MODELS, scored_horizons=())
    return pipeline.refresh(plan, settings, **options).release  # type: ignore[arg-type]


def read(settings: Settings, name: str, release: str = "latest") -> pd.DataFrame:
    return talentcast.read(name, release, home=settings.home)


def state_of(settings: Settings, question: str) -> pd.Series:
    table = read(settings, "questions").set_index("question_id")
    return table.drop(columns="release_id").loc[question]


def test_a_release_answers_from_its_published_draws_beside_the_baselines(
    tmp_path: Path, settings: Settings
) -> None:
    release = publish(counts(tmp_path, 2019), settings)
    asked = read(settings, "questions").set_index("question_id")
    assert sorted(asked.index) == ["above", "ahead", "small"]  # no other population is in it
    assert set(asked["status"]) == {"open"}
    assert asked.loc["above", "text"] == "Will most be in Italy?"
    assert asked.loc["ahead", "text"].startswith("Will Italy’s share of all in lab exceed")
    answers = read(settings, "answers").query("question_id == 'ahead'").set_index("forecaster")
    own = talentcast.probability_ahead("ITA", "FRA", population="lab", home=settings.home)
    row = answers.loc["pooled"]
    assert row["probability"] == own[2020]
    assert (row["draws"], row["origin_year"]) == (200, 2019)
    assert row["answered_in"] == str(release.release_id)
    assert set(answers.index) == {"pooled", "naive", "last_order", "crowd"}
    assert answers.loc["last_order", "probability"] in (0.0, 1.0)
    assert answers.loc["crowd", "probability"].tolist() == [0.35, 0.45]


def test_answers_pile_up_until_the_first_vintage_that_may_decide(
    tmp_path: Path, settings: Settings
) -> None:
    publish(counts(tmp_path, 2019), settings)
    later = counts(tmp_path, 2019, moment=date(2020, 9, 1), ITA=300)
    publish(later, settings)
    answers = read(settings, "answers")
    assert answers.query("question_id == 'ahead' and forecaster == 'pooled'").shape[0] == 2
    assert answers.query("question_id == 'ahead' and forecaster == 'crowd'").shape[0] == 2

    decides = publish(counts(tmp_path, 2020, ITA=1500), settings)
    ahead = state_of(settings, "ahead")
    assert (ahead["status"], ahead["came_true"]) == ("resolved", True)
    assert ahead["resolving_vintage"] == date(2021, 3, 1)
    assert ahead["resolved_in"] == str(decides.release_id)
    assert len(read(settings, "answers")) == len(answers)  # a decided question is not answered

    publish(counts(tmp_path, 2021, ITA=1), settings)
    assert state_of(settings, "ahead").equals(ahead)


def test_a_later_revision_of_the_year_changes_nothing(tmp_path: Path, settings: Settings) -> None:
    publish(counts(tmp_path, 2019), settings)
    publish(counts(tmp_path, 2020, ITA=1500), settings)
    before = state_of(settings, "ahead")
    revised = counts(tmp_path, 2020, moment=date(2021, 9, 1), ITA=1)
    publish(revised, settings)
    assert state_of(settings, "ahead").equals(before)


def test_between_close_and_vintage_a_question_waits(tmp_path: Path, settings: Settings) -> None:
    publish(counts(tmp_path, 2019), settings)
    n_answers = len(read(settings, "answers"))
    publish(counts(tmp_path, 2019, moment=date(2021, 1, 15), NLD=91), settings)
    assert state_of(settings, "ahead")["status"] == "closed"
    assert len(read(settings, "answers")) == n_answers


@pytest.mark.parametrize(
    ("question", "second", "reason"),
    [
        ("small", {"last_year": 2020, "NLD": 3}, "NLD is no longer counted apart"),
        ("ahead", {"last_year": 2021, "left_out": 2020}, "the vintage leaves 2020 out"),
        (
            "ahead",
            {"last_year": 2019, "moment": date(2024, 3, 1), "NLD": 91},
            "no vintage that goes so far",
        ),
    ],
)
def test_a_question_that_cannot_be_decided_is_void_with_the_reason(
    tmp_path: Path,
    settings: Settings,
    question: str,
    second: dict[str, object],
    reason: str,
) -> None:
    publish(counts(tmp_path, 2019), settings)
    publish(counts(tmp_path, **second), settings)  # type: ignore[arg-type]
    found = state_of(settings, question)
    assert found["status"] == "void"
    assert reason in found["void_reason"]
    assert pd.isna(found["came_true"])


def test_a_population_that_is_gone_makes_its_questions_void(
    tmp_path: Path, settings: Settings
) -> None:
    publish(counts(tmp_path, 2019), settings)
    source = Path(counts(tmp_path, 2020, moment=date(2024, 3, 1)))
    renamed = source.with_name("another.csv")
    source.rename(renamed)
    publish(str(renamed), settings)
    assert "the population is gone" in state_of(settings, "ahead")["void_reason"]


def test_the_same_release_made_again_changes_nothing_and_a_forced_one_adds(
    tmp_path: Path, settings: Settings
) -> None:
    source = counts(tmp_path, 2019)
    first = publish(source, settings)
    assert publish(source, settings) == first
    again = publish(source, settings, force=True)
    answers = read(settings, "answers").query("question_id == 'ahead' and forecaster == 'pooled'")
    assert answers["answered_in"].tolist() == [str(first.release_id), str(again.release_id)]
    assert len(set(answers["probability"])) == 1


def test_another_question_makes_another_release(tmp_path: Path, settings: Settings) -> None:
    source = counts(tmp_path, 2019)
    first = publish(source, settings)
    folder = Path(str(settings.questions))
    more = QUESTIONS.format(year=2020).replace("- {id: small", "- {id: smaller")
    (folder / "lab.yaml").write_text(more)
    second = publish(source, settings)
    assert second.release_id != first.release_id
    assert "smaller" in set(read(settings, "questions")["question_id"])
    assert "small" in set(read(settings, "questions")["question_id"])  # stays on the record

    changed = more.replace("threshold: 0.5", "threshold: 0.4")
    (folder / "lab.yaml").write_text(changed)
    with pytest.raises(InputRejectedError, match=r"QUESTION_CHANGED.*'above'.*threshold"):
        publish(source, settings)


def tamper(settings: Settings, release: Release) -> None:
    """Raise every probability that a release holds, in the file on the disk."""
    folder = settings.releases / "answers"
    for file in release.tables["answers"].files:
        table = pq.read_table(folder / file.path, partitioning=None)
        frame = table.to_pandas()
        frame["probability"] = frame["probability"].clip(upper=0.9) + 0.1
        changed = type(table).from_pandas(frame, schema=table.schema, preserve_index=False)
        pq.write_table(changed, folder / file.path)


def test_an_answer_that_somebody_changed_is_found_and_never_carried_on(
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    release = publish(counts(tmp_path, 2019), settings)
    console = Console(monkeypatch, capsys)
    code, _, _ = console("releases", "verify", "latest", "--home", settings.home)
    assert code == 0
    tamper(settings, release)
    code, out, err = console("releases", "verify", "latest", "--home", settings.home)
    assert code == 5
    assert "table 'answers'" in out + err
    assert "was changed" in out + err
    assert "table 'answers'" in verify(release, settings.releases)[0]
    with pytest.raises(IntegrityError, match="ANSWERS_ALTERED"):
        publish(counts(tmp_path, 2020), settings)
    assert latest_release(settings.releases) == release


def draft_after(release: Release, tables: dict[str, pd.DataFrame]) -> ReleaseDraft:
    identity = Identity((), "f" * 64, "0.1.0+test", Vintage(date(2020, 6, 1)))
    return ReleaseDraft(
        identity, "manual", release.vintage_kind, release.populations, release.quality, tables
    )


def test_a_release_whose_carried_answers_differ_is_refused(
    tmp_path: Path, settings: Settings
) -> None:
    release = publish(counts(tmp_path, 2019), settings)
    kept = {
        name: read(settings, name).drop(columns="release_id") for name in ("questions", "answers")
    }
    answers = kept["answers"]
    altered = {
        "was changed": answers.assign(probability=answers["probability"].clip(upper=0.5) + 0.01),
        "is gone": answers.iloc[1:],
    }
    for said, rows in altered.items():
        with pytest.raises(IntegrityError, match=f"ANSWERS_ALTERED: answer .* {said}"):
            publish_release(draft_after(release, {**kept, "answers": rows}), settings)
    with pytest.raises(IntegrityError, match="ANSWERS_ALTERED"):
        publish_release(draft_after(release, {}), settings)
    assert publish_release(draft_after(release, kept), settings).tables["answers"]


def test_the_command_lists_shows_and_finds_questions(
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    publish(counts(tmp_path, 2019), settings)
    run = partial(Console(monkeypatch, capsys), "questions")
    code, out, _ = run("list", "--status", "open", "--json", "--home", settings.home)
    listed = {row["question_id"]: row for row in json.loads(out)}
    assert (code, sorted(listed)) == (0, ["above", "ahead", "small"])
    code, out, err = run("list", "--home", settings.home)
    assert code == 0, err
    assert "Will most be in Italy?" in out
    code, out, _ = run("show", "ahead", "--home", settings.home)
    assert "The first vintage of lab from 2021-01-30 on that goes as far as 2020 decides" in out
    assert "crowd" in out
    code, out, _ = run("show", "ahead", "--json", "--home", settings.home)
    said = {row["forecaster"]: row["probability"] for row in json.loads(out)}
    assert said["quoted"] == listed["ahead"]["probability"]
    code, _, err = run("show", "absent", "--home", settings.home)
    assert code == 2
    assert "No question 'absent'" in err

    found = tmp_path / "found"
    found.mkdir()
    file = found / "in_play.yaml"
    options = ("--years", "1", "--home", settings.home, "--population", "lab")
    code, out, _ = run("generate", *options, "--out", file)
    asked = parse_question_set(file.read_text(), file.name).questions
    assert (code, f"Wrote {len(asked)} questions" in out) == (0, True)
    for bad in ("My questions.yaml", "mine.yml"):
        code, _, error = run("generate", *options, "--out", str(tmp_path / bad))
        assert (code, "Name it like mine.yaml" in error) == (2, True)
    code, _, error = run("list", *options, "--status", "sleeping")
    assert code == 2
    code, out, _ = run("generate", *options, "--json")
    assert [row["id"] for row in json.loads(out)] == [one.id for one in asked]
    assert {one.year for one in asked} == {2020}


def test_a_question_of_a_backfill_keeps_nobody_from_asking_the_same_in_time(
    tmp_path: Path, settings: Settings
) -> None:
    source = counts(tmp_path, 2019)
    past_years.backfill(range(2018, 2019), Plan(sources=(source,), models=MODELS), settings)
    publish(source, settings)
    table = read(settings, "questions").set_index("question_id")
    past = table[table["is_pseudo"]]
    assert set(past["status"]) <= {"closed", "resolved", "void"}
    assert past.index.str.startswith("past-").all()
    name = past.index[past["target_year"] == 2021][0].removeprefix("past-")
    question = question_of(past.loc[f"past-{name}"].to_dict() | {"question_id": name})
    more = QuestionSet(id="same", title="The same, in time", questions=(question,))
    (Path(str(settings.questions)) / "same.yaml").write_text(question_set_text(more))
    publish(source, settings)
    table = read(settings, "questions").set_index("question_id")
    assert table.loc[name, "status"] == "open"
    assert not table.loc[name, "is_pseudo"]


def test_a_release_takes_in_what_a_backfill_asked_and_decides_it(
    tmp_path: Path, settings: Settings
) -> None:
    source = counts(tmp_path, 2019)
    plan = Plan(sources=(source,), models=MODELS)
    done = past_years.backfill(range(2010, 2013), plan, settings)
    found = done.questions
    assert set(found.questions["status"]) == {"resolved"}
    assert found.questions["is_pseudo"].all()
    assert (found.answers["is_pseudo"]).all()
    assert set(done.answer_scores["scored_as"]) == {"quoted", "naive", "last_order"}

    publish(source, settings)
    table = read(settings, "questions").set_index("question_id")
    past = table[table["is_pseudo"]]
    assert set(past.index) == set(found.questions["question_id"])
    outcomes = found.questions.set_index("question_id")["came_true"]
    assert past["came_true"].to_dict() == outcomes.to_dict()
    assert set(table[~table["is_pseudo"]].index) == {"above", "ahead", "small"}
    answers = read(settings, "answers")
    asked_then = answers[answers["question_id"].isin(past.index)]
    assert len(asked_then) == len(found.answers)
    # What was known then is all that was used.
    assert (asked_then["origin_year"] < pd.to_datetime(asked_then["answered_as_of"]).dt.year).all()

    first = table
    publish(counts(tmp_path, 2020, ITA=1), settings)
    again = read(settings, "questions").set_index("question_id").loc[past.index]
    columns = ["status", "came_true", "resolved_share", "resolving_vintage", "resolved_in"]
    pd.testing.assert_frame_equal(again[columns], first.loc[past.index, columns])


def test_a_scenario_is_asked_nothing(settings: Settings) -> None:
    identity = Identity((), "f" * 64, "0.1.0+test", Vintage(date(2020, 6, 1)))
    found = steps.inquiry_of(pd.DataFrame(), identity, "scenario", settings)
    assert (found.candidates, found.generates) == ((), False)
