"""Published releases, kept in memory by release id: an id never changes what it means."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from readers import cache
from readers.summaries.published_series import PublishedSeries, load_series
from readers.summaries.published_series import published_series as find_published
from readers.summaries.series import Series
from storage.paths import StorePath
from talentcast.store.release import Release


def releases(root: StorePath) -> list[Release]:
    """Return every release, newest first."""
    return cache.releases(root)


@st.cache_resource(max_entries=32, show_spinner=False)
def published_series(
    root: StorePath, _release: Release, release_id: str
) -> tuple[PublishedSeries, ...]:
    """Return what a release can show."""
    return find_published(_release, root)


@st.cache_resource(max_entries=48, show_spinner=False)
def series(
    root: StorePath, _release: Release, release_id: str, published: PublishedSeries
) -> Series:
    """Return one series of a release."""
    return load_series(published, _release, root)


@st.cache_resource(max_entries=64, show_spinner=False)
def table(
    root: StorePath, _release: Release, release_id: str, name: str, population: str = ""
) -> pd.DataFrame | None:
    """Return a small table of a release; None if the release does not hold it."""
    if name not in _release.tables:
        return None
    filters = {"population": population} if population else {}
    return cache.rows(name, _release, root, filters=filters)
