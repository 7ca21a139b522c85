"""Are joint draws joint? Dependence between countries, and who is ahead of whom.

Usage: python -m bench.joint_draws --data FOLDER

The published draws are compared with draws of the same margins in other orders: independent ones,
those of one to three common factors of past errors, and those of years in which all err more.
Variants are chosen on the earlier half of the origins and reported on the later half.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from bench.calibration import populations
from bench.shares import ORIGINS, markdown, read_panel, write_section
from features.composition import close, close_logs
from features.panel import Panel
from models.evaluation.scores import energy_score
from models.shares.pooled.common import PooledSettings, learn_common
from models.shares.pooled.history import History
from models.shares.registry import ModelContext, create

FloatArray = NDArray[np.float64]
Order = Callable[[FloatArray, np.random.Generator], FloatArray]

PANELS: Final = ("scopus", "auth_scopus", "auth_orcid")
HORIZONS: Final = range(1, 6)
N_DRAWS: Final = 1000
N_TOP: Final = 60
#: Draws used for the energy score, whose cost grows with their square.
N_ENERGY: Final = 400
#: Origins up to this one choose among variants.
CHOSEN_UNTIL: Final = 2012
SEED: Final = 20241123
EDGES: Final = (0, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 1)


@dataclass(frozen=True, eq=False)
class Forecast:
    """Draws from one origin and what came.

    Attributes:
        logs: Shape (n_horizons, n_draws, n_parts), log shares of the largest countries and rest.
        truths: Shape (n_horizons, n_parts); NaN where the year is not there.
        past: Shape (n_years, n_parts), standardised one-year errors known at the origin.
    """

    panel: str
    origin: int
    names: tuple[str, ...]
    logs: FloatArray
    truths: FloatArray
    past: FloatArray


def forecasts(name: str, panel: Panel) -> Iterator[Forecast]:
    """Yield the default model's draws from every origin."""
    shares = panel.shares()
    for origin in ORIGINS:
        training = panel.until(origin)
        rng = np.random.default_rng([SEED, origin.year])
        fitted = create("pooled", ModelContext()).fit(training, HORIZONS)
        drawn = fitted.sample(N_DRAWS, rng)
        latest = close(training.carried_forward().iloc[-1])
        top = np.argsort(-latest[:-1], kind="stable")[:N_TOP]
        years = [origin.year + horizon for horizon in HORIZONS]
        truths = shares.reindex(years).to_numpy(dtype=np.float64)
        _, point = learn_common(History.of(training), PooledSettings(), n_horizons=1)
        errors = point.errors[0][np.isfinite(point.errors[0]).all(axis=1)][:, top]
        spread = np.sqrt((errors**2).mean(axis=0))
        # The rest is made of many small errors, and has none of its own here.
        past = np.column_stack([errors / spread, np.zeros(len(errors))])
        names = tuple(panel.countries[at] for at in top)
        yield Forecast(
            name, origin.year, names, _parts(drawn.shares, top), _parts(truths, top), past
        )


def small_forecasts(data: Path, n_panels: int) -> Iterator[Forecast]:
    """Yield the default model's draws for small panels made of groups of countries."""
    context = ModelContext(reference_panel=read_panel(data, "scopus"))
    for population in populations(data, None, n_panels):
        for panel in population.panels:
            shares = panel.shares()
            for origin in population.origins:
                rng = np.random.default_rng([SEED, origin.year])
                fitted = create("pooled", context.until(origin)).fit(panel.until(origin), HORIZONS)
                years = [origin.year + horizon for horizon in HORIZONS]
                truths = np.log(shares.reindex(years).to_numpy(dtype=np.float64))
                logs = np.log(fitted.sample(N_DRAWS, rng).shares)
                # The rest, which comes last, is no country that could be ahead.
                names, none = panel.countries[:-1], np.empty((0, len(panel.countries)))
                yield Forecast(population.name, origin.year, names, logs, truths, none)


def _parts(shares: FloatArray, top: NDArray[np.int64]) -> FloatArray:
    rest = np.maximum(shares.sum(axis=-1) - shares[..., top].sum(axis=-1), 1e-12)
    return np.log(np.concatenate([shares[..., top], rest[..., None]], axis=-1))


def in_order(logs: FloatArray, latent: FloatArray) -> FloatArray:
    """Return draws with the margins of `logs` in the ranks of `latent`, (n_draws, n_parts)."""
    ranks = latent.argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    ordered = np.sort(logs, axis=1)
    return np.log(close_logs(np.take_along_axis(ordered, np.broadcast_to(ranks, logs.shape), 1)))


def independent(past: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Return latent values without any dependence."""
    return rng.standard_normal((N_DRAWS, past.shape[1]))


def factors(past: FloatArray, rng: np.random.Generator, *, n: int, part: float) -> FloatArray:
    """Return latent values that share the first factors of past errors.

    Args:
        past: Standardised errors, shape (n_years, n_parts).
        rng: Source of the values.
        n: Number of factors.
        part: Of the common variance that is believed.
    """
    _, sizes, loadings = np.linalg.svd(past / np.sqrt(len(past)), full_matrices=False)
    common = np.sqrt(part) * sizes[:n, None] * loadings[:n]
    own = np.sqrt(np.maximum(1 - (common**2).sum(axis=0), 0.05))
    shared = rng.standard_normal((N_DRAWS, len(common))) @ common
    return shared + own * rng.standard_normal((N_DRAWS, past.shape[1]))


def shocks(past: FloatArray, rng: np.random.Generator, *, size: float) -> FloatArray:
    """Return latent values whose spread is common to all countries in a draw."""
    spread = np.exp(size * rng.standard_normal((N_DRAWS, 1)))
    return spread * rng.standard_normal((N_DRAWS, past.shape[1]))


VARIANTS: Final[Mapping[str, Order]] = {
    "independent": independent,
    **{
        f"{n} factors, {part:.0%} of their variance": partial(factors, n=n, part=part)
        for n in (1, 2, 3)
        for part in (0.25, 0.5, 1.0)
    },
    **{f"years with shocks of {size}": partial(shocks, size=size) for size in (0.15, 0.3, 0.5)},
}


def _over_horizons(covariance: Callable[[FloatArray, FloatArray], FloatArray]) -> FloatArray:
    """Return the correlations between horizons that a covariance of earlier and later ones has."""
    years = np.array(HORIZONS, dtype=np.float64)
    earlier, later = np.minimum(years[:, None], years), np.maximum(years[:, None], years)
    found = covariance(earlier, later)
    spread = np.sqrt(np.diag(found))
    return np.asarray(found / spread[:, None] / spread)


OVER_YEARS: Final[Mapping[str, FloatArray]] = {
    "independent": np.eye(len(HORIZONS)),
    "of a random walk": _over_horizons(lambda first, _: first),
    "of a random walk of growth": _over_horizons(
        lambda first, last: first * (first + 1) * (3 * last - first + 1) / 6
    ),
    "half way from that to one": (
        1 + _over_horizons(lambda first, last: first * (first + 1) * (3 * last - first + 1) / 6)
    )
    / 2,
}


def variogram_score(draws: FloatArray, truth: FloatArray) -> float:
    """Return the variogram score of order 1/2 (Scheuerer and Hamill 2015), a mean over pairs."""
    first, second = np.triu_indices(draws.shape[1], 1)
    expected = np.sqrt(np.abs(draws[:, first] - draws[:, second])).mean(axis=0)
    return float(((np.sqrt(np.abs(truth[first] - truth[second])) - expected) ** 2).mean())


def score(forecast: Forecast) -> Iterator[dict[str, object]]:
    """Yield the scores of the published draws and of every variant, by horizon."""
    orders: dict[str, FloatArray] = {"published": forecast.logs}
    for number, (name, order) in enumerate(VARIANTS.items()):
        rng = np.random.default_rng([SEED, forecast.origin, number])
        orders[name] = in_order(forecast.logs, order(forecast.past, rng))
    for name, logs in orders.items():
        for at, horizon in enumerate(HORIZONS):
            truth = forecast.truths[at]
            if not np.isfinite(truth).all():
                continue
            yield {
                "panel": forecast.panel,
                "draws": name,
                "origin": forecast.origin,
                "horizon": horizon,
                "energy": energy_score(np.exp(logs[at, :N_ENERGY]), np.exp(truth)),
                "variogram": variogram_score(logs[at], truth),
            }


def score_small(forecast: Forecast) -> Iterator[dict[str, object]]:
    """Yield the scores of a small panel's published draws, and of the same in random order.

    Parts in random order do not sum to 1: closing them again would change their margins.
    """
    rng = np.random.default_rng([SEED, forecast.origin])
    orders = {"published": forecast.logs, "independent": rng.permuted(forecast.logs, axis=1)}
    for name, logs in orders.items():
        for at, truth in enumerate(forecast.truths):
            if np.isfinite(truth).all():
                yield {
                    "panel": forecast.panel,
                    "draws": name,
                    "origin": forecast.origin,
                    "energy": energy_score(np.exp(logs[at, :N_ENERGY]), np.exp(truth)),
                    "variogram": variogram_score(logs[at], truth),
                }


def over_years(forecast: Forecast) -> Iterator[dict[str, object]]:
    """Yield the energy score of a country's path, by how ranks at two horizons are correlated."""
    if not np.isfinite(forecast.truths).all():
        return
    orders = {"published": forecast.logs}
    for number, (name, correlation) in enumerate(OVER_YEARS.items()):
        rng = np.random.default_rng([SEED, forecast.origin, 100 + number])
        root = np.linalg.cholesky(correlation + 1e-9 * np.eye(len(correlation)))
        latent = np.einsum("hk,kdp->hdp", root, rng.standard_normal(forecast.logs.shape))
        ranks = latent.argsort(axis=1).argsort(axis=1)
        orders[name] = np.take_along_axis(np.sort(forecast.logs, axis=1), ranks, axis=1)
    for name, logs in orders.items():
        scores = [
            _path_energy(logs[:, :N_ENERGY, at], forecast.truths[:, at])
            for at in range(len(forecast.names))
        ]
        labels = {"panel": forecast.panel, "ranks": name, "origin": forecast.origin}
        yield labels | {"energy": float(np.mean(scores))}


def _path_energy(draws: FloatArray, truth: FloatArray) -> float:
    """Return the energy score of paths, shape (n_horizons, n_draws), with Euclidean distance."""
    to_truth = np.linalg.norm(draws - truth[:, None], axis=0).mean()
    between = np.linalg.norm(draws[:, :, None] - draws[:, None], axis=0).mean()
    return float(to_truth - between / 2)


def ahead(forecast: Forecast) -> pd.DataFrame:
    """Return the probability that one country is ahead of another, and whether it was."""
    n = len(forecast.names)
    order = np.argsort(forecast.names)
    first, second = np.triu_indices(n, 1)
    first, second = order[first], order[second]
    found = []
    for at, horizon in enumerate(HORIZONS):
        truth, logs = forecast.truths[at], forecast.logs[at]
        if np.isfinite(truth).all():
            probability = (logs[:, first] > logs[:, second]).mean(axis=0)
            found.append(
                pd.DataFrame(
                    {
                        "panel": forecast.panel,
                        "origin": forecast.origin,
                        "horizon": horizon,
                        "probability": probability,
                        "was": truth[first] > truth[second],
                    }
                )
            )
    return pd.concat(found) if found else pd.DataFrame()


def reliability(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per span of probabilities: pairs, mean probability, how often it was so."""
    spans = pd.cut(rows["probability"], list(EDGES), include_lowest=True)
    by_span = rows.groupby(spans, observed=True)
    table = by_span.agg(pairs=("was", "size"), said=("probability", "mean"), was=("was", "mean"))
    # Origins are resampled: the pairs of one year share its surprises.
    sums = rows.groupby(["origin", spans], observed=False)["was"].agg(["sum", "size"])
    counted = sums.reset_index()
    rng = np.random.default_rng(0)
    were, all_pairs = (
        counted.pivot_table(index="origin", columns="probability", values=name, observed=False)
        for name in ("sum", "size")
    )
    drawn = rng.integers(0, len(were), (500, len(were)))
    total = np.maximum(all_pairs.to_numpy()[drawn].sum(axis=1), 1)
    low, high = np.quantile(were.to_numpy()[drawn].sum(axis=1) / total, [0.025, 0.975], axis=0)
    limits = pd.DataFrame({"from": low, "to": high}, index=were.columns)
    return table.join(limits).reset_index(names="span").astype({"span": str})


def compared(scores: pd.DataFrame, by: str, metrics: list[str]) -> pd.DataFrame:
    """Return scores as ratios to independent draws, by panel and half of the origins."""
    half = np.where(scores["origin"] <= CHOSEN_UNTIL, "chosen on", "judged on")
    means = scores.assign(half=half).pivot_table(
        index=["panel", by], columns="half", values=metrics, sort=False
    )
    base = means.xs("independent", level=by).reindex(means.index.get_level_values("panel"))
    table = (means / base.to_numpy()).map("{:.3f}".format)
    table.columns = [f"{metric}, {part}" for metric, part in table.columns]
    return table.reset_index()


def main() -> None:
    """Run the comparison and write its sections."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--panels", type=int, default=40)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    arguments = parser.parse_args()
    scored, paths, pairs = [], [], []
    for name in PANELS:
        for forecast in forecasts(name, read_panel(arguments.data, name)):
            scored += list(score(forecast))
            paths += list(over_years(forecast))
            pairs.append(ahead(forecast))
    small = list(small_forecasts(arguments.data, arguments.panels))
    of_small = [row for forecast in small for row in score_small(forecast)]
    joint = compared(pd.DataFrame(scored), "draws", ["energy", "variogram"])
    groups = compared(pd.DataFrame(of_small), "draws", ["energy", "variogram"])
    years = compared(pd.DataFrame(paths), "ranks", ["energy"])
    spans = pd.concat(
        [
            reliability(pd.concat(pairs)).assign(panels="large"),
            reliability(pd.concat(map(ahead, small))).assign(panels="small"),
        ]
    )
    for table in (joint, groups, years, spans):
        print(markdown(table), flush=True)
    parts = ["## Joint draws", "", _JOINT, "", markdown(joint), "", _SMALL, "", markdown(groups)]
    parts += ["", _PATHS, "", markdown(years)]
    parts += ["", "## Who is ahead", "", _AHEAD, "", markdown(spans)]
    write_section(arguments.out, "\n".join(parts), "joint draws")


_JOINT: Final = (
    "`python -m bench.joint_draws --data FOLDER`. "
    "Energy score (Aitchison distance) and variogram score (order 1/2) of the 60 largest countries "
    "and the rest, horizons 1 to 5, as ratios to draws with the same margins and no dependence but "
    f"closure; below 1 is better. Variants could be chosen on origins to {CHOSEN_UNTIL}, and "
    "are judged on the later ones. Pseudo."
)
_SMALL: Final = (
    "The same of the three parts of small panels made from groups of countries; independent draws "
    "have the same margins and do not sum to 1."
)
_PATHS: Final = (
    "Energy score of a country's log shares one to five years ahead, as a ratio to horizons in "
    "independent orders. A published draw has the same rank at every horizon; the others have the "
    "same margins and the correlations of a process."
)
_AHEAD: Final = (
    "Probability, from the published draws, that one of two countries has the larger share, "
    "and how often it had. Large: all pairs of the 60 largest, origins 2008 to 2017, one to five "
    "years ahead, three panels together. Small: the two groups of countries of each of 80 panels "
    "made from Scopus and author counts, origins 2006 to 2017. 95 % intervals resample origins. "
    "Pairs are named in the order of the alphabet. Pseudo."
)

if __name__ == "__main__":
    main()
