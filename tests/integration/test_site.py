"""The documentation builds: every page has its place, every link its target, all of it at home."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]


def test_the_site_builds_without_a_warning_and_loads_nothing_from_elsewhere(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", str(tmp_path)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    pages = [page.read_text() for page in tmp_path.rglob("*.html")]
    assert len(pages) > 20
    loaded = re.compile(r"<(?:script|img|link rel=[\"']?stylesheet)[^>]*(?:src|href)=[\"']?https?:")
    assert [page for page in pages if loaded.search(page)] == []
    assert not list(tmp_path.rglob("*.py"))
