"""What a new vintage changed most: counts, shares, nowcasts and forecasts."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd

from features.series import SERIES_COLUMNS
from readers.summaries.published_series import published_series
from storage.paths import StorePath
from talentcast.domain.types import BASELINE, REST_OF_WORLD, UNKNOWN_COUNTRY, OutputType, Target
from talentcast.store.reader import condition, read_frame
from talentcast.store.release import Release

#: Rows that are shown of each population and kind of number.
SHOWN: Final = 5
_KEY: Final = ["population", "counting_rule", "year", "country"]
_ALL: Final = "all"
#: What four digits do not show has not changed.
_NOTHING: Final = 5e-5


def largest_changes(
    first: Release, second: Release, root: StorePath, *, shown: int = SHOWN
) -> list[dict[str, Any]]:
    """Return the largest changes from one release to another.

    Args:
        first: Compared with.
        second: What is said.
        root: Of the releases.
        shown: Rows of each population and kind of number, at most.

    Returns:
        Rows with population, counting_rule, what (`total` of a year and `count` of a country in
        persons, or whatever is counted; `share`, `nowcast` and median `forecast` of the quoted
        model in per cent), year, country, before, after and change, in the same unit. Only what
        changed and what both hold; the largest change first, of the newest year if equal.
    """
    if not all({"observations", "forecasts"} <= set(each.tables) for each in (first, second)):
        return []
    one, two = (_numbers(release, root) for release in (first, second))
    both = one.merge(two, on=["what", *_KEY], suffixes=("_first", "_second"))
    both = both.rename(columns={"value_first": "before", "value_second": "after"})
    both = both.assign(change=both["after"] - both["before"], size=0.0)
    both = both.assign(size=both["change"].abs()).query("size > @_NOTHING")
    order = {name: place for place, name in enumerate(("total", "count", "share", "nowcast"))}
    both = both.assign(place=both["what"].map(order).fillna(len(order)))
    by = ["population", "counting_rule", "place"]
    ranked = both.sort_values([*by, "size", "year"], ascending=[True, True, True, False, False])
    kept = ranked.groupby(by).head(shown)
    return [
        {
            "population": str(row.population),
            "counting_rule": str(row.counting_rule),
            "what": str(row.what),
            "year": int(str(row.year)),
            "country": str(row.country),
            "before": _rounded(row.before),
            "after": _rounded(row.after),
            "change": _rounded(row.change),
        }
        for row in kept.itertuples()
    ]


def _numbers(release: Release, root: StorePath) -> pd.DataFrame:
    """Return what a release says in long form: what, the key of a number, and value."""
    observed = read_frame("observations", release, root)
    totals = observed.groupby(["population", "counting_rule", "year"], as_index=False)
    own = observed[~observed["country"].isin([REST_OF_WORLD, UNKNOWN_COUNTRY])]
    parts = [
        totals["researchers"].sum().assign(what="total", country=_ALL),
        own.assign(what="count"),
    ]
    shares = pd.concat(
        [
            observed.assign(what="share", value=100 * observed["share"]),
            _medians(release, root),
        ]
    )
    counts = pd.concat(parts).rename(columns={"researchers": "value"})
    numbers: pd.DataFrame = pd.concat([counts, shares])[["what", *_KEY, "value"]]
    return numbers.dropna()


def _medians(release: Release, root: StorePath) -> pd.DataFrame:
    """Return the median shares of the quoted models, in per cent."""
    where = condition(
        "forecasts",
        {
            "target": str(Target.SHARE),
            "output_type": str(OutputType.MEDIAN),
            "scenario": BASELINE,
        },
    )
    rows = read_frame("forecasts", release, root, where=where)
    quoted = pd.DataFrame(
        [
            (one.key.population, str(one.key.counting_rule), one.key.source, one.model)
            for one in published_series(release, root)
            if one.scenario == BASELINE
        ],
        columns=[*SERIES_COLUMNS, "model"],
    )
    rows = rows.merge(quoted, on=[*SERIES_COLUMNS, "model"])
    return pd.DataFrame(
        {
            "what": rows["horizon_years"].eq(0).map({True: "nowcast", False: "forecast"}),
            "population": rows["population"],
            "counting_rule": rows["counting_rule"],
            "year": rows["target_year"],
            "country": rows["country"],
            "value": 100 * rows["value"],
        }
    )


def _rounded(value: object) -> float:
    return round(float(str(value)), 4)
