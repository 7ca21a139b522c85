"""Feed every parser with hostile inputs: `python -m tests.stress.fuzz --cases 2000`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from fuzz_targets import control, targets
from fuzzing import attack


def main() -> None:
    """Run it; exit 1 if a parser raised anything but an error of ours, or the control did not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="name of one parser")
    arguments = parser.parse_args()
    n_findings = 0
    for target in targets():
        if arguments.only and arguments.only != target.name:
            continue
        found = attack(target, arguments.cases, seed_number=arguments.seed)
        print(
            f"{target.name}: {found.cases} inputs, {found.accepted} read, {found.refused} refused, "
            f"{len(found.examples)} findings",
            flush=True,
        )
        for what, example in found.examples.items():
            print(f"  {what}\n    {example}")
        n_findings += len(found.examples)
    caught = attack(control(), 50, seed_number=arguments.seed).examples
    print(f"broken on purpose: {len(caught)} findings in 50 inputs")
    sys.exit(0 if caught and not n_findings else 1)


if __name__ == "__main__":
    main()
