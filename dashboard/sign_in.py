"""Who may see the dashboard, where it has a sign-in: OpenID Connect, through Streamlit's own.

Whatever is missing, old or cannot be understood counts as not signed in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import streamlit as st
from streamlit.errors import Error as StreamlitError

from dashboard.sign_in_answers import FAILED, SIGN_IN
from readers import html
from talentcast.config import Settings

#: After so long a reader signs in again, so that who has left a team does not stay in.
LONGEST: Final = timedelta(hours=12)


class Standing(StrEnum):
    """What a reader is to this dashboard."""

    ADMITTED = "admitted"
    SIGNED_OUT = "signed out"
    UNVERIFIED = "unverified"
    UNLISTED = "unlisted"


_REFUSALS: Final = {
    Standing.UNVERIFIED: (
        "The provider does not say that it has verified your e-mail address, so it cannot be "
        "looked up in the list of readers. Verify it there and sign in again, or ask who runs "
        "this dashboard."
    ),
    Standing.UNLISTED: (
        "Your address is not in the list of readers. Sign in with another one, or ask who runs "
        "this dashboard to add it to TALENTCAST_DASHBOARD_READERS."
    ),
}


def standing(claims: Mapping[str, Any], readers: Sequence[str], *, now: datetime) -> Standing:
    """Return what a reader with some claims may do.

    Args:
        claims: Of the identity token, as Streamlit keeps them; empty if nobody signed in.
        readers: Addresses and domains of `Settings.dashboard_readers`; empty: everybody that the
            provider lets in.
        now: With a time zone.
    """
    issued = claims.get("iat")
    if claims.get("is_logged_in") is not True or not isinstance(issued, int | float):
        return Standing.SIGNED_OUT
    if now.timestamp() - issued > LONGEST.total_seconds():
        return Standing.SIGNED_OUT
    if not readers:
        return Standing.ADMITTED
    address = claims.get("email")
    # At some providers anybody may claim any address.
    if not isinstance(address, str) or claims.get("email_verified") not in (True, "true"):
        return Standing.UNVERIFIED
    return Standing.ADMITTED if _is_listed(address, readers) else Standing.UNLISTED


def present_standing(settings: Settings) -> Standing:
    """Return the standing of the reader of this page; admitted if there is no sign-in."""
    if settings.dashboard_sign_in is None:
        return Standing.ADMITTED
    return standing(st.user.to_dict(), settings.dashboard_readers, now=datetime.now(UTC))


def ask_to_sign_in(found: Standing) -> None:
    """Draw what a reader sees who is not admitted: nothing but the way in, or out."""
    if found is Standing.SIGNED_OUT:
        st.html(html.heading("Sign in to see the forecasts", 1) + html.empty(_why_signed_out()))
        if st.button("Sign in", type="primary"):
            _go(st.login)
    else:
        st.html(html.heading("You may not see these forecasts", 1) + html.empty(_REFUSALS[found]))
        if st.button("Sign out"):
            _go(st.logout)


def sign_out_link(settings: Settings) -> None:
    """Draw the way out, if there is a sign-in."""
    if settings.dashboard_sign_in is not None and st.button("Sign out", type="tertiary"):
        _go(st.logout)


def _go(where: Any) -> None:
    try:
        where()
    except StreamlitError:  # its words name files of the server
        st.html(html.empty(_why_signed_out(failed=True)))


def _why_signed_out(*, failed: bool = False) -> str:
    if failed or st.query_params.get(SIGN_IN) == FAILED:
        return (
            "The sign-in did not work. Try again; if it fails again, tell who runs this "
            "dashboard: its log has the reason."
        )
    return "This dashboard is for readers who sign in. You come back here afterwards."


def _is_listed(address: str, readers: Sequence[str]) -> bool:
    # Other letters may turn into these when they are made small.
    if not address.isascii():
        return False
    small = address.lower()
    return small in readers or f"@{small.rpartition('@')[2]}" in readers
