"""How much better a return model looks when it is evaluated carelessly.

    python -m bench.return_traps FOLDER

One plain model, the logistic member, under four protocols; only the first is honest.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.returns.evaluation.backtest import fold_of
from models.returns.evaluation.censoring import labels_at
from models.returns.evaluation.scores import auc, log_loss
from models.returns.landmark_history import LandmarkHistory
from models.returns.model.incidence import incidence_of_return
from models.returns.model.members import Training, fit_logistic
from sources.affiliations import read_career_records
from talentcast.domain.types import Origin

CUT = Origin(2017)
LAST_LANDMARK = 2020
HORIZON = 3


def main() -> None:
    """Print one row per protocol."""
    records = read_career_records(Path(sys.argv[1]))
    history = LandmarkHistory.of(records)
    everything = history.complete()
    scored = everything[everything["landmark_year"].between(CUT.year, LAST_LANDMARK)]
    scored = scored.reset_index(drop=True)
    known = history.before(CUT)
    by_person, by_row = fold_of(scored["researcher_id"]), _row_folds(scored)
    peeking, peeking_too = _with_gap(known), _with_gap(scored)
    rows = [
        ("honest: other people, known by the cut", known, scored, by_person, "researcher_id"),
        ("no time cut: other people of all years", everything, scored, by_person, "researcher_id"),
        ("random rows of all years", everything, scored, by_row, ""),
        ("years to the next record as a feature", peeking, peeking_too, by_person, "researcher_id"),
    ]
    table = pd.DataFrame(
        [(name, *_scores(train, test, fold, key)) for name, train, test, fold, key in rows],
        columns=["protocol", "auc", "log_loss"],
    )
    print(table.round(4).to_string(index=False))


def _scores(
    train: pd.DataFrame, test: pd.DataFrame, fold: NDArray[np.int64], key: str
) -> tuple[float, float]:
    chances = np.zeros(len(test))
    train_fold = fold_of(train[key]) if key else _row_folds(train)
    for number in range(5):
        rows = train[train_fold != number].reset_index(drop=True)
        training = Training.of(rows, np.random.default_rng(0))
        hazards = fit_logistic(training).hazards(training.design.linear(test[fold == number]))
        chances[fold == number] = incidence_of_return(hazards)[:, HORIZON - 1]
    labels = labels_at(test, HORIZON)
    return (
        auc(labels.is_return, chances, labels.weight),
        log_loss(labels.is_return, chances, labels.weight),
    )


def _row_folds(table: pd.DataFrame) -> NDArray[np.int64]:
    """Folds of rows, the same for a row wherever it stands."""
    return fold_of(table["researcher_id"] + table["landmark_year"].astype(str))


def _with_gap(table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(log_team_size=np.log1p(table["next_seen_years"]))


if __name__ == "__main__":
    main()
