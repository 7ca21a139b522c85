"""Who is admitted where the dashboard has a sign-in."""

from __future__ import annotations

import logging
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dashboard.sign_in import LONGEST, Standing, standing
from dashboard.sign_in_answers import without_details
from talentcast.config import load_settings
from talentcast.domain.errors import ConfigurationError

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
ADA: dict[str, Any] = {
    "is_logged_in": True,
    "iat": NOW.timestamp(),
    "email": "Ada@Example.org",
    "email_verified": True,
}


@pytest.mark.parametrize(
    ("changed", "readers", "expected"),
    [
        ({}, (), Standing.ADMITTED),
        ({}, ("ada@example.org",), Standing.ADMITTED),
        ({}, ("bob@example.com", "@example.org"), Standing.ADMITTED),
        ({"email_verified": "true"}, ("@example.org",), Standing.ADMITTED),
        ({"email": None, "email_verified": None}, (), Standing.ADMITTED),
        ({}, ("bob@example.org",), Standing.UNLISTED),
        ({}, ("@ample.org",), Standing.UNLISTED),
        ({"email": "ada@lab.example.org"}, ("@example.org",), Standing.UNLISTED),
        ({"email": "ada@example.org@evil.net"}, ("@example.org",), Standing.UNLISTED),
        ({"email": "\u212aim@example.org"}, ("kim@example.org",), Standing.UNLISTED),
        ({"email": ["ada@example.org"]}, ("@example.org",), Standing.UNVERIFIED),
        ({"email_verified": False}, ("@example.org",), Standing.UNVERIFIED),
        ({"email_verified": None}, ("@example.org",), Standing.UNVERIFIED),
        ({"email_verified": "false"}, ("@example.org",), Standing.UNVERIFIED),
        ({"is_logged_in": "yes"}, (), Standing.SIGNED_OUT),
        ({"iat": None}, (), Standing.SIGNED_OUT),
        ({"iat": (NOW - LONGEST).timestamp() - 1}, (), Standing.SIGNED_OUT),
        ({"iat": (NOW - LONGEST + timedelta(minutes=1)).timestamp()}, (), Standing.ADMITTED),
    ],
)
def test_only_a_fresh_sign_in_of_a_verified_and_listed_address_is_admitted(
    changed: dict[str, Any], readers: tuple[str, ...], expected: Standing
) -> None:
    assert standing({**ADA, **changed}, readers, now=NOW) is expected


def test_nobody_is_signed_out() -> None:
    assert standing({}, (), now=NOW) is Standing.SIGNED_OUT


def test_readers_are_read_from_a_list_and_need_a_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TALENTCAST_DASHBOARD_READERS", "Ada@Example.org, @lab.example.org,")
    with pytest.raises(ConfigurationError, match="set both or neither"):
        load_settings()
    monkeypatch.setenv("TALENTCAST_DASHBOARD_SIGN_IN", "sign-in.toml")
    settings = load_settings()
    assert settings.dashboard_readers == ("ada@example.org", "@lab.example.org")
    assert settings.dashboard_sign_in == Path("sign-in.toml")
    for wrong in ("example.org", "ada lovelace@example.org", "a@b@example.org"):
        monkeypatch.setenv("TALENTCAST_DASHBOARD_READERS", wrong)
        with pytest.raises(ConfigurationError, match="TALENTCAST_DASHBOARD_READERS"):
            load_settings()
    monkeypatch.delenv("TALENTCAST_DASHBOARD_READERS")
    monkeypatch.setenv("TALENTCAST_DASHBOARD_SIGN_IN", "")
    assert load_settings().dashboard_sign_in is None


def test_the_log_names_an_error_and_quotes_nothing_of_it() -> None:
    class OAuthError(Exception):
        error = "invalid_grant"

    try:
        raise OAuthError("ada@example.org is locked")
    except OAuthError:
        record = logging.LogRecord(
            "streamlit", logging.WARNING, "", 1, "Failed for '%s'.", ("default",), sys.exc_info()
        )
    assert without_details(record)
    said = logging.Formatter().format(record)
    assert said == "Failed for 'default'. (OAuthError invalid_grant)"
