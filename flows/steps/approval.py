"""What somebody allowed that is otherwise refused, and why."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from talentcast.domain.errors import UsageError


@dataclass(frozen=True, slots=True)
class Approval:
    """Revisions beyond the limit, and the begin of a disclosure ledger.

    Attributes:
        populations: Those whose closed years may have changed beyond the limit.
        approved_by: Who approves that.
        reason: Why; published with the release.
        new_ledger: Publish people whose disclosure ledger is lost or elsewhere.

    Raises:
        UsageError: If revisions are approved by nobody or for no reason, somebody approves none, or
            a ledger is begun for no reason.
    """

    populations: frozenset[str] = frozenset()
    approved_by: str | None = None
    reason: str | None = None
    new_ledger: bool = False

    def __post_init__(self) -> None:
        if self.populations and not (_says(self.approved_by) and _says(self.reason)):
            raise UsageError(
                "A revision is approved by somebody and for a reason: give approved_by and reason. "
                "Both are published with the release.",
                parameters=("approved_by", "reason"),
            )
        if self.approved_by is not None and not self.populations:
            raise UsageError(
                "approved_by needs the populations whose revision is approved.",
                parameters=("approve_revisions",),
            )
        if self.new_ledger and not _says(self.reason):
            raise UsageError(
                "A new ledger is begun for a reason, which is published: give reason as well.",
                parameters=("reason",),
            )

    @classmethod
    def of(
        cls,
        populations: Sequence[str] | None,
        approved_by: str | None,
        reason: str | None,
        *,
        new_ledger: bool = False,
    ) -> Approval:
        """Return what was asked for; nothing is approved unless it is named."""
        return cls(frozenset(populations or ()), approved_by, reason, new_ledger)

    def require_known(self, populations: Collection[str]) -> None:
        """Refuse names that the run does not hold: a misspelt one would approve nothing.

        Raises:
            UsageError: If a name is unknown.
        """
        if unknown := sorted(self.populations - set(populations)):
            raise UsageError(
                f"No population {', '.join(unknown)} is in this run, so no revision of it can be "
                f"approved. It holds: {', '.join(sorted(populations))}."
            )


def _says(text: str | None) -> bool:
    return bool(text and text.strip())


NO_APPROVAL: Final = Approval()
