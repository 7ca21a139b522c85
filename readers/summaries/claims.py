"""How sure a published share is, and what others and we counted of the same year."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import pandas as pd
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from features.composition import close
from features.series import SERIES_COLUMNS
from talentcast.domain.errors import UsageError

#: How many percent of such intervals hold the share that was sampled.
LEVEL_PERCENT: Final = 95
#: Measures of `published_figures` that are shares of a group by country.
_SHARES: Final = ("work_share", "origin_share", "stay_rate")
#: Units of shares that are none of a sample.
_NO_SAMPLE: Final = ("bound", "derived", "of authorships", "approximate")


@dataclass(frozen=True, slots=True)
class Interval:
    """Bounds, in the unit of what they are about."""

    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class ClaimedShare:
    """A share that somebody reports of a sample.

    Attributes:
        share: Between 0 and 1.
        n: Size of the sample.

    Raises:
        UsageError: If the share is no share, or nobody was counted.
    """

    share: float
    n: int

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise UsageError(
                f"{self.share} is no share. Write 0.42 for 42 percent.", parameters=("share",)
            )
        if self.n < 1:
            raise UsageError("A sample has at least one member.", parameters=("n",))

    def interval(self) -> Interval:
        """Return the Wilson interval of the share behind a random sample of this size.

        Wilson (1927), Journal of the American Statistical Association 22. A share that was rounded
        to percent stands for a count that need not be whole.

        Example:
            >>> found = ClaimedShare(0.42, 867).interval()
            >>> round(found.lower, 3), round(found.upper, 3)
            (0.388, 0.453)
        """
        lower, upper = proportion_confint(
            self.share * self.n, self.n, alpha=1 - LEVEL_PERCENT / 100, method="wilson"
        )
        return Interval(float(lower), float(upper))

    def less(self, other: ClaimedShare) -> Interval:
        """Return the interval of this share less another one of another sample.

        Newcombe (1998), Statistics in Medicine 17, method 10.

        Example:
            >>> found = ClaimedShare(0.42, 867).less(ClaimedShare(0.59, 675))
            >>> round(found.lower, 2), round(found.upper, 2)
            (-0.22, -0.12)
        """
        lower, upper = confint_proportions_2indep(
            self.share * self.n,
            self.n,
            other.share * other.n,
            other.n,
            method="newcomb",
            compare="diff",
            alpha=1 - LEVEL_PERCENT / 100,
        )
        return Interval(float(lower), float(upper))


def claim_facts(claimed: ClaimedShare, other: ClaimedShare | None) -> dict[str, float | bool]:
    """Return the bounds of a share, in percent, and those of its difference from another one."""
    found = claimed.interval()
    facts: dict[str, float | bool] = {
        "lower": round(100 * found.lower, 1),
        "upper": round(100 * found.upper, 1),
    }
    if other is not None:
        less = claimed.less(other)
        facts |= {
            "difference_lower": round(100 * less.lower, 1),
            "difference_upper": round(100 * less.upper, 1),
            "may_be_chance": less.lower <= 0 <= less.upper,
        }
    return facts


def others_figures(figures: pd.DataFrame, country: str, year: int | None) -> pd.DataFrame:
    """Return shares that others published about a country, with intervals where n is stated.

    Args:
        figures: `published_figures` rows.
        country: ISO alpha-3 code, as country of work or of origin.
        year: Only of this year.

    Returns:
        Columns year, population, measure, origin, percent, n, lower, upper (in percent) and
        publisher.
    """
    is_meant = (figures["location_iso3"] == country) | (
        figures["location_iso3"].isna() & (figures["origin_iso3"] == country)
    )
    is_meant &= figures["measure"].isin(_SHARES) & figures["unit"].str.startswith("percent")
    is_meant &= figures["value"].between(0, 100)
    if year is not None:
        is_meant &= figures["year"] == year
    kept = figures[is_meant].sort_values(["year", "population"])
    names = {"origin_iso3": "origin", "value": "percent", "n_sample": "n"}
    columns = ["year", "population", "measure", *names, "publisher"]
    table = kept[columns].rename(columns=names).astype({"n": "Int64"})
    columns_of_bounds = zip(table["percent"], kept["unit"], table["n"], strict=True)
    bounds = [sample_bounds(percent, unit, n) for percent, unit, n in columns_of_bounds]
    at = list(table.columns).index("n")
    table.insert(at + 1, "lower", [lower for lower, _ in bounds])
    table.insert(at + 2, "upper", [upper for _, upper in bounds])
    return table.reset_index(drop=True)


def our_shares(observations: pd.DataFrame, country: str, year: int | None) -> pd.DataFrame:
    """Return what a release counted of a country, by population and counting rule.

    Args:
        observations: Rows of one release.
        country: ISO alpha-3 code.
        year: Of this year; the last one of each population if it is not given.

    Returns:
        Columns year, population, counting_rule, percent, counted, of; a full count has no interval.
    """
    rows = []
    for key, series in observations.groupby(list(SERIES_COLUMNS)):
        years = series["year"].unique()
        wanted = int(max(years)) if year is None else year
        counted = series[series["year"] == wanted].set_index("country")["researchers"]
        if country not in counted.index or counted.sum() <= 0:
            continue
        share = pd.Series(close(counted.to_numpy(dtype=float)), index=counted.index)[country]
        rows.append(
            {
                "year": wanted,
                "population": key[0],
                "counting_rule": key[1],
                "percent": round(100 * float(share), 1),
                "counted": float(counted[country]),
                "of": float(counted.sum()),
            }
        )
    return pd.DataFrame(rows)


def sample_bounds(
    percent: float, unit: str, n: float | None
) -> tuple[float, float] | tuple[None, None]:
    """Return the 95 % interval of a published share of a sample, in percent.

    None and None where it is no share of a sample: its size is not stated, it is a bound, it was
    derived from weighted counts, or everything was counted.
    """
    is_sample = not any(word in unit for word in _NO_SAMPLE)
    if n is None or pd.isna(n) or n < 1 or not is_sample:
        return None, None
    found = ClaimedShare(percent / 100, int(n)).interval()
    return round(100 * found.lower, 1), round(100 * found.upper, 1)
