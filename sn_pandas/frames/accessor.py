"""``df.sn``: what a frame that was read from a repository can do."""

from __future__ import annotations

import pandas as pd

from .tracking import Baseline, baseline_of


@pd.api.extensions.register_dataframe_accessor("sn")
class Accessor:
    """Changes, checks and saves of a frame that was read from a repository.

    pandas makes a new accessor at each use, so it holds nothing but the frame.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    @property
    def baseline(self) -> Baseline:
        """What the frame was when it was read."""
        return baseline_of(self._frame)
