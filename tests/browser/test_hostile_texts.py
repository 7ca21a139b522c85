"""What a browser makes of a release whose texts try to be a program, a picture or a link."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from dashboard_pages import PAGES
from small_release import Small, small_draft

from readers.site.index import write_site
from talentcast.store.publisher import publish

HIT = "window.__hit=1"
HOSTILE = (
    f"<script>{HIT}</script><img src=//foreign.invalid/x onerror={HIT};alert(1)>"
    f"[press](javascript:{HIT}) ![seen](http://foreign.invalid/y) "
    f"$\\href{{javascript:{HIT}}}{{x}}$ "
    f"{{{{constructor.constructor('{HIT}')()}}}} ');{HIT}//\" datum['x']"
)


def hostile_home(home: Path) -> Path:
    """Publish one release in which every free text is hostile."""
    draft = small_draft(Small(reason=HOSTILE))
    tables = dict(draft.tables)
    names = tables["country_names"]
    tables["country_names"] = names.assign(name=[f"{n} {HOSTILE}" for n in names["name"]])
    for table, columns in (
        ("quality_checks", ("observed", "message", "example_keys")),
        ("published_figures", ("publisher", "url")),
        ("model_cards", ("text",)),
    ):
        hostile = dict.fromkeys(columns, HOSTILE)
        tables[table] = pd.DataFrame(tables[table]).assign(**hostile)
    figures = tables["published_figures"]
    # It begins as it did: claims find their figures by the source.
    tables["published_figures"] = figures.assign(source=figures["source"] + " " + HOSTILE)
    publish(
        replace(draft, tables=tables),
        home / "releases",
        published_at=datetime(2024, 2, 1, tzinfo=UTC),
    )
    return home


@pytest.fixture
def hostile(visit_home: Any, tmp_path: Path) -> Iterator[Any]:
    with visit_home(hostile_home(tmp_path)) as visit:
        yield visit


def test_hostile_texts_are_shown_and_run_nothing(hostile: Any) -> None:
    dialogs: list[str] = []

    def refuse(dialog: Any) -> None:
        dialogs.append(dialog.message)
        dialog.dismiss()

    hostile.page.on("dialog", refuse)
    shown = ""
    for page in PAGES:
        hostile.open(page)
        shown += hostile.text()
        assert hostile.page.evaluate("() => window.__hit") is None, page
        links = "a[href^='javascript:' i], [src*='foreign.invalid'], [href*='foreign.invalid']"
        assert hostile.page.locator(links).count() == 0, page
    assert dialogs == []
    assert "onerror=" in shown, "no page showed a hostile text, so nothing was tested"


def test_the_static_site_shows_hostile_texts_and_runs_nothing(browser: Any, tmp_path: Path) -> None:
    write_site(hostile_home(tmp_path) / "releases", tmp_path / "site")
    context = browser.new_context()
    page = context.new_page()
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    elsewhere: list[str] = []
    page.on("request", lambda asked: elsewhere.append(asked.url))
    shown = ""
    for path in sorted((tmp_path / "site" / "releases").glob("r*/**/*.html")):
        page.goto(path.as_uri())
        shown += page.locator("main").inner_text()
        assert page.evaluate("() => window.__hit") is None, path
    (picture,) = (tmp_path / "site" / "releases").glob("r*/charts/FRA-share.svg")
    page.goto(picture.as_uri())
    assert page.evaluate("() => window.__hit") is None
    context.close()
    assert dialogs == []
    assert [url for url in elsewhere if not url.startswith("file:")] == []
    assert "onerror=" in shown, "no page showed a hostile text, so nothing was tested"
