"""The sign-in of the dashboard in a real browser, against a provider on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlencode

import httpx
import pytest
from dashboard_pages import settle
from oidc_provider import (
    CLIENT,
    SECRET,
    NoAnswer,
    Provider,
    Wrong,
    WrongAnswer,
    oidc_provider,
)
from small_release import publish_small

ADA = {"email": "ada.lovelace@example.org", "email_verified": True, "name": "Ada Lovelace"}
REPOSITORY = Path(__file__).parents[2]
READERS = "grace@example.net, @example.org"


class Guest:
    """A browser at a dashboard with a sign-in."""

    def __init__(self, page: Any, base: str) -> None:
        self.page, self.base = page, base

    def open(self, **query: str) -> str:
        """Open the dashboard and return what it shows."""
        self.page.goto(f"{self.base}/?{urlencode(query)}")
        return self.text()

    def text(self) -> str:
        """Return all that the page shows, once it is drawn."""
        settle(self.page)
        return str(self.page.locator("body").inner_text())

    def press(self, name: str, then: str) -> str:
        """Press a button, wait for a text, and return what is shown then."""
        self.page.get_by_role("button", name=name, exact=True).click()
        self.page.get_by_text(then).first.wait_for(timeout=60_000)
        return self.text()


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with oidc_provider() as running:
        yield running


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("home")
    publish_small(folder / "releases")
    return folder


@pytest.fixture(scope="module")
def guarded(home: Path, provider: Provider, serve: Any) -> Iterator[str]:
    """A dashboard for a list of readers."""
    file = home / "sign-in.toml"
    file.write_text(sign_in_file(provider))
    file.chmod(0o600)
    variables = {
        "TALENTCAST_DASHBOARD_SIGN_IN": str(file),
        "TALENTCAST_DASHBOARD_READERS": READERS,
    }
    with serve(home, **variables) as base:
        yield base


@pytest.fixture
def guest(browser: Any, guarded: str, provider: Provider) -> Iterator[Guest]:
    provider.wrong, provider.person = "", dict(ADA)
    context = browser.new_context()
    yield Guest(context.new_page(), guarded)
    context.close()


def sign_in_file(provider: Provider) -> str:
    return f"""[auth]
redirect_uri = "http://127.0.0.1:{{port}}/oauth2callback"
cookie_secret = "{"c" * 64}"
client_id = "{CLIENT}"
client_secret = "{SECRET}"
server_metadata_url = "{provider.metadata_address}"
"""


def shows_data(guest: Guest, text: str) -> bool:
    """Whether anything of a release, of a page or of a download is on the page."""
    selectors = ".tc-footer, table, svg.marks, [data-testid=stDownloadButton], [role=combobox]"
    words = ("China", "Overview", "Download", "scholars", "Release")
    return bool(guest.page.locator(selectors).count()) or any(word in text for word in words)


def failed_sign_in(guest: Guest, provider: Provider, wrong: Wrong) -> str:
    """Sign in at a provider that does something wrong; return what is shown, which is no data."""
    provider.wrong = wrong
    guest.open()
    text = guest.press("Sign in", "The sign-in did not work.")
    assert not shows_data(guest, text)
    return text


@pytest.mark.parametrize("query", [{}, {"page": "releases"}, {"page": "country", "country": "FRA"}])
def test_signed_out_there_is_nothing_but_the_way_in(guest: Guest, query: dict[str, str]) -> None:
    sent: list[str | bytes] = []
    guest.page.on("websocket", lambda s: s.on("framereceived", lambda frame: sent.append(frame)))
    text = guest.open(**query)
    assert "Sign in to see the forecasts" in text
    assert not shows_data(guest, text)
    assert sent, "the page came over the socket"
    everything = b"".join(one if isinstance(one, bytes) else one.encode() for one in sent)
    assert b"China" not in everything
    assert b"Scholars" not in everything


def test_signed_in_the_overview_is_there_until_signed_out(guest: Guest, provider: Provider) -> None:
    guest.open()
    text = guest.press("Sign in", "China")
    assert shows_data(guest, text)
    assert "Overview" in text
    assert "ada.lovelace" not in text
    assert shows_data(guest, guest.open(page="releases"))
    before = provider.signed_out
    text = guest.press("Sign out", "Sign in to see the forecasts")
    assert not shows_data(guest, text)
    assert provider.signed_out == before + 1
    assert not shows_data(guest, guest.open())


@pytest.mark.parametrize(
    ("claims", "said"),
    [
        ({"email": "mallory@evil.example"}, "add it to TALENTCAST_DASHBOARD_READERS"),
        ({"email_verified": False}, "Verify it there and sign in again"),
    ],
)
def test_a_reader_who_is_not_listed_is_refused_and_told_what_to_do(
    guest: Guest, provider: Provider, claims: dict[str, Any], said: str
) -> None:
    provider.person |= claims
    guest.open()
    text = guest.press("Sign in", "You may not see these forecasts")
    assert said in text
    assert not shows_data(guest, text)
    text = guest.open(page="releases")
    assert said in text
    assert not shows_data(guest, text)
    provider.person = dict(ADA)
    guest.press("Sign out", "Sign in to see the forecasts")
    assert shows_data(guest, guest.press("Sign in", "China"))


@pytest.mark.parametrize("wrong", get_args(WrongAnswer))
def test_a_wrong_answer_of_the_provider_is_an_error_and_shows_no_data(
    guest: Guest, provider: Provider, wrong: Wrong
) -> None:
    assert "Try again" in failed_sign_in(guest, provider, wrong)
    assert not shows_data(guest, guest.open())
    provider.wrong = ""
    assert shows_data(guest, guest.press("Sign in", "China"))


@pytest.mark.parametrize("wrong", get_args(NoAnswer))
def test_a_broken_provider_is_an_error_and_shows_no_data(
    guest: Guest, provider: Provider, wrong: Wrong
) -> None:
    failed_sign_in(guest, provider, wrong)


def test_a_made_up_cookie_or_return_lets_nobody_in(guest: Guest) -> None:
    guest.open()
    cookie = "2|1:0|10:1700000000|15:_streamlit_user|24:eyJpc19sb2dnZWRfaW4iOnRydWV9|0"
    guest.page.context.add_cookies(
        [{"name": "_streamlit_user", "value": f'"{cookie}"', "url": guest.base}]
    )
    assert not shows_data(guest, guest.open())
    guest.page.goto(f"{guest.base}/oauth2callback?code=1&state=2")
    text = guest.text()
    assert "The sign-in did not work." in text
    assert not shows_data(guest, text)


def test_health_is_asked_without_a_sign_in(guarded: str) -> None:
    assert httpx.get(f"{guarded}/_stcore/health").is_success


def test_nobody_is_named_in_the_log(guest: Guest, provider: Provider, home: Path) -> None:
    """After all the sign-ins of this file, the failed ones too."""
    guest.open()
    guest.press("Sign in", "China")
    guest.press("Sign out", "Sign in to see the forecasts")
    failed_sign_in(guest, provider, "denied")
    failed_sign_in(guest, provider, "token error")
    log = (home / "serve.log").read_text()
    assert "access_denied" in log
    assert "OAuthError invalid_grant" in log
    assert [line for line in log.splitlines() if "lovelace" in line.lower()] == []
    assert "248289761001" not in log
    assert SECRET not in log


def test_the_log_tells_failures_apart_as_the_guide_does(
    tmp_path: Path, serve: Any, browser: Any
) -> None:
    """Readers use another address, the secret is wrong, and the provider is out of reach."""
    file, log = tmp_path / "sign-in.toml", tmp_path / "serve.log"
    page = browser.new_context().new_page()
    seen: list[str] = []

    def logged() -> str:
        new = log.read_text().removeprefix("".join(seen))
        seen.append(new)
        return new

    with ExitStack() as until_gone, ExitStack() as stack:
        provider = until_gone.enter_context(oidc_provider())
        file.write_text(sign_in_file(provider).replace(SECRET, "another-secret"))
        file.chmod(0o600)
        base = stack.enter_context(serve(tmp_path, TALENTCAST_DASHBOARD_SIGN_IN=str(file)))
        failed_sign_in(Guest(page, base.replace("127.0.0.1", "localhost")), provider, "")
        assert "Missing provider" in logged()
        failed_sign_in(Guest(page, base), provider, "")
        assert "OAuthError invalid_client" in logged()
        until_gone.close()
        failed_sign_in(Guest(page, base), provider, "")
        assert "ConnectError" in logged()
    page.context.close()
    guide = (REPOSITORY / "docs/how-to/deploy.md").read_text()
    for words in ("Missing provider", "OAuthError invalid_client", "ConnectError"):
        assert words in guide
