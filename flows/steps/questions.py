"""What a release is asked: the record of the served one, what is new, and what is decided now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Final

import pandas as pd

from features.panel import Panel, build_panel, rule_of
from features.series import rows_of
from features.vintages import KnownCounts
from models.shares.stock import StockDraws
from publication.questions import answer_rows, new_question_rows, outside_rows
from questions.answering import Drawn, answers_of, joined
from questions.catalogue import Catalogue, all_questions
from questions.definition import PAST_PREFIX, Question
from questions.generator import InPlay, in_play
from questions.paths import SharePaths, counted_paths
from questions.record import Record, altered, require_same, stored_record, with_status
from questions.resolution import State, States, resolved
from readers.summaries.question_words import question_text
from storage.paths import StorePath
from talentcast.config import Settings
from talentcast.domain.errors import InputRejectedError, IntegrityError
from talentcast.domain.tables import ANSWERS, QUESTIONS
from talentcast.domain.types import SeriesKey, Statistic, VintageKind
from talentcast.store.pointer import latest_release, list_releases
from talentcast.store.reader import read_frame
from talentcast.store.release import CURRENT_KINDS, Identity, Kind, Release, ReleaseDraft
from talentcast.store.verification import verify_table

#: What a backfill asks of each series, as-of date and year: the nearest to even odds.
PAST_RULE: Final = InPlay(
    prefix=PAST_PREFIX,
    at_most={
        Statistic.LEAD: 4,
        Statistic.SHARE: 3,
        Statistic.LEAD_OVER_ALL: 1,
        Statistic.CHANGE: 2,
    },
)
#: Years ahead that a backfill asks about.
PAST_HORIZONS: Final = range(1, 6)
_TABLES: Final = (QUESTIONS.name, ANSWERS.name)


@dataclass(frozen=True, eq=False)
class Asked:
    """What the forecasts of one series are to answer.

    Attributes:
        questions: That are open.
        generates: Ask what is in play as well: a backfill has nobody who asked back then.
    """

    questions: tuple[Question, ...] = ()
    generates: bool = False


NOTHING_ASKED: Final = Asked()


@dataclass(frozen=True, eq=False)
class Answered:
    """What the forecasts of one series said.

    Attributes:
        questions: That were asked, the generated ones among them.
        rows: From `questions.answering.answers_of`.
    """

    questions: tuple[Question, ...] = ()
    rows: pd.DataFrame = field(default_factory=lambda: joined([]))


@dataclass(frozen=True, eq=False)
class Inquiry:
    """What one release is asked, and the record that it goes on from.

    Attributes:
        record: Of the served release, with what is decided now.
        candidates: Questions that may be answered, those of the record among them.
        catalogue: Whence they come.
        generates: As in `Asked`; otherwise nothing is asked of a release that is not current.
    """

    record: Record
    candidates: tuple[Question, ...]
    catalogue: Catalogue
    generates: bool = False

    def of(self, key: SeriesKey) -> Asked:
        """Return what is asked of one series."""
        return Asked(tuple(one for one in self.candidates if one.key == key), self.generates)


def inquiry_of(counts: pd.DataFrame, identity: Identity, kind: Kind, settings: Settings) -> Inquiry:
    """Return what a release is asked; a scenario is asked nothing.

    Args:
        counts: `researcher_counts` in all vintages.
        identity: Of the release.
        kind: Of the release.
        settings: Where releases and questions are.

    Raises:
        IntegrityError: If the record of the served release is not what was published.
        InputRejectedError: If a question that was answered asks something else now.
    """
    nothing = Catalogue({}, {})
    if kind not in CURRENT_KINDS:
        return Inquiry(Record.empty(), (), nothing, generates=kind == "backfill")
    today = identity.as_of.as_of
    release_id = str(identity.release_id)
    record = _record_so_far(release_id, settings.releases)
    catalogue = all_questions(settings.questions)
    require_same(record, catalogue.questions)
    states = states_of(counts, today)
    decided = resolved(record.questions, states, today=today, release_id=release_id)
    record = Record(with_status(decided, today), record.answers)
    known = set(record.questions["question_id"])
    new = [
        one
        for name, one in catalogue.questions.items()
        if name not in known and today <= one.closes_on
    ]
    return Inquiry(record, (*record.open_on(today), *new), catalogue)


def decided_record(
    releases: Sequence[Release], counts: pd.DataFrame, *, today: date, root: StorePath
) -> Record:
    """Return the joined record of releases, with the outcomes that a day knows.

    Args:
        releases: The oldest first; those that were asked nothing are passed over.
        counts: `researcher_counts` in all vintages.
        today: Vintages after it are not known.
        root: Root of the release store.
    """
    record = Record.empty()
    for release in releases:
        if ANSWERS.name in release.tables:
            record = record.joined(_stored_record(release, root))
    states = states_of(counts, today)
    decided = resolved(record.questions, states, today=today, release_id="")
    return Record(with_status(decided, today), record.answers)


def states_of(counts: pd.DataFrame, today: date) -> States:
    """Return what gives the vintages of a series up to a day, each as a panel."""

    @cache
    def every_state(key: SeriesKey) -> tuple[State, ...]:
        rows = rows_of(counts, key)
        days = sorted({moment.date() for moment in rows["vintage"].unique()})
        return tuple(
            State(day, _panel(rows[rows["vintage"] == pd.Timestamp(day)], key))
            for day in days
            if day <= today
        )

    def states(key: SeriesKey, since: date) -> Sequence[State]:
        return [state for state in every_state(key) if state.vintage >= since]

    return states


def answer(
    asked: Asked, panel: Panel, drawn: Mapping[str, Sequence[StockDraws]], n_draws: int
) -> Answered:
    """Answer what is asked of one series from the joint draws of its models.

    Args:
        asked: Questions about the series.
        panel: What the models were fitted to.
        drawn: Draws by model and origin, the model that is quoted first.
        n_draws: How many draws count: those that are published.
    """
    if not (asked.questions or asked.generates):
        return Answered()
    paths = {model: _paths(parts, n_draws) for model, parts in drawn.items()}
    questions = asked.questions
    if asked.generates:
        last_year = panel.origin.year
        years = [last_year + ahead for ahead in PAST_HORIZONS]
        last = (last_year, counted_paths(panel, carried=True))
        found = in_play(panel.key, list(paths.values()), last=last, years=years, rule=PAST_RULE)
        questions = (*questions, *found)
    return Answered(questions, answers_of(questions, Drawn(panel, paths)))


def question_tables(
    inquiry: Inquiry, answered: Sequence[Answered], *, identity: Identity, known: KnownCounts
) -> dict[str, pd.DataFrame]:
    """Return the tables `questions` and `answers` of a release; none if nothing was ever asked.

    Args:
        inquiry: What was asked.
        answered: By series.
        identity: Of the release.
        known: Tells which series were counted back then, and which were revised since.
    """
    rows = joined([one.rows for one in answered])
    said = set(rows["question_id"])
    asked = {one.id: one for some in answered for one in some.questions if one.id in said}
    held = set(inquiry.record.questions["question_id"])
    pseudo = [one.id for one in asked.values() if known.kinds[one.key] is VintageKind.PSEUDO]
    release_id, as_of = str(identity.release_id), identity.as_of.as_of
    new = new_question_rows(
        (one for name, one in asked.items() if name not in held),
        sets=inquiry.catalogue.sets,
        words=question_text,
        is_pseudo=inquiry.generates,
    )
    own = answer_rows(rows, release_id=release_id, as_of=as_of, pseudo=pseudo)
    outside = outside_rows(
        inquiry.catalogue.outside,
        inquiry.record,
        asked=held | set(asked),
        release_id=release_id,
        as_of=as_of,
    )
    record = inquiry.record.with_added(new, (own, outside))
    if record.questions.empty:
        return {}
    return {QUESTIONS.name: record.questions, ANSWERS.name: record.answers}


def require_unaltered(draft: ReleaseDraft, root: StorePath) -> None:
    """Refuse a release whose record is not that of the served one with rows added.

    Raises:
        IntegrityError: `ANSWERS_ALTERED`, naming the first difference.
    """
    served = latest_release(root) if draft.kind in CURRENT_KINDS else None
    if served is None or ANSWERS.name not in served.tables:
        return
    empty = Record.empty()
    after = Record(
        draft.tables.get(QUESTIONS.name, empty.questions),
        draft.tables.get(ANSWERS.name, empty.answers),
    )
    before = _stored_record(served, root).without(str(draft.identity.release_id))
    if lines := altered(before, after):
        raise IntegrityError(
            f"ANSWERS_ALTERED: {lines[0]} since {served.release_id}, and {len(lines) - 1} more. "
            "An answer that was given is never changed. If another run published meanwhile, run "
            "again; otherwise nothing may be published until the record is restored."
        )


def _record_so_far(release_id: str, root: StorePath) -> Record:
    """Return the record of the served release, with what backfills asked and answered since."""
    record = Record.empty()
    served = latest_release(root)
    if served is not None and ANSWERS.name in served.tables:
        record = _stored_record(served, root).without(release_id)
    for release in reversed(list_releases(root)):
        is_past = release.kind == "backfill" and release.status == "published"
        if is_past and ANSWERS.name in release.tables:
            record = record.joined(_stored_record(release, root))
    return record


def _stored_record(release: Release, root: StorePath) -> Record:
    """Read the record of a release, if it is what was published.

    Raises:
        IntegrityError: If it is not.
    """
    for name in _TABLES:
        if problems := verify_table(release.tables[name], release, root):
            raise IntegrityError(
                f"ANSWERS_ALTERED: {problems[0]}. Nothing is published on top of it. Restore the "
                "table from a backup, or withdraw the release: talentcast releases verify "
                "--withdraw"
            )
    return stored_record(*(read_frame(name, release, root) for name in _TABLES))


def _panel(rows: pd.DataFrame, key: SeriesKey) -> Panel | None:
    try:
        return build_panel(rows, key, rule=rule_of(key.population))
    except InputRejectedError:
        return None


def _paths(parts: Sequence[StockDraws], n_draws: int) -> SharePaths:
    by_year = {
        part.draws.origin.year + horizon: part.draws.shares[place, :n_draws]
        for part in parts
        for place, horizon in enumerate(part.draws.horizons)
    }
    return SharePaths(parts[0].draws.countries, by_year)
