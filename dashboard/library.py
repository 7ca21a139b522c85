"""Published releases, kept in memory by release id: an id never changes what it means."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from readers import cache
from readers.summaries.published_series import PublishedSeries, load_series
from readers.summaries.published_series import published_series as find_published
from readers.summaries.series import Series
from talentcast.store.release import Release


def releases(root: Path) -> list[Release]:
    """Return every release, newest first."""
    return cache.releases(root)


@st.cache_resource(max_entries=32, show_spinner=False)
def published_series(root: Path, _release: Release, release_id: str) -> tuple[PublishedSeries, ...]:
    """Return what a release can show."""
    return find_published(_release, root)


@st.cache_resource(max_entries=48, show_spinner=False)
def series(root: Path, _release: Release, release_id: str, published: PublishedSeries) -> Series:
    """Return one series of a release."""
    return load_series(published, _release, root)


@st.cache_resource(max_entries=64, show_spinner=False)
def table(
    root: Path, _release: Release, release_id: str, name: str, population: str = ""
) -> pd.DataFrame | None:
    """Return a small table of a release; None if the release does not hold it."""
    if name not in _release.tables:
        return None
    filters = {"population": population} if population else {}
    return cache.rows(name, _release, root, filters=filters)
