"""What an object store says when it refuses, in a few words that bear no credentials."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

NO_BUCKET: Final = ("NoSuchBucket", "ContainerNotFound", "bucket does not exist")
_CODE: Final = re.compile(r"<Code>([^<]{1,80})</Code>")
_MESSAGE: Final = re.compile(r"<Message>([^<\n]{0,160})")
#: Signatures and tokens travel in the query of an address.
_QUERY: Final = re.compile(r"(https?://[^\s?\"']+)\?[^\s\"')]*")
_USER: Final = re.compile(r"(https?://)[^\s/@]+@")
#: Everything after this repeats the answer, the address and its query.
_DETAILS: Final = "\n\nDebug source:"
#: Libraries colour what they say.
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]*m|\u21b3")


def plain_reason(error: BaseException) -> str:
    r"""Return the code and the message of an answer, or else the text without queries.

    The rest of an answer may quote a token or what was signed.

    Example:
        >>> plain_reason(OSError("PUT http://h/b?sig=s: <Error><Code>ExpiredToken</Code><Token-0>"))
        'ExpiredToken'
        >>> plain_reason(OSError("error sending request for http://h/b/k?sig=secret"))
        'error sending request for http://h/b/k'
        >>> plain_reason(OSError("Kernel error\n  \x1b[31m\u21b3\x1b[0m No space left"))
        'Kernel error No space left'
    """
    text = " ".join(_COLOUR.sub("", str(error).partition(_DETAILS)[0]).split())
    if code := _CODE.search(text):
        message = _MESSAGE.search(text)
        return f"{code[1]}: {message[1].strip()}" if message else code[1]
    text = _USER.sub(r"\1", _QUERY.sub(r"\1", text))
    return text[:400] if text else type(error).__name__


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a store refused, and what to do.

    Attributes:
        code: Of the message.
        signs: Any of these in what a store says shows it.
        fix: What to do.
    """

    code: str
    signs: tuple[str, ...]
    fix: str


CLOCK: Final = Refusal(
    "CLOCK",
    ("RequestTimeTooSkewed", "RequestExpired"),
    "Set the clock of this machine, for example with chrony, and run again.",
)
NO_CONDITIONS: Final = Refusal(
    "NO_CONDITIONS",
    ("NotImplemented", "501 Not Implemented"),
    "The store lacks conditional writes, without which two publishers could lose a release. "
    "Use one that has them; see docs/object-stores.md.",
)
#: The first that fits counts.
REFUSALS: Final = (
    Refusal(
        "BUCKET",
        NO_BUCKET,
        "Create the bucket, or correct TALENTCAST_HOME or TALENTCAST_RELEASES_DIR.",
    ),
    Refusal(
        "CREDENTIALS",
        ("169.254.169.254", "metadata.google.internal"),
        "There are none in the environment, and this machine has no role: see "
        "docs/object-stores.md for the variables.",
    ),
    Refusal(
        "ENDPOINT",
        ("builder error",),
        "The address of the server is no https:// address; for a server without TLS set "
        "AWS_ALLOW_HTTP=true or AZURE_ALLOW_HTTP=true.",
    ),
    Refusal(
        "CREDENTIALS",
        ("ExpiredToken", "TokenRefreshRequired", "InvalidToken", "token has expired"),
        "The credentials have expired: renew those in the environment and run again.",
    ),
    CLOCK,
    NO_CONDITIONS,
    Refusal(
        "PERMISSION",
        (
            "AccessDenied",
            "AuthorizationFailure",
            "AuthorizationPermissionMismatch",
            "AuthenticationFailed",
            "InvalidAccessKeyId",
            "SignatureDoesNotMatch",
            "403 Forbidden",
            "401 Unauthorized",
        ),
        "Give these credentials the right to read, list, write and delete below that address.",
    ),
    Refusal(
        "CONFLICT",
        ("PreconditionFailed", "412 Precondition", "ConditionalRequestConflict"),
        "Another process wrote at the same moment. Run again.",
    ),
    Refusal(
        "NOT_NOW",
        (
            "SlowDown",
            "ServerBusy",
            "InternalError",
            "500 Internal",
            "502 Bad",
            "503 Service",
            "504 Gateway",
            "429 Too Many",
            "HTTP error",
            "error sending request",
            "error decoding response body",
            "connection closed",
            "timed out",
            "dns error",
        ),
        "The store is busy or out of reach: wait, and run again.",
    ),
)


def refusal_of(said: str) -> Refusal | None:
    """Return why a store refused, from its own words; None if they are not known."""
    lowered = said.lower()
    return next(
        (one for one in REFUSALS if any(sign.lower() in lowered for sign in one.signs)), None
    )
