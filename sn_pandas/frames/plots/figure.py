"""Figures that are readable on light and dark pages and have an alternative text.

A module of its own, because it loads matplotlib.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
from matplotlib import rcParams, rcParamsDefault
from matplotlib.figure import Figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Texts that can be read on white and on black. They differ: where all have one lightness, notebooks put
#: a page of the other behind a transparent picture, and a dark page gets a white card.
_BESIDE, _BELOW = "#767676", "#818181"
_STYLE: Any = (
    "figure.facecolor",
    "axes.facecolor",
    "text.color",
    "axes.labelcolor",
    "xtick.color",
    "ytick.color",
)


class Picture(Figure):
    """A figure with an alternative text, which notebooks store with the image.

    Attributes
    ----------
    description : str
        What is to be seen, in words.
    """

    description: str = ""

    def __repr__(self) -> str:
        return f"<Picture: {self.description}>" if self.description else super().__repr__()

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return {}, {kind: {"alt": self.description} for kind in ("image/png", "image/jpeg", "image/svg+xml")}


def create_axes(size: tuple[float, float]) -> Axes:
    """Return axes on a figure of their own: in the style in use; without one, on no background."""
    axes: Axes
    if any(rcParams[name] != rcParamsDefault[name] for name in _STYLE):
        axes = plt.subplots(figsize=size, layout="constrained", FigureClass=Picture)[1]
        return axes
    colours = {"text.color": _BESIDE, "axes.labelcolor": _BESIDE, "axes.edgecolor": _BESIDE}
    ticks = {"xtick.color": _BELOW, "ytick.color": _BESIDE, "grid.color": _BESIDE}
    style: Any = {**colours, **ticks, "figure.facecolor": "none", "axes.facecolor": "none"}
    with plt.rc_context(style):
        axes = plt.subplots(figsize=size, layout="constrained", FigureClass=Picture)[1]
    axes.title.set_color(_BESIDE)
    return axes
