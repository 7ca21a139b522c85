"""The three gates in one place. Importing this loads Great Expectations, which takes seconds."""

from expectations.counts_gate import CountLimits, check_counts
from expectations.forecasts_gate import check_forecasts
from expectations.panel_gate import check_panel

__all__ = ["CountLimits", "check_counts", "check_forecasts", "check_panel"]
