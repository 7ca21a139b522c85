"""Kill a publisher again and again under readers: `python -m tests.stress.kills --kills 200`.

`--home s3://` does it in an object store on this machine.
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from object_store import HOME_HELP, store_under_test
from stress_store import (
    Findings,
    Publish,
    Watcher,
    Writer,
    as_built,
    forgetful,
    judge,
    kill,
    lines,
    pointer_first,
    start,
)

from storage.paths import StorePath
from talentcast.store.publisher import Stage

FAILPOINTS = [*(str(stage) for stage in Stage), "acknowledging"]
#: A publication takes about 0.1 s; kills fall anywhere in it and between two.
LONGEST_LIFE_SECONDS = 0.4
#: The same in an object store, where a publication takes some 0.8 s.
LONGEST_LIFE_AFAR = 1.6


@dataclass(frozen=True)
class Restart:
    """A publisher that starts where another one was killed.

    Attributes:
        seconds: Until it acknowledged a release.
        stages: Which stage of that it reached after how many seconds.
    """

    seconds: float
    stages: list[tuple[str, float]]

    def __str__(self) -> str:
        """One line that shows where the time went."""
        stages = ", ".join(f"{name} {seconds:.2f}" for name, seconds in self.stages)
        return f"{self.seconds:.2f} s ({stages})"


def attack(
    root: StorePath,
    kills: int,
    *,
    journals: Path,
    longest_life: float = LONGEST_LIFE_SECONDS,
    seconds: float = math.inf,
    seed: int = 0,
    publish: Publish = as_built,
    acknowledges_early: bool = False,
) -> tuple[Findings, list[Restart]]:
    """Kill publishers at named stages and at random moments; return findings and restarts.

    After `seconds` nobody is started any more.
    """
    root.mkdir(parents=True)
    journals.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)  # noqa: S311 - not a secret
    journal, watched, stages = (journals / name for name in ("acknowledged", "read", "stages"))
    watcher = start(Watcher(root, watched))
    restarts = []
    begun_at = time.monotonic()
    for dies_at in _deaths(kills):
        if time.monotonic() - begun_at > seconds:
            break
        number = 1 + max((int(line[0]) for line in lines(journal)), default=0)
        stages.unlink(missing_ok=True)
        before, begun = len(lines(journal)), time.monotonic()
        writer = start(
            Writer(
                root,
                number,
                journal,
                dies_at=dies_at,
                stages=stages,
                publish=publish,
                acknowledges_early=acknowledges_early,
            )
        )
        if dies_at:
            writer.join(timeout=60)
        else:
            while writer.is_alive() and len(lines(journal)) == before:
                time.sleep(0.002)
            reached = [(stage.lower(), float(at) - begun) for stage, at in lines(stages)]
            restarts.append(Restart(time.monotonic() - begun, reached))
            time.sleep(chance.uniform(0, longest_life))
        kill(writer)
    kill(watcher)
    return judge(root, [journal], [watched]), restarts


def _deaths(kills: int) -> Iterator[str]:
    for failpoint in FAILPOINTS:
        yield failpoint
        yield ""  # the next one repairs, and dies at a random moment
    for _ in range(kills):
        yield ""


def main() -> None:
    """Run the attack and its negative controls; exit 1 if one of them is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=math.inf, help="Stop after so many.")
    parser.add_argument("--home", help=HOME_HELP)
    arguments = parser.parse_args()
    with store_under_test(arguments.home) as (root, folder):
        findings, restarts = attack(
            root,
            arguments.kills,
            seconds=arguments.seconds,
            seed=arguments.seed,
            journals=folder,
            longest_life=LONGEST_LIFE_SECONDS if isinstance(root, Path) else LONGEST_LIFE_AFAR,
        )
    seconds = [restart.seconds for restart in restarts]
    print(f"as built: {findings}")
    for said in findings.gave_up[:5]:
        print(f"  gave up: {said}")
    print(f"restart to next good release: median {statistics.median(seconds):.2f} s, ", end="")
    print(f"slowest {max(seconds):.2f} s of {len(restarts)}")
    hundreds = [seconds[at : at + 100] for at in range(0, len(seconds), 100)]
    medians = ", ".join(f"{statistics.median(part):.2f}" for part in hundreds)
    print(f"median of each hundred restarts: {medians} s; the slowest:")
    for restart in sorted(restarts, key=lambda restart: -restart.seconds)[:5]:
        print(f"  number {restarts.index(restart) + 1}: {restart}")
    is_caught = all(control_is_caught(name) for name in CONTROLS)
    # Afar a restart makes a hundred requests, here to a server that shares the machine.
    longest = 5 if arguments.home is None else 30
    sys.exit(0 if findings.is_clean and is_caught and max(seconds) <= longest else 1)


CONTROLS = {
    "pointer first": {"publish": pointer_first},
    "publishes twice": {"publish": forgetful},
    "acknowledges early": {"acknowledges_early": True},
}


def control_is_caught(name: str, kills: int = 10) -> bool:
    """Attack a publisher that is broken on purpose; return whether that was noticed."""
    with tempfile.TemporaryDirectory() as folder:
        findings, _ = attack(Path(folder) / "store", kills, journals=Path(folder), **CONTROLS[name])
    print(f"broken on purpose ({name}): {findings}")
    return not findings.is_clean


if __name__ == "__main__":
    main()
