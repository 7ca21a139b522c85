"""An S3 server on this machine, for tests: real requests, and nothing that outlives them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import boto3
from prefect_server import free_port, wait_for
from store_proxy import Proxy, proxied

from storage.objects import ObjectPath
from storage.paths import StorePath, store_path

#: Of stress tests.
HOME_HELP = (
    "Address of an object store, with credentials in the environment; s3:// alone: a server on "
    "this machine; a folder by default."
)

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "AKIATESTSONLY",
    "AWS_SECRET_ACCESS_KEY": "secret-of-tests",
    "AWS_REGION": "us-east-1",
    "AWS_ALLOW_HTTP": "true",
}


@dataclass(frozen=True)
class ObjectServer:
    """A store, and a proxy before it.

    Attributes:
        environment: Variables for who asks through the proxy.
    """

    direct: str
    proxy: Proxy

    @property
    def environment(self) -> dict[str, str]:
        return {**CREDENTIALS, "AWS_ENDPOINT_URL": self.proxy.address}

    def new_bucket(self) -> ObjectPath:
        """Make a bucket and return a home in it."""
        name = f"team-{uuid4().hex[:12]}"
        client = boto3.client(
            "s3",
            endpoint_url=self.direct,
            region_name="us-east-1",
            aws_access_key_id="any",
            aws_secret_access_key="any",  # noqa: S106
        )
        client.create_bucket(Bucket=name)
        return ObjectPath("s3", name, "talentcast")


@contextmanager
def s3_server() -> Iterator[ObjectServer]:
    """Run an S3 server in a process of its own, with a proxy before it."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            wait_for(lambda: _answers(port), seconds=30, pause=0.05)
            with proxied(f"127.0.0.1:{port}", free_port()) as proxy:
                yield ObjectServer(f"http://127.0.0.1:{port}", proxy)
        finally:
            server.kill()
            server.wait()


@contextmanager
def store_under_test(home: str | None) -> Iterator[tuple[StorePath, Path]]:
    """Yield where releases go, and a folder of this machine for notes; see `HOME_HELP`."""
    with tempfile.TemporaryDirectory() as folder:
        if home is None:
            yield Path(folder) / "store", Path(folder)
        elif home == "s3://":
            with s3_server() as server:
                # Processes that are started from here ask the server itself.
                os.environ.update(server.environment | {"AWS_ENDPOINT_URL": server.direct})  # noqa: TID251
                yield server.new_bucket() / "releases", Path(folder)
        else:
            yield store_path(home) / f"stress-{uuid4().hex[:8]}", Path(folder)


def _answers(port: int) -> bool:

    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
