"""The README's chart, from the latest release: `python -m docs.chart`, after `make forecast`."""

from __future__ import annotations

from pathlib import Path

import vl_convert

from readers.charts.fan import fan_chart
from readers.charts.theme import PALETTES, country_colours
from readers.summaries.describe import fan_description
from readers.summaries.published_series import load_series, published_series
from readers.summaries.series import share_fan
from talentcast.config import load_settings
from talentcast.store.pointer import find_release

POPULATION = "neurips_authorships"
COUNTRIES = ["USA", "CHN"]
PICTURE = Path(__file__).parent / "images" / "neurips-shares.png"


def main() -> None:
    """Draw the United States' and China's share of NeurIPS authorships."""
    root = load_settings().releases
    release = find_release("latest", root)
    published = next(
        one for one in published_series(release, root) if one.key.population == POPULATION
    )
    series = load_series(published, release, root).until(5)
    palette = PALETTES["light"]
    spec = fan_chart(
        share_fan(series, COUNTRIES),
        palette,
        colours=country_colours(COUNTRIES, palette),
        description=fan_description(series, COUNTRIES),
        height=360,
        width=720,
    )
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_bytes(vl_convert.vegalite_to_png(spec, scale=2))


if __name__ == "__main__":
    main()
