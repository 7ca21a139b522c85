"""What all tests share."""

from __future__ import annotations

from hypothesis import settings

# A slow machine is no reason to fail: speed is measured in bench/, never by a test.
settings.register_profile("talentcast", deadline=None)
settings.load_profile("talentcast")
