"""The few numbers that a reader wants first."""

from __future__ import annotations

import pandas as pd

from features.series import SERIES_COLUMNS
from talentcast.domain.types import BASELINE, REST_OF_WORLD, OutputType, Target

#: The 80 % interval: one outcome in ten below, one in ten above.
LOWER_LEVEL, UPPER_LEVEL = 0.1, 0.9
HEADLINE_HORIZON = 5


def headline_shares(
    observations: pd.DataFrame,
    forecasts: pd.DataFrame,
    *,
    years_ahead: int = HEADLINE_HORIZON,
    leading: int = 3,
) -> pd.DataFrame:
    """Return the leading shares of each population, now and some years on.

    Args:
        observations: `observations` rows of one release.
        forecasts: `forecasts` rows of the same release; nowcasts, where it holds any, among them.
        years_ahead: Horizon of the forecast that is quoted.
        leading: Countries per population, by share in the last counted year; `ROW` never leads.

    Returns:
        Columns population, counting_rule, source, country, counted_year, share, target_year,
        lower_80, median, upper_80, ordered by population and falling share.
    """
    key = [*SERIES_COLUMNS, "country", "counted_year"]
    ahead = forecasts.assign(counted_year=_last_counted(forecasts))
    ahead = ahead[
        (ahead["target"] == Target.SHARE)
        & (ahead["scenario"] == BASELINE)
        & (ahead["horizon_years"] == years_ahead)
        & (ahead["country"] != REST_OF_WORLD)
    ].merge(default_models(forecasts))
    level = ahead["output_type_id"].where(ahead["output_type"] == "quantile").round(3)
    columns = {LOWER_LEVEL: "lower_80", 0.5: "median", UPPER_LEVEL: "upper_80"}
    quantiles = (
        ahead.assign(statistic=level.map(columns))
        .dropna(subset="statistic")
        .pivot_table(index=[*key, "target_year"], columns="statistic", values="value")
        .reset_index()
    )
    counted = observations.rename(columns={"year": "counted_year"})[[*key, "share"]]
    rows = quantiles.merge(counted, on=key, how="left").sort_values(
        [*SERIES_COLUMNS, "share"], ascending=[True, True, True, False]
    )
    first = rows.groupby(list(SERIES_COLUMNS)).head(leading)
    order = [*key, "share", "target_year", "lower_80", "median", "upper_80"]
    return first[order].reset_index(drop=True)


def _last_counted(forecasts: pd.DataFrame) -> pd.Series:
    """Return the last counted year before the forecasts and nowcasts of each row's series."""
    begun = forecasts["horizon_years"].eq(0)
    first = forecasts["target_year"].where(begun, forecasts["origin_year"] + 1)
    return first.groupby([forecasts[name] for name in SERIES_COLUMNS]).transform("min") - 1


def default_models(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return the model of each series that readers should quote: its samples are published."""
    sampled = forecasts["output_type"] == OutputType.SAMPLE
    return forecasts.loc[sampled, [*SERIES_COLUMNS, "model"]].drop_duplicates(ignore_index=True)
