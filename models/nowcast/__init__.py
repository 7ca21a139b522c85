"""Shares of years that a source has not finished counting, and forecasts that go on from them."""
