"""How many rows of each bucket were there, and how many had to be left out, and why."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd

from privacy.pseudonyms import PseudonymKey

#: Reasons for which rows are left out, as columns of a profile.
LEFT_OUT: Final = (
    "missing_ids",
    "impossible_years",
    "unknown_countries",
    "bad_numbers",
    "duplicates",
)
#: A part of the rows that is told, and the part from which an input is refused.
NOTABLE_SHARE: Final = 0.001
MOST_LEFT_OUT: Final = 0.01
#: A person-year whose weights are further from 1 than this is told, and kept.
WEIGHT_TOLERANCE: Final = 0.011
PROFILE_COLUMNS: Final = ("bucket", "rows", *LEFT_OUT, "person_years", "odd_weights")


def told_profile(profile: pd.DataFrame, key: PseudonymKey) -> pd.DataFrame:
    """Return one row per bucket with the part of rows of each kind, as coarse as may be told.

    How many rows are odd may hang on a single person. Told is therefore one of three parts: 0,
    `NOTABLE_SHARE` or `MOST_LEFT_OUT`, of which more is odd. Where one begins is drawn under the
    key, so that nobody else knows which number of rows completes it.

    Args:
        profile: `PROFILE_COLUMNS`, true numbers: for the restricted store only.
        key: Of the data set.
    """
    drawn = key.generator("limits of odd rows").uniform(0.8, 1.0, size=2)
    limits = np.array([NOTABLE_SHARE, MOST_LEFT_OUT]) * drawn
    shares = {name: profile[name] / profile["rows"].clip(lower=1) for name in LEFT_OUT}
    # Rows without an id fall into one bucket: their part is that of all rows.
    n_rows = max(profile["rows"].sum(), 1)
    shares["missing_ids"] = pd.Series(profile["missing_ids"].sum() / n_rows, profile.index)
    shares["odd_weights"] = profile["odd_weights"] / profile["person_years"].clip(lower=1)
    steps = np.array([0.0, NOTABLE_SHARE, MOST_LEFT_OUT])
    told = {
        name: steps[np.searchsorted(limits, share.to_numpy(dtype=float))]
        for name, share in shares.items()
    }
    return pd.DataFrame({"bucket": profile["bucket"], **told})
