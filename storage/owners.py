"""Who owns a path, to tell those who may not use it."""

from __future__ import annotations

import os
import pwd
import re
from pathlib import Path


def named_path(error: Exception, said: str, root: Path) -> Path:
    """Return the path that an error is about; libraries name it in their text alone."""
    if isinstance(error, OSError) and error.filename is not None:
        return Path(os.fsdecode(error.filename))
    for folder in (root, root.resolve()):
        if found := re.search(rf"{re.escape(str(folder))}/[^'\":]+", said):
            return Path(re.split(r" Permission denied| \(os error", found[0])[0].strip())
    return root


def nearest(path: Path) -> Path:
    """Return the path itself, or the nearest folder above it that can be looked at."""
    for each in (path, *path.absolute().parents):
        try:
            each.lstat()
        except OSError:
            continue
        return each
    return Path("/")


def user_name(user: int) -> str:
    """Return the name of a user by its number."""
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return f"user {user}"
