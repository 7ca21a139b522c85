"""The dashboard; `talentcast serve` starts it. Reads published releases and nothing else."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import streamlit as st

from dashboard import library
from dashboard.context import Context, reader_mode
from dashboard.controls import filter_row, make_context, notices, write_address
from dashboard.links import PAGE
from dashboard.page import (
    claims,
    country,
    overview,
    quality,
    questions,
    releases,
    returns,
    track_record,
)
from dashboard.paths import PAGE_PATHS, PAGES
from dashboard.sign_in import Standing, ask_to_sign_in, present_standing, sign_out_link
from dashboard.style import style
from readers import html
from readers.charts.theme import PALETTES
from talentcast.config import load_settings
from talentcast.domain.errors import TalentcastError
from talentcast.store.signing import Verifier
from talentcast.store.verification import require_genuine

HERE: Final = Path(__file__).resolve().parent
MODULES: Final = (overview, country, returns, track_record, questions, claims, quality, releases)
HEIGHTS: Final = {name: px for page in MODULES for name, px in page.HEIGHTS.items()}
PAGE_WIDTH: Final = 1200
#: Seconds; a reader does not notice them.
_HEAD_START: Final = 0.15
logger = logging.getLogger(__name__)


def main() -> None:
    """Draw one page of the dashboard."""
    st.set_page_config(
        page_title="talentcast", page_icon=str(HERE / "assets" / "icon.png"), layout="wide"
    )
    st.logo(str(HERE / "assets" / f"wordmark-{reader_mode()}.svg"), size="large")
    pages = {
        path: st.Page(_page(module.show), title=title, url_path=path, default=path == PAGE_PATHS[0])
        for (title, path), module in zip(PAGES, MODULES, strict=True)
    }
    page = st.navigation(list(pages.values()), position="top" if _is_admitted() else "hidden")
    if (wanted := st.query_params.get(PAGE)) in pages:
        rest = {name: value for name, value in st.query_params.items() if name != PAGE}
        st.switch_page(pages[wanted], query_params=rest)
    page.run()


def _is_admitted() -> bool:
    try:
        return present_standing(load_settings()) is Standing.ADMITTED
    except TalentcastError:  # the page says which setting is unusable
        return False


def _page(show: Callable[[Context], None]) -> Callable[[], None]:
    def run() -> None:
        # Streamlit knows this width before any style sheet has arrived, so nothing moves.
        with (
            st.container(key="middle", horizontal_alignment="center"),
            st.container(key="page", width=PAGE_WIDTH),
        ):
            st.html(style(PALETTES[reader_mode()], HEIGHTS))
            _let_style_arrive()
            try:
                _draw(show)
            except TalentcastError as error:
                logger.warning("%s", error)
                st.html(html.heading("This view cannot be shown", 1) + html.empty(str(error)))

    # Streamlit tells pages apart by the name of their function.
    run.__name__ = run.__qualname__ = f"show_{show.__module__.rsplit('.', 1)[-1]}"
    return run


def _let_style_arrive() -> None:
    """Wait once a visit until the browser can draw HTML; else lists jump when text appears."""
    if not st.session_state.get("has_style"):
        st.session_state["has_style"] = True
        time.sleep(_HEAD_START)


def _draw(show: Callable[[Context], None]) -> None:
    settings = load_settings()
    if (found := present_standing(settings)) is not Standing.ADMITTED:
        ask_to_sign_in(found)
        return
    root = settings.releases
    made = make_context(root)
    if made is None:
        st.html(
            html.heading("Nothing has been published yet", 1)
            + html.empty("Publish a first release with: talentcast refresh. Then reload this page.")
        )
        return
    context, missing = made
    require_genuine(context.release, Verifier.configured(settings.verifying_key_file))
    write_address(context.choice)
    filter_row(context, library.published_series(root, context.release, context.release_id))
    notices(context, missing)
    show(context)
    st.html(html.footer(context.release_id))
    sign_out_link(settings)
