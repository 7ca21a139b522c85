"""Records of the people that a release is made from, over years in which everybody is updated."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features.career_records import CareerRecords
from flows.steps.admit import Behind, following, recorded, records_of
from privacy.admission import first_admitted
from privacy.admitted_sets import DEFAULT_RULES, Admitted
from talentcast.domain.types import REST_OF_WORLD

BATCH = DEFAULT_RULES.batch
ORIGINS = {"CHN": 160, "IND": 110, "DEU": 70, "PER": 50}
NOBODY: frozenset[str] = frozenset()


def records(careers: pd.DataFrame) -> CareerRecords:
    columns = ["researcher_id", "year", "country"]
    nothing = pd.DataFrame(columns=columns).astype({"year": "int64"})
    return CareerRecords(careers, nothing, nothing)


def careers(years: range) -> pd.DataFrame:
    rows = [
        (f"{origin}-{n}", year, origin, 1)
        for origin, size in ORIGINS.items()
        for n in range(size)
        for year in years
    ]
    return pd.DataFrame(rows, columns=["researcher_id", "year", "country", "works"])


def a_later_year(table: pd.DataFrame, year: int, rng: np.random.Generator) -> pd.DataFrame:
    """Most people are seen again, one leaves, one has an old year corrected, and a few join."""
    people = table["researcher_id"].unique()
    origin = table.drop_duplicates("researcher_id").set_index("researcher_id")["country"]
    seen = rng.choice(people, size=int(0.9 * len(people)), replace=False)
    new = pd.DataFrame({"researcher_id": seen, "year": year, "country": origin[seen].to_numpy()})
    gone, corrected = rng.choice(people, size=2, replace=False)
    n = int(rng.choice([1, 4, 15]))
    joined = [f"CHN-{year}-{i}" for i in range(n)]
    join = pd.DataFrame({"researcher_id": joined, "year": year, "country": "CHN"})
    is_corrected = (table["researcher_id"] == corrected) & (table["year"] < year - 1)
    kept = table.assign(works=table["works"].mask(is_corrected, 7))
    kept = kept[kept["researcher_id"] != gone]
    new = new[new["researcher_id"] != gone]
    return pd.concat([kept, new.assign(works=1), join.assign(works=1)], ignore_index=True)


def rows_by_person(of: CareerRecords, last_year: int) -> dict[str, set[tuple[object, ...]]]:
    """What is on record of everybody up to a year, read from the records themselves."""
    found: dict[str, set[tuple[object, ...]]] = {}
    columns = of.careers[["researcher_id", "year", "country", "works"]]
    for name, *row in columns.itertuples(index=False, name=None):
        if row[0] <= last_year:
            found.setdefault(name, set()).add(tuple(row))
    return found


def fewest_differing(one: CareerRecords, other: CareerRecords, last_year: int) -> float:
    """In how many people of an origin group two sets of records differ, where they do."""
    mine, theirs = rows_by_person(one, last_year), rows_by_person(other, last_year)
    names = [name for name in {*mine, *theirs} if mine.get(name) != theirs.get(name)]
    groups = pd.Series([name[:3] for name in names], dtype="object")
    counts = groups.where(groups.isin(["CHN", "IND", "DEU"]), REST_OF_WORLD).value_counts()
    return float(counts.min()) if len(counts) else np.inf


@pytest.mark.parametrize("seed", range(2))
def test_releases_of_many_years_differ_by_batches_also_in_the_years_that_both_have(
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    table = careers(range(2015, 2018))
    now = recorded(records(table))
    sets: list[Admitted] = [first_admitted(now, [], rng)]
    kept: list[CareerRecords] = [records_of(sets[0], records(table), now)]
    for year in range(2018, 2022):
        table = a_later_year(table, year, rng)
        all_of_them = records(table)
        now = recorded(all_of_them, sets)
        behind = Behind(sets[-1], kept[-1])
        sets.append(following(now, behind, NOBODY, sets, rng))
        kept.append(records_of(sets[-1], all_of_them, now, behind))
    assert [one.last_year for one in sets] == list(range(2017, 2022))
    for at, later in enumerate(kept):
        for earlier, its in zip(kept[:at], sets[:at], strict=True):
            assert fewest_differing(earlier, later, its.last_year) >= BATCH
            assert fewest_differing(earlier, later, 2030) >= BATCH
    seen_again = kept[-1].careers["year"].value_counts().sort_index()
    assert (seen_again.loc[2018:] > 0.8 * len(sets[0].people)).all()


def test_versions_kept_and_versions_computed_again_are_the_same() -> None:
    """A correction waits while the year after it is taken over."""
    rng = np.random.default_rng(1)
    table = careers(range(2015, 2018))
    first_now = recorded(records(table))
    first = first_admitted(first_now, [], rng)
    behind = Behind(first, records_of(first, records(table), first_now))
    one = first.people["researcher_id"].iloc[5]
    is_meant = (table["researcher_id"] == one) & (table["year"] == 2016)
    corrected = table.assign(works=table["works"].mask(is_meant, 7))
    grown = pd.concat([corrected, careers(range(2018, 2019))], ignore_index=True)
    now = recorded(records(grown), [first])
    found = following(now, behind, NOBODY, [first], rng)
    theirs = records_of(found, records(grown), now, behind)
    own = theirs.careers[theirs.careers["researcher_id"] == one]
    assert own["works"].tolist() == [1, 1, 1, 1]
    again = recorded(theirs, [first, found]).people
    pd.testing.assert_series_equal(again["version"], found.people["version"])
