"""Object stores on this machine, for tests: real requests, and nothing that outlives them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import shutil
import signal
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
import gcs_server
import httpx
import pytest
from prefect_server import free_port, wait_for
from store_proxy import Proxy, proxied

from storage.objects import ObjectPath
from storage.paths import StorePath, store_path

#: Of stress tests.
HOME_HELP = (
    "Address of an object store, with credentials in the environment; s3://, seaweedfs://, az:// "
    "or gs:// alone: a server on this machine; a folder by default."
)
AZURITE = shutil.which("azurite-blob")
#: A store for use, which speaks S3; one program, that may lie beside Python.
SEAWEEDFS = shutil.which("weed") or shutil.which("weed", path=str(Path(sys.executable).parent))
#: Servers that speak S3 and are installed.
S3_SERVERS = ("s3", "seaweedfs") if SEAWEEDFS else ("s3",)
FAKE_GCS = gcs_server.program()
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
    "GOOGLE_ALLOW_HTTP": "true",
}
_ADDRESS_VARIABLE = {"s3": "AWS_ENDPOINT_URL", "az": "AZURITE_BLOB_STORAGE_URL"}
#: Servers, and the scheme of addresses in them.
_SCHEMES = {"s3": "s3", "seaweedfs": "s3", "az": "az", "gs": "gs"}


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
        if self.scheme == "gs":
            return {**_COMMON, "GOOGLE_SERVICE_ACCOUNT_KEY": _account_at(address)}
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
def object_store(name: str) -> Iterator[ObjectServer]:
    """Run a store in a process of its own, with a proxy before it.

    Args:
        name: `s3`: moto; `seaweedfs`: that, also for S3; `az`: Azurite; `gs`: fake-gcs-server.
    """
    port = free_port()
    with tempfile.TemporaryDirectory() as folder, (Path(folder) / "log").open("wb") as log:
        command = _COMMANDS[name](port, Path(folder))
        server = subprocess.Popen(
            command, stdout=log, stderr=log, cwd=folder, start_new_session=True
        )
        try:
            wait_for(lambda: _answers(port), seconds=60, pause=0.05)
            with proxied(f"127.0.0.1:{port}", free_port()) as proxy:
                yield ObjectServer(_SCHEMES[name], f"http://127.0.0.1:{port}", proxy)
        finally:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
            _remove_sockets(command)


@contextmanager
def store_under_test(home: str | None) -> Iterator[tuple[StorePath, Path]]:
    """Yield where releases go, and a folder of this machine for notes; see `HOME_HELP`."""
    with tempfile.TemporaryDirectory() as folder:
        if home is None:
            yield Path(folder) / "store", Path(folder)
        elif home.removesuffix("://") in _COMMANDS:
            with object_store(home.removesuffix("://")) as server:
                # Processes that are started from here ask the server itself.
                os.environ.update(server.environment_without_proxy)  # noqa: TID251
                yield server.new_bucket() / "releases", Path(folder)
        else:
            yield store_path(home) / f"stress-{uuid4().hex[:8]}", Path(folder)


def _moto_command(port: int, _: Path) -> Sequence[str]:
    return [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]


def _seaweedfs_command(port: int, folder: Path) -> Sequence[str]:
    if SEAWEEDFS is None:
        raise FileNotFoundError("SeaweedFS is not installed: make seaweedfs")
    own = {"accessKey": _COMMON["AWS_ACCESS_KEY_ID"], "secretKey": _COMMON["AWS_SECRET_ACCESS_KEY"]}
    tests = {"name": "tests", "credentials": [own], "actions": ["Admin"]}
    (folder / "s3.json").write_text(json.dumps({"identities": [tests]}))
    parts = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port")
    inner = [f"-{part}={free_port()}" for part in (*parts, "filer.port.grpc", "s3.port.grpc")]
    # Others have ports of their own unless they are told to stay away.
    inner += ["-s3.port.iceberg=0", "-s3.port.lance=0"]
    # Each bucket takes volumes of its own, and tests make many small ones.
    small = ["-volume.max=2000", "-master.volumeSizeLimitMB=16"]
    where = [f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", *inner, *small]
    return [SEAWEEDFS, "server", *where, "-s3", f"-s3.port={port}", f"-s3.config={folder}/s3.json"]


def _remove_sockets(command: Sequence[str]) -> None:
    """Remove what SeaweedFS leaves in a folder that it does not let one choose, by its ports."""
    ports = {word.partition("=")[2] for word in command if "port" in word}
    for path in Path("/tmp").glob("seaweedfs-*.sock"):  # noqa: S108
        if path.stem.rpartition("-")[2] in ports:
            path.unlink(missing_ok=True)


def _azure_command(port: int, _: Path) -> Sequence[str]:
    if AZURITE is None:
        raise FileNotFoundError("Azurite is not installed: npm install --global azurite")
    where = ["--blobHost", "127.0.0.1", "--blobPort", str(port)]
    quiet = ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
    return [AZURITE, "--inMemoryPersistence", *where, *quiet]


def _gcs_command(port: int, _: Path) -> Sequence[str]:
    if FAKE_GCS is None:
        raise FileNotFoundError("fake-gcs-server is not installed: make fake-gcs")
    return [sys.executable, gcs_server.__file__, FAKE_GCS, str(port)]


def _account_at(address: str) -> str:
    """Return the key of an account that needs no token, of a server at an address."""
    no_key = {"client_email": "", "private_key": "", "private_key_id": ""}
    return json.dumps({"gcs_base_url": address, "disable_oauth": True, **no_key})


def _make_bucket(address: str, name: str) -> None:
    client = boto3.client(
        "s3",
        endpoint_url=address,
        region_name=_COMMON["AWS_REGION"],
        aws_access_key_id=_COMMON["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=_COMMON["AWS_SECRET_ACCESS_KEY"],
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


_COMMANDS: dict[str, Callable[[int, Path], Sequence[str]]] = {
    "s3": _moto_command,
    "seaweedfs": _seaweedfs_command,
    "az": _azure_command,
    "gs": _gcs_command,
}
_MAKE = {"s3": _make_bucket, "az": _make_container, "gs": gcs_server.make_bucket}


def _answers(port: int) -> bool:
    """Whether a server does more than take connections; its parts start one after the other."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", timeout=5).status_code < 500
    except httpx.TransportError:
        return False
