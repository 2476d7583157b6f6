"""A tree as areas: weights gathered by folder, and rectangles that are as square as they can be."""

from __future__ import annotations

import collections
import dataclasses
import os.path
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pandas as pd

#: Areas that a picture has at most.
_MOST = 400
#: x, y, width and height.
Rectangle = tuple[float, float, float, float]


@dataclasses.dataclass(frozen=True)
class Area:
    """A part of the tree: its folder on the first level, its name and its weight."""

    folder: str
    label: str
    weight: float


def gather_areas(paths: Iterable[str], weights: pd.Series[Any] | None, depth: int) -> tuple[str, list[Area]]:
    """Gather contents by the folder that they are in, ``depth`` levels below their common folder.

    Returns
    -------
    str, list of Area
        The common folder, and the areas, those of one folder side by side, heaviest first.
    """
    paths = list(paths)
    values = [1.0] * len(paths) if weights is None else to_weights(weights).tolist()
    weighted = [(path, weight) for path, weight in zip(paths, values, strict=True) if isinstance(path, str)]
    if not weighted:
        return "", []
    top = os.path.commonpath([path for path, _ in weighted])
    if len({path for path, _ in weighted}) == 1:
        top = top.rpartition("/")[0]
    sums: dict[tuple[str, ...], float] = collections.defaultdict(float)
    for path, weight in weighted:
        steps = path[len(top) :].strip("/").split("/")[:-1][:depth] or ["(here)"]
        sums[tuple(steps)] += max(weight, 0.0)
    if len(sums) > _MOST:  # a picture of more is none, and takes minutes
        lightest = sorted(sums, key=lambda place: -sums[place])[_MOST - 1 :]
        others = sum(sums.pop(place) for place in lightest)
        sums[(f"({len(lightest):,} others)",)] = others
    folders: dict[str, float] = collections.defaultdict(float)
    for place, weight in sums.items():
        folders[place[0]] += weight
    order = sorted((s for s in sums if sums[s] > 0), key=lambda s: (-folders[s[0]], s[0], -sums[s], s))
    return top, [Area(place[0], "/".join(place), sums[place]) for place in order]


def to_weights(column: pd.Series[Any]) -> pd.Series[Any]:
    """Return numbers as weights: missing, negative and infinite ones are 0."""
    numbers = column.astype("float64")
    return numbers.where((numbers > 0) & (numbers < float("inf")), 0.0)


def squarify(weights: Sequence[float], width: float, height: float) -> list[Rectangle]:
    """Divide a rectangle into areas of these weights, in their order.

    Rows are filled along the shorter side as long as that makes their rectangles squarer (Bruls,
    Huizing and van Wijk).

    Examples
    --------
    >>> squarify([1, 1], 4, 2)
    [(0.0, 0.0, 2.0, 2.0), (2.0, 0.0, 2.0, 2.0)]
    """
    scale = width * height / sum(weights)
    return list(_fill([weight * scale for weight in weights], 0.0, 0.0, float(width), float(height)))


def _fill(areas: list[float], x: float, y: float, width: float, height: float) -> Iterator[Rectangle]:
    while areas:
        side = min(width, height)
        count = 1
        while count < len(areas) and _compute_worst_ratio(areas[: count + 1], side) <= _compute_worst_ratio(
            areas[:count], side
        ):
            count += 1
        row, areas = areas[:count], areas[count:]
        thick = sum(row) / side
        along = y if width >= height else x
        for area in row:
            length = area / thick
            yield (x, along, thick, length) if width >= height else (along, y, length, thick)
            along += length
        if width >= height:
            x, width = x + thick, width - thick
        else:
            y, height = y + thick, height - thick


def _compute_worst_ratio(row: list[float], side: float) -> float:
    """Return the worst aspect ratio in a row."""
    thick = sum(row) / side
    return max(max(thick * thick / area, area / (thick * thick)) for area in row)
