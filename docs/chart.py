"""The README's chart, from the latest release: `python -m docs.chart`, after `make forecast`."""

from __future__ import annotations

from pathlib import Path

import talentcast
from dashboard.fan_chart import fan_chart, share_fan
from dashboard.theme import PALETTES
from features.headline import default_model

POPULATION = "neurips_authorships"
PICTURE = Path(__file__).parent / "images" / "neurips-shares.png"


def main() -> None:
    """Draw the United States' and China's share of NeurIPS authorships."""
    forecasts = talentcast.read("forecasts", target="researcher_share", population=POPULATION)
    fan = share_fan(
        talentcast.read("observations", population=POPULATION),
        forecasts[forecasts["model"] == default_model(forecasts)],
        talentcast.read("country_names"),
        countries=["USA", "CHN"],
    )
    PICTURE.parent.mkdir(exist_ok=True)
    chart = fan_chart(fan, PALETTES["light"], height=360, width=720)
    chart.save(str(PICTURE), scale_factor=2)


if __name__ == "__main__":
    main()
