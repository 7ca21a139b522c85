"""The command line: calls the same functions as the flows."""

from talentcast.cli.app import main

__all__ = ["main"]
