"""The site in a browser: from the disk and from a server, in both themes, on desktop and phone."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from small_release import Small, publish_small
from static_server import serving

from readers.site.index import write_site

AXE = Path(__file__).resolve().parents[1] / "data" / "axe-core" / "axe.min.js.gz"
#: One page of each kind, in the folder of a release.
KINDS = (
    "index.html",
    "countries.html",
    "country/FRA.html",
    "country/CHN.html",
    "populations.html",
    "population/scholars_scopus.html",
    "track-record.html",
    "questions.html",
    "claims.html",
    "returns.html",
    "quality.html",
    "data.html",
    "embed/FRA-share.html",
    "embed/CHN-reasons.html",
    "../../releases.html",
    "../../index.html",
    "../../country/FRA.html",
)
#: Pixels by which texts of a drawing stand out to the left and to the right.
OUTSIDE = """svg => {
  const whole = svg.getBoundingClientRect();
  const texts = [...svg.querySelectorAll("text")].map(text => text.getBoundingClientRect());
  return [
    Math.max(...texts.map(text => whole.left - text.left)),
    Math.max(...texts.map(text => text.right - whole.right)),
  ];
}"""
#: Pairs of texts of a drawing that cover each other.
COVERED = """svg => {
  const texts = [...svg.querySelectorAll("text")].filter(text => text.textContent);
  const at = texts.map(text => text.getBoundingClientRect());
  const both = (a, b) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4;
  return texts.flatMap((text, i) => texts.slice(i + 1).flatMap((other, j) =>
    both(at[i], at[i + 1 + j]) ? [[text.textContent, other.textContent]] : []));
}"""


@dataclass(frozen=True)
class Site:
    out: Path
    release: str

    def page(self, path: str) -> str:
        return (self.out / "releases" / self.release / path).resolve().as_uri()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    root, out = tmp_path_factory.mktemp("home") / "releases", tmp_path_factory.mktemp("site")
    release = publish_small(root, Small(has_questions=True, has_reasons=True))
    write_site(root, out)
    return Site(out, str(release.release_id))


@contextmanager
def watched(browser: Any, own: str, **options: Any) -> Iterator[Any]:
    """Give a page of a browser; at the end nothing may have complained or asked elsewhere."""
    context = browser.new_context(**options)
    page = context.new_page()
    errors: list[str] = []
    elsewhere: list[str] = []
    page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))

    def failed(request: Any) -> None:
        if request.failure != "net::ERR_ABORTED":  # an icon that is left for the next page
            errors.append(f"{request.failure}: {request.url}")

    page.on("requestfailed", failed)
    page.on(
        "request",
        lambda asked: None if asked.url.startswith((own, "data:")) else elsewhere.append(asked.url),
    )
    yield page
    context.close()
    assert errors == [], "the browser's console shows errors"
    assert elsewhere == [], "a request left the site"


@pytest.mark.parametrize(("mode", "width"), [("light", 1280), ("dark", 390)])
def test_every_kind_of_page_is_accessible_and_fits(
    browser: Any, site: Site, mode: str, width: int
) -> None:
    axe = gzip.decompress(AXE.read_bytes()).decode()
    found = {}
    with watched(
        browser, "file:", color_scheme=mode, viewport={"width": width, "height": 900}
    ) as page:
        for path in KINDS:
            page.goto(site.page(path))
            page.wait_for_load_state()
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path
            page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
            page.evaluate(axe)
            result = page.evaluate("axe.run({resultTypes: ['violations'], preload: false})")
            found[path] = [
                f"{rule['id']}: {rule['nodes'][0]['html']}" for rule in result["violations"]
            ]
    assert {path: rules for path, rules in found.items() if rules} == {}


def test_the_site_works_from_a_server_too_with_a_keyboard(browser: Any, site: Site) -> None:
    with serving(site.out) as served, watched(browser, served.address) as page:
        page.goto(f"{served.address}/index.html")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        for path in KINDS[:-1]:  # the last one leads on, as below
            page.goto(f"{served.address}/releases/{site.release}/{path}")
            assert page.locator("h1").count() == 1
        page.goto(f"{served.address}/country/CHN.html#CHN-share")
        page.wait_for_url(f"**/releases/{site.release}/country/CHN.html#CHN-share")
        code = page.locator("[data-embed]").first.text_content()
        assert f'src="{served.address}/releases/{site.release}/embed/CHN-share.html"' in code


def test_the_theme_is_switched_and_kept(browser: Any, site: Site) -> None:
    with serving(site.out) as served, watched(browser, served.address) as page:
        page.goto(f"{served.address}/index.html")
        ground = "getComputedStyle(document.body).backgroundColor"
        assert page.evaluate(ground) == "rgb(255, 255, 255)"
        page.get_by_role("button", name="Dark theme").press("Enter")
        assert page.evaluate(ground) == "rgb(20, 23, 27)"
        line = page.locator(".drawing .wide rect").first
        assert line.evaluate("e => getComputedStyle(e).fill") == "rgb(20, 23, 27)"
        page.get_by_role("link", name="Countries", exact=True).click()
        page.wait_for_url("**/countries.html")
        assert page.evaluate(ground) == "rgb(20, 23, 27)"


def test_a_pointer_on_a_year_is_answered_with_its_numbers(browser: Any, site: Site) -> None:
    with watched(browser, "file:") as page:
        page.goto(site.page("country/CHN.html"))
        point = page.locator("#CHN-share circle[data-t*='forecast, median']").last
        point.hover()
        assert page.locator(".tip").inner_text() == point.get_attribute("data-t")
        assert "80%:" in page.locator(".tip").inner_text()


def test_no_label_of_a_drawing_covers_another_or_leaves_its_file(browser: Any, site: Site) -> None:
    """Also in the font of this machine, which is a sixth wider than the one that measures."""
    with watched(browser, "file:") as page:
        for path in ("country/CHN.html", "population/neurips_authorships.html"):
            page.goto(site.page(path))
            for drawing in page.locator(".drawing svg:visible").all():
                left, right = drawing.evaluate(OUTSIDE)
                assert max(left, right) <= 12, (path, left, right)  # margin of the file
                assert drawing.evaluate(COVERED) == []


def test_an_older_page_says_that_it_is_one(browser: Any, site: Site, tmp_path: Path) -> None:
    with watched(browser, "file:") as page:
        page.add_init_script(
            "Object.defineProperty(window, 'talentcastSite', {set() {}, "
            "get: () => ({latest: 'r20250131-0123456789ab', retracted: {}})})"
        )
        page.goto(site.page("country/CHN.html"))
        notice = page.get_by_role("status")
        assert notice.inner_text() == (
            f"Release {site.release} is not the latest one. Show the latest."
        )
        notice.get_by_role("link").click()
        page.wait_for_url((site.out / "index.html").as_uri())


@pytest.mark.parametrize("width", [700, 340])
def test_an_embedded_chart_fills_the_frame_of_another_page(
    browser: Any, site: Site, tmp_path: Path, width: int
) -> None:
    with serving(site.out) as served, watched(browser, "http://") as page:
        source = f"{served.address}/releases/{site.release}/embed/neurips_authorships-shares.html"
        page.set_content(f'<iframe src="{source}" width="{width}" height="700"></iframe>')
        frame = page.frame_locator("iframe")
        drawing = frame.locator("img")
        drawing.wait_for()
        page.wait_for_function("() => frames[0] !== undefined")
        assert drawing.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
        assert drawing.evaluate("image => image.clientWidth") == pytest.approx(width, abs=20)
        shown = drawing.evaluate("image => image.currentSrc")
        assert shown.endswith("-phone.svg") == (width < 560)
        assert "Share of NeurIPS authorships" in (drawing.get_attribute("alt") or "")
