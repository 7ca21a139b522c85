"""Is somebody in it? `python -m tests.stress.membership --trials 200`.

The attacker knows every other record, the code and the rules, but not the key. Made-up releases
teach a classifier what to look for; it scores .5 where nothing tells. By default the person may
have joined since an earlier release; with `--first` the release is the first one, and the person
in the records or not. Of too few people a release has counts alone: `--returns` publishes the
rest too. With `--control` everybody in the records is in the release, with its returns.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from one_person_apart import people, persons
from sklearn.decomposition import PCA
from sklearn.feature_extraction import DictVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bench.privacy import KEY, VINTAGE
from features.career_counts import CareerTally, entries_and_exits, researcher_counts
from features.career_records import CareerRecords
from flows.steps import returns
from flows.steps.admit import Behind, following, recorded, records_of
from privacy.admission import first_admitted
from privacy.disclosure import protected_counts
from talentcast.config import Settings
from talentcast.domain.types import Origin

#: How often who is in is drawn anew, to see what the attack scores where nothing tells.
_SHUFFLES: Final = 40


def admitted(
    records: CareerRecords, earlier: CareerRecords | None, seed: int
) -> tuple[CareerRecords, frozenset[str]]:
    """Return whom a release is made from, under a random key, after an earlier one or as the first.

    With the records come the origins that may be shown apart.
    """
    rng = np.random.default_rng(seed)
    start = records if earlier is None else earlier
    before = recorded(start)
    chosen = first_admitted(before, [], rng)
    kept = records_of(chosen, start, before)
    if earlier is None:
        return kept, chosen.origins
    behind = Behind(chosen, kept)
    now = recorded(records, [chosen])
    chosen = following(now, behind, frozenset(), [chosen], rng)
    return records_of(chosen, records, now, behind), chosen.origins


def released(
    records: CareerRecords, apart: frozenset[str] | None, *, returns_too: bool
) -> dict[str, float]:
    """Return every number of a release, by what it is about; forecasts of shares follow from it."""
    tally = CareerTally.of_parts(records)
    true = researcher_counts(tally, KEY, vintage=VINTAGE)
    counts = protected_counts(true.merge(entries_and_exits(tally), on=["year", "country"]))
    counted = _numbers(counts, ["year", "country"], ["researchers", "arrivals", "departures"])
    if not returns_too:
        return counted
    entered = _numbers(counts, ["year", "country"], ["entries"])
    return counted | entered | _returns(records, apart)


def _returns(records: CareerRecords, apart: frozenset[str] | None) -> dict[str, float]:
    last = Origin(int(records.careers["year"].max()) - 2)
    made = returns.return_release(records, last, KEY, vintage=VINTAGE, seed=1, apart=apart)
    flows = made.forecasts[made.forecasts["output_type"] != "sample"]
    return (
        _numbers(flows, ["country", "horizon_years", "output_type", "output_type_id"], ["value"])
        | _numbers(
            made.return_cohorts,
            ["origin_country", "host_group", "landmark_year", "horizon_years"],
            ["researchers_at_risk", "return_probability", "lower_95", "upper_95"],
        )
        | _card(made.model_cards)
    )


def _numbers(table: pd.DataFrame, key: list[str], values: list[str]) -> dict[str, float]:
    return {
        f"{name} {tuple(row[k] for k in key)}": float(row[name])
        for row in table.to_dict("records")
        for name in values
        if pd.notna(row[name])
    }


def _card(cards: pd.DataFrame) -> dict[str, float]:
    """Numbers in the texts of a card, in their order."""
    found = cards.set_index("topic")["text"].str.findall(r"\d+\.?\d*")
    return {
        f"{topic} {at}": float(number)
        for topic, numbers in found.items()
        for at, number in enumerate(numbers)
    }


def auc(features: list[dict[str, float]], is_in: NDArray[np.bool_]) -> float:
    """Area under the curve of the attack, on releases that it did not learn from."""
    table = DictVectorizer(sparse=False).fit_transform(features)
    folds = StratifiedKFold(10, shuffle=True, random_state=0)
    n_parts = min(20, len(is_in) // 5)
    linear = make_pipeline(
        StandardScaler(), PCA(n_parts, random_state=0), LogisticRegression(C=0.1)
    )
    told = cross_val_predict(linear, table, is_in, cv=folds, method="predict_proba")[:, 1]
    return float(roc_auc_score(is_in, told))


def main() -> int:
    """Attack one person of each kind asked for; 0 if nobody was found."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--trials", type=int, default=200)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--kind", default="returned", help="Kind of person to look for.")
    parser.add_argument("--seed", type=int, default=1000, help="Of the keys.")
    parser.add_argument("--first", action="store_true")
    parser.add_argument("--returns", action="store_true")
    parser.add_argument("--control", action="store_true")
    asked = parser.parse_args()
    returns._TEST_YEARS, returns._HISTORY_YEARS = 90, 2
    records = people(asked.people, 0)
    person = next(one for one in persons(records) if one.kind == asked.kind)
    without = records.without([person.researcher_id])
    is_in = np.arange(asked.trials) % 2 == 0
    features = []
    for trial, present in enumerate(is_in):
        kept = records if present else without
        earlier = None if asked.first else without
        chosen = (kept, None) if asked.control else admitted(kept, earlier, asked.seed + trial)
        n_people = chosen[0].careers["researcher_id"].nunique()
        is_enough = n_people >= Settings().min_people_for_returns
        shows = asked.control or asked.returns or is_enough
        features.append(released(*chosen, returns_too=shows))
    found = auc(features, is_in)
    rng = np.random.default_rng(asked.seed)
    chance = np.quantile([auc(features, rng.permutation(is_in)) for _ in range(_SHUFFLES)], 0.95)
    print(
        f"{asked.kind}, {asked.trials} trials: AUC {found:.3f} (19 of 20 shuffles: "
        f"below {chance:.3f})"
    )
    return int(found <= 0.55) if asked.control else int(found > 0.55)


if __name__ == "__main__":
    raise SystemExit(main())
