"""Exit code 0 if an address answers with success: `python deploy/healthy.py URL`."""

from __future__ import annotations

import sys
import urllib.request

if __name__ == "__main__":
    try:
        with urllib.request.urlopen(sys.argv[1], timeout=5):  # noqa: S310 - the operator's own
            pass
    except OSError as error:
        sys.exit(f"{sys.argv[1]}: {error}")
