"""What happens at the addresses of the sign-in, where Streamlit says too little or too much."""

from __future__ import annotations

import logging
import re
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Name and value in the address of a page that says that a sign-in failed.
SIGN_IN: Final = "sign-in"
FAILED: Final = "failed"
_BACK: Final = f"/?{SIGN_IN}={FAILED}"
#: Where a reader is sent to the provider, and comes back.
_LEAVE: Final = "/auth/login"
_RETURN: Final = "/oauth2callback"
#: Streamlit's cookie of a reader who is signed in.
_COOKIE: Final = "_streamlit_user="
#: Codes of errors as the standard names them, such as `invalid_client`.
_CODE: Final = re.compile(r"[a-z_]{1,40}")
_STREAMLITS_LOG: Final = "streamlit.web.server.starlette.starlette_auth_routes"


class SignInAnswers:
    """Send a reader whose sign-in failed to a page that says so.

    Streamlit sends them back to where they were without a word. What a provider tells of an error
    may name the person, and is dropped before it is logged.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        logging.getLogger(_STREAMLITS_LOG).addFilter(without_details)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, but for failures of a sign-in."""
        path = scope["path"] if scope["type"] == "http" else ""
        query = parse_qsl(scope.get("query_string", b"").decode("latin-1"))
        # Without any of these the provider sends back who signed out.
        is_return = path == _RETURN and {"code", "error", "state"} & {name for name, _ in query}
        if path != _LEAVE and not is_return:
            await self.app(scope, receive, send)
            return
        told = urlencode([(name, value) for name, value in query if name != "error_description"])

        async def honest(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if not (_signed_in(headers) if is_return else _sent_on(headers)):
                    message["status"] = 302
                    headers["Location"] = _BACK
            await send(message)

        await self.app({**scope, "query_string": told.encode("latin-1")}, receive, honest)


def without_details(record: logging.LogRecord) -> bool:
    """Replace the traceback of a log record by the name of its error and its registered code.

    Texts of these errors come from the provider, and may name the person.
    """
    error = record.exc_info[1] if isinstance(record.exc_info, tuple) else None
    if error is not None:
        code = str(getattr(error, "error", ""))
        what = f"{type(error).__name__} {code if _CODE.fullmatch(code) else ''}".rstrip()
        record.msg = f"{record.getMessage()} ({what})"
        record.args, record.exc_info, record.exc_text = (), None, None
    return True


def _signed_in(headers: Headers) -> bool:
    return any(
        cookie.startswith(_COOKIE) and not cookie.startswith((f'{_COOKIE}""', f"{_COOKIE};"))
        for cookie in headers.getlist("set-cookie")
    )


def _sent_on(headers: Headers) -> bool:
    return headers.get("location", "").startswith(("http://", "https://"))
