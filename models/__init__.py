"""Forecasters and their scores: fit, sample, score. Pure: no I/O, no clock, no settings."""
