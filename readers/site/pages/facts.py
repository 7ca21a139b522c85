"""What a release rests on: its track record, claims, returns, checks and files."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from readers import html
from readers.figures.checks import checks_headline, every_check, not_passed, without_a_country
from readers.figures.quoted import (
    HOW_TO_READ,
    claims_headline,
    every_claim,
    quoted_beside_counted,
    quoted_claims,
    what_a_claim_rests_on,
)
from readers.figures.record import how_to_read_placement, outcomes_placed
from readers.figures.returns import NO_RETURNS, cohorts, model_cards, returns_to
from readers.html import Cell, Head, NoNumber
from readers.site.layout import link
from readers.site.model import WHOLE, Chart, Columns, Part, Shown, SitePage, Subject
from readers.site.pages.series import scored
from readers.summaries.returns import newest_cohorts, returns_headline
from readers.summaries.track_record import (
    BASELINES,
    TrackRecord,
    error_beside,
    track_headline,
)
from readers.summaries.wording import MINUS, percent


def track_record_page(subject: Subject) -> SitePage:
    """Return how good forecasts of every series were, and where outcomes of the first fell."""
    scores = ((shown, scored(shown.view)) for shown in subject.shown)
    found = [(shown, *record) for shown, record in scores if record is not None]
    top = html.kicker("Track record", f"release {subject.release_id}")
    if not found:
        said = html.heading("Nothing has been scored in this release yet", 1)
        parts: list[Part] = [top + said + html.empty("Scores need a few past years.")]
        return SitePage("track-record.html", "Track record", "Track record", parts)
    shown, record, group, _ = found[0]
    placed = outcomes_placed(shown.view, record, group)
    label, text = how_to_read_placement(record)
    chart = Chart(f"{shown.slug}-placement", placed, shown.view, shown.name)
    parts = [
        top
        + html.headline(track_headline(record))
        + html.paragraph(f"This is {shown.name}; every other population is below.")
        + html.heading("Every population"),
        _records([(one, record) for one, record, *_ in found]),
        html.heading(shown.name),
        Columns(((chart,), (html.paragraph((label, True), text),))),
    ]
    return SitePage("track-record.html", "Track record", "Track record", parts)


def claims(subject: Subject) -> SitePage:
    """Return what is often quoted, and what each claim rests on."""
    view = subject.shown[0].view
    found = quoted_claims(view)
    parts: list[Part] = [html.kicker("Claims", f"release {subject.release_id}")]
    if not found:
        parts.append(
            html.heading("This release holds none of the figures that are often quoted", 1)
        )
        parts.append(html.empty("They come with the bundled sources: talentcast refresh."))
        return SitePage("claims.html", "Claims", "Claims", parts)
    parts.append(html.headline(claims_headline(found)))
    compared = quoted_beside_counted(view, found)
    if compared is not None:
        parts.append(Chart("claims-quoted", compared, view, widths=WHOLE, level=2))
        parts.append(html.paragraph(HOW_TO_READ))
    parts += [what_a_claim_rests_on(claim, rows, subject.names) for claim, rows in found.items()]
    parts.append(Chart("claims", every_claim(view, found), view, level=2))
    return SitePage("claims.html", "Claims", "Claims", parts)


def returns(subject: Subject) -> SitePage:
    """Return how likely cohorts abroad are to return; what is withheld stays withheld."""
    view = subject.shown[0].view
    parts: list[Part] = [html.kicker("Returns", f"release {subject.release_id}")]
    every = subject.table("return_cohorts")
    if every is None or every.empty:
        parts.append(html.heading("Returns are not in this release", 1) + html.empty(NO_RETURNS))
    else:
        parts.append(html.headline(returns_headline(every, subject.names)))
        for code in sorted(every["origin_country"].unique(), key=view.name):
            own = newest_cohorts(every[every["origin_country"] == code])
            figure = cohorts(view, own, name="returns")
            parts.append(returns_to(view.name(code)))
            chart = Chart(f"{code}-cohorts", figure, view, view.name(code), level=0, is_open=True)
            parts.append(chart)
    return SitePage("returns.html", "Returns", "Returns", [*parts, model_cards(view)])


def quality(subject: Subject) -> SitePage:
    """Return which checks the release passed."""
    view = subject.shown[0].view
    top = html.kicker("Quality", f"release {subject.release_id}")
    checks = subject.table("quality_checks")
    if checks is None or checks.empty:
        said = html.heading("This release holds no record of its checks", 1)
        return SitePage("quality.html", "Quality", "Quality", [top + said])
    unknown = html.heading("Without a country") + html.paragraph(
        without_a_country(view.full_series)
    )
    text = top + html.headline(checks_headline(checks)) + not_passed(checks) + unknown
    every = every_check(view, checks)
    table = html.heading(every.title) + Markup(every.numbers) + html.source(every.line)  # noqa: S704
    whole = Markup('<p class="tc-text">{}</p>').format(
        link("data/quality_checks.parquet", "Every row, as Parquet")
    )
    return SitePage("quality.html", "Quality", "Quality", [text + table + whole])


def _records(found: Sequence[tuple[Shown, TrackRecord]]) -> Markup:
    """Return how often 80 % ranges held, and the error beside the baselines, of every series."""
    heads = [
        Head("Population", is_number=False),
        Head("Origins"),
        Head("80% range held"),
        *(Head(f"Error beside “{name.lower()}”", is_secondary=True) for name in BASELINES.values()),
    ]
    rows: list[list[Cell]] = []
    for shown, record in found:
        eighty = record.coverage[record.coverage["level"] == 80]
        first, last, many = record.origins
        beside = error_beside(record)
        rows.append(
            [
                link(shown.path, f"{shown.name} ({shown.rule.lower()})"),
                f"{first}–{last} ({many})",
                percent(float(eighty["value"].mean())),
                *(
                    NoNumber("not scored") if code not in beside else _signed(beside[code])
                    for code in BASELINES
                ),
            ]
        )
    return html.table(heads, rows, caption="Mean over origins and horizons; lower error is better")


def _signed(percent_: float) -> str:
    sign = "" if round(percent_) == 0 else "+" if percent_ > 0 else MINUS
    return f"{sign}{abs(percent_):.0f}%"
