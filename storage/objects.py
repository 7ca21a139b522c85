"""A prefix in an object store, with the few calls of `pathlib.Path` that stores of files need.

Every call is one request, or one for each thousand names. Nothing lists more than what lies under
its own prefix. Errors are those of files (`FileNotFoundError`, `PermissionError`, `OSError`), in
one line that bears no credentials.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedReader, RawIOBase
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from storage.reasons import NO_BUCKET, plain_reason

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from obstore import GetOptions, ObjectMeta
    from obstore.store import ObjectStore

SCHEMES: Final = ("s3", "az", "gs")
#: What a store calls one state of an object: its `e_tag`, its `version`, or both.
Tag: TypeAlias = Mapping[str, str]
#: Requests at once, where several objects are wanted.
_AT_ONCE: Final = 16
#: Of an object that is read as a file, asked for at once.
_PART_BYTES: Final = 8 << 20
#: A store that is busy for longer is reported instead of waited for.
PATIENCE: Final = timedelta(seconds=20)
RETRIES: Final = 6


@dataclass(frozen=True, slots=True)
class ObjectPath:
    """An object, or all objects under a prefix.

    Attributes:
        scheme: `s3`, `az` or `gs`.
        bucket: Bucket, or container.
        key: Names with slashes between them; empty for the whole bucket.
    """

    scheme: str
    bucket: str
    key: str

    def __str__(self) -> str:
        """Return the address."""
        return f"{self.scheme}://{self.bucket}/{self.key}".rstrip("/")

    def __truediv__(self, name: str) -> ObjectPath:
        """Return what lies below."""
        return replace(self, key=str(PurePosixPath(self.key) / name))

    @property
    def name(self) -> str:
        """Last part of the key."""
        return PurePosixPath(self.key).name

    @property
    def stem(self) -> str:
        """Last part of the key, without its ending."""
        return PurePosixPath(self.key).stem

    @property
    def parent(self) -> ObjectPath:
        """What it lies in."""
        return replace(self, key="/".join(self.key.split("/")[:-1]))

    def resolve(self) -> ObjectPath:
        """Return itself: an address has no links."""
        return self

    def mkdir(self, mode: int = 0, parents: bool = False, exist_ok: bool = False) -> None:
        """Do nothing: a prefix is there with its first object."""

    def rmdir(self) -> None:
        """Do nothing: a prefix goes with its last object."""

    def is_symlink(self) -> bool:
        """Return False: there are none."""
        return False

    def is_file(self) -> bool:
        """Whether there is an object with this very key."""
        try:
            self.head()
        except FileNotFoundError:
            return False
        return True

    def is_dir(self) -> bool:
        """Whether any object lies below."""
        return bool(self.names_after("", most=1))

    def exists(self) -> bool:
        """Whether there is such an object, or any below."""
        return self.is_file() or self.is_dir()

    def head(self) -> ObjectFacts:
        """Return what the store says about an object."""
        with _asking(self):
            return ObjectFacts.of(self._store.head(self.key))

    def read_bytes(self) -> bytes:
        """Return the whole object."""
        return self.read_tagged()[0]

    def read_text(self, encoding: str = "utf-8") -> str:
        """Return the whole object as text."""
        return self.read_bytes().decode(encoding)

    def read_tagged(self) -> tuple[bytes, Tag]:
        """Return the whole object, and the tag of this state of it."""
        with _asking(self):
            found = self._store.get(self.key)
            # Some stores know a state by one, some by the other.
            tag = {name: found.meta.get(name) for name in ("e_tag", "version")}
            return bytes(found.bytes()), {name: str(one) for name, one in tag.items() if one}

    def write_bytes(self, content: bytes) -> None:
        """Write the whole object; a reader sees the old one or the new one."""
        with _asking(self):
            self._store.put(self.key, content)

    def write_if(self, content: bytes, *, tag: Tag | None) -> bool:
        """Write the object if it is still in the state of `tag`; None: if it is not there.

        Returns:
            False if it is not. A request whose answer was lost may have come through all the same.
        """
        mode: Any = "create" if tag is None else dict(tag)
        try:
            with _asking(self):
                self._store.put(self.key, content, mode=mode, use_multipart=False)
        except FileExistsError:
            return False
        return True

    def unlink(self, missing_ok: bool = False) -> None:
        """Remove the object; one that is gone already stays so, though some stores say it is."""
        with suppress(FileNotFoundError), _asking(self):
            self._store.delete(self.key)

    def iterdir(self) -> Iterator[ObjectPath]:
        """Return what lies directly below: objects, and prefixes of more."""
        with _asking(self):
            found = self._store.list_with_delimiter(self.key or None)
        names = [*found["common_prefixes"], *(entry["path"] for entry in found["objects"])]
        return iter([replace(self, key=name) for name in names])

    def listed(self) -> ListedObject:
        """Return the object in the state that it has now."""
        return ListedObject(self, self.head())

    def objects_below(self) -> Iterator[ListedObject]:
        """Yield every object below this prefix, however deep, in the state that it has now."""
        with _asking(self):
            for page in self._store.list(f"{self.key}/" if self.key else None):
                for entry in page:
                    path = replace(self, key=entry["path"])
                    yield ListedObject(path, ObjectFacts.of(entry))

    def read_part(self, start: int, end: int, tag: str) -> bytes:
        """Return the bytes from `start` to before `end` of the state with a tag.

        Raises:
            FileExistsError: If it is in another state.
        """
        options: GetOptions = {"range": (start, end)}
        if tag:
            options["if_match"] = f'"{tag}"'
        with _asking(self):
            return bytes(self._store.get(self.key, options=options).bytes())

    def names_after(self, name: str, *, most: int | None = None) -> list[str]:
        """Return the names below this prefix that come after one, in order.

        Args:
            name: Of an object directly below; empty for all.
            most: Stop at so many.
        """
        with _asking(self):
            pages = self._store.list(
                f"{self.key}/",
                offset=f"{self.key}/{name}" if name else None,
                chunk_size=1000,
            )
            found: list[str] = []
            for page in pages:
                found += [entry["path"].removeprefix(f"{self.key}/") for entry in page]
                if most is not None and len(found) >= most:
                    break
        return sorted(found)[:most]

    @property
    def _store(self) -> ObjectStore:
        return _client(self.scheme, self.bucket)


@dataclass(frozen=True, slots=True)
class ObjectFacts:
    """What a store says about an object.

    Attributes:
        tag: Of this state of it; another content has another one. Empty in stores without.
    """

    size: int
    last_modified: datetime
    tag: str

    @property
    def written(self) -> int:
        """When it was, in nanoseconds."""
        return int(self.last_modified.timestamp() * 1e9)

    @classmethod
    def of(cls, meta: ObjectMeta) -> ObjectFacts:
        """Return it from an answer."""
        # Some stores quote it in one answer and not in another.
        return cls(meta["size"], meta["last_modified"], (meta["e_tag"] or "").strip('"'))

    def is_state_of(self, other: ObjectFacts) -> bool:
        """Return whether both are of one state: times of a listing may be finer than others."""
        if self.tag and other.tag:
            return (self.size, self.tag) == (other.size, other.tag)
        return (self.size, int(self.last_modified.timestamp())) == (
            other.size,
            int(other.last_modified.timestamp()),
        )


@dataclass(frozen=True, slots=True)
class ListedObject:
    """An object in the state in which it was listed: nothing else is read under its name."""

    path: ObjectPath
    facts: ObjectFacts

    def __str__(self) -> str:
        """Return the address."""
        return str(self.path)

    @property
    def name(self) -> str:
        """Last part of the key."""
        return self.path.name

    def open(self, ahead_bytes: int = _PART_BYTES) -> BufferedReader:
        """Return the object as a file to read from; parts are asked for when they are wanted.

        Args:
            ahead_bytes: Asked for at once, however little is read.

        Raises:
            ChangedError: Of the file, if the object was written again meanwhile.
            NotReadError: Of the file, if the store does not answer or refuses.
        """
        return BufferedReader(_Parts(self), ahead_bytes)

    def is_current(self) -> bool:
        """Return whether the object still is in that state.

        Raises:
            NotReadError: If the store does not answer or refuses.
        """
        try:
            return self.path.head().is_state_of(self.facts)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise NotReadError(str(error)) from None


class NotReadError(OSError):
    """A store did not give a part of an object: the object may be as whole as ever."""


class ChangedError(OSError):
    """An object was written again, or is gone, since it was listed."""


class _Parts(RawIOBase):
    """An object as an unbuffered file; a read gives no more than a part."""

    def __init__(self, listed: ListedObject) -> None:
        self._path, self._facts, self._at = listed.path, listed.facts, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        start = {SEEK_SET: 0, SEEK_CUR: self._at, SEEK_END: self._facts.size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        space = memoryview(buffer).cast("B")
        end = min(self._at + min(len(space), _PART_BYTES), self._facts.size)
        if end <= self._at:
            return 0
        try:
            part = self._path.read_part(self._at, end, self._facts.tag)
        except (FileExistsError, FileNotFoundError) as error:
            raise ChangedError(str(error)) from None
        except OSError as error:
            raise NotReadError(str(error)) from None
        space[: len(part)] = part
        self._at += len(part)
        return len(part)


def read_all(paths: Sequence[ObjectPath]) -> list[bytes]:
    """Return several objects, in their order; they are asked for at once."""
    if len(paths) < 2:
        return [path.read_bytes() for path in paths]
    with ThreadPoolExecutor(min(_AT_ONCE, len(paths))) as pool:
        return list(pool.map(ObjectPath.read_bytes, paths))


@cache
def _client(scheme: str, bucket: str) -> ObjectStore:
    """Return the client of a bucket; it reads its credentials from the environment by itself."""
    from obstore.store import AzureStore, GCSStore, S3Store  # not loaded for folders

    # Nothing else: options of the client given here would hide those of the environment.
    options: dict[str, Any] = {"retry_config": {"max_retries": RETRIES, "retry_timeout": PATIENCE}}
    match scheme:
        case "s3":
            return S3Store(bucket, conditional_put="etag", **options)
        case "az":
            return AzureStore(container_name=bucket, **options)
        case _:
            return GCSStore(bucket, **options)


@contextmanager
def _asking(path: ObjectPath) -> Iterator[None]:
    """Turn what the client raises into errors of files; its own texts quote whole answers."""
    from obstore import exceptions as refused

    try:
        yield
    except (refused.AlreadyExistsError, refused.PreconditionError) as error:
        raise FileExistsError(f"{path}: {plain_reason(error)}") from None
    except (refused.PermissionDeniedError, refused.UnauthenticatedError) as error:
        raise PermissionError(f"{path}: {plain_reason(error)}") from None
    except FileNotFoundError as error:
        reason = plain_reason(error)
        kind = OSError if any(word in reason for word in NO_BUCKET) else FileNotFoundError
        raise kind(f"{path}: {reason}") from None
    except (refused.BaseError, OSError) as error:
        raise OSError(f"{path}: {plain_reason(error)}") from None
