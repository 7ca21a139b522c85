"""What changed from one release to the next that somebody wants to be told of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final, Literal
from urllib.parse import urlencode

from readers.fan import field
from readers.summaries.populations import population_words
from readers.summaries.published_series import PublishedSeries, load_series, published_series
from readers.summaries.questions import QuestionTables, question_tables, standings
from readers.summaries.series import Series
from readers.summaries.wording import in_sentence, percent, possessive, probability, sentence
from storage.paths import StorePath
from talentcast.domain.types import BASELINE, QuestionStatus
from talentcast.store.release import Release

Kind = Literal["order_flipped", "probability_crossed", "range_left", "question_resolved"]

#: Countries of a series, by size, whose order and forecasts are watched.
_WATCHED: Final = 5
#: Years ahead of the forecasts that are watched.
_YEARS_AHEAD: Final = 5
_EVEN: Final = 0.5


@dataclass(frozen=True, slots=True)
class Alert:
    """One change.

    Attributes:
        subject: What changed; with the kind and the release it names the alert.
        said: One sentence.
        page: Page of the dashboard that shows it, with its query.
    """

    kind: Kind
    subject: str
    release_id: str
    said: str
    page: str

    @property
    def id(self) -> str:
        """The same change is told once."""
        return f"{self.release_id}/{self.kind}/{self.subject}"


def alerts_between(before: Release, after: Release, root: StorePath) -> list[Alert]:
    """Return what changed between a release and the next one, in order of kind and subject.

    Args:
        before: Current release before it.
        after: A release whose record of questions goes on from the former.
        root: Root of their store.
    """
    found = [*_about_questions(after, root)]
    earlier = {one.key: one for one in _watched(before, root)}
    for published in _watched(after, root):
        if (then := earlier.get(published.key)) is not None:
            old, new = load_series(then, before, root), load_series(published, after, root)
            found += [*_flipped(old, new, after), *_left(old, new, after)]
    return sorted(found, key=lambda alert: alert.id)


def _watched(release: Release, root: StorePath) -> Iterator[PublishedSeries]:
    return (one for one in published_series(release, root) if one.scenario == BASELINE)


def _about_questions(release: Release, root: StorePath) -> Iterator[Alert]:
    tables = question_tables(release, root)
    if tables is None:
        return
    own = tables.pseudo(False)
    yield from _crossed(own, release)
    yield from _resolved(own, release)


def _crossed(tables: QuestionTables, release: Release) -> Iterator[Alert]:
    """Say which answers moved over even odds with this release."""
    release_id = str(release.release_id)
    fresh = set(tables.answers.loc[tables.answers["answered_in"] == release_id, "question_id"])
    for row in standings(tables).to_dict("records"):
        now, change = row["probability"], row["change"]
        if row["question_id"] not in fresh or change != change:
            continue
        before = now - change
        if (before > _EVEN) != (now > _EVEN) and before != now:
            said = f"{row['text']} {probability(now)} likely now, {probability(before)} before."
            yield _question_alert("probability_crossed", row["question_id"], said, release_id)


def _resolved(tables: QuestionTables, release: Release) -> Iterator[Alert]:
    release_id = str(release.release_id)
    for row in standings(tables).to_dict("records"):
        if row["resolved_in"] != release_id:
            continue
        is_void = row["status"] == QuestionStatus.VOID
        outcome = "void" if is_void else "yes" if row["came_true"] else "no"
        expected = row["probability"]
        said = f"{row['text']} Decided: {outcome}"
        if expected == expected:
            said += f"; the last answer was {probability(expected)}"
        yield _question_alert("question_resolved", row["question_id"], f"{said}.", release_id)


def _question_alert(kind: Kind, question_id: str, said: str, release_id: str) -> Alert:
    query = urlencode({"question": question_id, "release": release_id})
    return Alert(kind, question_id, release_id, said, f"questions?{query}")


def _flipped(old: Series, new: Series, release: Release) -> Iterator[Alert]:
    """Say which of the largest countries have changed places since the release before."""
    before, now = old.last_shares, new.last_shares
    for one, other in combinations(new.leaders[:_WATCHED], 2):
        if not {one, other} <= set(before.index):
            continue
        if before[one] < before[other] and now[one] > now[other]:
            said = (
                f"{sentence(_name(new, one))} passed {_name(new, other)} in {_whole(new)}: "
                f"{percent(now[one])} against {percent(now[other])} in {new.last_counted}."
            )
            yield _series_alert("order_flipped", new, f"{one}-{other}", said, release)


def _left(old: Series, new: Series, release: Release) -> Iterator[Alert]:
    """Say which forecasts lie outside the 80 % range that the release before gave."""
    old = old.until(_YEARS_AHEAD)
    year = old.target_year
    low, middle, high = field(0.1), field(0.5), field(0.9)
    before, now = (
        one.shares[one.shares["year"] == year].set_index("country") for one in (old, new)
    )
    for country in _both(new.leaders[:_WATCHED], before.index, now.index):
        least, most = float(before[low][country]), float(before[high][country])
        value = float(now[middle][country])
        if not least <= value <= most:
            said = (
                f"{sentence(possessive(new.names.get(country, country)))} share of {_whole(new)} "
                f"in {year} is forecast at {percent(value)}, outside the range of the release "
                f"before, {percent(least)} to {percent(most)}."
            )
            yield _series_alert("range_left", new, f"{country}-{year}", said, release)


def _both(wanted: Iterable[str], *indexes: Iterable[object]) -> list[str]:
    known = [set(index) for index in indexes]
    return [name for name in wanted if all(name in each for each in known)]


def _series_alert(kind: Kind, series: Series, what: str, said: str, release: Release) -> Alert:
    key = series.key
    query = urlencode(
        {
            "population": key.population,
            "counting": f"{key.counting_rule}.{key.source}",
            "release": str(release.release_id),
        }
    )
    subject = f"{key.population}-{key.counting_rule}-{key.source}-{what}"
    return Alert(kind, subject, str(release.release_id), said, f"overview?{query}")


def _name(series: Series, country: str) -> str:
    return in_sentence(series.names.get(country, country))


def _whole(series: Series) -> str:
    return population_words(series.key.population).whole
