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
        forecasts: `forecasts` rows of the same release.
        years_ahead: Horizon of the forecast that is quoted.
        leading: Countries per population, by share in the last counted year; `ROW` never leads.

    Returns:
        Columns population, counting_rule, source, country, origin_year, share, target_year,
        lower_80, median, upper_80, ordered by population and falling share.
    """
    key = [*SERIES_COLUMNS, "country", "origin_year"]
    ahead = forecasts[
        (forecasts["target"] == Target.SHARE)
        & (forecasts["scenario"] == BASELINE)
        & (forecasts["horizon_years"] == years_ahead)
        & (forecasts["country"] != REST_OF_WORLD)
    ].merge(default_models(forecasts))
    level = ahead["output_type_id"].where(ahead["output_type"] == "quantile").round(3)
    columns = {LOWER_LEVEL: "lower_80", 0.5: "median", UPPER_LEVEL: "upper_80"}
    quantiles = (
        ahead.assign(statistic=level.map(columns))
        .dropna(subset="statistic")
        .pivot_table(index=[*key, "target_year"], columns="statistic", values="value")
        .reset_index()
    )
    counted = observations.rename(columns={"year": "origin_year"})[[*key, "share"]]
    rows = quantiles.merge(counted, on=key, how="left").sort_values(
        [*SERIES_COLUMNS, "share"], ascending=[True, True, True, False]
    )
    first = rows.groupby(list(SERIES_COLUMNS)).head(leading)
    order = [*key, "share", "target_year", "lower_80", "median", "upper_80"]
    return first[order].reset_index(drop=True)


def default_models(forecasts: pd.DataFrame) -> pd.DataFrame:
    """Return the model of each series that readers should quote: its samples are published."""
    sampled = forecasts["output_type"] == OutputType.SAMPLE
    return forecasts.loc[sampled, [*SERIES_COLUMNS, "model"]].drop_duplicates(ignore_index=True)
