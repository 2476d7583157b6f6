"""``df.sn.plot``: pictures of contents, labelled from the schema; matplotlib is loaded on the first one.

The colours can be distinguished by colour-blind people, on white and on black; hatches keep them apart in
print without colours. Pictures have no background, and texts that can be read on light and on dark pages,
unless the style in use says otherwise. Every row counts; what is left out is said in the title.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...odata.errors import QueryError, TrackingError, did_you_mean
from ...odata.escaping import escape_math
from ...odata.schema import Field
from ...odata.wording import count_noun
from ..tracking.baseline import get_baseline
from .labels import count_distinct_steps, format_amount, format_cell, make_labels, summarize_values, tile
from .moments import choose_frequency, compute_edges, format_day, holds_dates, strip_zone, to_days, to_local
from .treemap import Rectangle, gather_areas, squarify, to_weights

if TYPE_CHECKING:
    import numpy.typing as npt
    from matplotlib.axes import Axes

#: Okabe and Ito's colours, blue first; grey is for the rest.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
REST = "#999999"
_DARK = ("#0072B2", "#009E73", "#D55E00")
_HATCHES = ("", "///", "...", "\\\\\\", "xxx", "---", "+++")
_DATES = ("DueDate", "StartDate", "Date", "CreationDate", "ModificationDate")
_LABELS = ("DisplayName", "Name", "Path")
_MOST_ROWS = 40
#: Bars that there is room for at least.
_FEWEST = 5
#: Inches that a picture is high at least, for the words beside its axes.
_LOWEST = 2.8
_MOST_GROUPS = 7
#: The part of the span that a bar is long at least, to be seen.
_VISIBLE = 0.003
#: Letters of a label that there is room for from one end of an axis to the other.
_LETTERS = 95


class Plots:
    """Pictures of the contents in a frame: ``df.sn.plot``.

    Every method takes ``ax``, the axes to draw on, and gives the axes back.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        self._frame = frame

    def timeline(
        self,
        date: str | None = None,
        by: str | None = None,
        freq: str | None = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Show the number of contents per day, week, month or year.

        Parameters
        ----------
        date : str, optional
            The date that counts; the first of ``DueDate``, ``StartDate``, ``CreationDate`` … if not given.
        by : str, optional
            A column whose values are distinguished.
        freq : str, optional
            A frequency of pandas, such as ``"W"``; one that suits the span if not given.

        Raises
        ------
        QueryError
            If there is no such column, or no date in it.
        """
        date = self._find_date_column(date, _DATES)
        self._require_rows()
        moments = self._get_moments(date).dropna()
        if not len(moments):
            raise QueryError(f"{self._get_label(date)} is empty in all {len(self._frame)} rows")
        code, unit = (
            (freq, f"period of {freq}") if freq else choose_frequency((moments.max() - moments.min()).days)
        )
        edges = compute_edges(moments, code)
        periods = np.searchsorted(edges, moments.to_numpy(), side="right") - 1
        ax = _get_axes(ax, (8, 3.2))
        begins, widths = to_days(edges[:-1]), np.diff(to_days(edges))
        groups = self._split_groups(by, self._frame.loc[self._frame[date].notna().to_numpy()])
        below = np.zeros(len(begins))
        for (name, chosen), style in zip(groups, _iter_styles(len(groups)), strict=True):
            heights = np.bincount(periods[chosen], minlength=len(begins)).astype("float64")
            ax.bar(begins, heights, width=0.9 * widths, align="edge", bottom=below, label=name, **style)
            below += heights
        _use_integer_ticks(ax.yaxis)
        _format_date_axis(ax)
        ax.set(xlabel=escape_math(self._get_label(date)), ylabel=f"contents per {escape_math(unit)}")
        title = f"{self._get_label(date)} of {count_noun(len(moments), 'content')}"
        title += self._describe_missing(len(self._frame) - len(moments), f"without {self._get_label(date)}")
        most = edges[int(np.argmax(below))]
        self._finish(
            ax,
            title,
            by,
            f"Bars per {unit} from {format_day(moments.min())} to {format_day(moments.max())};"
            f" most, {below.max():,.0f}, from {format_day(most)} on",
            {name: int(chosen.sum()) for name, chosen in groups} if by else None,
        )
        return ax

    def gantt(
        self,
        start: str | None = None,
        end: str | None = None,
        label: str | None = None,
        by: str | None = None,
        today: Any = None,
        ax: Axes | None = None,
    ) -> Axes:
        """Show contents as bars from one date to another.

        Parameters
        ----------
        start, end : str, optional
            The dates; ``StartDate``, and ``DueDate`` or ``EndDate``, if not given.
        label : str, optional
            The column with the names of the bars.
        by : str, optional
            A column whose values are distinguished, such as ``Status``.
        today : date, optional
            Where a line is drawn.

        Raises
        ------
        QueryError
            If there is no such column, or no row with both dates.
        """
        start = self._find_date_column(start, ("StartDate",))
        end = self._find_date_column(end, ("DueDate", "EndDate"))
        label = self._find_column(label, _LABELS)
        self._require_rows()
        begins = self._get_moments(start)
        ends = strip_zone(self._frame[end], like=self._frame[start])
        dated = (begins.notna() & ends.notna()).to_numpy()
        if not dated.any():
            raise QueryError(f"no row has both {self._get_label(start)} and {self._get_label(end)}")
        backwards = dated & (ends < begins).fillna(False).to_numpy(dtype=bool)
        drawn = np.flatnonzero(dated & ~backwards)
        if not len(drawn):
            raise QueryError(
                f"{self._get_label(end)} is before {self._get_label(start)} in every row that has both"
            )
        order = np.lexsort((ends.iloc[drawn], begins.iloc[drawn]))
        shown = drawn[order][:_MOST_ROWS]
        rows = self._frame.iloc[shown]
        left, right = to_days(begins.iloc[shown]), to_days(ends.iloc[shown])
        ax = _get_axes(ax, (8, 1.4 + 0.24 * len(shown)))
        places = np.arange(len(shown))
        groups = self._split_groups(by, rows)
        shortest = _VISIBLE * max(right.max() - left.min(), 1e-9)
        for (name, part), style in zip(groups, _iter_styles(len(groups)), strict=True):
            ax.barh(places[part], (right - left)[part], left=left[part], height=0.7, label=name, **style)
            tiny = part & (right - left < shortest)
            if tiny.any():  # a bar that nobody could see; its length stays true
                at = (left + right)[tiny] / 2
                ax.plot(at, places[tiny], linestyle="", marker="d", markersize=6, color=style["color"])
        ax.set_yticks(places, make_labels(self._format_values(rows[label])))
        ax.set_ylim(len(shown) - 0.4, -0.6)
        _format_date_axis(ax)
        if today is not None:
            ax.axvline(
                to_days([to_local(today, self._frame[start])])[0],
                color=COLOURS[5],
                linewidth=1.5,
                linestyle="--",
            )
        ax.set(xlabel=escape_math(f"{self._get_label(start)} to {self._get_label(end)}"))
        some = f"the first {len(shown)} of " if len(drawn) > len(shown) else ""
        title = some + count_noun(len(drawn), "content")
        title += self._describe_missing(int((~dated).sum()), "without a date")
        title += self._describe_missing(int(backwards.sum()), "left out: ends before it begins")
        first, last = begins.iloc[shown].min(), ends.iloc[shown].max()
        self._finish(
            ax,
            title,
            by,
            f"A bar a content from {self._get_label(start)} to {self._get_label(end)},"
            f" between {format_day(first)} and {format_day(last)}",
            {name: int(part.sum()) for name, part in groups} if by else None,
        )
        return ax

    def types(self, by: str | None = None, ax: Axes | None = None) -> Axes:
        """Show the number of contents of each type, or for each value of a column.

        Parameters
        ----------
        by : str, optional
            The column; ``Type`` if not given.

        Raises
        ------
        QueryError
            If there is no such column, or no row.
        """
        by = self._find_column(by, ("Type",))
        self._require_rows()
        counts = self._format_values(self._frame[by]).value_counts()
        shown = counts if len(counts) <= _MOST_ROWS else counts.head(_MOST_ROWS - 1)
        names, numbers = list(shown.index), shown.tolist()
        if rest := len(counts) - len(shown):
            names.append(f"{rest:,} others")
            numbers.append(int(counts.sum() - shown.sum()))
        ax = _get_axes(ax, (7, max(_LOWEST, 1.1 + 0.3 * len(names))))
        places = np.arange(len(names))
        colours = [COLOURS[0]] * len(shown) + [REST] * (len(names) - len(shown))
        bars = ax.barh(places, numbers, color=colours)
        ax.bar_label(bars, [f"{number:,}" for number in numbers], padding=3, color=_get_text_colour(ax))
        ax.set_yticks(places, make_labels(names))
        room = max(0.0, (_FEWEST - len(names)) / 2)  # few bars stay as thick as many
        ax.set_ylim(len(names) - 0.4 + room, -0.6 - room)
        ax.margins(x=0.12)
        _use_integer_ticks(ax.xaxis)
        ax.set(xlabel="contents", ylabel=escape_math(self._get_label(by)))
        self._finish(
            ax,
            f"{count_noun(len(self._frame), 'content')} by {self._get_label(by)}",
            None,
            f"A bar for each of {len(counts):,} values",
            dict(zip(names, numbers, strict=True)),
        )
        return ax

    def treemap(self, size: str | None = None, depth: int = 2, ax: Axes | None = None) -> Axes:
        """Show the location of the contents in the tree, as areas.

        Parameters
        ----------
        size : str, optional
            A column of numbers that the areas stand for, such as ``Size``; the number of contents
            if not given.
        depth : int
            How many levels below the common folder are distinguished.

        Raises
        ------
        QueryError
            If the frame has no ``Path``, or no such numbers.
        """
        path = self._find_column(None, ("Path",), "")
        if depth < 1:
            raise QueryError(f"depth is the number of levels, at least 1, not {depth}")
        weights = None if size is None else self._get_numbers(size)
        self._require_rows()
        top, areas = gather_areas(self._frame[path], weights, depth)
        if not areas:
            raise QueryError(
                "there is nothing to show: no row has a path" + (f" and a {size}" if size else "")
            )
        ax = _get_axes(ax, (8, 5))
        folders = list(dict.fromkeys(area.folder for area in areas))
        styles = dict(zip(folders, _choose_colours(len(folders)), strict=True))
        boxes = squarify([area.weight for area in areas], 8, 5)
        steps = [area.label.split("/") for area in areas]
        for area, box, way, needed in zip(areas, boxes, steps, count_distinct_steps(steps), strict=True):
            weight = format_amount(area.weight, size, short=True)
            _draw(ax, box, way, needed, weight, styles[area.folder])
        ax.set(xlim=(0, 8), ylim=(5, 0), xticks=[], yticks=[])
        total = format_amount(sum(area.weight for area in areas), size)
        title = f"{top}: {self._get_label(size)} {total}" if size else f"{top}: {total}"
        placed = self._frame[path].notna()
        left_out = placed if weights is None else placed & (to_weights(weights) > 0)
        what = "without a path" if weights is None else f"without {self._get_label(size)}"
        title += self._describe_missing(int((~left_out.to_numpy(dtype=bool)).sum()), what)
        for spine in ax.spines.values():
            spine.set_visible(False)
        about = f"Areas for {count_noun(len(areas), 'folder')}"
        weighed = {area.label: area.weight for area in areas}
        self._finish(
            ax, title, None, about, weighed, write=lambda weight: format_amount(weight, size, short=True)
        )
        return ax

    def versions(self, ax: Axes | None = None) -> Axes:
        """Show when the versions of contents were created; for current contents, their versions are read.

        Raises
        ------
        QueryError
            If there are more than 40 contents, or no names for them.
        TrackingError
            If the versions are to be looked up and the frame was not read from a repository.
        """
        rows = self._get_versions().sort_values("VersionModificationDate", kind="stable")
        names = list(dict.fromkeys(rows["Path"]))
        places = rows["Path"].map({name: place for place, name in enumerate(names)}).to_numpy()
        saved = to_days(strip_zone(rows["VersionModificationDate"]))
        numbers = [".".join(str(version).lstrip("V").split(".")[:2]) for version in rows["Version"]]
        major = np.array([number.endswith(".0") for number in numbers])
        ax = _get_axes(ax, (8, 1.4 + 0.35 * len(names)))
        for chosen, what, marker, colour in (
            (major, "major", "o", COLOURS[0]),
            (~major, "minor", "D", COLOURS[1]),
        ):
            if chosen.any():
                ax.scatter(saved[chosen], places[chosen], marker=marker, color=colour, label=what, zorder=3)
        ax.set_yticks(range(len(names)), make_labels(name.rpartition("/")[2] for name in names))
        ax.set_ylim(len(names) - 0.4, -0.7)
        ax.margins(x=0.08)
        _format_date_axis(ax)
        low, high = ax.get_xlim()
        for place in range(len(names)):
            here = np.flatnonzero(places == place)
            for text, at in merge_labels(
                [numbers[n] for n in here], saved[here].tolist(), (high - low) / _LETTERS
            ):
                ax.annotate(
                    text,
                    (at, place),
                    (0, 7),
                    textcoords="offset points",
                    ha="center",
                    fontsize=8,
                    color=_get_text_colour(ax),
                )
        ax.set(xlabel="saved")
        ax.grid(axis="y", alpha=0.3)
        self._finish(
            ax,
            f"{count_noun(len(rows), 'version')} of {count_noun(len(names), 'content')}",
            "",
            "A mark a version, at the time when it was saved",
            {"major": int(major.sum()), "minor": int((~major).sum())},
            legend="version",
        )
        return ax

    def _get_versions(self) -> pd.DataFrame:
        needed = ["Path", "Version", "VersionModificationDate"]
        frame = self._frame
        if set(needed) <= set(frame.columns) and frame["Path"].duplicated().any():
            return frame.dropna(subset=needed)
        self._require_rows()
        if len(frame) > _MOST_ROWS:
            raise QueryError(
                f"the plot shows the versions of at most {_MOST_ROWS} contents, not of {len(frame):,}. "
                "Select some: df.head(10)"
            )
        from ..reads import reading

        repo = get_baseline(frame).repo
        reads = [
            reading.read(repo, repo.query(int(row), property="Versions", select=tuple(needed)))
            for row in frame.index
        ]
        return pd.concat([part for part in reads if len(part)])

    def _require_rows(self) -> None:
        if not len(self._frame):
            raise QueryError("the frame has no rows: there is nothing to draw")

    def _split_groups(self, by: str | None, rows: pd.DataFrame) -> list[tuple[str, npt.NDArray[np.bool_]]]:
        """Split rows by the values of a column: the most frequent, and the rest together; with labels."""
        if by is None:
            return [("", np.ones(len(rows), dtype=bool))]
        values = self._format_values(rows[self._find_column(by, ())])
        frequent = list(values.value_counts().index)
        order = [option.text for option in self._field(by).options]
        frequent.sort(key=lambda v: order.index(v) if v in order else len(order))
        most = len(frequent) if len(frequent) <= _MOST_GROUPS else _MOST_GROUPS - 1
        chosen = [(values == name).to_numpy(dtype=bool) for name in frequent[:most]]
        named = make_labels(frequent[:most])
        if rest := frequent[most:]:
            chosen.append(values.isin(rest).to_numpy(dtype=bool))
            named.append(f"{len(rest)} others")
        return list(zip(named, chosen, strict=True))

    def _format_values(self, column: pd.Series[Any]) -> pd.Series[Any]:
        """Return the cells as displayed: an option as its text, a list joined."""
        texts = {option.value: option.text for option in self._field(str(column.name)).options}
        missing = column.isna()
        shown = [
            "(none)" if gone else format_cell(cell, texts) for cell, gone in zip(column, missing, strict=True)
        ]
        return pd.Series(shown, index=column.index, dtype="str")

    def _find_column(
        self, name: str | None, usual: Sequence[str], or_else: str = ", or name a column"
    ) -> str:
        if name is not None and name in self._frame.columns:
            return name
        if name is not None:
            raise QueryError(
                f"the frame has no column {name!r}.{did_you_mean(name, map(str, self._frame.columns))}"
            )
        found = next((column for column in usual if column in self._frame.columns), None)
        if found is None:
            raise QueryError(
                f"the frame has no {' or '.join(usual)}: read it, too, select=[…, {usual[0]!r}]{or_else}"
            )
        return found

    def _find_date_column(self, name: str | None, usual: Sequence[str]) -> str:
        dates = [c for c in self._frame.columns if holds_dates(self._frame[c])]
        column = self._find_column(name, [u for u in usual if u in dates] or usual)
        if column not in dates:
            raise QueryError(f"{column} holds no dates; there are {', '.join(map(str, dates)) or 'none'}")
        return column

    def _get_moments(self, column: str) -> pd.Series[Any]:
        """Return a column of dates in the local time of its zone."""
        return strip_zone(self._frame[column])

    @staticmethod
    def _describe_missing(number: int, why: str) -> str:
        """Describe how many rows a plot leaves out."""
        return f"; {number:,} {why}" if number else ""

    def _finish(
        self,
        ax: Axes,
        title: str,
        by: str | None,
        about: str,
        counts: Mapping[str, float] | None,
        legend: str | None = None,
        write: Callable[[float], str] = "{:,.0f}".format,
    ) -> None:
        """Add title, legend and alternative text to a figure."""
        for side in ("top", "right"):
            ax.spines[side].set_visible(False)
        ax.set_title(escape_math(title), fontsize="medium")
        heading = self._get_label(by) if by else legend
        if heading is not None:
            beside: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1, 1)}
            shown = ax.legend(
                title=escape_math(heading), frameon=False, labelcolor=_get_text_colour(ax), **beside
            )
            shown.get_title().set_color(_get_text_colour(ax))
        if hasattr(ax.figure, "description"):
            of = f" By {heading}: " if heading else ": "
            sums = f"{of}{summarize_values(counts, write)}" if counts else ""
            ax.figure.description = f"{title}. {about}{'.' if heading and sums else ''}{sums}."

    def _get_numbers(self, name: str) -> pd.Series[Any]:
        column = self._frame[self._find_column(name, ())]
        if not pd.api.types.is_numeric_dtype(column.dtype):
            raise QueryError(f"{name} holds no numbers")
        return column

    def _get_label(self, column: str | None) -> str:
        return self._field(str(column)).display_name or str(column)

    def _field(self, column: str) -> Field:
        try:
            fields = get_baseline(self._frame).fields
        except TrackingError:
            fields = {}
        return fields.get(column) or Field(column, "ShortText")


def _get_axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    if ax is not None:
        return ax
    from .figure import create_axes

    return create_axes(size)


def _get_text_colour(ax: Axes) -> Any:
    """Return the colour that the texts of a picture have."""
    return ax.title.get_color()


def _iter_styles(count: int) -> Iterable[dict[str, Any]]:
    """Yield a colour and a hatch for each group."""
    for number in range(count):
        colour = REST if number == _MOST_GROUPS - 1 and count == _MOST_GROUPS else COLOURS[number]
        yield {"color": colour, "hatch": _HATCHES[number], "edgecolor": "white", "linewidth": 0.4}


def _choose_colours(count: int) -> Iterable[str]:
    return [COLOURS[n] if n < len(COLOURS) else REST for n in range(count)]


def _format_date_axis(ax: Axes) -> None:
    from matplotlib import dates

    locator = dates.AutoDateLocator(minticks=3, maxticks=8)  # type: ignore[no-untyped-call]  # matplotlib's is untyped
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]  # the same


def _use_integer_ticks(axis: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True))


def _draw(ax: Axes, box: Rectangle, steps: Sequence[str], needed: int, weight: str, colour: str) -> None:
    """Draw a tile, with the words that it has room for."""
    from matplotlib.patches import Rectangle as Patch

    x, y, width, height = box
    ax.add_patch(Patch((x, y), width, height, facecolor=colour, edgecolor="white", linewidth=1.5))
    found = tile(steps, needed, weight, (width, height))
    if found is not None:
        lines, font, upright = found
        ax.text(
            x + width / 2,
            y + height / 2,
            "\n".join(map(escape_math, lines)),
            ha="center",
            va="center",
            color="white" if colour in _DARK else "black",
            fontsize=font,
            rotation=90 if upright else 0,
        )


def merge_labels(texts: Sequence[str], places: Sequence[float], letter: float) -> list[tuple[str, float]]:
    """Merge labels that would overlap.

    Parameters
    ----------
    texts : sequence of str
        The labels.
    places : sequence of float
        Their middles, ascending.
    letter : float
        The width of a letter.

    Returns
    -------
    list of (str, float)
        What stands where: a label, or the first and the last of several.

    Examples
    --------
    >>> merge_labels(["1.0", "1.1", "1.2", "2.0"], [0, 1, 2, 30], 1)
    [('1.0 – 1.2', 1.0), ('2.0', 30.0)]
    """
    groups = [[number] for number in range(len(texts))]

    def measure_label(group: list[int]) -> tuple[str, float, float]:
        first, last = texts[group[0]], texts[group[-1]]
        text = first if len(group) == 1 else f"{first} – {last}"
        middle = (places[group[0]] + places[group[-1]]) / 2
        return text, middle, (len(text) + 1) * letter / 2

    joined = True
    while joined:
        joined = False
        for number in range(len(groups) - 1):
            (_, left, half), (_, right, other) = (
                measure_label(groups[number]),
                measure_label(groups[number + 1]),
            )
            if left + half > right - other:
                groups[number : number + 2] = [groups[number] + groups[number + 1]]
                joined = True
                break
    return [(text, float(middle)) for text, middle, _ in map(measure_label, groups)]
