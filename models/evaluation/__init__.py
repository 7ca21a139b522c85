"""Rolling-origin evaluation and the scores of forecasts."""
