"""Why a country moved, and what another stay rate would do, in a real browser."""

from __future__ import annotations

from typing import Any

import talentcast


def test_a_country_says_why_it_moved_and_a_slider_what_another_stay_rate_would_do(
    visit: Any, store: Any
) -> None:
    visit.open("country", population="scholars_scopus", country="CHN")
    text = visit.still_text()
    assert "Why the share changed since" in text
    assert "Why the forecast of 2028 moved" in text
    assert "new counts +1.2 pt, revised counts −0.2 pt." in text
    scenarios = talentcast.read(
        "stay_rate_scenarios", store.latest, home=store.home, country="CHN", target_year=2028
    )
    of_scopus = scenarios[
        (scenarios["population"] == "scholars_scopus")
        & (scenarios["counting_rule"] == "modal_country")
    ]
    means = 100 * of_scopus.set_index("points")["mean"]
    whose = "China’s share of the world’s researchers in 2028 would be"
    assert f"were 10 points lower, {whose} {means[-10]:.2f}%" in text
    slider = visit.page.get_by_role("slider", name="Five-year stay rate")
    slider.focus()
    for _ in range(8):  # a slider that is drawn anew at that moment swallows a press
        if visit.query().get("stay") == "10":
            break
        before = visit.answers
        slider.press("ArrowRight")
        visit.wait_for_an_answer(before)
        visit.settle()
    assert visit.query()["stay"] == "10"
    assert f"were 10 points higher, {whose} {means[10]:.2f}%" in visit.still_text()
    rows = {row[0]: row[1] for row in visit.rows("Share of China by stay rate")}
    assert rows["as published"] == f"{means[0]:.2f}%"
    assert len(rows) == 9
    visit.open("country", population="scholars_scopus", country="CHN", stay="-20")
    assert f"would be {means[-20]:.2f}%" in visit.still_text()
    assert (visit.errors, visit.elsewhere) == ([], [])
