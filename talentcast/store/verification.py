"""Compare what is stored with what was published."""

from __future__ import annotations

from hashlib import sha256

from storage.paths import StorePath
from talentcast.domain.errors import IntegrityError, NotPermittedError, StoreError
from talentcast.domain.tables import table
from talentcast.store.failures import cause, one_line, refusal
from talentcast.store.manifest import DataFile, TableEntry, row_hash
from talentcast.store.reader import read_rows
from talentcast.store.release import Release
from talentcast.store.signing import Verifier


def verify(release: Release, root: StorePath, *, verifier: Verifier | None = None) -> list[str]:
    """Compare a release with its manifest; return one line per thing that is wrong.

    Of a release whose rows were pruned the manifest alone is checked.
    Without a verifier an edit of the manifest shows only where its author forgot to hash it anew.

    Raises:
        NotPermittedError: If this process may not read what is stored, sound or not.
    """
    problems = _verify_manifest(release, verifier)
    if not release.has_rows:
        return problems
    for entry in release.tables.values():
        problems += verify_table(entry, release, root)
    return problems


def verify_table(entry: TableEntry, release: Release, root: StorePath) -> list[str]:
    """Compare one table of a release with its manifest; return a line per thing that is wrong."""
    where = f"table '{entry.name}' of {release.release_id}"
    problems = []
    for file in entry.files:
        if found := _problem_of(file, root / entry.name):
            problems.append(f"{where}: data file {file.path} {found}")
    if problems:
        return problems
    try:
        rows = read_rows(entry.name, release, root)
    except NotPermittedError:
        raise
    except StoreError as error:
        return [f"{where}: {error}"]
    if rows.num_rows != entry.rows:
        problems.append(f"{where}: {rows.num_rows} rows instead of {entry.rows}")
    elif row_hash(rows, table(entry.name).key) != entry.row_hash:
        problems.append(f"{where}: rows differ from those that were published")
    return problems


def require_genuine(release: Release, verifier: Verifier | None) -> Release:
    """Return a release, unless its row was edited, or was not signed with the key that is wanted.

    Files are not looked at: that is what `verify` is for.

    Raises:
        IntegrityError: If what it says of itself cannot be trusted.
    """
    if problems := _verify_manifest(release, verifier):
        raise IntegrityError(
            f"NOT_GENUINE: {problems[0]}. Nothing of it is shown. Restore the table `releases` "
            "from a backup, or take it from readers: talentcast releases verify --withdraw"
        )
    return release


def _verify_manifest(release: Release, verifier: Verifier | None) -> list[str]:
    where = f"manifest of {release.release_id}, row {release.sequence}"
    if release.manifest_sha256 is not None and release.manifest_sha256 != release.manifest_hash():
        return [f"{where}: it was changed"]
    if verifier is None:
        return []
    if release.manifest_sha256 is None or release.signature is None:
        return [f"{where}: it is not signed"]
    if not verifier.accepts(release.manifest_sha256, release.signature):
        return [f"{where}: it was not signed with this key"]
    return []


def _problem_of(file: DataFile, folder: StorePath) -> str:
    """Say what is wrong with the bytes of a file, if anything."""
    try:
        content = (folder / file.path).read_bytes()
    except FileNotFoundError:
        return "is gone"
    except OSError as error:
        if (refused := refusal(error, folder)) is not None:
            raise refused from cause(error, folder)
        return f"cannot be read ({one_line(error)})"
    return "" if sha256(content).hexdigest() == file.sha256 else "was changed"
