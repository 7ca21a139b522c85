"""Where will researchers work, how sure is that, and how good was the last forecast?"""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from readers.api import probability_ahead, probability_overtakes, read, releases

__all__ = ["probability_ahead", "probability_overtakes", "read", "releases"]

try:
    __version__ = version("talentcast")
except PackageNotFoundError:  # running from a folder that was never installed
    __version__ = "0.0.0"


def __getattr__(name: str) -> object:
    """Load the reading calls on first use, so that the command line starts fast."""
    if name in __all__:
        from readers import api as reading

        return getattr(reading, name)
    raise AttributeError(f"module 'talentcast' has no attribute {name!r}")
