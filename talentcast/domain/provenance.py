"""Where bytes came from, and the table they were read into."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from talentcast.domain.checks import CheckResult
from talentcast.domain.types import Vintage


@dataclass(frozen=True, slots=True)
class RawFile:
    """Unchanged bytes of one source file, before they are stored."""

    name: str
    content: bytes = field(repr=False)
    source: str
    url: str
    licence: str
    vintage: Vintage


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A stored, unchanged copy of a source file, addressed by its sha256."""

    sha256: str
    name: str
    source: str
    url: str
    licence: str
    vintage: Vintage
    retrieved_at: datetime


@dataclass(frozen=True, slots=True)
class ParsedCounts:
    """A `researcher_counts` table and the notes of its parser.

    Attributes:
        understood: One line a file of the user: how it was read.
    """

    counts: pd.DataFrame
    notes: tuple[CheckResult, ...] = ()
    understood: tuple[str, ...] = ()
