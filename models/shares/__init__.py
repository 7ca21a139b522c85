"""Models of the shares of countries: one protocol, baselines, and the default model."""
