"""Simulated careers whose true probabilities are known."""
