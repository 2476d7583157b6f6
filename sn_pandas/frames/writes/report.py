"""The report of a save: the outcome of each row."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ...odata.escaping import escape_controls, escape_html, html_block
from ...odata.wording import count_noun
from ..spreadsheets import workbooks

if TYPE_CHECKING:
    from pathlib import Path

    from ..connection import Connection

Outcome = Literal["saved", "unchanged", "conflict", "refused", "ignored", "failed", "unknown", "unsent"]
#: Every outcome with what it means; a row has exactly one.
OUTCOMES: Mapping[Outcome, str] = {
    "saved": "the server shows what was sent",
    "unchanged": "there was nothing to do",
    "refused": "rejected before it was sent",
    "conflict": "somebody else changed the same cell",
    "ignored": "the server answered, but stored something else",
    "failed": "the server refused it",
    "unknown": "no answer, and the result could not be verified",
    "unsent": "not sent",
}
_SHOWN = 10
#: How the place of a row begins that has neither a path nor an id.
_ROW = "row "
#: Rows with the very same reason that are still listed one by one.
ALIKE = 2
#: Letters of a request or a reason that are shown; ``requests`` and ``frame`` have all.
_LONGEST = 1_000
_PROBLEM = ("Id", "Path", "outcome", "field", "base", "mine", "theirs", "problem")
_CONFLICT = ("Id", "Path", "outcome", "fields", "reason", "base", "mine", "theirs")
_COLUMNS = ("content", "outcome", "fields", "reason")
_HEAD = "<th style='text-align:left'>{}</th>"


@dataclasses.dataclass(frozen=True, slots=True)
class CellProblem:
    """A cell that was not saved: rejected, or changed by somebody else.

    Attributes
    ----------
    field : str
        Its column.
    reason : str
        Why it was not saved.
    base, mine, theirs
        The cell as it was read, as it is in the frame, and, in a conflict, as it would be read now.
    label : str
        What messages call the column, if not by its name.
    """

    field: str
    reason: str
    base: Any = None
    mine: Any = None
    theirs: Any = None
    label: str = ""

    @property
    def name(self) -> str:
        """The column as messages call it."""
        return self.label or self.field


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """The outcome of a row, with its cells; ``stored`` and ``error`` are set for single contents."""

    outcome: Outcome
    reason: str = ""
    fields: tuple[str, ...] = ()
    id: int = -1
    path: str | None = None
    stored: Mapping[str, Any] | None = dataclasses.field(default=None, repr=False, compare=False)
    error: Exception | None = dataclasses.field(default=None, repr=False, compare=False)
    cells: tuple[CellProblem, ...] = dataclasses.field(default=(), repr=False, compare=False)


@dataclasses.dataclass
class Report:
    """The outcome of each row of a frame; its repr is a summary.

    Attributes
    ----------
    frame : DataFrame
        ``Id``, ``Path``, ``outcome``, ``fields`` and ``reason``, one line per row of the caller's frame, on
        its index.
    requests : list of str
        What was sent, or would be sent by a dry run: method, address and body.
    journal : pathlib.Path or None
        The file that ``sn_pandas.resume`` and ``sn_pandas.undo`` read.
    layers : mapping
        Where the definition of each field that was to be written comes from: ``shown`` by the server,
        ``learned`` from contents of a type that you may not see, ``built in``, or the shape of ``values``.
    note : str
        Further remarks.
    before : int
        The number of saved rows of a resume that were saved before it.
    created : int or None
        The number of saved rows of an upsert that are new contents.
    cells : mapping
        By position of the row, the cells that were not saved; ``problems`` is the table of them.
    """

    frame: pd.DataFrame
    what: str = "save"
    dry_run: bool = False
    requests: Sequence[str] = ()
    journal: Path | None = None
    repo: Connection | None = dataclasses.field(default=None, repr=False)
    again: Callable[[], Report] | None = dataclasses.field(default=None, repr=False)
    follow: Callable[[Collection[int]], bool] | None = dataclasses.field(default=None, repr=False)
    layers: Mapping[str, str] = dataclasses.field(default_factory=dict, repr=False)
    note: str = dataclasses.field(default="", repr=False)
    before: int = dataclasses.field(default=0, repr=False)
    created: int | None = dataclasses.field(default=None, repr=False)
    cells: Mapping[int, Sequence[CellProblem]] = dataclasses.field(default_factory=dict, repr=False)

    @property
    def counts(self) -> dict[str, int]:
        """The number of rows with each outcome that occurred."""
        counted = self.frame["outcome"].value_counts()
        return {name: int(counted[name]) for name in OUTCOMES if counted.get(name, 0)}

    @property
    def ok(self) -> bool:
        """Whether every row is as intended."""
        return not len(self.unsettled)

    @property
    def saved(self) -> pd.DataFrame:
        """The rows that were saved."""
        return self.frame[self.frame["outcome"] == "saved"]

    @property
    def conflicts(self) -> pd.DataFrame:
        """The cells that somebody else changed, too: the lines of their rows with three values of each.

        ``base`` is the cell as it was read, ``mine`` as it is in the frame, ``theirs`` as it is now.
        """
        rows = self._list_by_cell(np.flatnonzero((self.frame["outcome"] == "conflict").to_numpy()))
        return rows.rename(columns={"field": "fields", "problem": "reason"})[list(_CONFLICT)]

    @property
    def problems(self) -> pd.DataFrame:
        """The cells that prevent rows from being saved, one row each, labelled as in the caller's frame.

        The columns are ``Id``, ``Path``, ``outcome``, ``field``, ``base`` (the cell as it was read), ``mine``
        (as it is in the frame, a password as dots), ``theirs`` (as it is now, in conflicts) and ``problem``.
        Rows that were not sent only because of others, or of a dry run, are not in it.
        """
        reasons = self.frame["reason"]
        idle = (self.frame["outcome"] == "unsent") & (
            reasons.isin([DRY, NEW]) | reasons.str.startswith(BECAUSE_OF_OTHERS)
        )
        bad = ~self.frame["outcome"].isin(["saved", "unchanged"]) & ~idle
        return self._list_by_cell(np.flatnonzero(bad.to_numpy()))[list(_PROBLEM)]

    @property
    def failed(self) -> pd.DataFrame:
        """The rows that were not saved as intended, without conflicts."""
        return self.frame[self.frame["outcome"].isin(["refused", "ignored", "failed", "unknown", "unsent"])]

    @property
    def unsettled(self) -> pd.DataFrame:
        """The rows that are not in the intended state."""
        return self.frame[~self.frame["outcome"].isin(["saved", "unchanged"])]

    def _list_by_cell(self, rows: Iterable[int]) -> pd.DataFrame:
        """Return rows of the report, one per known cell, or one for the whole row."""
        lines = []
        for row in rows:
            whole = CellProblem(str(self.frame["fields"].iat[row]), str(self.frame["reason"].iat[row]))
            lines += [(row, cell) for cell in self.cells.get(int(row)) or (whole,)]
        part = self.frame[["Id", "Path", "outcome"]].iloc[[row for row, _ in lines]]
        texts = {
            "field": pd.array([cell.field for _, cell in lines], dtype="str"),
            "problem": pd.array([cell.reason for _, cell in lines], dtype="str"),
        }
        cells = {
            name: _to_objects([getattr(cell, name) for _, cell in lines])
            for name in ("base", "mine", "theirs")
        }
        return part.assign(**texts, **cells)

    def to_excel(self, path: str | os.PathLike[str]) -> None:
        """Write the problems, one row per cell, and the outcome of each row to the sheets of a workbook.

        It is for reading; :func:`sn_pandas.read_excel` reads files of ``df.sn.to_excel``. Passwords are not
        in it. Needs openpyxl.

        Parameters
        ----------
        path : str or path
            An ``.xlsx`` file, which is overwritten.
        """
        workbooks.write_tables(path, {"problems": self.problems, "rows": self.frame}, index=True)

    def retry(self) -> Report:
        """Retry the rows that were not saved, with the same options, and return the report.

        Raises
        ------
        ValueError
            If this report cannot be retried.
        """
        if self.again is None:
            raise ValueError(f"this {self.what} cannot be repeated by its report")
        return self.again()

    def __repr__(self) -> str:
        lines = [self._build_headline()]
        if self.dry_run:
            lines += [f"  {_shorten(request)}" for request in self.requests[:_SHOWN]]
            lines += [f"  {more}" for more in self._describe_more(len(self.requests), ".requests")]
        bad = self._list_failures()
        lines += [f"  {place}  {outcome}: {reason}" for place, outcome, _, reason in bad[:_SHOWN]]
        lines += [f"  {more}" for more in self._describe_more(len(bad), ".problems")]
        lines += [f"  {step}" for step in self._suggest_next_step()]
        if self.note:
            lines.append(f"  {self.note}")
        return escape_controls("\n".join(lines))

    def _repr_html_(self) -> str:
        text = escape_html
        parts = [f"<p><strong>{text(self._build_headline())}</strong></p>"]
        if self.dry_run and self.requests:
            shown = [
                *map(_shorten, self.requests[:_SHOWN]),
                *self._describe_more(len(self.requests), ".requests"),
            ]
            parts.append(f"<pre>{text(chr(10).join(shown))}</pre>")
        bad = self._list_failures()
        if bad:
            cells = [
                "<tr>" + "".join(f"<td style='text-align:left'>{text(cell)}</td>" for cell in line) + "</tr>"
                for line in bad[:_SHOWN]
            ]
            parts.append(
                f"<table><thead><tr>{''.join(map(_HEAD.format, _COLUMNS))}</tr></thead>"
                f"<tbody>{''.join(cells)}</tbody></table>"
            )
            parts += [f"<p>{text(more)}</p>" for more in self._describe_more(len(bad), ".problems")]
        parts += [f"<p>{text(step)}</p>" for step in self._suggest_next_step()]
        if self.note:
            parts.append(f"<p>{text(self.note)}</p>")
        return html_block(*parts)

    def _suggest_next_step(self) -> list[str]:
        """Return the next step for rows that were not saved."""
        outcomes = set(self.frame["outcome"].iloc[list(self.cells)])
        steps = []
        if "refused" in outcomes:
            stopped = self.frame["reason"].str.startswith(f"{BECAUSE_OF_OTHERS} cells").any()
            others = (
                f", or {self.what} the other rows with on_refused='skip'"
                if stopped
                else f" and {self.what} again"
            )
            steps.append(f"Correct the cells in .problems{others}.")
        if "conflict" in outcomes:
            steps.append(
                "Compare base, mine and theirs in .conflicts. on_conflict='skip' leaves these rows alone, "
                "'overwrite' sends mine."
            )
        if self.dry_run or self.again is None:
            return steps
        rest = self.unsettled
        rest = rest[~rest["outcome"].isin(["refused", "conflict"]) & (rest["reason"] != NEW)]
        return [*steps, ".retry() tries the rest again"] if len(rest) else steps

    @staticmethod
    def _describe_more(count: int, where: str) -> list[str]:
        return [f"… and {count - _SHOWN:,} more in {where}"] if count > _SHOWN else []

    def _build_headline(self) -> str:
        counts = ", ".join(self._describe_count(name, n) for name, n in self.counts.items()) or "no rows"
        if self.dry_run:
            article = "an" if self.what[:1] in "aeiou" else "a"
            return f"dry run of {article} {self.what}: {count_noun(len(self.requests), 'request')}; {counts}"
        return f"{self.what}: {counts}"

    def _describe_count(self, outcome: str, count: int) -> str:
        """Describe how many rows had an outcome."""
        if outcome != "saved":
            return f"{count:,} {outcome}"
        if self.what == "undo":
            return f"{count:,} taken back"
        if self.before:
            return f"{count - self.before:,} saved now, {self.before:,} before"
        if self.created is not None:
            return f"{count:,} saved ({self.created:,} created, {count - self.created:,} updated)"
        return f"{count:,} saved"

    def _list_failures(self) -> list[tuple[str, str, str, str]]:
        """Return content, outcome, fields and reason of what went wrong, one line per reason."""
        order: dict[str, int] = {outcome: at for at, outcome in enumerate(OUTCOMES)}
        groups: dict[tuple[str, str, str], list[str]] = {}
        cells: list[tuple[str, CellProblem]] = []
        for position, row in enumerate(self.frame.itertuples()):
            outcome, reason = str(row.outcome), str(row.reason)
            if outcome in ("saved", "unchanged") or (outcome, reason) == ("unsent", DRY):
                continue
            place = _place(row)
            if outcome == "refused" and position in self.cells and place.startswith(_ROW):
                cells += ((place, cell) for cell in self.cells[position])
                continue
            groups.setdefault((outcome, "" if outcome == "unsent" else str(row.fields), reason), []).append(
                place
            )
        lines = [
            (place, "refused", field, _shorten(f"{field}: {reason}"))
            for place, field, reason in group_alike(cells)
        ]
        for (outcome, fields, reason), places in groups.items():
            few = len(places) <= ALIKE and outcome != "unsent"
            shown = places if few or len(places) == 1 else [f"{len(places):,} rows, such as {places[0]}"]
            if outcome == "unsent" and len(places) > 1:
                shown = [f"{len(places):,} rows"]
            lines += [(place, outcome, _shorten(fields), _shorten(reason)) for place in shown]
        return sorted(lines, key=lambda line: order[line[1]])


def group_alike(problems: Iterable[tuple[str, CellProblem]]) -> list[tuple[str, str, str]]:
    """Return place, field and reason of cells, in one line those that differ in their values only.

    Examples
    --------
    >>> cells = [(f"row {n}", CellProblem("Price", f"'{n}x' is not a number", mine=f"{n}x")) for n in (2, 5)]
    >>> group_alike(cells)
    [('rows 2, 5', 'Price', "'2x', … is not a number")]
    """
    groups: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for place, cell in problems:
        shape = cell.reason.replace(repr(cell.mine), "…", 1) if isinstance(cell.mine, str) else cell.reason
        groups.setdefault((cell.name, shape), []).append((place, cell.reason))
    lines = []
    for (field, shape), found in groups.items():
        places = [place for place, _ in found]
        first, alike = found[0][1], len({reason for _, reason in found}) == 1
        value = first.removeprefix(shape.partition("…")[0])
        value = value[: len(value) - len(shape.partition("…")[2])]
        reason = first if alike else first.replace(value, f"{value}, …", 1)
        if all(place.startswith(_ROW) for place in places):
            lines.append((_describe_rows(places), field, reason))
        elif len(places) <= ALIKE:
            lines += [(place, field, own) for place, own in found]
        else:
            lines.append((f"{len(places):,} rows, such as {places[0]}", field, reason))
    return lines


def _describe_rows(places: Sequence[str]) -> str:
    """Return the places of rows that have nothing but labels as one."""
    labels = [place.removeprefix(_ROW) for place in places]
    if len(labels) == 1:
        return places[0]
    more = f" and {len(labels) - _SHOWN:,} more" if len(labels) > _SHOWN else ""
    return f"rows {', '.join(labels[:_SHOWN])}{more}"


def collect_cells(lines: Sequence[Line]) -> dict[int, tuple[CellProblem, ...]]:
    """Return the cells that were not saved, by position of the row."""
    return {row: line.cells for row, line in enumerate(lines) if line.cells}


def _to_objects(cells: Sequence[Any]) -> Any:
    """Return cells as they are: pandas would unpack lists."""
    return pd.Series([*cells, None], dtype=object).iloc[:-1].array


def _shorten(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} … ({len(text):,} characters)"


def _place(row: Any) -> str:
    if isinstance(row.Path, str):
        return row.Path
    return str(row.Id) if pd.notna(row.Id) else f"{_ROW}{row.Index}"


#: The reason of rows that a dry run would have sent.
DRY = "dry run"
#: How the reasons of rows begin that were not sent because of others.
BECAUSE_OF_OTHERS = "not sent, because other"
#: The reason of new rows that were not to be created.
NEW = "a new row: pass create=True to create it"


def report_frame(index: pd.Index, lines: Sequence[Line]) -> pd.DataFrame:
    """Return the frame of a report, one row per row of the caller's frame.

    The index has no name that a column has, so that ``reset_index``, ``merge`` and CSV tell them apart.
    """
    columns = ("Id", "Path", "outcome", "fields", "reason")
    if any(name in columns for name in index.names):
        plain = "row" if index.nlevels == 1 else "row {}"
        index = index.set_names([plain.format(name) if name in columns else name for name in index.names])
    return pd.DataFrame(
        {
            "Id": pd.array([line.id if line.id > 0 else None for line in lines], dtype="Int64"),
            "Path": pd.array([line.path for line in lines], dtype="str"),
            "outcome": pd.Categorical([line.outcome for line in lines], categories=list(OUTCOMES)),
            "fields": pd.array([", ".join(line.fields) for line in lines], dtype="str"),
            "reason": pd.array([line.reason for line in lines], dtype="str"),
        },
        index=index,
    )
