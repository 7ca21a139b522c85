"""Compare every table of two releases: the same rows, whatever the code that made them.

Run it on two homes that hold the same releases, made by two states of the code:

    python -m tests.support.release_comparison HOME_BEFORE HOME_AFTER
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from talentcast.domain.tables import table
from talentcast.store.pointer import list_releases
from talentcast.store.reader import read_frame
from talentcast.store.release import Release

#: Name a release, and so differ between any two publications; everything else must be the same.
IGNORED: Final = ("release_id", "answered_in", "resolved_in")
#: Numbers are the same if they agree to about nine digits: libraries round the last ones apart.
RELATIVE_TOLERANCE: Final = 1e-9


def differences(before: Release, after: Release, roots: tuple[Path, Path]) -> Iterator[str]:
    """Yield a line for each table, row or value in which two releases differ."""
    for name in sorted({*before.tables, *after.tables}):
        if name not in before.tables or name not in after.tables:
            yield f"{name}: only in {'the first' if name in before.tables else 'the second'}"
            continue
        first, second = (
            _comparable(name, release, root)
            for release, root in zip((before, after), roots, strict=True)
        )
        yield from frame_differences(name, first, second)


def frame_differences(name: str, first: pd.DataFrame, second: pd.DataFrame) -> Iterator[str]:
    """Yield a line for each difference of two tables whose rows are in the same order."""
    if list(first.columns) != list(second.columns):
        yield f"{name}: columns {list(first.columns)} and {list(second.columns)}"
        return
    if len(first) != len(second):
        yield f"{name}: {len(first)} and {len(second)} rows"
        return
    for column in first:
        one, other = first[column], second[column]
        if pd.api.types.is_float_dtype(one):
            same = np.isclose(one, other, rtol=RELATIVE_TOLERANCE, atol=1e-12, equal_nan=True)
        else:
            same = ((one == other) | (one.isna() & other.isna())).fillna(value=False).to_numpy()
        if not same.all():
            at = int(np.flatnonzero(~same)[0])
            yield (
                f"{name}.{column}: {int((~same).sum())} of {len(same)} values differ, first in row "
                f"{at}: {one.iloc[at]!r} and {other.iloc[at]!r}"
            )


def _comparable(name: str, release: Release, root: Path) -> pd.DataFrame:
    frame = read_frame(name, release, root).drop(columns=list(IGNORED), errors="ignore")
    key = [column for column in table(name).key if column not in IGNORED]
    return frame.sort_values(key, ignore_index=True)


def _labels(root: Path) -> dict[tuple[str, str, int], Release]:
    """Return releases by kind, as-of date and their order among those."""
    found: dict[tuple[str, str, int], Release] = {}
    for release in reversed(list_releases(root)):
        kind, day, number = release.kind, release.as_of.as_of.isoformat(), 0
        while (kind, day, number) in found:
            number += 1
        found[kind, day, number] = release
    return found


def main(first: Path, second: Path) -> int:
    """Compare all releases of two homes; return the number of differences."""
    roots = first / "releases", second / "releases"
    before, after = (_labels(root) for root in roots)
    lines = [f"only in one home: {label}" for label in sorted(set(before) ^ set(after))]
    for label in sorted(set(before) & set(after)):
        found = list(differences(before[label], after[label], roots))
        sys.stdout.write(f"{' '.join(map(str, label))}: {len(found)} differences\n")
        lines += found
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return min(len(lines), 1)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
