"""The version of the code covers everything that decides what a release holds."""

from __future__ import annotations

from shipped_packages import SHIPPED

from talentcast.code_version import PACKAGES

#: What reads releases decides nothing about them.
READING = {"readers", "dashboard"}


def test_it_covers_every_package_but_those_that_read() -> None:
    assert set(PACKAGES) == set(SHIPPED) - READING
