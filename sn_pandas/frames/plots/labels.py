"""The words of a picture: labels that stay apart when they are cut, and sums with their unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from ...odata.escaping import escape_controls, escape_math

_LONGEST = 34
#: Letters that a label is not cut below.
_SHORTEST = 6
#: Lengths that are tried where cut labels would be the same.
_LONGER = (34, 48, 70)
#: Number fields that hold bytes.
_BYTES = ("Size", "FullSize")
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def format_cell(value: Any, texts: Mapping[str, str] | None = None) -> str:
    """Format a cell: an option as its text, a list joined, a missing value as such."""
    parts = [str(part) for part in (value if isinstance(value, (list, tuple)) else [value])]
    shown = ", ".join((texts or {}).get(part, part) for part in parts)
    return escape_controls(shown, lines=False) if shown.strip() else "(empty)"


def cut(text: str, longest: int = _LONGEST) -> str:
    """Return a text without its middle where it is too long.

    Examples
    --------
    >>> cut("Minutes of the meeting, first quarter", 24)
    'Minutes of …irst quarter'
    """
    if len(text) <= longest:
        return text
    begin = (longest - 1) // 2
    return f"{text[:begin]}…{text[len(text) - (longest - 1 - begin) :]}"


def make_labels(values: Iterable[Any]) -> list[str]:
    r"""Return texts escaped for matplotlib, shortened so that they remain distinct.

    Examples
    --------
    >>> print(make_labels(["from $1 to $2"])[0])
    from \$1 to \$2
    """
    whole = [format_cell(value) for value in values]
    shown = whole
    for longest in _LONGER:
        shown = [cut(text, longest) for text in whole]
        if len(set(shown)) == len(set(whole)):
            break
    # matplotlib leaves what begins with an underscore out of legends
    return [escape_math(f" {text}" if text.startswith("_") else text) for text in shown]


def format_amount(number: float, column: str | None, *, short: bool = False) -> str:
    """Return a sum with its unit; bytes as people write them.

    Examples
    --------
    >>> format_amount(14793, "Size"), format_amount(12.5, "Price")
    ('14.8 kB', '12.5')
    >>> format_amount(3, None), format_amount(1, None)
    ('3 contents', '1 content')
    """
    if column is None:
        return f"{number:,.0f}" + ("" if short else " content" if number == 1 else " contents")
    if column not in _BYTES:
        return f"{number:,.6g}" if abs(number) < 1e6 else f"{number:,.0f}"
    unit = 0
    while number >= 1000 and unit < len(_UNITS) - 1:
        number, unit = number / 1000, unit + 1
    return f"{number:.0f} {_UNITS[unit]}" if unit == 0 else f"{number:.3g} {_UNITS[unit]}"


def count_distinct_steps(paths: Sequence[Sequence[str]]) -> list[int]:
    """Return how many of its last steps each path needs, so that no other ends with the same.

    Examples
    --------
    >>> count_distinct_steps([["IT", "Documents"], ["HR", "Documents"], ["IT", "Tasks"]])
    [2, 2, 1]
    """
    ends = Counter(tuple(path[-count:]) for path in paths for count in range(1, len(path) + 1))
    return [
        next((n for n in range(1, len(path) + 1) if ends[tuple(path[-n:])] == 1), len(path)) for path in paths
    ]


def tile(
    steps: Sequence[str], needed: int, weight: str, size: tuple[float, float]
) -> tuple[list[str], int, bool] | None:
    """Return the contents of a treemap tile: lines, font size, and whether they are vertical.

    Parameters
    ----------
    steps : sequence of str
        The path below the common folder.
    needed : int
        How many of its last steps tell it from the others.
    weight : str
        What the area stands for; left out first.
    size : (float, float)
        Width and height of the tile, in inches.
    """
    best: tuple[int, list[str], int, bool] | None = None
    for font, upright in ((9, False), (9, True), (7, False), (7, True)):
        across, along = reversed(size) if upright else size
        width, most = int(across / (0.0117 * font)), int(along / (0.0267 * font))
        if most < 1:
            continue
        count = needed if needed >= most else min(len(steps), max(needed, most - 1))
        shown = list(steps[-count:])
        if count > most:  # several steps share a line
            shown = ["/".join(shown[: count - most + 1]), *shown[count - most + 1 :]]
        if len(shown) < most and len(weight) <= width:
            shown.append(weight)
        lines = [cut(line, width) for line in shown]
        lost = sum(line not in lines for line in shown)
        if not lost:
            return lines, font, upright
        if width >= _SHORTEST and (best is None or lost < best[0]):
            best = lost, lines, font, upright
    return best and best[1:]


def summarize_values(counts: Mapping[str, float], write: Callable[[float], str], most: int = 5) -> str:
    """Return a summary of the largest values.

    Examples
    --------
    >>> summarize_values({"Task": 3, "File": 1}, str)
    'Task 3, File 1'
    """
    ordered = sorted(counts.items(), key=lambda item: -item[1])
    shown = ", ".join(f"{name} {write(weight)}" for name, weight in ordered[:most])
    return shown + (f" and {len(ordered) - most:,} more" if len(ordered) > most else "")
