"""``df.sn.plot``: pictures of contents, labelled from the schema; matplotlib is loaded on the first one.

The colours can be told apart by colour-blind people, on white and on black; hatches keep them apart in
print without colours. Texts and backgrounds are those of the style in use.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...odata.errors import QueryError, TrackingError, did_you_mean
from ...odata.schema import Field
from ..tracking import baseline_of
from .treemap import Rectangle, areas_of, squarified

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
_FREQUENCIES = (("D", "day", 45), ("W-MON", "week", 45 * 7), ("MS", "month", 45 * 31), ("YS", "year", None))
_MOST_ROWS = 40
#: Bars that there is room for at least.
_FEWEST = 5
#: Inches that a picture is high at least, for the words beside its axes.
_LOWEST = 2.4
_MOST_GROUPS = 7


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
        """Show how many contents there are a day, week, month or year.

        Parameters
        ----------
        date : str, optional
            The date that counts; the first of ``DueDate``, ``StartDate``, ``CreationDate`` … if not given.
        by : str, optional
            A column whose values are told apart.
        freq : str, optional
            A frequency of pandas, such as ``"W"``; one that suits the span if not given.

        Raises
        ------
        QueryError
            If there is no such column, or no date in it.
        """
        date = self._date(date, _DATES)
        self._some()
        moments = self._frame[date].dropna()
        if not len(moments):
            raise QueryError(f"{self._label(date)} is empty in all {len(self._frame)} rows")
        span = (moments.max() - moments.min()).days
        code, unit = (freq, "period") if freq else _frequency(span)
        groups = self._groups(by, self._frame[self._frame[date].notna()])
        counts = pd.DataFrame({name: _counted(moments[chosen], code) for name, chosen in groups.items()})
        counts = counts.reindex(_counted(moments, code).index).fillna(0)
        periods = counts.index
        ax = _axes(ax, (8, 3.2))
        days = (periods[1] - periods[0]).days if len(periods) > 1 else 1
        below = np.zeros(len(periods))
        for name, style in zip(counts, _styles(len(counts.columns)), strict=True):
            heights = counts[name].to_numpy()
            ax.bar(periods, heights, width=0.9 * days, align="edge", bottom=below, label=name, **style)
            below += heights
        _whole_numbers(ax.yaxis)
        _dates(ax)
        ax.set(xlabel=self._label(date), ylabel=f"contents per {unit}")
        _finish(ax, self._label(by) if by else None)
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
            A column whose values are told apart, such as ``Status``.
        today : date, optional
            Where a line is drawn.

        Raises
        ------
        QueryError
            If there is no such column, or no row with both dates.
        """
        start = self._date(start, ("StartDate",))
        end = self._date(end, ("DueDate", "EndDate"))
        label = self._column(label, _LABELS, "label")
        self._some()
        rows = self._frame[self._frame[start].notna() & self._frame[end].notna()]
        if not len(rows):
            raise QueryError(f"no row has both {self._label(start)} and {self._label(end)}")
        rows = rows.sort_values([start, end], kind="stable")
        shown = rows.head(_MOST_ROWS)
        ax = _axes(ax, (8, 1.2 + 0.24 * len(shown)))
        places = np.arange(len(shown))
        groups = self._groups(by, shown)
        for (name, part), style in zip(groups.items(), _styles(len(groups)), strict=True):
            begin = shown[start][part].dt.tz_localize(None)
            length = (shown[end][part].dt.tz_localize(None) - begin).clip(lower=pd.Timedelta(hours=6))
            ax.barh(places[part], length, left=begin, height=0.7, label=name, **style)
        ax.set_yticks(places, [_short(text) for text in shown[label].astype(object)])
        ax.set_ylim(len(shown) - 0.4, -0.6)
        _dates(ax)
        if today is not None:
            line: Any = pd.Timestamp(today)
            ax.axvline(line, color=COLOURS[5], linewidth=1.5, linestyle="--")
        ax.set(xlabel=f"{self._label(start)} to {self._label(end)}")
        if len(rows) > len(shown):
            ax.set_title(f"the first {len(shown)} of {len(rows):,} contents")
        _finish(ax, self._label(by) if by else None)
        return ax

    def types(self, by: str | None = None, ax: Axes | None = None) -> Axes:
        """Show how many contents there are of each type, or of each value of a column.

        Parameters
        ----------
        by : str, optional
            The column; ``Type`` if not given.

        Raises
        ------
        QueryError
            If there is no such column, or no row.
        """
        by = self._column(by, ("Type",), "type")
        self._some()
        counts = self._values(self._frame[by]).value_counts()
        shown = counts.head(_MOST_ROWS)
        ax = _axes(ax, (7, max(_LOWEST, 0.9 + 0.3 * len(shown))))
        bars = ax.barh([_short(name) for name in shown.index], shown.to_numpy(), color=COLOURS[0])
        ax.bar_label(bars, [f"{count:,}" for count in shown], padding=3)
        room = max(0.0, (_FEWEST - len(shown)) / 2)  # few bars stay as thick as many
        ax.set_ylim(len(shown) - 0.4 + room, -0.6 - room)
        ax.margins(x=0.12)
        _whole_numbers(ax.xaxis)
        ax.set(xlabel="contents", ylabel=self._label(by))
        if len(counts) > len(shown):
            ax.set_title(f"the first {len(shown)} of {len(counts):,} values")
        _finish(ax, None)
        return ax

    def treemap(self, size: str | None = None, depth: int = 2, ax: Axes | None = None) -> Axes:
        """Show where the contents are in the tree, as areas.

        Parameters
        ----------
        size : str, optional
            A column of numbers that the areas stand for, such as ``Size``; the number of contents
            if not given.
        depth : int
            How many levels below the common folder are told apart.

        Raises
        ------
        QueryError
            If the frame has no ``Path``, or no such numbers.
        """
        path = self._column(None, ("Path",), "path")
        if depth < 1:
            raise QueryError(f"depth is the number of levels, at least 1, not {depth}")
        weights = None if size is None else self._numbers(size)
        self._some()
        top, areas = areas_of(self._frame[path], weights, depth)
        if not areas:
            raise QueryError(
                "there is nothing to show: no row has a path" + (f" and a {size}" if size else "")
            )
        ax = _axes(ax, (8, 5))
        folders = list(dict.fromkeys(area.folder for area in areas))
        styles = dict(zip(folders, _colours(len(folders)), strict=True))
        for area, box in zip(areas, squarified([a.weight for a in areas], 8, 5), strict=True):
            _draw(ax, box, area.label, area.weight, styles[area.folder])
        ax.set(xlim=(0, 8), ylim=(5, 0), xticks=[], yticks=[])
        total = sum(area.weight for area in areas)
        ax.set_title(f"{top}: {total:,.0f} {self._label(size) if size else 'contents'}")
        for spine in ax.spines.values():
            spine.set_visible(False)
        return ax

    def versions(self, ax: Axes | None = None) -> Axes:
        """Show when the versions of contents were made; a frame of current contents is looked up.

        Raises
        ------
        QueryError
            If there are more than 40 contents, or no names for them.
        TrackingError
            If the versions are to be looked up and the frame was not read from a repository.
        """
        rows = self._versions()
        names = list(dict.fromkeys(rows["Path"]))
        places = rows["Path"].map({name: place for place, name in enumerate(names)})
        ax = _axes(ax, (8, 1.2 + 0.35 * len(names)))
        major = rows["Version"].str.split(".").str[1].eq("0")
        for chosen, what, marker, colour in (
            (major, "major", "o", COLOURS[0]),
            (~major, "minor", "D", COLOURS[1]),
        ):
            if chosen.any():
                at = rows["VersionModificationDate"][chosen].dt.tz_localize(None)
                ax.scatter(at, places[chosen], marker=marker, color=colour, label=what, zorder=3)
        for place, version, at in zip(places, rows["Version"], rows["VersionModificationDate"], strict=True):
            number = ".".join(str(version).lstrip("V").split(".")[:2])
            ax.annotate(
                number,
                (at.tz_localize(None), place),
                (0, 7),
                textcoords="offset points",
                ha="center",
                fontsize=8,
            )
        ax.set_yticks(range(len(names)), [_short(name.rpartition("/")[2]) for name in names])
        ax.set_ylim(len(names) - 0.4, -0.7)
        ax.margins(x=0.08)
        _dates(ax)
        ax.set(xlabel="saved")
        ax.grid(axis="y", alpha=0.3)
        _finish(ax, "version")
        return ax

    def _versions(self) -> pd.DataFrame:
        needed = ["Path", "Version", "VersionModificationDate"]
        frame = self._frame
        if set(needed) <= set(frame.columns) and frame["Path"].duplicated().any():
            return frame.dropna(subset=needed)
        self._some()
        if len(frame) > _MOST_ROWS:
            raise QueryError(
                f"versions are shown of {_MOST_ROWS} contents at most, not of {len(frame):,}; "
                "take some: df.head(10)"
            )
        from ...odata.query import Query

        repo = baseline_of(frame).repo
        reads: list[pd.DataFrame] = [
            repo.read(Query(int(row), property="Versions", select=tuple(needed))) for row in frame.index
        ]
        return pd.concat([part for part in reads if len(part)])

    def _some(self) -> None:
        if not len(self._frame):
            raise QueryError("the frame has no rows: there is nothing to draw")

    def _groups(self, by: str | None, rows: pd.DataFrame) -> dict[str, npt.NDArray[np.bool_]]:
        """Split rows by the values of a column: the most frequent, and the rest together."""
        if by is None:
            return {"": np.ones(len(rows), dtype=bool)}
        values = self._values(rows[self._column(by, (), "column")])
        frequent = list(values.value_counts().index)
        order = [option.text for option in self._field(by).options]
        frequent.sort(key=lambda v: order.index(v) if v in order else len(order))
        most = len(frequent) if len(frequent) <= _MOST_GROUPS else _MOST_GROUPS - 1
        groups = {name: (values == name).to_numpy() for name in frequent[:most]}
        rest = frequent[most:]
        return {**groups, f"{len(rest)} others": values.isin(rest).to_numpy()} if rest else groups

    def _values(self, column: pd.Series[Any]) -> pd.Series[Any]:
        """Give the cells as they are shown: an option by its text, a list joined."""
        texts = {option.value: option.text for option in self._field(str(column.name)).options}
        missing = column.isna()
        shown = ["(none)" if gone else _text(cell, texts) for cell, gone in zip(column, missing, strict=True)]
        return pd.Series(shown, index=column.index, dtype="str")

    def _column(self, name: str | None, usual: Sequence[str], what: str) -> str:
        if name is not None and name in self._frame.columns:
            return name
        if name is not None:
            raise QueryError(
                f"the frame has no column {name!r}.{did_you_mean(name, map(str, self._frame.columns))}"
            )
        found = next((column for column in usual if column in self._frame.columns), None)
        if found is None:
            raise QueryError(f"the frame has no {' or '.join(usual)}; read it, or name another {what}")
        return found

    def _date(self, name: str | None, usual: Sequence[str]) -> str:
        dates = [c for c in self._frame.columns if isinstance(self._frame[c].dtype, pd.DatetimeTZDtype)]
        column = self._column(name, [u for u in usual if u in dates] or usual, "date")
        if column not in dates:
            raise QueryError(f"{column} holds no dates; there are {', '.join(map(str, dates)) or 'none'}")
        return column

    def _numbers(self, name: str) -> pd.Series[Any]:
        column = self._frame[self._column(name, (), "number")]
        if not pd.api.types.is_numeric_dtype(column.dtype):
            raise QueryError(f"{name} holds no numbers")
        return column

    def _label(self, column: str | None) -> str:
        return self._field(str(column)).display_name or str(column)

    def _field(self, column: str) -> Field:
        try:
            known = baseline_of(self._frame).fields
        except TrackingError:
            known = {}
        return known.get(column) or Field(column, "ShortText")


def _frequency(days: int) -> tuple[str, str]:
    return next((code, unit) for code, unit, most in _FREQUENCIES if most is None or days <= most)


def _counted(moments: pd.Series[Any], freq: str) -> pd.Series[Any]:
    """Count moments by period, empty ones included."""
    return (
        pd.Series(1, index=pd.DatetimeIndex(moments.dt.tz_localize(None)))
        .sort_index()
        .resample(freq, label="left", closed="left")
        .sum()
    )


def _axes(ax: Axes | None, size: tuple[float, float]) -> Axes:
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    axes: Axes = plt.subplots(figsize=size, layout="constrained")[1]
    return axes


def _styles(count: int) -> Iterable[dict[str, Any]]:
    """Give a colour and a hatch for each of some groups."""
    for number in range(count):
        colour = REST if number == _MOST_GROUPS - 1 and count == _MOST_GROUPS else COLOURS[number]
        yield {"color": colour, "hatch": _HATCHES[number], "edgecolor": "white", "linewidth": 0.4}


def _colours(count: int) -> Iterable[str]:
    return [COLOURS[n] if n < len(COLOURS) else REST for n in range(count)]


def _finish(ax: Axes, legend: str | None) -> None:
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    if legend is not None:
        ax.legend(title=legend, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


def _dates(ax: Axes) -> None:
    from matplotlib import dates

    locator = dates.AutoDateLocator(minticks=3, maxticks=8)  # type: ignore[no-untyped-call]  # matplotlib's is untyped
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]  # the same


def _whole_numbers(axis: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(integer=True))


def _draw(ax: Axes, box: Rectangle, label: str, weight: float, colour: str) -> None:
    from matplotlib.patches import Rectangle as Patch

    x, y, width, height = box
    ax.add_patch(Patch((x, y), width, height, facecolor=colour, edgecolor="white", linewidth=1.5))
    lines = [*label.split("/"), f"{weight:,.0f}"][: int(height / 0.24)]
    if width > 0.6 and lines:
        text = "\n".join(_short(line, max(3, int(width / 0.105))) for line in lines)
        ink = "white" if colour in _DARK else "black"
        ax.text(x + width / 2, y + height / 2, text, ha="center", va="center", color=ink, fontsize=9)


def _text(value: Any, texts: Mapping[str, str] | None = None) -> str:
    parts = [str(part) for part in (value if isinstance(value, (list, tuple)) else [value])]
    return ", ".join((texts or {}).get(part, part) for part in parts)


def _short(text: Any, longest: int = 34) -> str:
    plain = _text(text).replace("$", r"\$")
    return plain if len(plain) <= longest else plain[: longest - 1] + "…"
