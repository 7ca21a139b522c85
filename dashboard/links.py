"""Deep links into pages, and a browser that may only talk to this server."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import MutableHeaders
from starlette.responses import RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

#: Name in the address under which a page is asked for at the root.
PAGE: Final = "page"
#: Vega compiles its expressions, hence eval; everything else must come from here.
POLICY: Final = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; "
    "connect-src 'self' ws: wss:; worker-src 'self' blob:; frame-src 'self'"
)


class PageLinks:
    """Send a deep link to a page through the root.

    Opened at a page's own path, Streamlit's client first looks for its server below that path and
    reports the failure as an error on the console.
    """

    def __init__(self, app: ASGIApp, pages: Collection[str]) -> None:
        self.app = app
        self.pages = frozenset(pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Redirect a page's path to the root; pass on everything else."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        path = scope["path"].strip("/")
        if scope["method"] == "GET" and path in self.pages:
            query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            target = f"/?{urlencode([(PAGE, path), *query])}"
            await RedirectResponse(target, status_code=302)(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Content-Security-Policy"] = POLICY
            await send(message)

        await self.app(scope, receive, guarded)
