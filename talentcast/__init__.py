"""Where will researchers work, how sure is that, and how good was the last forecast?"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("talentcast")
except PackageNotFoundError:  # running from a folder that was never installed
    __version__ = "0.0.0"
