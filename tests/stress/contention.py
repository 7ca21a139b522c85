"""Publishers and readers at once: `python -m tests.stress.contention --seconds 60`."""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from stress_store import Findings, Watcher, Writer, judge, kill, lines, start

WRITERS = READERS = 8


def contend(
    root: Path, seconds: float, *, rows: int, writers: int = WRITERS, readers: int = READERS
) -> tuple[Findings, list[float]]:
    """Let publishers and readers work on one store; return findings and seconds of each write.

    The wait for the lease does not count as writing.
    """
    root.mkdir(parents=True)
    journals = [root.parent / f"acknowledged-{number}" for number in range(writers)]
    watched = [root.parent / f"read-{number}" for number in range(readers)]
    publishing = [
        start(Writer(root, number, journal, step=writers, rows=rows))
        for number, journal in enumerate(journals, start=1)
    ]
    reading = [start(Watcher(root, journal, rows=rows)) for journal in watched]
    time.sleep(seconds)
    for process in [*publishing, *reading]:
        kill(process)
    findings = judge(root, journals, watched)
    writes = [
        float(line[2]) for journal in journals for line in lines(journal) if line[1] != "gave-up"
    ]
    return findings, writes


def main() -> None:
    """Run it; exit 1 if a reader or a publisher saw anything wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rows", type=int, default=10_000)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        findings, writes = contend(Path(folder) / "store", arguments.seconds, rows=arguments.rows)
    p95 = statistics.quantiles(writes, n=20)[-1]
    print(f"{WRITERS} publishers, {READERS} readers, {arguments.seconds:.0f} s: {findings}")
    print(f"writing {arguments.rows:,} rows: median {statistics.median(writes):.2f} s, ", end="")
    print(f"p95 {p95:.2f} s of {len(writes)} releases")
    sys.exit(0 if findings.is_clean and findings.reads else 1)


if __name__ == "__main__":
    main()
