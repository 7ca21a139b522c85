"""Two past shocks forecast as a scenario: is the accounting of stocks and flows worth anything?

Usage: python -m bench.stay_rates

Departures of scholars rose in Turkey and in the United Kingdom after 2016 (`scholars_scopus`, modal
country, vintage 2024-07-24, final counts: pseudo). Shares from the origin 2015 are forecast once as
they were, and once under the departures that were really counted; both are compared with what was
counted. A scenario that knows the shock should be nearer; how far it stays off is published.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from bench.shares import markdown, write_section
from features.series import rows_of
from flows.steps.forecast import mean_shares
from flows.steps.nowcast import NONE_UNFINISHED
from flows.steps.plan import Plan
from models.shares.registry import ModelContext
from models.stay_rates import moved_home
from sources.bundled import bundled_covariates
from sources.reference_panel import REFERENCE_SERIES, load_reference_panel, reference_counts
from talentcast.domain.types import Origin

PAGE: Final = Path(__file__).parents[1] / "docs" / "method" / "stay-rates.md"
ORIGIN: Final = Origin(2015)
YEARS: Final = range(2016, 2020)
SHOCKS: Final = {"TUR": "Turkey, from July 2016", "GBR": "United Kingdom, from June 2016"}
#: Years whose departures would have gone on.
USUAL: Final = range(2011, 2016)


def departure_rates(country: str) -> pd.Series:
    """Return departures over researchers by year."""
    rows = rows_of(reference_counts(), REFERENCE_SERIES)
    own = rows[rows["country"] == country].set_index("year")
    rates: pd.Series = own["departures"] / own["researchers"]
    return rates


def under_departures(shares: pd.DataFrame, country: str, excess: pd.Series) -> pd.DataFrame:
    """Move researchers from a country to all others in proportion.

    Args:
        shares: Years by countries, of the forecast.
        country: Which one they leave.
        excess: Rate a year beyond the usual one.
    """
    gone = 1 - (1 - excess).cumprod().reindex(shares.index).to_numpy()
    left = shares[country].to_numpy() * gone
    codes = [str(code) for code in shares.columns]
    moved = moved_home(
        shares.to_numpy()[:, None, :], codes, country, left[:, None, None], ("everywhere",)
    )
    return pd.DataFrame(moved[:, 0, :], index=shares.index, columns=shares.columns)


def compared(country: str, forecast: pd.DataFrame, counted: pd.DataFrame) -> pd.DataFrame:
    """Return the errors of the forecast and of the scenario, a row a year."""
    rates = departure_rates(country)
    excess = rates.loc[list(YEARS)] - rates.loc[list(USUAL)].mean()
    scenario = under_departures(forecast, country, excess)
    if not np.allclose(scenario.sum(axis=1), 1):
        raise SystemExit("Somebody is lost.")
    truth = counted[country]
    errors = {
        f"error of the {name}, % of the share": 100 * (shares[country] / truth - 1)
        for name, shares in (("forecast", forecast), ("scenario", scenario))
    }
    table = pd.DataFrame(
        {
            "shock": SHOCKS[country],
            "year": list(map(str, YEARS)),
            "departures beyond usual, % a year": 100 * excess.to_numpy(),
            "counted share, %": (100 * truth).map("{:.2f}".format).to_numpy(),
        }
        | {name: error.to_numpy() for name, error in errors.items()}
    )
    shown = table.select_dtypes("number").map("{:+.2f}".format)
    return table.assign(**shown)


def both_shocks() -> pd.DataFrame:
    """Return the errors of both shocks, a row a year."""
    panel = load_reference_panel(ORIGIN)
    if panel is None:
        raise SystemExit("The bundled panel is too short.")
    context = ModelContext(bundled_covariates(), panel).until(ORIGIN)
    plan = Plan(sources=(), horizons=tuple(year - ORIGIN.year for year in YEARS))
    means = mean_shares(panel.until(ORIGIN), plan, context, NONE_UNFINISHED, None).reset_index()
    forecast = means.pivot_table(index="target_year", columns="country", values="value")
    counted = panel.shares().loc[list(YEARS)]
    return pd.concat([compared(country, forecast, counted) for country in SHOCKS])


def main() -> None:
    """Print both shocks, and write them into the docs."""
    text = markdown(both_shocks())
    write_section(PAGE, text, "stay-rates")
    print(text)


if __name__ == "__main__":
    main()
