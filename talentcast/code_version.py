"""Which code made a release: package version, and a hash of the source and of key libraries."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import talentcast

#: Packages whose source decides what a release holds.
PACKAGES: Final = (
    "talentcast",
    "storage",
    "features",
    "engine",
    "models",
    "sources",
    "privacy",
    "restricted",
    "questions",
    "publication",
    "expectations",
    "flows",
)
#: Libraries whose upgrade may change a number.
LIBRARIES: Final = ("numpy", "pandas", "scipy", "statsmodels", "scikit-learn")
_SUFFIXES: Final = frozenset({".py", ".csv", ".yaml", ".json"})


@cache
def code_version() -> str:
    """Return for example ``0.1.0+3f9c2a71b0de``.

    An edit to any module makes a new release instead of being mistaken for the old one.
    """
    digest = sha256()
    for library in LIBRARIES:
        digest.update(f"{library}=={version(library)}\n".encode())
    for package in PACKAGES:
        folder = _folder(package)
        for path in sorted(p for p in folder.rglob("*") if p.suffix in _SUFFIXES):
            digest.update(f"{package}/{path.relative_to(folder).as_posix()}\n".encode())
            digest.update(path.read_bytes())
    return f"{talentcast.__version__}+{digest.hexdigest()[:12]}"


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"Package '{package}' is not installed as a folder.")
    return Path(next(iter(spec.submodule_search_locations)))
