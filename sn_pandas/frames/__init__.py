"""DataFrames: columns, reading, tracking, writing and the ``df.sn`` accessor."""

from .repository import Repository

__all__ = ["Repository"]
