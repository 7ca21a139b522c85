"""Files that hold a secret: read only while nobody but their owner may read them."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from talentcast.domain.errors import ConfigurationError

_OTHERS_MAY: Final = stat.S_IRWXG | stat.S_IRWXO
#: No key has more; the rest of a larger file is not read.
_MAX_BYTES: Final = 100_000
#: A pipe is opened without waiting for somebody to write into it.
_HOW: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)


def read_key_file(path: Path) -> bytes:
    """Return the bytes of a file with a secret key; a link is followed.

    Raises:
        OSError: If it cannot be opened.
        ConfigurationError: If it is no plain file, or its group or others may use it. Not on
            systems whose files have no such modes.
    """
    with os.fdopen(os.open(path, _HOW), "rb") as file:
        # What was opened is looked at, not what the path may lead to by now.
        mode = os.fstat(file.fileno()).st_mode
        if not stat.S_ISREG(mode):
            raise ConfigurationError(
                f"The key {path} is no plain file. Name the file with the key."
            )
        if os.name == "posix" and mode & _OTHERS_MAY:
            raise ConfigurationError(
                f"Others than its owner may use the key {path} (mode "
                f"{stat.S_IMODE(mode):04o}). Take that away: chmod 600 {path}; if somebody may "
                "have read it, make a new key."
            )
        return file.read(_MAX_BYTES)
