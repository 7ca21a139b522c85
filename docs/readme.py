"""The README's output and figures, from the latest release: `python -m docs.readme`.

Run it after `make forecast > FILE`, with the file that it left: `python -m docs.readme FILE`.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from features.series import series_axes
from readers import cache
from readers.summaries.published_series import (
    PublishedSeries,
    published_series,
    reliability_of,
)
from readers.summaries.relative_error import error_ratio, error_ratios
from readers.summaries.wording import percent
from talentcast.config import load_settings
from talentcast.domain.types import BASELINE, Target
from talentcast.store.pointer import find_release
from talentcast.store.release import Release

README: Final = Path(__file__).parents[1] / "README.md"
#: Errors are means over countries by the size of their share.
_GROUP: Final = "weighted"
_HEADS: Final = (
    "population",
    "counting rule",
    "origins",
    "80 % ranges held",
    "error beside no change",
)


def accuracy_table(release: Release, root: Path) -> list[str]:
    """Return lines of a Markdown table: how good earlier forecasts of each series were."""
    rows = [_cells(published, release, root) for published in _shown(release, root)]
    marks = ["---"] * len(_HEADS)
    return [f"| {' | '.join(cells)} |" for cells in (_HEADS, marks, *rows)]


def with_block(text: str, name: str, lines: list[str]) -> str:
    """Return a page with the lines between two marks in place of what stood there."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, rest = text.split(begin, 1)
    return before + begin + "".join(f"{line}\n" for line in lines) + end + rest.split(end, 1)[1]


def _shown(release: Release, root: Path) -> Iterator[PublishedSeries]:
    return (one for one in published_series(release, root) if one.scenario == BASELINE)


def _cells(published: PublishedSeries, release: Release, root: Path) -> list[str]:
    found = reliability_of(published, release, root)
    key = published.key
    if found.held is None:
        return [f"`{key.population}`", str(key.counting_rule), "none", "never checked", "unknown"]
    return [
        f"`{key.population}`",
        str(key.counting_rule),
        str(found.n_origins),
        percent(found.held, digits=0, gap=" ") + (", do not rely" if found.is_doubtful else ""),
        _error_beside_no_change(published, release, root),
    ]


def _error_beside_no_change(published: PublishedSeries, release: Release, root: Path) -> str:
    axes = series_axes(published.key) | {"target": str(Target.SHARE), "country_group": _GROUP}
    scores = cache.rows("scores", release, root, filters=axes)
    wis = scores[scores["metric"] == "wis"]
    ratio = error_ratio(error_ratios(wis), published.model, "naive")
    if ratio is None or published.model == "naive":
        return "is no change"
    return f"{ratio:.2f}"


def main() -> None:
    """Write the output of `make forecast` and the table of accuracy into the README."""
    root = load_settings().releases
    text = README.read_text(encoding="utf-8")
    text = with_block(text, "accuracy", accuracy_table(find_release("latest", root), root))
    if len(sys.argv) > 1:
        said = Path(sys.argv[1]).read_text(encoding="utf-8")
        lines = (
            said[said.index("Published release") :].replace(str(root.parent), "var").splitlines()
        )
        printed = "\n".join(line.rstrip() for line in lines)
        before, after = text.split("$ make forecast\n", 1)
        text = f"{before}$ make forecast\n{printed}\n```{after.split('```', 1)[1]}"
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
