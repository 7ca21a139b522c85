"""A real HTTPS server on loopback that behaves as badly as it is told to."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from loopback import running

Answer = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class Https:
    """A running server.

    Attributes:
        paths: What was asked for, in order.
        moments: When, on the monotonic clock.
    """

    port: int
    certificate: Path
    paths: list[str] = field(default_factory=list)
    moments: list[float] = field(default_factory=list)

    def url(self, path: str = "/file.csv", *, host: str = "localhost") -> str:
        """Return an address on this server."""
        return f"https://{host}:{self.port}{path}"

    def transport(self) -> httpx.AsyncHTTPTransport:
        """Return the real network, trusting this server's certificate."""
        return httpx.AsyncHTTPTransport(verify=ssl.create_default_context(cafile=self.certificate))


@contextmanager
def https_server(folder: Path, answer: Answer) -> Iterator[Https]:
    """Serve every request with `answer` until the block ends."""
    certificate, key = _certificate(folder)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            found.paths.append(self.path)
            found.moments.append(time.monotonic())
            self.close_connection = True
            # A client that has seen enough hangs up.
            with suppress(ConnectionError, ssl.SSLError):
                answer(self)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with running(server) as port:
        found = Https(port, certificate)
        yield found


def reply(request: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    """Send an ordinary answer; `_` in a header's name stands for `-`."""
    request.send_response(status)
    for name, value in {"content_length": str(len(body)), **headers}.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body)


def _certificate(folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "certificate.pem", folder / "key.pem"
    certificate_file.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return certificate_file, key_file
