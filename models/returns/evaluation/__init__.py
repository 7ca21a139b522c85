"""Evaluation of return models: persons disjoint, cut in time, weighted for censoring."""
