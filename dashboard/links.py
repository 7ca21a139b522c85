"""Deep links into pages, and a browser that may only talk to this server."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlencode

import streamlit
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
#: Parts of Streamlit's client that every page needs, and that it would ask for late.
_NEEDED: Final = ("Html", "purify.es", "Selectbox", "ArrowVegaLiteChart", "DownloadButton")
_HEADING_FONT: Final = "SourceSerifVariable-Roman.*.woff2"
_IMPORT: Final = re.compile(r'(?:from|import)"\./([\w.-]+\.js)"')


def preload_header() -> str:
    """Return the value of a `Link` header that makes a browser fetch those parts at once.

    They arrive while the client starts, so that the first chart need not wait for them, and
    together, so that text does not push aside what is drawn already.
    """
    static = Path(streamlit.__file__).parent / "static"
    scripts = static / "static" / "js"
    waiting = [path.name for name in _NEEDED for path in scripts.glob(f"{name}.*.js")]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found and (scripts / name).is_file():
            found.add(name)
            waiting += _IMPORT.findall((scripts / name).read_text(encoding="utf-8"))
    page = (static / "index.html").read_text(encoding="utf-8")
    links = [
        f"</static/js/{name}>; rel=modulepreload" for name in sorted(found) if name not in page
    ]
    links += [
        f"</static/media/{font.name}>; rel=preload; as=font; type=font/woff2; crossorigin"
        for font in (static / "static" / "media").glob(_HEADING_FONT)
    ]
    return ", ".join(links)


class PageLinks:
    """Send a deep link to a page through the root.

    Opened at a page's own path, Streamlit's client first looks for its server below that path and
    reports the failure as an error on the console.
    """

    def __init__(self, app: ASGIApp, pages: Collection[str]) -> None:
        self.app = app
        self.pages = frozenset(pages)
        self._preload = preload_header()

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
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = POLICY
                if headers.get("content-type", "").startswith("text/html") and self._preload:
                    headers["Link"] = self._preload
            await send(message)

        await self.app(scope, receive, guarded)
