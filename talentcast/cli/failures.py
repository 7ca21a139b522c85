"""What the command line adds to an error: the options that would make a difference."""

from __future__ import annotations

from talentcast.domain.errors import ChecksFailedError, TalentcastError

#: Parameters whose option has another name than theirs.
_OPTIONS = {"approve_revisions": "--approve-revision", "root": "--home"}

#: Checks that an option can answer, by code.
_ANSWERS = dict.fromkeys(
    ("REVISION", "LEVEL_SHIFT"), ("approve_revisions", "approved_by", "reason")
)


def line_of(error: TalentcastError) -> str:
    """Return an error's message, with the options that belong to its parameters.

    Example:
        >>> from talentcast.domain.errors import UsageError
        >>> line_of(UsageError("Nobody approved the revision.", parameters=("approved_by",)))
        'Nobody approved the revision. (--approved-by)'
    """
    parameters = dict.fromkeys(error.parameters)
    if isinstance(error, ChecksFailedError):
        parameters |= dict.fromkeys(name for code in error.codes for name in _ANSWERS.get(code, ()))
    options = ", ".join(_OPTIONS.get(name, f"--{name.replace('_', '-')}") for name in parameters)
    return f"{error} ({options})" if options else str(error)
