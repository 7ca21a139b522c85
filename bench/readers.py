"""Fifty readers while releases are published: `python -m bench.readers`.

Every reader asks for at most 1,000 rows once a second. No answer may mix releases or fail, and 95
of 100 answers should take at most 200 ms.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

import talentcast
from talentcast.domain.types import Vintage, VintageKind
from talentcast.store.pointer import find_release
from talentcast.store.publisher import publish
from talentcast.store.reader import read_frame
from talentcast.store.release import Identity, Release, ReleaseDraft


@dataclass
class Seen:
    """What readers saw, from all threads."""

    seconds: list[float] = field(default_factory=list)
    mixed: int = 0
    largest: int = 0
    errors: list[str] = field(default_factory=list)
    releases: set[str] = field(default_factory=set)


def main(arguments: Sequence[str] | None = None) -> None:
    """Copy a release's tables into a new store and publish them again and again under readers."""
    options = _options(arguments)
    drafts = _drafts(options.home / "releases", options.publishes)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        publish(drafts[0], home / "releases", published_at=datetime.now(UTC))
        seen = Seen()
        stop = threading.Event()
        readers = [
            threading.Thread(target=_reader, args=(home, seen, stop, number / options.readers))
            for number in range(options.readers)
        ]
        for reader in readers:
            reader.start()
        for draft in drafts[1:]:
            time.sleep(options.pause)
            publish(draft, home / "releases", published_at=datetime.now(UTC))
        time.sleep(2)
        stop.set()
        for reader in readers:
            reader.join()
    _report(seen, options.readers, options.publishes)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path("var"), help="Home with a release.")
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--publishes", type=int, default=20)
    parser.add_argument("--pause", type=float, default=2.0, help="Seconds between publishes.")
    return parser.parse_args(arguments)


def _drafts(root: Path, publishes: int) -> list[ReleaseDraft]:
    """Return drafts with the rows of the latest release, one more than is published under load."""
    source: Release = find_release("latest", root)
    tables = {
        name: read_frame(name, source, root).drop(columns="release_id") for name in source.tables
    }
    identity = Identity((), "0" * 64, "0.1.0+bench", Vintage(source.as_of.as_of))
    draft = ReleaseDraft(
        identity=identity, kind="manual", vintage_kind=VintageKind.TRUE,
        populations=source.populations, quality=source.quality, tables=tables,
    )  # fmt: skip
    return [replace(draft, identity=identity.repeated(n)) for n in range(publishes + 1)]


def _reader(home: Path, seen: Seen, stop: threading.Event, phase: float) -> None:
    countries = ("USA", "CHN", "IND", "GBR", "JPN")
    number = round(1000 * phase)
    stop.wait(phase)
    while not stop.is_set():
        began = time.perf_counter()
        try:
            rows = talentcast.read(
                "forecasts", home=home, target="researcher_share", output_type="quantile",
                population="scholars_scopus", counting_rule="modal_country",
                country=countries[number % len(countries)],
            )  # fmt: skip
        except Exception as error:  # whatever goes wrong is what is counted here
            seen.errors.append(repr(error))
        else:
            seen.seconds.append(time.perf_counter() - began)
            found = set(rows["release_id"])
            seen.mixed += len(found) > 1
            seen.largest = max(seen.largest, len(rows))
            seen.releases |= found
        number += 1
        stop.wait(max(0.0, 1.0 - (time.perf_counter() - began)))


def _report(seen: Seen, readers: int, publishes: int) -> None:
    milliseconds = 1000 * np.array(seen.seconds)
    print(f"readers {readers}, publishes {publishes}, releases seen {len(seen.releases)}")
    print(f"reads {len(milliseconds)}, errors {len(seen.errors)}, mixed {seen.mixed}")
    print(f"rows of an answer: at most {seen.largest}")
    for level in (50, 95, 99):
        print(f"p{level} {np.percentile(milliseconds, level):.0f} ms")
    for error in seen.errors[:3]:
        print(error)


if __name__ == "__main__":
    main()
