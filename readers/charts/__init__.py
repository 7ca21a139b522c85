"""Vega-Lite specifications as plain dictionaries: frames in, a specification out."""
