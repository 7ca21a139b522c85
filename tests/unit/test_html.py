"""Pieces of a page hold the text that they are given, and nothing of it as markup."""

from __future__ import annotations

import pytest

from dashboard.style import style
from readers import html
from readers.charts.theme import PALETTES
from readers.html import Head, NoNumber
from readers.summaries.headlines import Headline

HOSTILE = "<img src=x onerror=alert(1)> \"'&"


def test_a_table_names_its_rows_and_says_in_words_where_there_is_no_number() -> None:
    heads = [Head("Year"), Head("Share", is_secondary=True)]
    shown = html.table(heads, [["2024", NoNumber("withheld")], ["2025", "3.1%"]], caption="Shares")
    assert "<caption>Shares</caption>" in shown
    assert '<th scope="col" class="num second">Share</th>' in shown
    assert '<th scope="row" class="num">2024</th>' in shown
    assert '<td class="num second"><em>withheld</em></td>' in shown
    assert '<td class="num second">3.1%</td>' in shown


def test_a_row_as_long_as_the_heading_is_required() -> None:
    with pytest.raises(ValueError, match="longer"):
        html.table([Head("Year"), Head("Share")], [["2024"]], caption="Shares")


@pytest.mark.parametrize(
    "piece",
    [
        html.table([Head(HOSTILE)], [[HOSTILE], [NoNumber(HOSTILE)]], caption=HOSTILE),
        html.odds_strips([(HOSTILE, [(2024, HOSTILE)])]),
        html.kicker(HOSTILE, HOSTILE),
        html.headline(Headline(HOSTILE, ((HOSTILE, True), (HOSTILE, False)))),
        html.heading(HOSTILE),
        html.paragraph(HOSTILE, (HOSTILE, True)),
        html.empty(HOSTILE),
        html.notice(HOSTILE, link=HOSTILE, link_text=HOSTILE),
        html.definitions([(HOSTILE, HOSTILE)]),
        html.footer(HOSTILE),
    ],
)
def test_no_text_becomes_markup(piece: str) -> None:
    assert "<img" not in piece
    assert "&lt;img" in piece
    assert piece.count('"') % 2 == 0


def test_styles_name_the_colours_of_the_mode_and_keep_room_for_charts() -> None:
    shown = style(PALETTES["dark"], {"shares": 434})
    assert "--ink:#ECEDEF" in shown
    assert ".st-key-chart-shares{min-height:434px}" in shown
    assert "&#34;" not in shown
