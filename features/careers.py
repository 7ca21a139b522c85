"""From affiliation records to person-years, moves, origins, stocks and flows.

Each step is one Ibis expression, table in and table out, so that the same code runs on DuckDB and
on a cluster. Every tie is broken by a stated rule: engines may then not differ in a single row.

The rules are those of the literature on scholarly migration: the modal country of a year by
weight; ties to last year's country, else alphabetical; years between two observations filled with
the earlier country; nothing assumed after the last observation; a move is a change of modal
country between consecutive observed years.
"""

from __future__ import annotations

from typing import Final, Literal

import ibis
import ibis.expr.types as ir

from talentcast.domain.types import UNKNOWN_COUNTRY

OriginRule = Literal["first", "mode_of_three_years"]

#: Weights closer than this are equal: sums of floating-point shares differ in the last digits.
_WEIGHT_DIGITS: Final = 9
_ORIGIN_WINDOW_YEARS: Final = 3
#: Of an expression; some three times as many are too deep to be translated.
_MOST_PASSES: Final = 12
_OPTIONAL_WORK_COLUMNS: Final = ("first_author_works", "last_author_works", "team_size")


def person_years(affiliations: ir.Table) -> ir.Table:
    """Return one row per researcher and year with the modal country.

    `UNK` is chosen only where a year has no known country. Works listed under several countries of
    one year are taken once: the largest number counts, so that no work counts twice.

    Args:
        affiliations: `researcher_id`, `year`, `country`, `weight`, and where present `works`,
            `first_author_works`, `last_author_works`, `team_size`.

    Returns:
        `researcher_id`, `year`, `country` and the columns about works that the input has.
    """
    return _resolve_ties(_modal_candidates(affiliations)).select(
        "researcher_id", "year", "country", *_work_columns(affiliations)
    )


def origin_countries(careers: ir.Table, *, rule: OriginRule = "first") -> ir.Table:
    """Return `researcher_id`, `origin_country` and `origin_known_year`.

    Origin is a fact about affiliations, never about nationality. `origin_known_year` is the last
    year of which the origin makes use: predictions from earlier years would look ahead.

    Args:
        careers: One row per researcher and year.
        rule: The country of the first located year, or the commonest of the first three calendar
            years (ties to the earliest of the tied).
    """
    located = careers.filter(careers.country != UNKNOWN_COUNTRY)
    first_year = located.year.min().over(ibis.window(group_by="researcher_id"))
    window_years = 1 if rule == "first" else _ORIGIN_WINDOW_YEARS
    early = located.mutate(first_year=first_year).filter(
        lambda table: table.year < table.first_year + window_years
    )
    counted = early.group_by("researcher_id", "country").aggregate(
        n_years=early.count(), since=early.year.min(), first_year=early.first_year.min()
    )
    order = [ibis.desc("n_years"), ibis.asc("since"), ibis.asc("country")]
    ranked = counted.mutate(
        rank=ibis.row_number().over(ibis.window(group_by="researcher_id", order_by=order))
    )
    return ranked.filter(ranked.rank == 0).select(
        "researcher_id",
        origin_country=ranked.country,
        origin_known_year=ranked.first_year + (window_years - 1),
    )


def moves(careers: ir.Table) -> ir.Table:
    """Return one row per change of country between consecutive located years.

    Returns:
        `researcher_id`, `from_country`, `to_country`, `last_seen_year` (in the country left) and
        `year` (first seen in the new one), to which the move is dated.
    """
    located = careers.filter(careers.country != UNKNOWN_COUNTRY)
    career = ibis.window(group_by="researcher_id", order_by="year")
    steps = located.mutate(
        from_country=located.country.lag().over(career),
        last_seen_year=located.year.lag().over(career),
    )
    return steps.filter(steps.from_country != steps.country).select(
        "researcher_id", "from_country", "last_seen_year", "year", to_country=steps.country
    )


def fill_gaps(careers: ir.Table) -> ir.Table:
    """Return the person-years with the years between two observations filled.

    A gap takes the earlier country: a move is dated to the first year seen in the new country, so
    that stocks and flows agree. Years after the last observation stay absent.

    Returns:
        `researcher_id`, `year`, `country`, `is_observed`.
    """
    career = ibis.window(group_by="researcher_id", order_by="year")
    spans = careers.select("researcher_id", "country", observed_year=careers.year).mutate(
        until=ibis.coalesce(careers.year.lead().over(career), careers.year + 1)
    )
    years = spans.mutate(year=ibis.range(spans.observed_year, spans.until)).unnest("year")
    return years.select(
        "researcher_id", "year", "country", is_observed=years.year == years.observed_year
    )


def stocks(filled: ir.Table) -> ir.Table:
    """Return researchers present by year and country: `year`, `country`, `researchers`.

    Args:
        filled: From `fill_gaps`.
    """
    return filled.group_by("year", "country").aggregate(researchers=filled.count())


def flows(moved: ir.Table) -> ir.Table:
    """Return `arrivals` and `departures` by year and country.

    Args:
        moved: From `moves`. Arrivals and departures of a year have the same sum.
    """
    both = moved.select("year", country=moved.to_country, arrived=1, departed=0).union(
        moved.select("year", country=moved.from_country, arrived=0, departed=1)
    )
    return both.group_by("year", "country").aggregate(
        arrivals=both.arrived.sum(), departures=both.departed.sum()
    )


def first_and_last_seen(careers: ir.Table) -> ir.Table:
    """Return `entries` and `exits` by year and country.

    Args:
        careers: One row per researcher and year. An entry is dated to the first year seen, an exit
            to the year after the last one: where every year has a country, stocks change by
            arrivals and entries, less departures and exits.
    """
    career = ibis.window(group_by="researcher_id")
    seen = careers.mutate(
        first_year=careers.year.min().over(career), last_year=careers.year.max().over(career)
    )
    first, last = (
        seen.filter(seen.year == seen.first_year),
        seen.filter(seen.year == seen.last_year),
    )
    both = first.select("year", "country", began=1, ended=0).union(
        last.select(year=last.year + 1, country=last.country, began=0, ended=1)
    )
    return both.group_by("year", "country").aggregate(
        entries=both.began.sum(), exits=both.ended.sum()
    )


def observation_gaps(careers: ir.Table) -> ir.Table:
    """Return how long researchers stay unseen: `gap_years` and `n`, one row per length of gap."""
    career = ibis.window(group_by="researcher_id", order_by="year")
    steps = careers.mutate(gap_years=careers.year.lead().over(career) - careers.year)
    seen_again = steps.filter(steps.gap_years.notnull())
    return seen_again.group_by("gap_years").aggregate(n=seen_again.count()).order_by("gap_years")


def _work_columns(affiliations: ir.Table) -> tuple[str, ...]:
    known = ("works", *_OPTIONAL_WORK_COLUMNS)
    return tuple(name for name in known if name in affiliations.columns)


def _modal_candidates(affiliations: ir.Table) -> ir.Table:
    """One row per person-year with the countries of largest weight, in no order."""
    work_columns = _work_columns(affiliations)
    by_country = affiliations.group_by("researcher_id", "year", "country").aggregate(
        weight=affiliations.weight.sum().round(_WEIGHT_DIGITS),
        **{name: affiliations[name].max() for name in work_columns},
    )
    # An unknown country loses against any known one, whatever its weight.
    comparable = by_country.mutate(
        weight=ibis.ifelse(by_country.country == UNKNOWN_COUNTRY, -1.0, by_country.weight)
    )
    largest = comparable.weight.max().over(ibis.window(group_by=["researcher_id", "year"]))
    ranked = comparable.mutate(largest=largest)
    is_candidate = ranked.weight == ranked.largest
    return ranked.group_by("researcher_id", "year").aggregate(
        tied=ranked.country.collect(where=is_candidate),
        first_in_alphabet=ranked.country.min(where=is_candidate),
        n_tied=is_candidate.sum(),
        **{name: ranked[name].max() for name in work_columns},
    )


def _resolve_ties(candidates: ir.Table) -> ir.Table:
    """Choose one country per person-year, forwards in time.

    A tie looks at the country before it, which may itself be a tie: the longest unbroken run of
    ties says how many passes are needed, if each settles one year. Only that number is computed at
    once. Decades of ties would be too deep an expression: there, a pass settles all it can.
    """
    career = ibis.window(group_by="researcher_id", order_by="year")
    is_decided = (candidates.n_tied == 1) | (ibis.row_number().over(career) == 0)
    table = candidates.mutate(
        country=ibis.ifelse(is_decided, candidates.first_in_alphabet, ibis.null(str))
    )
    n_passes = _longest_run_of_ties(table)
    if n_passes > _MOST_PASSES:
        while _n_undecided(table):
            table = _carried_on(table)
        return table
    # Few people have a tie: the passes look at nobody else.
    undecided = table.filter(table.country.isnull()).select("researcher_id").distinct()
    others = table.anti_join(undecided, "researcher_id")
    tied = table.semi_join(undecided, "researcher_id")
    for _ in range(n_passes):
        before = tied.mutate(before=tied.country.lag().over(career))
        chosen = ibis.ifelse(
            before.tied.contains(before.before), before.before, before.first_in_alphabet
        )
        decided = ibis.ifelse(before.before.isnull(), ibis.null(str), chosen)
        tied = before.mutate(country=ibis.coalesce(before.country, decided)).drop("before")
    return others.union(tied)


def _longest_run_of_ties(table: ir.Table) -> int:
    career = ibis.window(group_by="researcher_id", order_by="year")
    numbered = table.mutate(position=ibis.row_number().over(career))
    decided_at = ibis.ifelse(numbered.country.notnull(), numbered.position, ibis.null(int))
    last_decided = decided_at.cummax(group_by=numbered.researcher_id, order_by=numbered.year)
    runs = numbered.mutate(run=numbered.position - last_decided)
    longest = runs.aggregate(longest=runs.run.max().fill_null(0)).to_pandas()
    return int(longest["longest"].iloc[0])


def _n_undecided(table: ir.Table) -> int:
    counted = table.aggregate(n=table.country.isnull().sum()).to_pandas()
    return int(counted["n"].fillna(0).iloc[0])


def _carried_on(table: ir.Table) -> ir.Table:
    """Carry each decided country on through all ties that it is among, and decide the next."""
    of_spell = ["researcher_id", "spell"]
    so_far = ibis.cumulative_window(group_by="researcher_id", order_by="year")
    numbered = table.mutate(spell=table.country.notnull().cast("int64").sum().over(so_far))
    before = numbered.mutate(before=numbered.country.max().over(ibis.window(group_by=of_spell)))
    held = before.mutate(goes_on=before.country.notnull() | before.tied.contains(before.before))
    within = ibis.cumulative_window(group_by=of_spell, order_by="year")
    ended = held.mutate(ends=(~held.goes_on).cast("int64").sum().over(within))
    chosen = ibis.cases(
        (ended.ends == 0, ended.before),
        ((ended.ends == 1) & ~ended.goes_on, ended.first_in_alphabet),
        else_=ibis.null(str),
    )
    return ended.mutate(country=chosen).drop("spell", "before", "goes_on", "ends")
