"""The same edits, typed, pasted or made with pandas: the same changes, problems, requests and contents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import sn_pandas as sn
from tests.fakes import FakeServer

from .bridge import ask

PEOPLE = "/Root/IMS/Public"
OLGA, ANNA = f"{PEOPLE}/olga.okafor", f"{PEOPLE}/anna.acs"
ROWS = 5
#: In the order in which the grid shows them; one among them is read-only.
COLUMNS = [
    "DisplayName",
    "Status",
    "Type",
    "DueDate",
    "TaskCompletion",
    "AssignedTo",
    "Hidden",
    "Description",
]
READ_ONLY = {"Type"}

Pair = tuple[str, Any]


def pair(value: Any) -> Pair:
    return str(value), value


LETTERS = st.characters(exclude_categories=["Cs", "Cc"])
TEXTS = st.text(LETTERS, max_size=8).map(str.strip).filter(bool).map(pair)
VALUES: dict[str, st.SearchStrategy[Pair]] = {
    "DisplayName": TEXTS | st.sampled_from([pair('say "x"; <b>$y$</b>'), pair("\u202eabc"), ("", None)]),
    "Description": TEXTS | st.sampled_from([pair("two\nlines"), pair('a\t"b"'), pair("=1+1"), ("", None)]),
    "Status": st.sampled_from(
        [("Active", "active"), ("waiting", "waiting"), ("Deferred", "deferred"), pair("none of these")]
    ),
    "Type": st.just(pair("Folder")),
    "DueDate": st.sampled_from(
        [
            ("2027-01-05", pd.Timestamp("2027-01-05", tz="UTC")),
            ("2027-02-03 04:05", pd.Timestamp("2027-02-03 04:05", tz="UTC")),
            ("2027-07-05T10:00+02:00", pd.Timestamp("2027-07-05 08:00", tz="UTC")),
            ("", None),
            pair("some day"),
        ]
    ),
    "TaskCompletion": st.integers(0, 100).map(pair) | st.sampled_from([pair(101), pair("soon"), ("", None)]),
    "AssignedTo": st.sampled_from(
        [
            ("", []),
            (OLGA, [OLGA]),
            (f"{ANNA}; {OLGA}", [ANNA, OLGA]),
            ("Mónika Molnár", [sn.ref("Mónika Molnár")]),
            ("Nobody At All", [sn.ref("Nobody At All")]),
        ]
    ),
    "Hidden": st.sampled_from([("yes", True), ("no", False), ("true", True), pair("perhaps")]),
}


@st.composite
def blocks(draw: st.DrawFn) -> tuple[int, int, list[list[Pair]]]:
    """Draw a block of cells and where its corner is put."""
    top = draw(st.integers(0, ROWS - 1))
    left = draw(st.integers(0, len(COLUMNS) - 1))
    height = draw(st.integers(1, min(3, ROWS - top)))
    names = COLUMNS[left : left + draw(st.integers(1, 4))]
    return top, left, [[draw(VALUES[name]) for name in names] for _ in range(height)]


STEPS = st.lists(blocks() | st.sampled_from(["undo", "redo"]), min_size=1, max_size=5)
Cells = dict[tuple[int, str], Any]


class Plain:
    """A frame that is edited with pandas; it remembers its own edits to take them back."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self._done: list[tuple[Cells, Cells]] = []
        self._undone: list[tuple[Cells, Cells]] = []

    def put(self, top: int, left: int, block: list[list[Pair]]) -> None:
        names = COLUMNS[left:]
        after = {
            (top + row, name): value
            for row, line in enumerate(block)
            for name, (_, value) in zip(names, line, strict=False)
            if name not in READ_ONLY
        }
        before = {(row, name): self.frame[name].iat[row] for row, name in after}
        self._set(after)
        if any(not alike(before[place], self.frame[place[1]].iat[place[0]]) for place in after):
            self._done.append((before, after))
            self._undone.clear()

    def undo(self) -> None:
        self._turn(self._done, self._undone, 0)

    def redo(self) -> None:
        self._turn(self._undone, self._done, 1)

    def save(self) -> sn.Report:
        return self.frame.sn.save(on_refused="skip", on_conflict="skip")

    def _turn(self, source: list[Any], target: list[Any], which: int) -> None:
        if source:
            target.append(source.pop())
            self._set(target[-1][which])

    def _set(self, cells: Cells) -> None:
        for (row, name), value in cells.items():
            held = self.frame[name].tolist()
            held[row] = value
            self.frame[name] = column(held, self.frame.index, DTYPES[name])


class Typed:
    """A frame in a grid, whose cells are typed one after another, in one step for each block."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.frame = frame
        self.grid = frame.sn.edit()

    def put(self, top: int, left: int, block: list[list[Pair]]) -> None:
        keys = ask(self.grid, "block", start=top, size=len(block))["keys"]
        cells = [
            [key, name, text]
            for key, line in zip(keys, block, strict=True)
            for name, (text, _) in zip(COLUMNS[left:], line, strict=False)
        ]
        ask(self.grid, "edit", cells=cells)

    def undo(self) -> None:
        ask(self.grid, "undo")

    def redo(self) -> None:
        ask(self.grid, "redo")

    def save(self) -> sn.Report:
        assert "problem" not in ask(self.grid, "plan")
        assert "problem" not in ask(self.grid, "save", choices=[])
        assert self.grid.report is not None
        return self.grid.report


class Pasted(Typed):
    """A frame in a grid, into which blocks come as a spreadsheet puts them on the clipboard."""

    def put(self, top: int, left: int, block: list[list[Pair]]) -> None:
        text = "".join("\t".join(quoted(text) for text, _ in line) + "\r\n" for line in block)
        ask(self.grid, "paste", start=top, rows=1, columns=COLUMNS[left:], text=text)


def quoted(text: str) -> str:
    """Write a cell as Excel does."""
    return '"' + text.replace('"', '""') + '"' if any(c in text for c in '\t\n"') else text


def column(cells: list[Any], index: pd.Index, dtype: Any) -> pd.Series:
    """Make a column of a dtype, or one of objects if some cell is not of it."""
    if isinstance(dtype, pd.CategoricalDtype) and not set(cells) <= {*dtype.categories}:
        dtype = object
    try:
        return pd.Series(cells, index=index, dtype=dtype)
    except (TypeError, ValueError):
        return pd.Series(cells, index=index, dtype=object)


def alike(one: Any, other: Any) -> bool:
    if isinstance(one, list) or isinstance(other, list):
        return bool(one == other)
    return bool((pd.isna(one) and pd.isna(other)) or (type(one) is type(other) and one == other))


DTYPES: dict[str, Any] = {}


def read(repo: sn.Repository) -> pd.DataFrame:
    frame = repo.read("/Root/Content/IT/Tasks", select=COLUMNS, orderby="Name").head(ROWS)
    DTYPES.update(frame.dtypes)
    return frame


@pytest.fixture(scope="module")
def repos() -> Iterator[list[sn.Repository]]:
    """Three companies that are the same."""
    servers = [FakeServer() for _ in range(3)]
    yield [server.connect() for server in servers]
    for server in servers:
        server.end()


@pytest.mark.filterwarnings("ignore:AssignedTo. a save replaces")
@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@example(steps=[(0, 1, [[("none of these", "none of these")]])])
@given(steps=STEPS)
def test_typing_pasting_and_pandas_do_the_same(repos: list[sn.Repository], steps: list[Any]) -> None:
    before = [read(repo) for repo in repos]
    ways = [way(frame.copy()) for way, frame in zip((Plain, Typed, Pasted), before, strict=True)]
    plain = ways[0]
    for step in steps:
        for way in ways:
            getattr(way, step)() if isinstance(step, str) else way.put(*step)
    for other in ways[1:]:
        same(other.frame.sn.changes(), plain.frame.sn.changes())
        same(other.frame.sn.check(), plain.frame.sn.check())
    reports = [way.save() for way in ways]
    for way, report in zip(ways[1:], reports[1:], strict=True):
        pd.testing.assert_frame_equal(report.frame, reports[0].frame)
        same(way.frame.sn.changes(), plain.frame.sn.changes())
    after = [read(repo) for repo in repos]
    for frame in after[1:]:
        pd.testing.assert_frame_equal(frame, after[0])
    for repo, report, frame in zip(repos, reports, before, strict=True):
        sn.undo(report) if report.requests else None
        pd.testing.assert_frame_equal(read(repo), frame)


def same(one: pd.DataFrame, other: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(one, other, check_dtype=False)
