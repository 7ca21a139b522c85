"""Names of the pages: title, and path in the address."""

from typing import Final

PAGES: Final = (
    ("Overview", "overview"),
    ("Country", "country"),
    ("Returns", "returns"),
    ("Track record", "track-record"),
    ("Questions", "questions"),
    ("Claims", "claims"),
    ("Quality", "quality"),
    ("Releases", "releases"),
)
PAGE_PATHS: Final = tuple(path for _, path in PAGES)
