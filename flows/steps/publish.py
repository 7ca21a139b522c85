"""Write a release, and read what of it or its predecessor a run needs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import pandas as pd

from flows.steps.questions import require_unaltered
from publication.headline import HEADLINE_HORIZON, headline_shares
from storage.paths import StorePath
from talentcast.config import Settings
from talentcast.domain.types import Target
from talentcast.store.pointer import latest_release
from talentcast.store.publisher import publish
from talentcast.store.reader import condition, read_frame
from talentcast.store.release import Release, ReleaseDraft
from talentcast.store.signing import Signer


@dataclass(frozen=True, eq=False)
class Served:
    """The release that is served, and what it says was counted.

    Attributes:
        observations: Its rows of that table.
    """

    release: Release
    observations: pd.DataFrame


def publish_release(draft: ReleaseDraft, settings: Settings) -> Release:
    """Write the release; its pointer row comes last."""
    require_unaltered(draft, settings.releases)
    signer = Signer.configured(settings.signing_key_file)
    return publish(draft, settings.releases, published_at=datetime.now(UTC), signer=signer)


def served_release(root: StorePath) -> Served | None:
    """Return the release that is served, if there is one."""
    release = latest_release(root)
    return None if release is None else Served(release, read_frame("observations", release, root))


def told_by(served: Served | None) -> pd.DataFrame | None:
    """Return `observations` of the served release, if there is one."""
    return None if served is None else served.observations


def headline_of(release: Release, root: StorePath) -> pd.DataFrame:
    """Return the leading shares of each population of a release."""
    horizons = [0, HEADLINE_HORIZON]
    quoted = condition("forecasts", {"target": str(Target.SHARE), "horizon_years": horizons})
    observations = read_frame("observations", release, root)
    return headline_shares(observations, read_frame("forecasts", release, root, where=quoted))
