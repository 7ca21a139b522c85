"""Attack releases of people by comparison: `python -m tests.stress.differencing --seeds 3`.

For every kind of person and everything that can happen to one between two releases, two inputs are
published that differ in this person alone, and all that a reader gets from them is compared. With
`--control` the protection is off, and every channel that people reach must give somebody away.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from contextlib import nullcontext

from one_person_apart import (
    Pair,
    channels,
    copy_of,
    differing,
    forget,
    is_batch,
    pairs,
    people,
    persons,
    publish,
    settings_of,
    write,
)
from prefect.testing.utilities import prefect_test_harness
from unprotected import unprotected

from features.career_records import CareerRecords

#: Channels that no person reaches, protected or not.
ABOUT_NOBODY: Final = frozenset({"table country_names", "table published_figures"})


class Attack:
    """Pairs against one base release, each in a copy of its home."""

    def __init__(self, root: Path, records: CareerRecords, mirror_to: str | None) -> None:
        self.root, self.mirror_to = root, mirror_to
        self.folder = write(records, root / "base" / "fellows")
        self.home = root / "home"
        publish(self.folder, self.home)
        # The same input once more: what a pair is compared with.
        self.same = self._seen("same", self.folder)

    def found(self, pair: Pair) -> tuple[list[str], bool]:
        """Return the channels in which the pair differs, and whether that is a batch."""
        name = f"{pair.person.kind} {pair.name}".replace(" ", "_")
        folder = self.folder
        if pair.after is not None:
            folder = write(pair.after, self.root / name / "fellows")
        seen = self._seen(name, folder, forgets=pair if pair.after is None else None)
        home = self.root / f"home_{name}"
        batch = is_batch(home)
        shutil.rmtree(home)
        return differing(self.same, seen), batch

    def _seen(self, name: str, folder: Path, forgets: Pair | None = None) -> dict[str, str]:
        home = copy_of(self.home, self.root / f"home_{name}")
        if forgets is not None:
            forget(forgets.person, settings_of(home))
        release, said = publish(folder, home, force=True)
        return channels(release, home, self.root / "out", said, mirror_to=self.mirror_to)


def main() -> int:
    """Attack, print what was found, and return 0 if nothing was."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--seeds", type=int, default=3, help="How many sets of people.")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--people", type=int, default=3500)
    parser.add_argument("--pairs", type=int, help="Only so many of a seed's pairs.")
    parser.add_argument("--kind", help="Only this kind of person.")
    parser.add_argument("--mirror", help="postgresql://... to look at as well; it is overwritten.")
    parser.add_argument("--control", action="store_true", help="Protection off: must be found.")
    asked = parser.parse_args()
    open_channels: Counter[str] = Counter()
    looked_at: set[str] = set()
    exposed = batches = 0
    started = time.monotonic()
    with prefect_test_harness(server_startup_timeout=120):
        for seed in range(asked.first_seed, asked.first_seed + asked.seeds):
            with (
                tempfile.TemporaryDirectory() as place,
                unprotected() if asked.control else nullcontext(),
            ):
                records = people(asked.people, seed)
                attack = Attack(Path(place), records, asked.mirror)
                looked_at |= set(attack.same)
                every = [
                    pair
                    for person in persons(records)
                    if asked.kind in (None, person.kind)
                    for pair in pairs(records, person)
                ]
                for pair in every[: asked.pairs]:
                    found, batch = attack.found(pair)
                    open_channels.update(found)
                    points = bool(found) and (asked.control or not batch)
                    exposed += points
                    batches += bool(found) and not points
                    said = "nothing differs" if not found else ", ".join(found)
                    print(f"seed {seed}: {pair.person.kind} {pair.name}: {said}", flush=True)
    total = asked.seeds * len(every[: asked.pairs])
    print(f"{total} pairs in {time.monotonic() - started:.0f} s: {exposed} point at one person, ")
    print(f"{batches} differ by a batch. Channels: {dict(open_channels)}")
    closed = sorted(looked_at - set(open_channels) - ABOUT_NOBODY)
    if asked.control:
        print(f"Channels that gave nobody away: {', '.join(closed) or 'none'}")
    return int(bool(closed)) if asked.control else int(exposed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
