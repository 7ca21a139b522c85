"""Packages that the wheel holds."""

SHIPPED = (
    "talentcast",
    "features",
    "engine",
    "models",
    "sources",
    "publication",
    "privacy",
    "questions",
    "expectations",
    "flows",
    "readers",
    "storage",
    "dashboard",
)
