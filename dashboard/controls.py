"""Filters, and their two-way link with the address of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import streamlit as st

from dashboard import choice as choices
from dashboard import library
from dashboard.choice import Choice
from dashboard.context import Context, reader_mode
from readers import html
from readers.summaries.populations import population_words, rule_words
from readers.summaries.published_series import PublishedSeries
from readers.summaries.wording import sentence
from storage.paths import StorePath
from talentcast.store.pointer import newest_current
from talentcast.store.release import CURRENT_KINDS, Release

#: Keys of the session: the parts that were chosen, and the address that was written for them.
_CHOSEN, _WRITTEN = "chosen", "written"


def wanted() -> dict[str, str]:
    """Return what the reader asks for: the address if it is new, else what was chosen before.

    A click on another page empties the address; the choice then stays.
    """
    known = choices.NAMES + choices.PAGE_NAMES
    address = {name: value for name, value in st.query_params.items() if name in known}
    if address and address != st.session_state.get(_WRITTEN):
        st.session_state[_CHOSEN] = address
    chosen: dict[str, str] = st.session_state.setdefault(_CHOSEN, {})
    return chosen


def make_context(root: StorePath) -> tuple[Context, list[str]] | None:
    """Decide what to show; None if nothing was published.

    Returns:
        The context, and sentences about what was asked for but does not exist.
    """
    releases = library.releases(root)
    latest = newest_current(releases)
    if latest is None:
        return None
    asked = wanted()
    release, said = choices.find(releases, asked.get("release", ""), latest)
    available = library.published_series(root, release, str(release.release_id))
    choice, published, missing = choices.resolve(asked, available, str(release.release_id))
    context = Context(root, releases, release, published, choice, reader_mode())
    country = choice.country
    if country and country not in context.full_series.leaders:
        missing.append(
            f"There is no country “{country}” in this series; {context.country} is shown."
        )
        choice = choices.changed(choice, "country", "")
        context = Context(root, releases, release, published, choice, reader_mode())
    return context, [said] * bool(said) + missing


def write_address(choice: Choice) -> None:
    """Put the choice into the address, so that its link restores the view."""
    made = {n: v for n, v in st.session_state[_CHOSEN].items() if n in choices.PAGE_NAMES}
    st.session_state[_CHOSEN] = choice.to_query() | made
    _follow()


def _follow() -> None:
    """Make the address say what is chosen."""
    query = st.session_state[_WRITTEN] = st.session_state[_CHOSEN]
    if dict(st.query_params) != query:
        st.query_params.from_dict(query)


_LABELS: Final = {
    "population": "Population",
    "counting": "Counting rule",
    "horizon": "Horizon",
    "scenario": "Scenario",
    "release": "Release",
}


def filter_row(context: Context, available: Sequence[PublishedSeries]) -> None:
    """Draw the filters that every page has."""
    choice = context.choice
    populations = choices.populations(available)
    countings = choices.countings(available, choice.population)
    scenarios = choices.scenarios(available, choice.population, choice.counting)
    origin = context.full_series.origin_year
    with st.container(key="filters"):
        columns = st.columns([5, 7, 3, 4, 6], gap="small")
        texts = {
            "population": {name: _population_words(name, available) for name in populations},
            "counting": {name: _counting_words(name, countings) for name in countings},
            "horizon": {str(h): f"to {origin + h}" for h in context.published.horizons},
            "scenario": {name: sentence(name.replace("_", " ")) for name in scenarios},
            "release": _release_texts(context.releases),
        }
        chosen = {
            "population": choice.population,
            "counting": choice.counting,
            "horizon": str(choice.horizon),
            "scenario": choice.scenario,
            "release": context.release_id,
        }
        for column, (name, options) in zip(columns, texts.items(), strict=True):
            _select(column, name, _LABELS[name], list(options), chosen[name], options)


def _release_texts(releases: Sequence[Release]) -> dict[str, str]:
    current = newest_current(releases)
    return {
        str(release.release_id): _release_words(release, current)
        for release in releases
        if release.has_rows
    }


def country_control(context: Context) -> str:
    """Draw the choice of a country; its code goes into the address."""
    leaders = context.full_series.leaders
    names = {code: context.full_series.names.get(code, code) for code in leaders}
    ordered = sorted(leaders, key=names.__getitem__)
    _select(st, "country", "Country", ordered, context.country, names, width=340)
    return context.country


def pick(
    place: object,
    name: str,
    label: str,
    words: Mapping[str, str],
    *,
    usual: str,
    width: int | None = None,
) -> str:
    """Draw a choice that only one page has, and return what is chosen.

    Args:
        place: Where it stands.
        name: One of `PAGE_NAMES`.
        label: What the reader sees.
        words: Options in order, with how to speak of them.
        usual: Chosen until the reader chooses.
        width: In pixels; without it the choice fills its column.
    """
    value = _chosen(name, words, usual)
    _select(place, name, label, list(words), value, words, width=width)
    _follow()
    return value


def slide(name: str, label: str, words: Mapping[str, str], *, usual: str) -> str:
    """Draw a slider over options in order, and return what is chosen; arguments as for `pick`."""
    value = _chosen(name, words, usual)
    st.select_slider(label, list(words), format_func=words.__getitem__, **_linked(name, value))
    _follow()
    return value


def _chosen(name: str, words: Mapping[str, str], usual: str) -> str:
    """Return what was chosen of some options, or else the usual one."""
    made = st.session_state[_CHOSEN].get(name)
    return str(made) if made in words else usual


def notices(context: Context, missing: Sequence[str]) -> None:
    """Say above the heading what a reader must know first: at most one sentence each."""
    latest = newest_current(context.releases)
    said = []
    if context.release.status == "retracted":
        reason = f": {context.release.reason}" if context.release.reason else ""
        said.append(f"Release {context.release_id} was retracted{reason}. Do not use its numbers.")
    elif latest is not None and latest.release_id != context.release.release_id:
        said.append(f"Release {context.release_id} is not the latest one.")
    link = f"?release={latest.release_id}" if said and latest is not None else ""
    boxes = [html.notice(text, link=link, link_text="Show the latest.") for text in said]
    if context.release.quality.get("failed", 0):
        boxes.append(html.notice(f"Checks of release {context.release_id} failed; see Quality."))
    boxes += [html.notice(text) for text in missing]
    if boxes:
        st.html("".join(boxes))


def _select(
    place: object,
    name: str,
    label: str,
    options: Sequence[str],
    value: str,
    words: Mapping[str, str],
    *,
    width: int | None = None,
) -> None:
    place.selectbox(  # type: ignore[attr-defined]
        label,
        options,
        format_func=words.__getitem__,
        disabled=len(options) < 2,
        width=width or "stretch",
        **_linked(name, value),
    )


def _linked(name: str, value: str) -> dict[str, Any]:
    """Show a value in a control, and return what makes the address follow it."""
    key = f"filter-{name}"
    st.session_state[key] = value
    return {"key": key, "on_change": _choose, "args": (name, key)}


def _choose(name: str, key: str) -> None:
    chosen = dict(st.session_state[_CHOSEN])
    chosen[name] = st.session_state[key]
    st.session_state[_CHOSEN] = chosen
    # The address is now old; it must not win over the widget.
    st.session_state[_WRITTEN] = dict(st.query_params)


def _population_words(name: str, available: Sequence[PublishedSeries]) -> str:
    last = max(one.last_counted for one in available if one.key.population == name)
    return f"{population_words(name).name} · {last}"


def _counting_words(name: str, all_names: Sequence[str]) -> str:
    rule, source = name.split(".", 1)
    several = len({other.split(".", 1)[1] for other in all_names}) > 1
    return sentence(rule_words(rule)) + (f" ({source})" if several else "")


def _release_words(release: Release, latest: Release | None) -> str:
    if latest is not None and release.release_id == latest.release_id:
        return f"{release.release_id} · latest"
    kind = f" · {release.kind}" if release.kind not in CURRENT_KINDS else ""
    return f"{release.release_id}{kind}{' · retracted' * (release.status == 'retracted')}"
