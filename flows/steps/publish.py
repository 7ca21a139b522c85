"""Write a release from a run."""

from __future__ import annotations

from datetime import UTC, datetime

from talentcast.config import Settings
from talentcast.store.publisher import publish
from talentcast.store.release import Release, ReleaseDraft
from talentcast.store.signing import Signer


def publish_release(draft: ReleaseDraft, settings: Settings) -> Release:
    """Write the release; its pointer row comes last."""
    signer = Signer.configured(settings.signing_key_file)
    return publish(draft, settings.releases, published_at=datetime.now(UTC), signer=signer)
