"""Check many releases at once, and take damaged ones from their readers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from storage.paths import StorePath
from talentcast.store.pointer import find_recorded, list_releases
from talentcast.store.release import Release
from talentcast.store.retraction import retract
from talentcast.store.signing import Signer, Verifier
from talentcast.store.verification import verify


@dataclass(frozen=True, slots=True)
class Inspected:
    """A release and what is wrong with it: one line per problem."""

    release: Release
    problems: tuple[str, ...]

    @property
    def checked(self) -> str:
        """What there was to compare."""
        return "manifest and rows" if self.release.has_rows else "manifest only"


def inspect(
    root: StorePath, release: str | None = None, *, verifier: Verifier | None = None
) -> list[Inspected]:
    """Verify one release, or all of them, newest first."""
    chosen = [find_recorded(release, root)] if release else list_releases(root)
    return [_inspected(one, root, verifier) for one in chosen]


def _inspected(release: Release, root: StorePath, verifier: Verifier | None) -> Inspected:
    problems = verify(release, root, verifier=verifier)
    if problems and release.has_rows:
        present = find_recorded(str(release.release_id), root)
        if not present.has_rows:  # since the releases were listed: nothing is damaged
            return Inspected(present, tuple(verify(present, root, verifier=verifier)))
    return Inspected(release, tuple(problems))


def withdraw_damaged(
    inspected: Iterable[Inspected], root: StorePath, *, at: datetime, signer: Signer | None = None
) -> list[Release]:
    """Retract the releases that are damaged and still served."""
    return [
        retract(
            str(one.release.release_id),
            root,
            reason=f"damaged: {one.problems[0]}",
            by="verify",
            at=at,
            signer=signer,
        )
        for one in inspected
        if one.problems and one.release.status == "published"
    ]
