"""Publishers and readers at once: `python -m tests.stress.contention --seconds 60`.

`--home s3://` does it in an object store on this machine.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from object_store import HOME_HELP, store_under_test
from stress_store import Findings, Watcher, Writer, judge, kill, lines, start

from storage.paths import StorePath

WRITERS = READERS = 8


def contend(
    root: StorePath,
    seconds: float,
    *,
    rows: int,
    journals: Path,
    writers: int = WRITERS,
    readers: int = READERS,
) -> tuple[Findings, list[float]]:
    """Let publishers and readers work on one store; return findings and seconds of each write.

    The wait for the lease does not count as writing.
    """
    root.mkdir(parents=True)
    journals.mkdir(parents=True, exist_ok=True)
    written = [journals / f"acknowledged-{number}" for number in range(writers)]
    watched = [journals / f"read-{number}" for number in range(readers)]
    publishing = [
        start(Writer(root, number, journal, step=writers, rows=rows))
        for number, journal in enumerate(written, start=1)
    ]
    reading = [start(Watcher(root, journal, rows=rows)) for journal in watched]
    time.sleep(seconds)
    for process in [*publishing, *reading]:
        kill(process)
    findings = judge(root, written, watched)
    writes = [
        float(line[2]) for journal in written for line in lines(journal) if line[1] != "gave-up"
    ]
    return findings, writes


def main() -> None:
    """Run it; exit 1 if a reader or a publisher saw anything wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--home", help=HOME_HELP)
    arguments = parser.parse_args()
    with store_under_test(arguments.home) as (root, folder):
        findings, writes = contend(root, arguments.seconds, rows=arguments.rows, journals=folder)
    p95 = statistics.quantiles(writes, n=20)[-1]
    print(f"{WRITERS} publishers, {READERS} readers, {arguments.seconds:.0f} s: {findings}")
    print(f"writing {arguments.rows:,} rows: median {statistics.median(writes):.2f} s, ", end="")
    print(f"p95 {p95:.2f} s of {len(writes)} releases")
    sys.exit(0 if findings.is_clean and findings.reads else 1)


if __name__ == "__main__":
    main()
