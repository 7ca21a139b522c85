"""Fifty readers while releases are published: `python -m bench.readers [--into s3://BUCKET]`.

Every reader asks for at most 1,000 rows once a second, through the reading API. Releases are
published by another process, as they are when a refresh runs beside a dashboard. No answer may mix
releases or fail, and 95 of 100 answers should take at most 200 ms.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import platform
import tempfile
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd

import talentcast
from storage.paths import StorePath, store_path
from talentcast.domain.types import Vintage, VintageKind
from talentcast.store.pointer import find_release
from talentcast.store.publisher import publish
from talentcast.store.reader import read_frame
from talentcast.store.release import Identity, ReleaseDraft


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
    source = options.home / "releases"
    spawned = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(1, mp_context=spawned) as publisher,
    ):
        home = Path(folder) if options.into is None else store_path(options.into) / folder[1:]
        publisher.submit(_publish, source, home / "releases", 0).result()
        countries = talentcast.read("country_names", home=home)["country"].tolist()
        with ProcessPoolExecutor(1, mp_context=spawned) as fresh:
            first, again = fresh.submit(_alone, home).result()
        seen = Seen()
        stop = threading.Event()
        readers = [
            threading.Thread(
                target=_reader, args=(home, countries, seen, stop, number / options.readers)
            )
            for number in range(options.readers)
        ]
        for reader in readers:
            reader.start()
        publishing = []
        for number in range(1, options.publishes + 1):
            time.sleep(options.pause)
            publishing.append(
                publisher.submit(_publish, source, home / "releases", number).result()
            )
        time.sleep(2)
        stop.set()
        for reader in readers:
            reader.join()
    print(
        f"alone, in a new process: first read {first:.2f} s, the same again {again * 1000:.0f} ms"
    )
    _report(seen, publishing, options.readers)


def _alone(home: StorePath) -> tuple[float, float]:
    """Return the seconds of a first answer about one country, and the median of ten more."""
    seconds = []
    for _ in range(11):
        began = time.perf_counter()
        _ask(home, "USA")
        seconds.append(time.perf_counter() - began)
    return seconds[0], float(np.median(seconds[1:]))


def _publish(source: Path, root: StorePath, number: int) -> float:
    """Publish the rows of the latest release of a store into another one; return the seconds."""
    latest = find_release("latest", source)
    tables = {
        name: read_frame(name, latest, source).drop(columns="release_id") for name in latest.tables
    }
    identity = Identity((), "0" * 64, "0.1.0+bench", Vintage(latest.as_of.as_of))
    draft = ReleaseDraft(
        identity=identity.repeated(number),
        kind="manual",
        vintage_kind=VintageKind.TRUE,
        populations=latest.populations,
        quality=latest.quality,
        tables=tables,
    )
    began = time.perf_counter()
    publish(draft, root, published_at=datetime.now(UTC))
    return time.perf_counter() - began


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--home", type=Path, default=Path("var"), help="Home with a release.")
    parser.add_argument("--into", help="Address of an object store; a folder by default.")
    parser.add_argument("--readers", type=int, default=50)
    parser.add_argument("--publishes", type=int, default=20)
    parser.add_argument("--pause", type=float, default=2.0, help="Seconds between publishes.")
    return parser.parse_args(arguments)


def _ask(home: StorePath, country: str) -> pd.DataFrame:
    return talentcast.read(
        "forecasts",
        home=home,
        target="researcher_share",
        output_type="quantile",
        population="scholars_scopus",
        counting_rule="modal_country",
        country=country,
    )


def _reader(
    home: StorePath, countries: Sequence[str], seen: Seen, stop: threading.Event, phase: float
) -> None:
    """Ask once a second for the quantiles of one country after another."""
    number = round(len(countries) * phase)
    stop.wait(phase)
    while not stop.is_set():
        began = time.perf_counter()
        try:
            rows = _ask(home, countries[number % len(countries)])
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


def _report(seen: Seen, publishing: Sequence[float], readers: int) -> None:
    milliseconds = 1000 * np.array(seen.seconds)
    print(f"machine: {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} at the end")
    print(
        f"Python {platform.python_version()}, deltalake {version('deltalake')}, "
        f"pyarrow {version('pyarrow')}, pandas {version('pandas')}"
    )
    print(f"readers {readers}, publishes {len(publishing)}, releases seen {len(seen.releases)}")
    print(f"a publish took {np.median(publishing):.1f} s (median)")
    print(f"reads {len(milliseconds)}, errors {len(seen.errors)}, mixed {seen.mixed}")
    print(f"rows of an answer: at most {seen.largest}")
    for level in (50, 95, 99):
        print(f"p{level} {np.percentile(milliseconds, level):.0f} ms")
    for error in seen.errors[:3]:
        print(error)


if __name__ == "__main__":
    main()
