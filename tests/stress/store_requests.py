"""Spoil each request of a publication in turn: `python -m tests.stress.store_requests`.

A publication to an object store on this machine makes some dozens of requests. Each is refused,
refused after it was carried out, cut off without an answer, and cut in the middle of the answer.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from object_store import object_store
from release_drafts import NOW, draft
from request_faults import KINDS, problems_of

from talentcast.store.publisher import publish


def main() -> None:
    """Run it; exit 1 if anything was lost, doubled, torn or raised as an error of another kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", choices=["s3", "seaweedfs", "az"], default="s3")
    parser.add_argument("--every", type=int, default=1, help="Leave out all but each Nth request.")
    arguments = parser.parse_args()
    problems: list[str] = []
    spoiled: Counter[str] = Counter()
    with object_store(arguments.store) as server:
        os.environ.update(server.environment)  # noqa: TID251
        bucket = server.new_bucket()
        publish(draft(), bucket / "counted", published_at=NOW)
        server.proxy.asked()
        publish(draft("b" * 64, ITA="Italy"), bucket / "counted", published_at=NOW)
        requests = len(server.proxy.asked())
        for what in KINDS:
            for skip in range(0, requests, arguments.every):
                root = bucket / f"{what}-{skip}".replace(" ", "-")
                found = problems_of(server, root, what, skip, times=1)
                problems += [f"{what}, request {skip}: {problem}" for problem in found]
                spoiled[what] += 1
    print(f"{requests} requests a publication; spoiled: {dict(spoiled)}; problems: {len(problems)}")
    print("\n".join(problems))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
