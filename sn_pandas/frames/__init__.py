"""DataFrames: columns, reading, tracking, plots, writing, single contents and the ``df.sn`` accessor."""

from .repository import Repository

__all__ = ["Repository"]
