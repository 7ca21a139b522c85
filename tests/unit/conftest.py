"""Unit tests see neither the orchestrator nor the quality suite."""

from __future__ import annotations

import sys

import pytest


@pytest.fixture(autouse=True)
def _neither_prefect_nor_great_expectations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make importing either of them fail, so that unit tests stay fast."""
    monkeypatch.setitem(sys.modules, "prefect", None)
    monkeypatch.setitem(sys.modules, "great_expectations", None)
