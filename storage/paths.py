"""A place for files: a folder of this machine, or the address of a prefix in an object store."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from storage.objects import SCHEMES, ObjectPath

StorePath: TypeAlias = Path | ObjectPath


def is_address(text: str) -> bool:
    """Return whether a text is the address of something in an object store.

    Example:
        >>> is_address("s3://team/people"), is_address("people")
        (True, False)
    """
    scheme, is_written_so, _ = text.partition("://")
    return bool(is_written_so) and scheme.lower() in SCHEMES


def store_path(text: object) -> StorePath:
    """Return the place that a setting, an option or a caller names.

    Raises:
        ValueError: If an address names no bucket, an unknown kind of store, or holds more
            than bucket and prefix; credentials do not belong into it.

    Example:
        >>> str(store_path("s3://team/talentcast/") / "releases")
        's3://team/talentcast/releases'
        >>> store_path("var")
        PosixPath('var')
    """
    if isinstance(text, ObjectPath):
        return text
    if isinstance(text, Path):
        if text.parts[:1] in {(f"{scheme}:",) for scheme in SCHEMES}:
            raise ValueError(
                f"{text.parts[0]}//... is an address made into a path. Give it as text."
            )
        return text
    scheme, is_address, rest = str(text).partition("://")
    if not is_address:
        return Path(str(text))
    bucket, _, key = rest.partition("/")
    # The address itself is not repeated: what is wrong with it may be a secret within.
    if scheme not in SCHEMES:
        raise ValueError(
            f"Stores called {scheme[:10]!r} are not known. Use s3://, az:// or gs://, or a folder."
        )
    if not bucket or any(character in rest for character in "@?#:"):
        raise ValueError(
            f"An address is {scheme}://BUCKET/PREFIX and nothing else. Put credentials into the "
            "environment; see docs/object-stores.md."
        )
    return ObjectPath(scheme, bucket, "/".join(part for part in key.split("/") if part))
