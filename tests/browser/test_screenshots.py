"""Pictures of every page, for a designer's eye: var/screenshots."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from dashboard_pages import PAGES


@pytest.mark.parametrize("mode", ["light", "dark"])
@pytest.mark.parametrize(("device", "width"), [("desktop", 1440), ("phone", 390)])
def test_every_page_fits_its_width_and_has_its_picture_taken(
    visits: Any, pictures: Path, mode: str, device: str, width: int
) -> None:
    for visit in visits(viewport={"width": width, "height": 900}, color_scheme=mode):
        for path in PAGES:
            visit.page.set_viewport_size({"width": width, "height": 900})
            visit.open(path)
            page = visit.page
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            height = page.evaluate("document.querySelector('[data-testid=stMain]').scrollHeight")
            page.set_viewport_size({"width": width, "height": min(height + 10, 6000)})
            page.wait_for_timeout(500)
            picture = pictures / f"{path}-{mode}-{device}.png"
            page.screenshot(path=picture)
            assert picture.stat().st_size > 10_000
