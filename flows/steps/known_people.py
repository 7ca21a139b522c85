"""Whether people were published before, and whether what was published of them is at hand."""

from __future__ import annotations

from pathlib import Path

from restricted.admissions import AdmissionLedger, KnownDatasets
from talentcast.domain.errors import ConfigurationError, UsageError


def require_ledger(
    ledger: AdmissionLedger,
    known: KnownDatasets,
    restricted: Path,
    population: str,
    *,
    new_ledger: bool,
) -> bool:
    """Refuse people who were published without their ledger at hand, unless that is asked for.

    Returns:
        Whether a new ledger is begun in spite of an earlier one.

    Raises:
        ConfigurationError: If the ledger is lost, or kept in another home.
        UsageError: If a new one is asked for and nothing is missing.
    """
    elsewhere = known.home_of(ledger.dataset_id)
    is_elsewhere = (
        elsewhere is not None
        and elsewhere != restricted.resolve()
        # A home that was moved has the ledger with it, and left none behind.
        and (not ledger.releases or AdmissionLedger(elsewhere, ledger.dataset_id, ()).is_here)
    )
    if not (is_elsewhere or ledger.is_missing(population)):
        if new_ledger:
            raise UsageError(
                f"The disclosure ledger of {population} is where it should be. Leave --new-ledger "
                "out: it is for a ledger that is lost.",
                parameters=("new_ledger",),
            )
        return False
    if not new_ledger:
        where = f"is kept in {elsewhere}" if is_elsewhere else f"is not in {restricted}"
        raise ConfigurationError(
            f"These people were published before, and the ledger of what was published {where}. "
            "Without it, two releases can be subtracted until one person is left. Publish from "
            "the home that has it, or restore it from a backup. If it is lost, begin a new one "
            "with --new-ledger --reason TEXT, which is published: docs/how-to/publish-people.md."
        )
    return True
