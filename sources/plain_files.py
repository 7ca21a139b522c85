"""Reading a file of the user: a plain file of bounded size that stands still while it is read."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from storage.objects import ChangedError, NotReadError
from storage.paths import StorePath, is_address, store_path
from storage.reasons import refusal_of
from talentcast.domain.errors import (
    InputRejectedError,
    SourceUnavailableError,
    TalentcastError,
    UsageError,
)
from talentcast.domain.types import Vintage

MAX_FILE_BYTES: Final = 500_000_000
_CHUNK_BYTES: Final = 1 << 20
_SHOWN: Final = 80  # characters of a path that is none
#: Refusals of a store that trying again may help.
_MAY_PASS: Final = ("NOT_NOW", "CONFLICT")


@dataclass(frozen=True, slots=True)
class PlainFile:
    """Bytes of a file, and the day on which they were written."""

    name: str
    content: bytes = field(repr=False)
    written: Vintage


def read_plain_file(
    path: Path,
    *,
    max_bytes: int = MAX_FILE_BYTES,
    limit: str = "TALENTCAST_MAX_INPUT_BYTES raises the limit.",
) -> PlainFile:
    """Return the bytes of a file; what is parsed later is what was hashed here.

    Args:
        path: The file.
        max_bytes: Larger files are refused.
        limit: What can be done about that.

    Raises:
        UsageError: If there is no such file, it may not be read, or is a folder, a link or a
            device.
        InputRejectedError: `TOO_LARGE` before a byte is read, or `CHANGED` if it was written to
            in the meantime.
    """
    require_plain(path)
    # The file may have been exchanged since the look above: what is opened is looked at again.
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except PermissionError:
        raise _not_permitted(path) from None
    except OSError:  # gone, or a link by now
        raise written_meanwhile(path) from None
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise written_meanwhile(path)
        if status.st_size > max_bytes:
            raise InputRejectedError(
                "TOO_LARGE",
                f"{path} has {status.st_size} bytes; the limit is {max_bytes}. "
                f"Is this the right file? {limit}".strip(),
            )
        content = file.read(max_bytes + 1)
        stands_still = _reads_the_same(file, content)
        after = os.fstat(file.fileno())
        if (
            not stands_still
            or after.st_size != len(content)
            or after.st_mtime_ns != status.st_mtime_ns
        ):
            raise written_meanwhile(path)
    return PlainFile(
        path.name, content, Vintage(datetime.fromtimestamp(status.st_mtime, UTC).date())
    )


def read_plain_text(path: Path, *, max_bytes: int) -> str:
    """Return the UTF-8 text of a file.

    Raises:
        UsageError: As `read_plain_file`.
        InputRejectedError: As `read_plain_file`, or `ENCODING`.
    """
    content = read_plain_file(path, max_bytes=max_bytes, limit="").content
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise not_utf8(path.name, content, error.start) from None


def not_utf8(name: str, content: bytes, offset: int) -> InputRejectedError:
    """Return the refusal of a text in another encoding."""
    return InputRejectedError(
        "ENCODING",
        f"{name} is not UTF-8: byte 0x{content[offset]:02x} at offset {offset}. "
        "Save it as UTF-8, for example with: iconv -f latin1 -t utf-8",
    )


def input_place(text: str) -> StorePath:
    """Return the folder, file or address that somebody named for reading.

    Raises:
        UsageError: If it is a pattern of addresses, or no address.
    """
    # Addresses are not repeated: what is wrong with one may be a secret within.
    if is_address(text) and any(sign in text for sign in "*["):
        raise UsageError("In a store name the prefix, not a pattern: all files below it are read.")
    try:
        return store_path(text)
    except ValueError as error:
        raise UsageError(str(error)) from None


def unreadable_address(error: OSError) -> TalentcastError:
    """Return what is said where a store does not let somebody look at an address."""
    refusal = refusal_of(str(error))
    is_known = refusal is not None and refusal.code not in _MAY_PASS
    if is_known or isinstance(error, PermissionError | FileNotFoundError):
        return UsageError(f"{error}. See docs/object-stores.md for what it takes.")
    return SourceUnavailableError(f"{error}. Run again.")


@contextmanager
def asking_store(name: str) -> Iterator[None]:
    """Tell what a store does not give from what is damaged.

    Args:
        name: Of the object, for messages.

    Raises:
        InputRejectedError: `CHANGED` if it was written again since it was listed.
        SourceUnavailableError: If the store does not answer or refuses.
    """
    try:
        yield
    except NotReadError as error:
        raise SourceUnavailableError(f"{error}. Run again; it goes on where it was.") from None
    except ChangedError:
        raise written_meanwhile(name) from None


def written_meanwhile(name: str | Path) -> InputRejectedError:
    """Return what is said of a file that was written to since it was found."""
    return InputRejectedError(
        "CHANGED", f"{name} was written to while it was read. Wait until it is whole, run again."
    )


def require_reachable(path: Path) -> None:
    """Refuse a path that cannot be looked at; one where nothing is may pass.

    Raises:
        UsageError: If it is too long or no path, or this user may not enter a folder of it.
    """
    try:
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode) and not os.access(path, os.R_OK | os.X_OK):
            raise _not_permitted(path)
    except (FileNotFoundError, NotADirectoryError):
        return
    except PermissionError:
        raise _not_permitted(path) from None
    except (OSError, ValueError):  # a NUL byte in a path is a ValueError
        shown = f"{str(path)[:_SHOWN]!r}"
        raise UsageError(f"{shown} cannot be the path of a file. Check it.") from None


def require_plain(path: Path) -> None:
    """Refuse what is no plain file.

    Raises:
        UsageError: If there is nothing, or a folder, a link, a pipe or a device.
    """
    require_reachable(path)
    try:
        mode = path.lstat().st_mode
    except OSError:
        raise UsageError(f"There is no file {path}. Check the path.") from None
    if stat.S_ISDIR(mode):
        raise UsageError(f"{path} is a folder where a file is expected. Pass the file itself.")
    if not stat.S_ISREG(mode):
        # A link could lead out of the folder it lies in, and a pipe would never end.
        raise UsageError(
            f"{path} is no plain file but a link, pipe or device. Pass the file itself."
        )


def _reads_the_same(file: BinaryIO, content: bytes) -> bool:
    file.seek(0)
    again = sha256()
    while chunk := file.read(_CHUNK_BYTES):
        again.update(chunk)
    return again.digest() == sha256(content).digest()


def _not_permitted(path: Path) -> UsageError:
    return UsageError(
        f"{path} may not be read by this user. Give the right to its file and folders "
        "(chmod u+rX), or run as their owner."
    )
