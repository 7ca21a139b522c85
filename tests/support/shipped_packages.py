"""Packages that the wheel holds."""

SHIPPED = (
    "talentcast",
    "features",
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
