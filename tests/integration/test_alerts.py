"""Alerts: each change is told once to each address, and an address that is down is caught up on."""

from __future__ import annotations

import socket
import time
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from lab_counts import counts
from mail_server import mail_server, web_hook
from pydantic import SecretStr

from flows.steps import pipeline
from flows.steps.alerts import PATIENCE, alerts_of
from flows.steps.deliver import deliver
from flows.steps.pipeline import Refreshed
from flows.steps.plan import Plan
from talentcast.config import Settings
from talentcast.store.pointer import latest_release

QUESTIONS = """
id: lab
title: Two countries of a laboratory
questions:
- {id: next, population: lab, counting_rule: unspecified, source: file, statistic: lead,
   country: ITA, other_country: FRA, year: 2020}
- {id: later, population: lab, counting_rule: unspecified, source: file, statistic: lead,
   country: ITA, other_country: FRA, year: 2023}
"""
KINDS = {"order_flipped", "probability_crossed", "question_resolved", "range_left"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "asked"
    folder.mkdir()
    (folder / "lab.yaml").write_text(QUESTIONS)
    return Settings(
        home=tmp_path / "home", questions=folder, dashboard_url="https://board.example.org/"
    )


def publish(folder: Path, settings: Settings, number: int) -> Refreshed:
    """Publish the first, second or third release: only the second changes any headline."""
    source = {
        1: lambda: counts(folder, 2019, FRA=950),
        2: lambda: counts(folder, 2020, ITA=1500),
        3: lambda: counts(folder, 2020, ITA=1500, NLD=91, moment=date(2021, 9, 1)),
    }[number]()
    plan = Plan(sources=(source,), models=("pooled", "naive"), scored_horizons=())
    return pipeline.refresh(plan, settings)


def test_each_change_is_told_once_over_three_releases_by_hook_and_by_mail(
    tmp_path: Path, settings: Settings
) -> None:
    with web_hook() as (address, posted), mail_server() as (server, mailed):
        settings = settings.model_copy(
            update={
                "alert_webhook": SecretStr(address),
                "alert_mail_server": server,
                "alert_mail_to": "ada@example.org",
            }
        )
        publish(tmp_path, settings, 1)
        assert (posted, mailed) == ([], [])
        second = publish(tmp_path, settings, 2)
        assert {one["kind"] for one in posted} == KINDS
        told = {one["kind"]: one["text"] for one in posted}
        assert told["order_flipped"].startswith("Italy passed France in all in lab: 60")
        assert "Decided: yes; the last answer was" in told["question_resolved"]
        assert "outside the range of the release before" in told["range_left"]
        assert all("https://board.example.org/" in text for text in told.values())
        assert Counter(one["id"] for one in posted).most_common(1)[0][1] == 1
        assert len(mailed) == len(posted)
        assert "Italy passed France" in "".join(str(one.get_payload()) for one in mailed)
        assert [one["id"] for one in posted] == [
            alert.id for alert in alerts_of(second.release, settings)
        ]

        many = len(posted)
        publish(tmp_path, settings, 3)
        publish(tmp_path, settings, 3)
        deliver(second.release, settings)
        assert (len(posted), len(mailed)) == (many, many)


def test_a_hook_that_is_down_delays_nothing_and_is_told_once_it_is_up(
    tmp_path: Path, settings: Settings
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]  # nobody listens
        down = settings.model_copy(
            update={"alert_webhook": SecretStr(f"http://127.0.0.1:{port}/hook")}
        )
        publish(tmp_path, down, 1)
        refreshed = publish(tmp_path, down, 2)
        assert latest_release(down.releases) == refreshed.release
        assert [line for line in refreshed.undelivered if line.startswith("No alerts")]
        started = time.monotonic()
        assert deliver(refreshed.release, down)
        assert time.monotonic() - started < PATIENCE
    with web_hook(port) as (_, posted):
        assert deliver(refreshed.release, down) == ()
        assert {one["kind"] for one in posted} == KINDS
        many = len(posted)
        assert deliver(refreshed.release, down) == ()
        assert len(posted) == many


def test_a_hook_that_hangs_costs_seconds_and_only_once(tmp_path: Path, settings: Settings) -> None:
    publish(tmp_path, settings, 1)
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # takes the connection, and never answers
        hangs = SecretStr(f"http://127.0.0.1:{silent.getsockname()[1]}/hook")
        hanging = settings.model_copy(update={"alert_webhook": hangs})
        refreshed = publish(tmp_path, hanging, 2)
        started = time.monotonic()
        assert deliver(refreshed.release, hanging)
        assert time.monotonic() - started < 2 * PATIENCE


def test_an_address_that_is_set_later_is_not_told_of_the_past(
    tmp_path: Path, settings: Settings
) -> None:
    publish(tmp_path, settings, 1)
    refreshed = publish(tmp_path, settings, 2)
    with web_hook() as (address, posted):
        late = settings.model_copy(update={"alert_webhook": SecretStr(address)})
        assert deliver(refreshed.release, late) == ()
        assert posted == []
