"""``df.sn`` on every frame, also one from a file before anything was connected.

A module of its own, because ``%reload_ext`` runs that of the package again, and pandas warns of a second one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from .frames.accessor.accessor import Accessor


@pd.api.extensions.register_dataframe_accessor("sn")
class AccessorOnUse:
    """Load the accessor on its first use, to keep ``import sn_pandas`` fast."""

    def __new__(cls, frame: pd.DataFrame) -> Accessor:  # type: ignore[misc]  # stands for another class
        """Return the accessor of a frame."""
        from .frames.accessor.accessor import Accessor

        return Accessor(frame)
