"""How good are nowcasts of a year that a source is still counting?

Usage: python -m bench.nowcast --data FOLDER

Vintages are simulated with a known delay: final counts of a panel are thinned to those of a smaller
population, and each year is counted in part, in some countries faster than in others. A nowcast is
compared with carrying the last finished year on, and with a forecast that sees nothing of the year;
the forecast of the year after it, with one that sees the whole year.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from bench.shares import markdown, read_panel, write_section
from features.panel import Panel
from models.nowcast.completeness import Completeness, learn_completeness, stated_completeness
from models.nowcast.continuation import PartialYear, forecast_from
from models.shares.protocol import FittedForecaster
from models.shares.registry import DEFAULT_MODEL, create
from talentcast.domain.types import REST_OF_WORLD, CountingRule, SeriesKey

FloatArray = NDArray[np.float64]

FIRST_YEAR, LAST_YEAR = 2000, 2019
#: Years from which completeness is learned, and the fewest that a nowcast looks back on.
LEARN_YEARS: Final = 3
HISTORY: Final = 8
TOP: Final = 60
N_DRAWS: Final = 400
#: What is said of a source of which no earlier year is known at the same age.
STATED, SPREAD = 0.9, 0.1
_UPPER_TENTH: Final = 1.2816
_KEY: Final = SeriesKey("simulated", CountingRule.UNSPECIFIED, "bench")


@dataclass(frozen=True, slots=True)
class Delay:
    """How a source fills a year up.

    Attributes:
        at_six: Share of all counts that is in six months before the year is complete.
        at_two: The same two months before.
        between: Standard deviation of log completeness over countries, at six months.
        within: The same over years of one country.
    """

    at_six: float
    at_two: float
    between: float
    within: float

    def at(self, months: int) -> float:
        """Return the share that is in so many months before."""
        return {6: self.at_six, 2: self.at_two}[months]


DELAYS: Final = {
    "fast": Delay(0.8, 0.95, 0.05, 0.02),
    "medium": Delay(0.6, 0.85, 0.10, 0.04),
    "slow": Delay(0.4, 0.7, 0.15, 0.06),
}
#: Share of the panel's persons that the made-up population has: AI-like, and ten times as many.
SIZES: Final = (0.02, 0.2)


@dataclass(frozen=True, eq=False)
class Simulated:
    """Counts of finished years, and of each year when it was of one age; one half is added."""

    final: FloatArray
    partial: FloatArray


def simulated_vintages(
    counts: FloatArray, size: float, delay: Delay, months: int, rng: np.random.Generator
) -> Simulated:
    """Draw a smaller population, and how much of each year was in so many months before its end."""
    overall = delay.at(months)
    scale = (1 - overall) / (1 - delay.at_six)
    by_country = rng.normal(0, delay.between, (1, counts.shape[1])) * scale
    by_year = rng.normal(0, delay.within, counts.shape) * scale
    log_completeness = np.log(overall) + by_country + by_year
    final = rng.poisson(counts * size)
    partial = rng.binomial(final, np.exp(np.minimum(log_completeness, -0.01)))
    return Simulated(final + 0.5, partial + 0.5)


def log_shares(counts: FloatArray) -> FloatArray:
    """Return logarithms of shares; years are rows."""
    return np.asarray(np.log(counts / counts.sum(axis=-1, keepdims=True)))


def crps(mean: FloatArray, sd: FloatArray, truth: FloatArray) -> FloatArray:
    """Continuous ranked probability score of a normal distribution, in units of the variable."""
    z = (truth - mean) / sd
    return np.asarray(sd * (z * (2 * norm.cdf(z) - 1) + 2 * norm.pdf(z) - 1 / np.sqrt(np.pi)))


def learned(of: Simulated, at: int) -> Completeness:
    """Learn completeness from the years before one."""
    known = slice(at - LEARN_YEARS, at)
    return learn_completeness(of.partial[known], of.final[known])


def scores(of: Simulated, at: int, completeness: Completeness, seed: int) -> dict[str, FloatArray]:
    """Score the nowcast of one year and the forecast of the next, by country.

    And what they are compared with; without a next year, only the nowcast.
    """
    partial = PartialYear(at, of.partial[at], completeness)
    now, after = _predicted(of.final[:at], [partial], 1, seed)
    blind, blind_after = _predicted(of.final[:at], [], 2, seed)
    truth = log_shares(of.final)
    last = truth[at - 1]
    moves = np.diff(truth[at - 6 : at], axis=0)
    carried_sd = np.sqrt(np.maximum((moves**2).mean(axis=0), 1e-5))
    found = {
        "nowcast": crps(*now, truth[at]),
        "carried on": crps(last, carried_sd, truth[at]),
        "one year ahead": crps(*blind, truth[at]),
        "held": _held(now, truth[at]),
    }
    if at + 1 == len(of.final):
        return found
    (seeing,) = _predicted(of.final[: at + 1], [], 1, seed)
    return found | {
        "next year": crps(*after, truth[at + 1]),
        "next year, unfinished dropped": crps(*blind_after, truth[at + 1]),
        "next year, all known": crps(*seeing, truth[at + 1]),
        "next held": _held(after, truth[at + 1]),
    }


def _predicted(
    past: FloatArray, unfinished: Sequence[PartialYear], ahead: int, seed: int
) -> list[tuple[FloatArray, FloatArray]]:
    """Return mean and standard deviation of log shares by year, from the model of releases."""
    years = pd.RangeIndex(len(past), name="year")
    names = [f"C{n}" for n in range(past.shape[1])]
    panel = Panel(_KEY, pd.DataFrame(past, index=years, columns=names))
    found, _ = forecast_from(
        _fit,
        panel,
        unfinished,
        range(1, ahead + 1),
        n_draws=N_DRAWS,
        rng=np.random.default_rng(seed),
    )
    logs = np.log(found[-1].draws.shares)
    return list(zip(logs.mean(axis=1), logs.std(axis=1), strict=True))


def _fit(panel: Panel, horizons: Sequence[int]) -> FittedForecaster:
    return create(DEFAULT_MODEL).fit(panel, horizons)


def _held(predicted: tuple[FloatArray, FloatArray], truth: FloatArray) -> FloatArray:
    mean, sd = predicted
    return np.asarray(np.abs(truth - mean) < _UPPER_TENTH * sd, dtype=np.float64)


def simulated_rows(panel: Panel, repeats: int, seed: int) -> Iterator[dict[str, object]]:
    """Score every delay, lead and size on thinned counts of a panel."""
    table = panel.counts.drop(columns=REST_OF_WORLD, errors="ignore").loc[FIRST_YEAR:LAST_YEAR]
    counts = table.to_numpy(dtype=np.float64)
    largest = np.argsort(-counts[-1])[:TOP]
    for size in SIZES:
        rng = np.random.default_rng(seed)
        for name, delay in DELAYS.items():
            for months in (6, 2):
                drawn = [
                    simulated_vintages(counts, size, delay, months, rng) for _ in range(repeats)
                ]
                found = [
                    scores(of, at, learned(of, at), seed=at)
                    for of in drawn
                    for at in range(HISTORY, len(counts))
                ]
                mean = _means(found, largest)
                yield {
                    "size": f"{size:.0%}",
                    "delay": name,
                    "months before": months,
                    "nowcast": mean["nowcast"] / mean["carried on"],
                    "one year ahead": mean["one year ahead"] / mean["carried on"],
                    "80 % held": mean["held"],
                    "next year": _ratio(mean, "next year", "next year, all known"),
                    "next, dropped": _ratio(
                        mean, "next year, unfinished dropped", "next year, all known"
                    ),
                    "next held": mean["next held"],
                }


def real_rows(folder: Path) -> Iterator[dict[str, object]]:
    """Score the edge years of the vintage of July 2022 as they stand in that of 2024.

    There is one pair of vintages, so no earlier year is known at the same age.
    """
    earlier, later = (read_panel(folder, name).counts for name in ("scopus_2022_07_edge", "scopus"))
    countries = earlier.columns.intersection(later.columns).drop(REST_OF_WORLD)
    years = earlier.index.intersection(later.index)
    early, late = (table.loc[years, countries].to_numpy() + 0.5 for table in (earlier, later))
    of = Simulated(late, early)
    largest = np.argsort(-late[-1])[:TOP]
    for at in (len(years) - 2, len(years) - 1):
        ways = {
            "learned from older years": learned(of, at),
            "stated": stated_completeness(STATED, SPREAD, len(countries)),
        }
        for way, completeness in ways.items():
            mean = _means([scores(of, at, completeness, seed=at)], largest)
            yield {
                "year": int(years[at]),
                "countries": len(countries),
                "completeness": way,
                "nowcast": mean["nowcast"] / mean["carried on"],
                "one year ahead": mean["one year ahead"] / mean["carried on"],
                "80 % held": mean["held"],
            }


def _ratio(mean: pd.Series, of: str, to: str) -> str:
    return f"{mean[of] / mean[to]:.2f}"


def _means(found: Sequence[Mapping[str, FloatArray]], largest: NDArray[np.int64]) -> pd.Series:
    rows = [{key: value[largest].mean() for key, value in one.items()} for one in found]
    return pd.DataFrame(rows).mean()


def main() -> None:
    """Score both, and write the section."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    parser.add_argument("--panel", default="scopus", help="auth_scopus is the one to develop on.")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    rows = pd.DataFrame(
        simulated_rows(read_panel(asked.data, asked.panel), asked.repeats, asked.seed)
    )
    section = "\n".join(
        [
            "## Nowcasts",
            "",
            f"Panel `{asked.panel}`, {FIRST_YEAR} to {LAST_YEAR}, thinned to 2 and 20 percent of "
            f"its persons, {asked.repeats} draws each; delays are simulated. CRPS of log shares, "
            f"mean of the {TOP} largest countries, as a ratio to carrying the last finished year "
            "on; completeness learned from three earlier years of the same age. The year after "
            "the nowcast, as a ratio to a forecast that knows all of the unfinished year. Pseudo: "
            "final counts stand in for vintages.",
            "",
            markdown(rows),
            "",
            "A real pair: years of the vintage of July 2022, as they stand in that of 2024. No "
            "earlier year is known at the same age: completeness is learned from the three years "
            f"before, which were older, or stated ({STATED:.0%}, a spread of {SPREAD:.0%}).",
            "",
            markdown(pd.DataFrame(real_rows(asked.data))),
        ]
    )
    write_section(asked.out, section, "nowcast")


if __name__ == "__main__":
    main()
