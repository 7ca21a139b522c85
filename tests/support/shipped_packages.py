"""Packages that the wheel holds."""

SHIPPED = (
    "talentcast",
    "features",
    "models",
    "sources",
    "publication",
    "expectations",
    "flows",
    "readers",
    "dashboard",
)
