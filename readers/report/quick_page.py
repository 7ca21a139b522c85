"""A quick look as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from readers.report.sections import page, series_section
from readers.summaries.series import Series
from readers.summaries.source_line import SHARE_UNIT, source_line


def quick_page(
    shown: Sequence[Series], *, as_of: date, understood: Sequence[str], warnings: Sequence[str]
) -> str:
    """Return the page.

    Args:
        shown: Series, up to the last year that is shown.
        as_of: Newest vintage of the counts.
        understood: How each file was read.
        warnings: What the checks said.
    """
    sections = [
        series_section(
            series,
            source_line(
                series, release_id="none (a quick look)", as_of=as_of, unit=SHARE_UNIT
            ).text(),
        )
        for series in shown
    ]
    notes = [
        *(("Understood", line) for line in understood),
        ("Model", ", ".join(sorted({series.model for series in shown}))),
        *(("Warning", line) for line in warnings),
        ("Not", "Nothing was published, and nothing was scored: publish a release for that."),
    ]
    heading = "Where researchers will work: a quick look"
    return page("talentcast: a quick look", heading, sections, about="About this look", notes=notes)
