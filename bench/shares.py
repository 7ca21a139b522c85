"""Compare share models with each other and with peers, on the same panels in the same run.

Usage: python -m bench.shares --data FOLDER [--covariates FILE] [--panel NAME ...]
           [--model NAME ...]

FOLDER holds the country files of the scholarly migration database. Peers need `statsforecast` and
`prophet`; those that are not installed are left out and named. Every model runs in a process of its
own, on one thread, so that seconds and peak memory are its own.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import multiprocessing
import platform
import resource
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from bench.peers import PEERS
from features.panel import Panel, build_panel
from models.evaluation.backtest import backtest_panel
from models.shares.registry import MODELS, ModelContext
from talentcast.domain.types import REST_OF_WORLD, CountingRule, Origin, SeriesKey

ORIGINS: Final = [Origin(year) for year in range(2008, 2018)]
METRICS: Final = [
    "wis_weighted",
    "wis_top60",
    "wis_all",
    "energy_score_panel",
    "coverage_50_top60",
    "coverage_80_top60",
    "coverage_95_top60",
]
OWN: Final = [
    "pooled",
    "sarimax110",
    "pooled_with_sarimax110",
    "hierarchical_ar1",
    "local_linear_trend",
    "drift",
    "naive",
]
PEER_PACKAGES: Final = dict.fromkeys(PEERS, "statsforecast") | {"Prophet": "prophet"}
SCALING_PARTS: Final = (158, 500, 1000, 2000, 5000)


@dataclass(frozen=True)
class PanelFile:
    """A panel in a file: its column of counts, first year and last finished year."""

    file: str
    column: str
    first_year: int
    last_year: int


SOURCES: Final = {
    "scopus": PanelFile(
        "scopus_2024_V1_scholarlymigration_country_enriched.csv",
        "padded_population_of_researchers",
        1998,
        2019,
    ),
    "auth_scopus": PanelFile(
        "author_counts_scopus_orcid.csv", "number_of_authors_scopus", 1998, 2022
    ),
    "auth_orcid": PanelFile(
        "author_counts_scopus_orcid.csv", "number_of_authors_orcid", 1998, 2018
    ),
    "scopus_2022_07": PanelFile(
        "scopus_2022_07_V1_scholarlymigration_country.csv",
        "padded_population_of_researchers",
        1998,
        2018,
    ),
    # With the last year, which that vintage had not finished.
    "scopus_2022_07_edge": PanelFile(
        "scopus_2022_07_V1_scholarlymigration_country.csv",
        "padded_population_of_researchers",
        1998,
        2019,
    ),
}


def read_panel(folder: Path, name: str, *, first_origin: Origin = ORIGINS[0]) -> Panel:
    """Return a panel with the parts that its first origin decides on."""
    source = SOURCES[name]
    # "NA" is Namibia in two-letter codes; rows without a code count for the rest of the world.
    table = pd.read_csv(folder / source.file, keep_default_na=False, na_values=[""])
    counts = pd.DataFrame(
        {
            "year": table["year"].astype(int),
            "country": table["countrycode"].fillna(REST_OF_WORLD),
            "researchers": table[source.column],
            "population": name,
            "counting_rule": str(CountingRule.UNSPECIFIED),
            "source": "file",
            "vintage": pd.Timestamp("2024-06-30"),
        }
    ).dropna()
    key = SeriesKey(name, CountingRule.UNSPECIFIED, "file")
    counts = counts[counts["year"] >= source.first_year]
    return build_panel(counts, key, last_year=source.last_year, eligible_by=first_origin)


def run_one(task: tuple[str, Panel, ModelContext]) -> dict[str, object]:
    """Backtest one model on one panel, and measure it. Runs in a process of its own."""
    name, panel, context = task
    # Importing and compiling are not forecasting: every model has made one forecast before.
    factories = {name: PEERS[name] if name in PEERS else MODELS[name]}
    backtest_panel(panel, models=factories, origins=ORIGINS[:1], horizons=[1], context=context)
    began = time.process_time()
    result = backtest_panel(panel, models=factories, origins=ORIGINS, context=context)
    seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    scores = result.summary().loc[name]
    labels: dict[str, object] = {"panel": panel.key.population, "model": name}
    measured = {metric: float(scores[metric]) for metric in METRICS}
    return labels | measured | {"seconds": seconds, "peak_MB": peak}


def time_parts(n_parts: int) -> dict[str, object]:
    """Fit and sample the default model once on a made-up panel with this many parts."""
    rng = np.random.default_rng(1)
    growth = rng.normal(0, 0.03, n_parts) + rng.normal(0, 0.03, (22, n_parts))
    counts = np.exp(rng.uniform(4, 13, n_parts) + np.cumsum(growth, axis=0))
    columns = [*(f"P{number}" for number in range(n_parts - 1)), REST_OF_WORLD]
    table = pd.DataFrame(counts, index=pd.RangeIndex(1998, 2020), columns=columns)
    panel = Panel(SeriesKey("made_up", CountingRule.UNSPECIFIED, "bench"), table)
    began = time.process_time()
    MODELS["pooled"](ModelContext()).fit(panel, range(1, 6)).sample(1000, rng)
    seconds = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "parts": n_parts,
        "seconds": seconds,
        "ms_per_part": seconds / n_parts * 1000,
        "peak_MB": peak,
    }


def available(names: list[str]) -> tuple[list[str], list[str]]:
    """Split model names into those that can run here and those whose package is absent."""
    absent = [
        name
        for name in names
        if name in PEER_PACKAGES and importlib.util.find_spec(PEER_PACKAGES[name]) is None
    ]
    return [name for name in names if name not in absent], absent


def panel_section(panel: str, rows: pd.DataFrame, absent: list[str]) -> str:
    """Return the section of docs/benchmarks.md about one panel."""
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("numpy", "pandas", "statsmodels", "statsforecast", "prophet")
        if importlib.util.find_spec(name) is not None
    )
    parts = [
        f"## Shares: {panel}",
        "",
        "Rolling origins 2008 to 2017, horizons 1 to 5, as docs/method/shares.md describes. "
        "WIS is of log shares: weighted by share, mean of the 60 largest countries, mean of all; "
        "coverage is that of the 60 largest. `seconds` is processor time "
        "of one whole backtest with scoring, on one thread.",
        "",
        f"Machine: {_processor()}, {platform.system()}, Python {platform.python_version()}. "
        f"Versions: {versions}.",
    ]
    if absent:
        parts += ["", f"Not installed, and so not compared: {', '.join(absent)}."]
    return "\n".join([*parts, "", markdown(rows.drop(columns="panel").sort_values("wis_top60"))])


def scaling_section(rows: pd.DataFrame) -> str:
    """Return the section of docs/benchmarks.md about cost."""
    return "\n".join(
        [
            "## Shares: cost by number of parts",
            "",
            "One fit of `pooled` to 22 years, 1,000 draws at 5 horizons; processor time.",
            "",
            markdown(rows),
        ]
    )


def main() -> None:
    """Run the comparison and write its section."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--covariates", type=Path)
    parser.add_argument("--panel", nargs="+", default=["scopus", "auth_scopus"], choices=SOURCES)
    parser.add_argument("--model", nargs="+", default=[*OWN, *PEERS])
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    arguments = parser.parse_args()
    models, absent = available(arguments.model)
    covariates = None
    if arguments.covariates is not None:
        covariates = pd.read_csv(arguments.covariates, keep_default_na=False, na_values=[""])
    context = ModelContext(covariates)
    fresh = multiprocessing.get_context("spawn")
    with fresh.Pool(1, maxtasksperchild=1) as pool:
        for name in arguments.panel:
            panel = read_panel(arguments.data, name)
            rows = []
            for row in pool.imap(run_one, [(model, panel, context) for model in models]):
                print({label: _short(value) for label, value in row.items()}, flush=True)
                rows.append(row)
            section = panel_section(name, pd.DataFrame(rows), absent)
            write_section(arguments.out, section, f"shares {name}")
        scaling = pd.DataFrame(pool.map(time_parts, SCALING_PARTS, chunksize=1))
    write_section(arguments.out, scaling_section(scaling), "shares cost")


def write_section(path: Path, section: str, name: str) -> None:
    """Replace the named section of a file, or add it at the end."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = path.read_text(encoding="utf-8") if path.exists() else "# Benchmarks\n"
    marked = f"{begin}\n{section}\n{end}"
    if begin in text:
        head, rest = text.split(begin, maxsplit=1)
        written = head + marked + rest.split(end, maxsplit=1)[1]
    else:
        written = f"{text.rstrip()}\n\n{marked}\n"
    path.write_text(written, encoding="utf-8")


def markdown(table: pd.DataFrame) -> str:
    """Return a table in Markdown, numbers shortened."""
    lines = [[str(name) for name in table.columns], ["---"] * table.shape[1]]
    lines += [[_short(value) for value in row] for row in table.itertuples(index=False)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _short(value: object) -> str:
    if not isinstance(value, float):
        return str(value)
    return f"{value:.4f}" if abs(value) < 1 else f"{value:.1f}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", maxsplit=1)[1].strip()
    return platform.processor() or platform.machine()


if __name__ == "__main__":
    main()
