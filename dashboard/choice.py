"""What a reader chose to see, as it stands in the address of the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from readers.figures.view import usual_horizon
from readers.summaries.published_series import PublishedSeries
from talentcast.domain.types import BASELINE, CountingRule
from talentcast.store.release import Release

#: Names in the address, in this order.
NAMES: Final = ("release", "population", "counting", "scenario", "horizon", "country")
#: Names of choices that one page has; in the address once they were made.
PAGE_NAMES: Final = (
    "first",
    "second",
    "origin",
    "host",
    "weight",
    "gate",
    "checked",
    "compare",
    "about",
    "question",
    "stay",
)
_FIRST_RULE: Final = str(CountingRule.MODAL_COUNTRY)


@dataclass(frozen=True, slots=True)
class Choice:
    """A complete choice: every part of it exists in the release.

    Attributes:
        counting: Counting rule and, where one rule has several sources, the source: `rule.source`.
        country: A code, or empty for the leading country.
    """

    release: str
    population: str
    counting: str
    scenario: str
    horizon: int
    country: str = ""

    def to_query(self) -> dict[str, str]:
        """Return the parts as they stand in the address."""
        return {name: str(getattr(self, name)) for name in NAMES if getattr(self, name)}


def counting_of(published: PublishedSeries) -> str:
    """Return the name of a series' counting rule and source."""
    return f"{published.key.counting_rule}.{published.key.source}"


def populations(available: Sequence[PublishedSeries]) -> list[str]:
    """Return the populations of a release in the order of what it can show."""
    return list(dict.fromkeys(one.key.population for one in available))


def countings(available: Sequence[PublishedSeries], population: str) -> list[str]:
    """Return the counting rules of a population, each person once in front."""
    found = {counting_of(one) for one in available if one.key.population == population}
    return sorted(found, key=lambda name: (not name.startswith(_FIRST_RULE), name))


def scenarios(available: Sequence[PublishedSeries], population: str, counting: str) -> list[str]:
    """Return the scenarios of a series, `baseline` in front."""
    found = {
        one.scenario
        for one in available
        if one.key.population == population and counting_of(one) == counting
    }
    return sorted(found, key=lambda name: (name != BASELINE, name))


def resolve(
    wanted: Mapping[str, str], available: Sequence[PublishedSeries], release: str
) -> tuple[Choice, PublishedSeries, list[str]]:
    """Return a complete choice near what was asked for, and what does not exist.

    Args:
        wanted: Parts of the address.
        available: What the release can show; not empty.
        release: Id of the release.

    Returns:
        The choice, the series it names, and one sentence per part that does not exist.
    """
    missing: list[str] = []

    def pick(name: str, options: Sequence[str], usual: str) -> str:
        asked = wanted.get(name, "")
        if asked and asked not in options:
            missing.append(f"There is no {name} “{asked}” in this release; {usual} is shown.")
        return asked if asked in options else usual

    names = populations(available)
    population = pick("population", names, names[0])
    rules = countings(available, population)
    counting = pick("counting", rules, rules[0])
    assumptions = scenarios(available, population, counting)
    scenario = pick("scenario", assumptions, assumptions[0])
    published = next(
        one
        for one in available
        if (one.key.population, counting_of(one), one.scenario) == (population, counting, scenario)
    )
    usual = usual_horizon(published.horizons)
    horizon = pick("horizon", [str(h) for h in published.horizons], str(usual))
    choice = Choice(
        release, population, counting, scenario, int(horizon), wanted.get("country", "")
    )
    return choice, published, missing


def find(releases: Sequence[Release], wanted: str, latest: Release) -> tuple[Release, str]:
    """Return the release that was asked for; if it is unknown, the latest and a sentence."""
    if not wanted:
        return latest, ""
    for release in releases:
        if str(release.release_id) != wanted:
            continue
        if not release.has_rows:
            day = release.published_at.date()
            return latest, f"Release {wanted} was pruned on {day}; the latest one is shown."
        return release, ""
    return latest, f"There is no release “{wanted}” here; the latest one is shown."


def changed(choice: Choice, name: str, value: str) -> Choice:
    """Return the choice with one part changed."""
    if name == "horizon":
        return replace(choice, horizon=int(value))
    return replace(choice, **{name: value})  # type: ignore[arg-type]
