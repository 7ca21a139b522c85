"""The pipeline is plain functions: it needs no orchestrator."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import flows.steps


def test_no_step_imports_prefect() -> None:
    names = [f"flows.steps.{module.name}" for module in pkgutil.iter_modules(flows.steps.__path__)]
    assert len(names) > 10
    script = f"import sys, {', '.join(names)}\nassert 'prefect' not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)
