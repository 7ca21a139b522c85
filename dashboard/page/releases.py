"""Which releases there are, what changed between them, and what they were made from."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from dashboard import library
from dashboard.context import Context
from dashboard.controls import pick
from dashboard.figure import chart, underneath
from readers import html
from readers.charts.changes import changes_chart
from readers.export.text import safe_csv
from readers.figures.inputs import inputs_table
from readers.html import Head
from readers.summaries.changes import common_years, share_changes
from readers.summaries.headlines import Headline
from readers.summaries.series import Series
from readers.summaries.wording import in_sentence, percent, points
from talentcast.store.reader import read_rows
from talentcast.store.release import Release

HEIGHTS: dict[str, int] = {}
_SHOWN = 30
#: Percentage points that round to 0.1: a smaller change is none.
LEAST_MOVE = 0.05


def show(context: Context) -> None:
    """Draw the page."""
    known = context.releases
    st.html(html.kicker("Releases", f"{len(known)} in this store"))
    previous = _previous(context)
    change = _largest(context, previous) if previous is not None else None
    title = (
        f"The newest of {len(known)} releases has data as of {_day(known[0])}"
        if len(known) > 1
        else f"One release so far, with data as of {_day(known[0])}"
    )
    meaning = (
        "A release never changes: its tables, its inputs and their checksums are fixed when it is "
        "published, and a correction is a new release."
    )
    st.html(html.headline(Headline(title, ((meaning, False),))) + _list(context, change))
    _compare(context, previous)
    _made_from(context)
    _download(context)


def _list(context: Context, change: str | None) -> str:
    heads = [
        Head("Release", is_number=False),
        Head("Published", is_number=False),
        Head("As of", is_number=False, is_secondary=True),
        Head("State", is_number=False),
        Head("Why", is_number=False),
        Head("Manifest sha256", is_number=False, is_secondary=True),
    ]
    rows = []
    for release in context.releases[:_SHOWN]:
        is_shown = str(release.release_id) == context.release_id
        why = release.reason or (
            f"supersedes {release.supersedes}" if release.supersedes else f"{release.kind} run"
        )
        rows.append(
            [
                f"{release.release_id}{' (shown)' if is_shown else ''}",
                f"{release.published_at:%Y-%m-%d %H:%M} UTC",
                f"{release.as_of.as_of}, {release.vintage_kind} vintage",
                release.status,
                why + (f"; {change}" if is_shown and change else ""),
                (release.manifest_sha256 or "none")[:16],
            ]
        )
    return html.table(heads, rows, caption="Releases, newest first")


def _compare(context: Context, previous: Release | None) -> None:
    st.html(html.heading("What changed"))
    readable = [r for r in context.releases if r.has_rows]
    others = [r for r in readable if str(r.release_id) != context.release_id]
    if not others:
        st.html(html.empty("There is one release only. Compare when there is a second one."))
        return
    ids = [str(r.release_id) for r in others]
    usual = str(previous.release_id) if previous is not None else ids[0]
    chosen = pick(
        st, "compare", "Compare with", {name: name for name in ids}, usual=usual, width=420
    )
    other = others[ids.index(chosen)]
    before = _same_series(context, other)
    if before is None:
        st.html(
            html.empty(
                f"Release {chosen} has no such series. Choose another release or population."
            )
        )
        return
    after = context.series
    years = common_years(before, after)
    if not years:
        st.html(html.empty("The two releases forecast no year in common. Choose another one."))
        return
    changes = share_changes(before, after, year=years[-1])
    _moves(context, changes, chosen, year=years[-1])
    numbers = html.table(
        [Head("Country", is_number=False), Head("Before, %"), Head("After, %"), Head("Change")],
        [
            [
                r["name"],
                percent(r["before"], digits=2),
                percent(r["after"], digits=2),
                points(r["change"]),
            ]
            for r in changes.to_dict("records")
        ],
        caption=f"Median share of {years[-1]} in both releases",
    )
    line = context.view.source(unit="% of the total, medians", note=f"Compared with {chosen}.")
    data = changes.drop(columns="text").assign(target_year=years[-1], compared_with=chosen)
    underneath(context, "changes", line, numbers, lambda: data)


def _moves(context: Context, changes: pd.DataFrame, compared_with: str, *, year: int) -> None:
    """Draw the shares that moved, or say that none did."""
    moved = changes[changes["change"].abs() >= LEAST_MOVE]
    if moved.empty:
        st.html(
            html.paragraph(
                f"No forecast share of {year} moved by 0.1 points or more between {compared_with} "
                f"and {context.release_id}."
            )
        )
        return
    first = moved.iloc[0]
    st.html(
        html.paragraph(
            f"The largest move is {in_sentence(first['name'])}: {points(first['change'])} in "
            f"the median for {year}. Hollow: {compared_with}. Filled: {context.release_id}."
        )
    )
    description = "; ".join(f"{r.name}: {r.text}" for r in moved.itertuples(index=False))
    chart(
        context,
        "changes",
        lambda: changes_chart(moved, context.palette, description=description),
        compared_with,
    )


def _previous(context: Context) -> Release | None:
    """Return the published release before the one that is shown."""
    ids = [str(release.release_id) for release in context.releases]
    older = context.releases[ids.index(context.release_id) + 1 :]
    return next((release for release in older if release.status == "published"), None)


def _largest(context: Context, previous: Release) -> str | None:
    before = _same_series(context, previous)
    if before is None or not (years := common_years(before, context.series)):
        return None
    changes = share_changes(before, context.series, year=years[-1], largest=1)
    first = changes.iloc[0]
    if abs(first["change"]) < LEAST_MOVE:
        return "no share moved by 0.1 pt"
    return f"largest revision {first['name']} {points(first['change'])}"


def _same_series(context: Context, release: Release) -> Series | None:
    release_id = str(release.release_id)
    for published in library.published_series(context.root, release, release_id):
        if (published.key, published.scenario) == (
            context.published.key,
            context.published.scenario,
        ):
            found = library.series(context.root, release, release_id, published)
            return found.until(context.choice.horizon)
    return None


def _made_from(context: Context) -> None:
    release = context.release
    st.html(html.heading(f"What {context.release_id} was made from"))
    st.html(inputs_table(release))
    facts = [
        ("Code", release.code_version),
        ("Settings", release.settings_sha256[:16]),
        ("Supersedes", str(release.supersedes or "nothing")),
        ("Approved by", release.approved_by or "no approval was needed"),
        ("Checks", ", ".join(f"{count} {name}" for name, count in release.quality.items())),
    ]
    st.html(html.definitions(facts))


def _download(context: Context) -> None:
    st.html(html.heading("Take it along"))
    entries = sorted(context.release.tables.values(), key=lambda entry: entry.name)
    st.html(
        html.table(
            [
                Head("Table", is_number=False),
                Head("Rows"),
                Head("Hash of the rows", is_number=False),
            ],
            [[e.name, f"{e.rows:,}", e.row_hash[:16]] for e in entries],
            caption="Tables of this release",
        )
    )
    left, middle, _ = st.columns([2, 2, 3], gap="small", vertical_alignment="bottom")
    small = [e.name for e in entries]
    table = left.selectbox("Table", small, key="pick-download")
    middle.download_button(
        "Download as CSV",
        lambda: _whole_table(context, str(table)),
        file_name=f"talentcast-{context.release_id}-{table}.csv",
        mime="text/csv",
        on_click="ignore",
        key="download-whole",
    )
    st.download_button(
        "Manifest (JSON)",
        lambda: json.dumps(context.release.to_row(), default=str, indent=2),
        file_name=f"talentcast-{context.release_id}-manifest.json",
        mime="application/json",
        on_click="ignore",
        key="download-manifest",
        type="tertiary",
        icon=":material/download:",
    )


def _whole_table(context: Context, table: str) -> str:
    frame: pd.DataFrame = read_rows(table, context.release, context.root).to_pandas()
    return safe_csv(frame)


def _day(release: Release) -> str:
    day = release.as_of.as_of
    return f"{day.day} {day:%b %Y}"
