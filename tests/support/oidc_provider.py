"""An OpenID Connect provider on this machine: discovery, authorization code with PKCE, RS256.

It lets one person in without asking. What it does wrong is chosen.
"""

from __future__ import annotations

import base64
import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal
from urllib.parse import parse_qs, unquote, urlencode, urlsplit
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from loopback import running

CLIENT, SECRET = "talentcast-dashboard", "secret-of-tests"

#: `state` and `nonce` are answered wrong; `signature` is another key's; `audience` another
#: client's, `issuer` another provider's; `expired` is old; `denied` lets nobody in and names the
#: person; `token error` refuses the code and names the person; `no token` leaves it out.
WrongAnswer = Literal[
    "state",
    "nonce",
    "signature",
    "audience",
    "issuer",
    "expired",
    "denied",
    "token error",
    "no token",
]
#: `broken` answers with an error of the server; `gone` has no metadata.
NoAnswer = Literal["broken", "gone"]
Wrong = WrongAnswer | NoAnswer | Literal[""]


@dataclass
class Provider:
    """A provider, whom it lets in, and what it does wrong.

    Attributes:
        address: Its issuer.
        person: Claims about who signs in.
        wrong: What it does wrong.
        signed_out: How often somebody ended their session there.
    """

    address: str = ""
    person: dict[str, Any] = field(default_factory=dict)
    wrong: Wrong = ""
    signed_out: int = 0
    _codes: dict[str, dict[str, str]] = field(default_factory=dict)
    _key: rsa.RSAPrivateKey = field(default_factory=lambda: _new_key())
    _other_key: rsa.RSAPrivateKey = field(default_factory=lambda: _new_key())

    @property
    def metadata_address(self) -> str:
        return f"{self.address}/.well-known/openid-configuration"

    def metadata(self) -> dict[str, Any]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/jwks",
            "end_session_endpoint": f"{self.address}/end-session",
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
        }

    def keys(self) -> dict[str, Any]:
        numbers = self._key.public_key().public_numbers()
        return {
            "keys": [
                {
                    "kty": "RSA",
                    "use": "sig",
                    "alg": "RS256",
                    "kid": "first",
                    "n": _number(numbers.n),
                    "e": _number(numbers.e),
                }
            ]
        }

    def authorize(self, asked: Mapping[str, str]) -> str | None:
        """Return where to send the browser; None if the request is not to be answered."""
        known = asked.get("client_id") == CLIENT and asked.get("response_type") == "code"
        wanted = {"state", "nonce", "redirect_uri", "code_challenge"} <= set(asked)
        if not known or not wanted or "openid" not in asked.get("scope", "").split():
            return None
        if self.wrong == "denied":
            answer = {
                "error": "access_denied",
                "error_description": f"{self.person.get('email')} may not",
            }
        else:
            code = uuid4().hex
            self._codes[code] = dict(asked)
            answer = {"code": code}
        state = "of-another" if self.wrong == "state" else asked["state"]
        return f"{asked['redirect_uri']}?{urlencode({**answer, 'state': state})}"

    def token(self, form: Mapping[str, str], basic: str) -> tuple[int, dict[str, Any]]:
        """Return status and body of the answer to a code."""
        if self.wrong == "token error":
            return 400, {
                "error": "invalid_grant",
                "error_description": f"{self.person.get('email')} is locked",
            }
        given = _credentials(basic) or (form.get("client_id"), form.get("client_secret"))
        if given != (CLIENT, SECRET):
            return 401, {"error": "invalid_client"}
        asked = self._codes.pop(form.get("code", ""), None)
        digest = _text(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        if (
            asked is None
            or form.get("grant_type") != "authorization_code"
            or form.get("redirect_uri") != asked["redirect_uri"]
            or digest != asked["code_challenge"]
        ):
            return 400, {"error": "invalid_grant"}
        answer = {"access_token": uuid4().hex, "token_type": "Bearer", "expires_in": 3600}
        if self.wrong != "no token":
            answer["id_token"] = self._signed(self._claims(asked))
        return 200, answer

    def _claims(self, asked: Mapping[str, str]) -> dict[str, Any]:
        now = int(time.time())
        begun = now - 7200 if self.wrong == "expired" else now
        return {
            "iss": f"{self.address}/other" if self.wrong == "issuer" else self.address,
            "sub": "248289761001",
            "aud": "somebody-else" if self.wrong == "audience" else CLIENT,
            "iat": begun,
            "exp": begun + 3600,
            "nonce": "of-another" if self.wrong == "nonce" else asked["nonce"],
            **self.person,
        }

    def _signed(self, claims: Mapping[str, Any]) -> str:
        key = self._other_key if self.wrong == "signature" else self._key
        parts = ({"alg": "RS256", "typ": "JWT", "kid": "first"}, claims)
        signed = ".".join(_text(json.dumps(part).encode()) for part in parts)
        signature = key.sign(signed.encode(), padding.PKCS1v15(), SHA256())
        return f"{signed}.{_text(signature)}"


@contextmanager
def oidc_provider() -> Iterator[Provider]:
    """Run a provider on a free port until the end of the block."""
    provider = Provider()
    with running(ThreadingHTTPServer(("127.0.0.1", 0), _handler(provider))) as port:
        provider.address = f"http://127.0.0.1:{port}"
        yield provider


def _handler(provider: Provider) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if provider.wrong == "broken" and parts.path != "/authorize":
                self._send(500, {"error": "server_error"})
            elif parts.path == "/.well-known/openid-configuration" and provider.wrong != "gone":
                self._send(200, provider.metadata())
            elif parts.path == "/jwks":
                self._send(200, provider.keys())
            elif parts.path == "/authorize" and (target := provider.authorize(asked)):
                self._redirect(target)
            elif parts.path == "/end-session" and asked.get("client_id") == CLIENT:
                provider.signed_out += 1
                self._redirect(asked["post_logout_redirect_uri"])
            else:
                self._send(404, {"error": "not_found"})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            if self.path == "/token" and provider.wrong != "broken":
                self._send(*provider.token(form, self.headers.get("Authorization", "")))
            else:
                self._send(500, {"error": "server_error"})

        def _redirect(self, target: str) -> None:
            self.send_response(302)
            self.send_header("Location", target)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _send(self, status: int, body: Mapping[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _credentials(basic: str) -> tuple[str, str] | None:
    kind, _, encoded = basic.partition(" ")
    if kind.lower() != "basic":
        return None
    name, _, secret = base64.b64decode(encoded).decode().partition(":")
    return unquote(name), unquote(secret)


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _number(value: int) -> str:
    return _text(value.to_bytes((value.bit_length() + 7) // 8, "big"))
