"""Kill scheduled runs over and over: `python -m tests.stress.soak --runs 20`.

Every fourth round kills the worker too, so that nobody is left to report the death of the run.
`--control` registers no automations: then the harness has to find that such a death goes unseen.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from kill_rounds import Round, Rounds, Victim, failures
from prefect_server import Server, prefect_server


def soak(folder: Path, runs: int, *, is_control: bool = False) -> list[Round]:
    """Kill that many runs on a server of its own; print each round as it ends."""
    luck = random.Random(runs)  # noqa: S311 - moments of death, no secrets
    rounds: list[Round] = []
    with prefect_server(folder) as server:
        server.talentcast("deploy")
        if is_control:
            _forget_automations(server)
        with Rounds(server) as playing:
            for number in range(1, runs + 1):
                both = is_control or number % 4 == 0
                victim: Victim = "run and worker" if both else "run"
                rounds.append(playing.play(victim, after_seconds=luck.uniform(0, 3)))
                sys.stdout.write(f"{number:>3} of {runs}: {rounds[-1]}\n")
                sys.stdout.flush()
    return rounds


def _forget_automations(server: Server) -> None:
    for automation in server.post("/automations/filter", {}):
        server.delete(f"/automations/{automation['id']}")


def main() -> int:
    """Run from the command line; 0 if it ended as it should."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--control", action="store_true")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        rounds = soak(Path(folder), chosen.runs, is_control=chosen.control)
    failed = failures(rounds)
    detected = sorted(r.detected_seconds for r in rounds if r.detected_seconds is not None)
    published = sorted(r.published_seconds for r in rounds if r.published_seconds is not None)
    sys.stdout.write(
        f"{len(rounds) - len(failed)} of {len(rounds)} passed; found dead within "
        f"{detected[-1] if detected else '-'} s, published again within "
        f"{published[-1] if published else '-'} s\n" + "\n".join(failed) + "\n"
    )
    return 0 if bool(failed) is chosen.control else 1


if __name__ == "__main__":
    sys.exit(main())
