"""Why shares and forecasts of the small release moved, and its stay rates: plain arithmetic too."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from publication.share_changes import share_change_rows

PREVIOUS = "r20230131-0123456789ab"
#: Parts of a point that each percentage point of the stay rate moves.
PER_POINT = {"USA": 0.0002, "CHN": -0.00015, "IND": -0.00005}


def small_reason_tables(
    observations: pd.DataFrame, forecasts: pd.DataFrame
) -> Mapping[str, pd.DataFrame]:
    """Return the tables of one population."""
    means = forecasts[
        (forecasts["output_type"] == "mean")
        & (forecasts["target"] == "researcher_share")
        & (forecasts["model"] == "sarimax110")
        & (forecasts["scenario"] == "baseline")
    ]
    kept = [
        "population",
        "counting_rule",
        "source",
        "model",
        "country",
        "target_year",
        "value",
    ]
    return {
        "share_changes": share_change_rows(observations, None),
        "forecast_changes": _moved(means[kept]),
        "stay_rate_scenarios": pd.concat([_step(means[kept], step) for step in range(-20, 21, 5)]),
    }


def _moved(means: pd.DataFrame) -> pd.DataFrame:
    own = means[means["country"].isin(["CHN", "USA"])]
    rows = own.assign(previous_release_id=PREVIOUS, previous_share=own["value"] - 0.01)
    causes = {"revised_data": -0.002, "new_data": 0.012}
    return pd.concat(
        [rows.assign(cause=cause, value=value) for cause, value in causes.items()],
        ignore_index=True,
    )


def _step(means: pd.DataFrame, step: int) -> pd.DataFrame:
    mean = means["value"] + step * means["country"].map(PER_POINT).fillna(0.0)
    return means.drop(columns="value").assign(
        host_country="USA",
        points=step,
        arrival_basis="counted",
        mean=mean,
        lower_80=0.9 * mean,
        upper_80=(1.1 * mean).clip(upper=1),
    )
