"""Settings that go to other machines."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from pydantic import SecretStr

from talentcast.config import Settings, for_other_machines


def test_no_secret_is_sent_along_and_folders_mean_the_same_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    secrets = {
        name: SecretStr(f"postgresql://hidden-{name}")
        for name, field in Settings.model_fields.items()
        if "SecretStr" in str(field.annotation)
    }
    assert len(secrets) >= 4
    settings = Settings(home=Path("home")).model_copy(update=secrets)
    assert b"hidden-" in pickle.dumps(settings)
    sent = for_other_machines(settings)
    assert b"hidden-" not in pickle.dumps(sent)
    assert sent.releases == tmp_path / "home" / "releases"
