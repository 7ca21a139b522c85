"""Packages that the wheel holds."""

SHIPPED = (
    "talentcast",
    "features",
    "models",
    "sources",
    "publication",
    "privacy",
    "expectations",
    "flows",
    "readers",
    "dashboard",
)
