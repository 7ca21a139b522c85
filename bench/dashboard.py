"""How fast the dashboard answers, and how still it stands: `python -m bench.dashboard`.

A real server, a real browser without a cache for every visit. The first chart should be there
within 2 s and the answer to a filter within 300 ms; a page should shift by less than 0.1.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

PAGES = ("overview", "country", "returns", "track-record", "quality", "releases")
#: Notes when the first chart is drawn and sums layout shifts, on the page's own clock.
WATCH = """
window.__shift = 0; window.__first = null; window.__changed = null;
new PerformanceObserver(list => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.__shift += entry.value
}).observe({type: 'layout-shift', buffered: true});
const drawn = chart => (document.querySelector(chart + ' svg') || {}).outerHTML || '';
const look = () => {
  if (window.__first === null && drawn('[data-testid=stVegaLiteChart]'))
    window.__first = performance.now();
  const asked = window.__asked;
  if (asked && window.__changed === null) {
    const now = drawn(asked.chart);
    if (now && now !== asked.before) window.__changed = performance.now() - asked.at;
  }
};
new MutationObserver(look).observe(document, {childList: true, subtree: true, characterData: true});
window.__ask = chart => {
  window.__changed = null;
  const before = drawn(chart);
  addEventListener('click', () => { window.__asked = {chart, before, at: performance.now()} },
                   {capture: true, once: true});
};
"""
#: What is changed: name, page, label of the filter, choices in turn, chart that must answer.
CHANGES = (
    ("horizon", "overview", "Horizon", ("to 2022", "to 2023", "to 2024"), "shares"),
    ("pair", "overview", "Will this country", ("France", "Japan", "India"), "odds"),
    ("country", "country", "Country", ("India", "Japan", "France"), "country"),
    ("score", "track-record", "Countries count", ("equally", "by the size"), "error"),
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure a dashboard over the releases of a home folder."""
    options = _options(arguments)
    with _server(options.home) as base, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.browser, args=["--no-sandbox"])
        for page in PAGES:  # a warm server has shown every page once
            _visit(browser, f"{base}/{page}", lambda _: None)
        rows = [_row("first chart, new browser", "ms", _first_charts(browser, base, options))]
        rows += [
            _row(f"change of {name}", "ms", _changes(browser, base, options, *how))
            for name, *how in CHANGES
        ]
        rows += [
            _row(f"layout shift, {page}", "", _shifts(browser, base, options, page))
            for page in PAGES
        ]
        browser.close()
    _report(rows, options.repeats)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path("var"), help="Home with a release.")
    parser.add_argument("--repeats", type=int, default=12)
    parser.add_argument("--browser", default=shutil.which("chromium"), help="Path of Chromium.")
    return parser.parse_args(arguments)


@contextmanager
def _server(home: Path) -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    talentcast = str(Path(sys.executable).with_name("talentcast"))
    process = subprocess.Popen(
        [talentcast, "serve", "--port", str(port), "--home", str(home)], stdout=subprocess.DEVNULL
    )
    base = f"http://127.0.0.1:{port}"
    try:
        _wait(base)
        yield base
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait(base: str) -> None:
    for _ in range(240):
        try:
            with urllib.request.urlopen(f"{base}/_stcore/health", timeout=2):  # noqa: S310 - ours
                return
        except OSError:
            time.sleep(0.25)
    raise SystemExit("The dashboard did not start.")


def _visit(browser: Browser, address: str, measure: Callable[[Page], Any]) -> Any:
    """Open an address in a browser that has seen nothing yet, and measure when it is whole."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(address)
    _settle(page)
    measured = measure(page)
    context.close()
    return measured


def _settle(page: Page) -> None:
    page.wait_for_selector(".tc-footer", timeout=60_000)
    page.wait_for_function(
        "() => [...document.querySelectorAll('[data-testid=stVegaLiteChart]')]"
        ".every(chart => chart.querySelector('svg'))",
        timeout=60_000,
    )
    page.wait_for_timeout(500)


def _first_charts(browser: Browser, base: str, options: argparse.Namespace) -> list[float]:
    return [
        _visit(browser, base, lambda page: page.evaluate("window.__first"))
        for _ in range(options.repeats)
    ]


def _changes(
    browser: Browser,
    base: str,
    options: argparse.Namespace,
    page_path: str,
    label: str,
    choices: Sequence[str],
    chart: str,
) -> list[float]:
    """Return milliseconds from the click on a choice to the redrawn chart, all choices warm."""

    def measure(page: Page) -> list[float]:
        found = [
            _change(page, label, choices[number % len(choices)], f".st-key-chart-{chart}")
            for number in range(options.repeats + len(choices))
        ]
        return found[len(choices) :]

    address = f"{base}/{page_path}?population=scholars_scopus"
    measured: list[float] = _visit(browser, address, measure)
    return measured


def _change(page: Page, label: str, choice: str, chart: str) -> float:
    box = page.get_by_role("combobox", name=label, exact=False).first
    box.click()
    box.fill(choice)
    option = page.get_by_role("option", name=choice, exact=False).first
    option.wait_for()
    page.evaluate("chart => window.__ask(chart)", chart)
    option.click()
    page.wait_for_function("() => window.__changed !== null", timeout=30_000)
    milliseconds = float(page.evaluate("window.__changed"))
    page.wait_for_timeout(500)
    return milliseconds


def _shifts(browser: Browser, base: str, options: argparse.Namespace, page: str) -> list[float]:
    return [
        _visit(browser, f"{base}/{page}", lambda shown: shown.evaluate("window.__shift"))
        for _ in range(options.repeats)
    ]


def _row(what: str, unit: str, values: Sequence[float]) -> tuple[str, str]:
    median, high = np.median(values), np.percentile(values, 95)
    said = f"{median:.0f} | {high:.0f}" if unit else f"{median:.3f} | {high:.3f}"
    return f"{what}{', ' + unit if unit else ''}", said


def _report(rows: Sequence[tuple[str, str]], repeats: int) -> None:
    print(
        f"Machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end; "
        f"Python {platform.python_version()}, Streamlit {version('streamlit')}; "
        f"{repeats} repeats.\n"
    )
    print("| what | median | p95 |\n| --- | --- | --- |")
    for what, said in rows:
        print(f"| {what} | {said} |")


if __name__ == "__main__":
    main()
