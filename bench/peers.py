"""Per-series models of other libraries, as forecasters of a composition."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from features.composition import close_logs
from features.panel import Panel
from models.evaluation.quantiles import LEVELS
from models.shares.baselines import fit_drift
from models.shares.protocol import Draws, FittedForecaster, Forecaster
from models.shares.registry import ModelContext
from models.shares.sampling import GaussianForecast, stratified_normals

FloatArray = NDArray[np.float64]
_NORMAL = ndtri(LEVELS)


class StatsForecast:
    """One automatic model of statsforecast, run over every country.

    AutoARIMA takes counts and the others log shares, where each does best. A series whose fit fails
    is forecast by drift.
    """

    def __init__(self, name: str, *, scale: Literal["counts", "log_shares"]) -> None:
        self.name = name
        self._scale = scale

    def fit(self, panel: Panel, horizons: Sequence[int]) -> FittedForecaster:
        """Fit every series and read its quantiles."""
        from statsforecast import models as peers

        counts = panel.carried_forward()
        logs = np.log(counts.div(counts.sum(axis=1), axis=0).to_numpy(dtype=np.float64))
        drift = fit_drift(panel)
        mean, spread = drift.mean(horizons), drift.standard_deviation(horizons)
        fitted: list[FloatArray | None] = []
        for place in range(logs.shape[1]):
            model = getattr(peers, self.name)(season_length=1)
            values = logs[:, place]
            if self._scale == "counts":
                values = counts.iloc[:, place].to_numpy(dtype=np.float64)
            quantiles = _quantiles(model, values, horizons)
            if quantiles is not None and self._scale == "counts":
                quantiles = np.log(np.maximum(quantiles, 1.0))
            fitted.append(quantiles)
        # Shares and counts differ by one constant, which closure takes out again only if every
        # part has it.
        constant = np.log(counts.iloc[-1].sum()) if self._scale == "counts" else 0.0
        return _FittedQuantiles(panel, tuple(horizons), fitted, mean + constant, spread)


@dataclass(frozen=True, eq=False)
class _FittedQuantiles:
    """Quantiles of log parts, shape (n_horizons, n_levels) each; drift where there are none."""

    panel: Panel
    horizons: tuple[int, ...]
    quantiles: list[FloatArray | None]
    mean: FloatArray
    spread: FloatArray

    @property
    def fallbacks(self) -> Mapping[str, str]:
        pairs = zip(self.panel.countries, self.quantiles, strict=True)
        return {name: "no fit" for name, quantiles in pairs if quantiles is None}

    def sample(self, n_draws: int, rng: np.random.Generator) -> Draws:
        """Draw from the quantiles of every series."""
        normals = stratified_normals(n_draws, len(self.quantiles), rng)
        drawn = np.empty((len(self.horizons), n_draws, len(self.quantiles)))
        for place, quantiles in enumerate(self.quantiles):
            own = normals[:, place]
            if quantiles is None:
                drawn[:, :, place] = self.mean[:, [place]] + self.spread[:, [place]] * own
            else:
                drawn[:, :, place] = [_interpolated(row, own) for row in quantiles]
        return Draws(self.panel.countries, self.panel.origin, self.horizons, close_logs(drawn))


class ProphetShares:
    """Prophet on every country's log share, with its own intervals."""

    name = "Prophet"

    def fit(self, panel: Panel, horizons: Sequence[int]) -> FittedForecaster:
        """Fit every series."""
        from prophet import Prophet

        for name in ("cmdstanpy", "prophet"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        counts = panel.carried_forward()
        logs = np.log(counts.div(counts.sum(axis=1), axis=0).to_numpy(dtype=np.float64))
        last = panel.origin.year
        future = pd.DataFrame({"ds": _mid_year([last + horizon for horizon in horizons])})
        mean = np.empty((len(horizons), logs.shape[1]))
        spread = np.empty_like(mean)
        for place in range(logs.shape[1]):
            # Prophet draws its intervals from the global generator.
            np.random.seed(place)  # noqa: NPY002
            model = Prophet(
                yearly_seasonality=False,
                weekly_seasonality=False,
                daily_seasonality=False,
                interval_width=0.8,
                uncertainty_samples=300,
            )
            model.fit(pd.DataFrame({"ds": _mid_year(counts.index), "y": logs[:, place]}))
            ahead = model.predict(future)
            mean[:, place] = ahead["yhat"]
            spread[:, place] = (ahead["yhat_upper"] - ahead["yhat_lower"]) / 2 / ndtri(0.9)
        return GaussianForecast(panel, horizons, mean, np.maximum(spread, 1e-4))


PEERS: Mapping[str, Callable[[ModelContext], Forecaster]] = {
    "AutoARIMA": lambda context: StatsForecast("AutoARIMA", scale="counts"),
    "AutoETS": lambda context: StatsForecast("AutoETS", scale="log_shares"),
    "AutoTheta": lambda context: StatsForecast("AutoTheta", scale="log_shares"),
    "AutoCES": lambda context: StatsForecast("AutoCES", scale="log_shares"),
    "Prophet": lambda context: ProphetShares(),
}


def _quantiles(model: object, values: FloatArray, horizons: Sequence[int]) -> FloatArray | None:
    """Return quantiles, shape (n_horizons, n_levels), or None if the fit fails."""
    widths = sorted({round(abs(2 * level - 1) * 100) for level in LEVELS} - {0})
    # Theta and CES expect positive values of the order of 1.
    shift = values.min() - 1 if values.min() <= 0 else 0.0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = model.forecast(  # type: ignore[attr-defined]
                y=np.ascontiguousarray(values - shift), h=max(horizons), level=widths
            )
    except Exception:
        return None
    columns = [
        found["mean"]
        if level == 0.5
        else found[f"{'lo' if level < 0.5 else 'hi'}-{round(abs(2 * level - 1) * 100)}"]
        for level in LEVELS
    ]
    quantiles = np.sort(np.column_stack(columns), axis=1)[np.asarray(horizons) - 1] + shift
    return quantiles if np.isfinite(quantiles).all() else None


def _interpolated(quantiles: FloatArray, normals: FloatArray) -> FloatArray:
    """Return draws by normal scores, with straight tails beyond the outer levels."""
    drawn = np.interp(normals, _NORMAL, quantiles)
    lower = (quantiles[1] - quantiles[0]) / (_NORMAL[1] - _NORMAL[0])
    upper = (quantiles[-1] - quantiles[-2]) / (_NORMAL[-1] - _NORMAL[-2])
    drawn += np.minimum(normals - _NORMAL[0], 0) * lower
    return np.asarray(drawn + np.maximum(normals - _NORMAL[-1], 0) * upper)


def _mid_year(years: Sequence[int] | pd.Index) -> pd.DatetimeIndex:
    return pd.to_datetime([f"{year}-07-01" for year in years])
