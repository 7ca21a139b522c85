"""A dashboard over small releases, and a browser that records what it does."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from dashboard_pages import settle
from small_release import Small, publish_small

from flows.steps.retention import Retention, plan_pruning
from talentcast.store.pruning import prune
from talentcast.store.retraction import retract

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
SCREENSHOTS = Path(__file__).resolve().parents[2] / "var" / "screenshots"
#: Sums layout shifts as Chromium reports them.
WATCH_SHIFTS = """window.__shift = 0; new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.__shift += entry.value
}).observe({type: 'layout-shift', buffered: true})"""


@dataclass(frozen=True)
class Store:
    """A backfill from earlier data, a retracted release, a pruned, an older one, the latest."""

    home: Path
    backfill: str
    retracted: str
    pruned: str
    older: str
    latest: str

    @property
    def root(self) -> Path:
        return self.home / "releases"


@dataclass
class Visit:
    """One page in one browser, and everything it asked for or complained about."""

    base: str
    page: Any
    errors: list[str] = field(default_factory=list)
    elsewhere: list[str] = field(default_factory=list)
    answers: int = 0

    def open(self, path: str = "", **query: str) -> Visit:
        """Open a page and wait until it is whole."""
        self.page.goto(f"{self.base}/{path}?{urlencode(query)}")
        self.settle()
        return self

    def settle(self) -> None:
        """Wait until nothing is being drawn any more."""
        settle(self.page)

    def title(self) -> str:
        return str(self.page.locator("h1").first.inner_text())

    def text(self) -> str:
        return str(self.page.locator("[data-testid=stMain]").inner_text())

    def still_text(self) -> str:
        """Return the text once nothing of it changes any more: charts are drawn last."""
        before, text = "", self.text()
        while text != before:
            self.page.wait_for_timeout(500)
            before, text = text, self.text()
        return text

    def choose(self, label: str, option: str) -> None:
        """Choose in a list the way a keyboard user does."""
        box = self.page.get_by_role("combobox", name=label, exact=False).first
        box.click()
        box.fill(option)
        before = self.answers
        self.page.get_by_role("option", name=option, exact=False).first.click()
        self.wait_for_an_answer(before)
        self.settle()

    def wait_for_an_answer(self, before: int) -> None:
        """Wait until the server has taken notice of a choice; of the one it has, it takes none."""
        deadline = time.monotonic() + 10
        while self.answers == before and time.monotonic() < deadline:
            self.page.wait_for_timeout(20)

    def query(self) -> dict[str, str]:
        found: dict[str, str] = self.page.evaluate(
            "() => Object.fromEntries(new URLSearchParams(location.search))"
        )
        return found

    def saved(self, button: Any) -> Any:
        """Press a button and return where its file was saved.

        A page that is drawn anew at that moment swallows the press, so that it is pressed again.
        """
        from playwright.sync_api import TimeoutError as NothingCame

        for _ in range(3):
            try:
                with self.page.expect_download(timeout=15_000) as waiting:
                    button.click()
            except NothingCame:
                continue
            return waiting.value.path()
        raise AssertionError("Pressed three times, and no file was saved.")

    def rows(self, caption: str) -> list[list[str]]:
        """Return the cells of the table with a caption."""
        cells: list[list[str]] = self.page.evaluate(
            """caption => { const main = document.querySelector('[data-testid=stMain]');
              const table = [...main.querySelectorAll('table')].find(t =>
              t.caption.textContent.startsWith(caption));
              return [...table.tBodies[0].rows].map(r => [...r.cells].map(c => c.textContent)) }""",
            caption,
        )
        return cells


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    home = tmp_path_factory.mktemp("home")
    releases = [
        publish_small(home / "releases", small)
        for small in (
            Small(date(2020, 1, 31), 2019, "backfill", "b", has_returns=False),
            Small(date(2022, 1, 31), 2021, "manual", "d", has_returns=False),
            Small(date(2022, 2, 28), 2021, "manual", "e", has_returns=False),
            Small(date(2023, 1, 31), 2022, "manual", "c", tilt=0.03, has_returns=False),
            Small(has_questions=True, has_reasons=True),
        )
    ]
    retract(
        str(releases[1].release_id),
        home / "releases",
        reason="A source counted twice",
        by="ada",
        at=datetime(2024, 3, 1, tzinfo=UTC),
    )
    others = frozenset(release.release_id for number, release in enumerate(releases) if number != 2)
    month, now = timedelta(days=30), datetime(2024, 4, 1, tzinfo=UTC)
    pruning = plan_pruning(
        home / "releases", Retention(older_than=month, keep_also=others), now=now
    )
    prune(pruning, home / "releases", by="ada", at=now)
    return Store(home, *(str(release.release_id) for release in releases))


@pytest.fixture(scope="session")
def address(store: Store) -> Iterator[str]:
    with serving(store.home) as base:
        yield base


@pytest.fixture(scope="session")
def serve() -> Any:
    """Return a way to serve a home folder with some variables set."""
    return serving


@contextmanager
def serving(home: Path, **variables: str) -> Iterator[str]:
    """Serve the releases of a home folder on a free port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    talentcast = str(Path(sys.executable).with_name("talentcast"))
    log = home / "serve.log"
    with log.open("w") as written:
        server = subprocess.Popen(
            [talentcast, "serve", "--port", str(port), "--home", str(home)],
            stdout=written,
            stderr=written,
            cwd=home,
            env={**os.environ, **variables},  # noqa: TID251
        )
    base = f"http://127.0.0.1:{port}"
    try:
        _wait(base, log, server)
        yield base
    finally:
        server.terminate()
        server.wait(timeout=20)


def _wait(base: str, log: Path, server: subprocess.Popen[bytes]) -> None:
    for _ in range(240):
        if server.poll() is not None:
            break
        try:
            if httpx.get(f"{base}/_stcore/health").is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.25)
    pytest.fail(f"The dashboard did not start: {log.read_text()}")


# As long as Playwright lives its event loop runs, and no later test could run one of its own.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync_api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine; install the system package chromium")
    with sync_api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def pictures() -> Path:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS


@pytest.fixture
def visit(browser: Any, address: str) -> Iterator[Visit]:
    yield from _visit(browser, address)


def _visit(browser: Any, address: str, **options: Any) -> Iterator[Visit]:
    context = browser.new_context(accept_downloads=True, **options)
    page = context.new_page()
    made = Visit(address, page)
    page.on("console", lambda m: made.errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: made.errors.append(str(error)))

    def count(_: object) -> None:
        made.answers += 1

    page.on("websocket", lambda socket: socket.on("framereceived", count))
    own = (address, address.replace("http:", "ws:"), "data:", "blob:")
    page.on(
        "request",
        lambda request: None if request.url.startswith(own) else made.elsewhere.append(request.url),
    )
    page.add_init_script(WATCH_SHIFTS)
    yield made
    context.close()
    assert made.errors == [], "the browser's console shows errors"
    assert made.elsewhere == [], "a request left the machine"


@pytest.fixture
def empty(browser: Any, tmp_path: Path) -> Iterator[Visit]:
    """A dashboard over a home folder without a release."""
    with serving(tmp_path) as base:
        yield from _visit(browser, base)


@pytest.fixture
def visit_home(browser: Any) -> Any:
    """Return a way to visit a dashboard over another home folder."""

    @contextmanager
    def start(home: Path) -> Iterator[Visit]:
        with serving(home) as base:
            yield from _visit(browser, base)

    return start


@pytest.fixture
def visits(browser: Any, address: str) -> Any:
    """Return a way to visit with other options, for example a dark phone."""

    def start(**options: Any) -> Iterator[Visit]:
        return _visit(browser, address, **options)

    return start
