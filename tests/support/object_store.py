"""Object stores on this machine, for tests: real requests, and nothing that outlives them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import boto3
import httpx
import pytest
from prefect_server import free_port, wait_for
from store_proxy import Proxy, proxied

from storage.objects import ObjectPath
from storage.paths import StorePath, store_path

#: Of stress tests.
HOME_HELP = (
    "Address of an object store, with credentials in the environment; s3:// or az:// alone: a "
    "server on this machine; a folder by default."
)
AZURITE = shutil.which("azurite-blob")
#: The account that every emulator has.
_ACCOUNT = "devstoreaccount1"
_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
_COMMON = {
    "AWS_ACCESS_KEY_ID": "AKIATESTSONLY",
    "AWS_SECRET_ACCESS_KEY": "secret-of-tests",
    "AWS_REGION": "us-east-1",
    "AWS_ALLOW_HTTP": "true",
    # The emulator ignores where a listing is to start; clients that know it sort that out.
    "AZURE_STORAGE_USE_EMULATOR": "true",
}
_ADDRESS_VARIABLE = {"s3": "AWS_ENDPOINT_URL", "az": "AZURITE_BLOB_STORAGE_URL"}


@dataclass(frozen=True)
class ObjectServer:
    """A store, and a proxy before it."""

    scheme: str
    direct: str
    proxy: Proxy

    @property
    def environment(self) -> dict[str, str]:
        """Variables for who asks through the proxy."""
        return self._environment(self.proxy.address)

    @property
    def environment_without_proxy(self) -> dict[str, str]:
        return self._environment(self.direct)

    def _environment(self, address: str) -> dict[str, str]:
        return {**_COMMON, _ADDRESS_VARIABLE[self.scheme]: address}

    def ask_through_proxy(self, patch: pytest.MonkeyPatch) -> None:
        """Let this process use the store."""
        for name, value in self.environment.items():
            patch.setenv(name, value)

    def new_bucket(self) -> ObjectPath:
        """Make a bucket and return a home in it."""
        name = f"team-{uuid4().hex[:12]}"
        _MAKE[self.scheme](self.direct, name)
        return ObjectPath(self.scheme, name, "talentcast")


@contextmanager
def object_store(scheme: str) -> Iterator[ObjectServer]:
    """Run a store in a process of its own, with a proxy before it."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("wb") as log:
        server = subprocess.Popen(_COMMANDS[scheme](port), stdout=log, stderr=log)
        try:
            wait_for(lambda: _answers(port), seconds=60, pause=0.05)
            with proxied(f"127.0.0.1:{port}", free_port()) as proxy:
                yield ObjectServer(scheme, f"http://127.0.0.1:{port}", proxy)
        finally:
            server.kill()
            server.wait()


@contextmanager
def store_under_test(home: str | None) -> Iterator[tuple[StorePath, Path]]:
    """Yield where releases go, and a folder of this machine for notes; see `HOME_HELP`."""
    with tempfile.TemporaryDirectory() as folder:
        if home is None:
            yield Path(folder) / "store", Path(folder)
        elif home in ("s3://", "az://"):
            with object_store(home[:2]) as server:
                # Processes that are started from here ask the server itself.
                os.environ.update(server.environment_without_proxy)  # noqa: TID251
                yield server.new_bucket() / "releases", Path(folder)
        else:
            yield store_path(home) / f"stress-{uuid4().hex[:8]}", Path(folder)


def _s3_command(port: int) -> Sequence[str]:
    return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]


def _azure_command(port: int) -> Sequence[str]:
    if AZURITE is None:
        raise FileNotFoundError("Azurite is not installed: npm install --global azurite")
    where = ["--blobHost", "127.0.0.1", "--blobPort", str(port)]
    quiet = ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
    return [AZURITE, "--inMemoryPersistence", *where, *quiet]


def _make_bucket(address: str, name: str) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",  # noqa: S106
    )
    client.create_bucket(Bucket=name)


def _make_container(address: str, name: str) -> None:
    """Ask for a container by the one request that the client of objects lacks."""
    now = datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    stated = {"x-ms-date": now, "x-ms-version": "2021-08-06"}
    headers = "\n".join(f"{key}:{value}" for key, value in stated.items())
    resource = f"/{_ACCOUNT}/{_ACCOUNT}/{name}\nrestype:container"
    signed = "PUT" + "\n" * 12 + f"{headers}\n{resource}"
    digest = hmac.new(base64.b64decode(_KEY), signed.encode(), hashlib.sha256).digest()
    stated["Authorization"] = f"SharedKey {_ACCOUNT}:{base64.b64encode(digest).decode()}"
    url = f"{address}/{_ACCOUNT}/{name}?restype=container"
    httpx.put(url, headers=stated, timeout=30).raise_for_status()


_COMMANDS: dict[str, Callable[[int], Sequence[str]]] = {
    "s3": _s3_command,
    "az": _azure_command,
}
_MAKE = {"s3": _make_bucket, "az": _make_container}


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
