"""Commands run in this process, as a shell would."""

from __future__ import annotations

import sys

import pytest

from talentcast.cli.app import run


class Console:
    """Runs commands in this process, as a shell would."""

    def __init__(self, patch: pytest.MonkeyPatch, captured: pytest.CaptureFixture[str]) -> None:
        self._patch, self._captured = patch, captured

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        """Return exit code, stdout and stderr."""
        self._patch.setattr(sys, "argv", ["talentcast", *map(str, arguments)])
        with pytest.raises(SystemExit) as stopped:
            run()
            raise SystemExit(0)
        said = self._captured.readouterr()
        return int(stopped.value.code or 0), said.out, said.err
