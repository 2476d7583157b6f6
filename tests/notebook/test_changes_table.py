"""How changes, checks and reports show: texts are texts, reasons are whole, and long tables are quick."""

from __future__ import annotations

import html
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sn_pandas.notebook.changes_table import format_changes_html, format_changes_text

from .conftest import Session

EVIL = "<img src=x onerror='window.pwned=1'>"
TAGS = re.compile(r"<(?!/?(div|table|thead|tbody|tr|th|td|del|ins|p)\b)")


def changes(rows: int = 2, **columns: Any) -> pd.DataFrame:
    """Return a table as ``df.sn.changes()`` does."""
    usual = {
        "Id": pd.array(range(1, rows + 1), dtype="Int64"),
        "Path": pd.array([f"/Root/{n}" for n in range(rows)], dtype="str"),
        "field": pd.array(["DisplayName"] * rows, dtype="str"),
        "before": np.array([f"b{n}" for n in range(rows)], dtype=object),
        "after": np.array([f"a{n}" for n in range(rows)], dtype=object),
    }
    return pd.DataFrame({**usual, **columns})


EVIL_CHANGES = changes(after=[EVIL, None], before=["\x1b[2J", ["<b>", "x"]])
TABLES = {
    "as it is": EVIL_CHANGES,
    "a column as the index": EVIL_CHANGES.set_index("after", drop=False),
    "two levels": EVIL_CHANGES.set_index([pd.Index([EVIL, "x"]), "Id"], drop=False),
    "a categorical index": EVIL_CHANGES.set_index(pd.CategoricalIndex([EVIL, "x"])),
    "the name of the index": EVIL_CHANGES.rename_axis(EVIL),
    "the name of the columns": EVIL_CHANGES.rename_axis(EVIL, axis=1),
    "a further column": EVIL_CHANGES.assign(**{EVIL: EVIL}),
    "concat with keys": pd.concat({EVIL: EVIL_CHANGES}),
    "a long one": pd.concat([EVIL_CHANGES] * 60).set_index("after", drop=False),
    "a long one with keys": pd.concat({EVIL: pd.concat([EVIL_CHANGES] * 60)}),
    "a repeated column": EVIL_CHANGES.assign(x=1).set_axis([*EVIL_CHANGES.columns, "Path"], axis=1),
    "without rows": EVIL_CHANGES.head(0),
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_nothing_but_our_marks_is_markup(table: pd.DataFrame) -> None:
    shown = format_changes_html(table)
    assert not TAGS.search(shown.partition("</style>")[2])
    assert "\x1b" not in shown
    assert "tex2jax_ignore" in shown
    assert "\x1b" not in format_changes_text(table)


@given(st.text(max_size=90), st.text(max_size=90))
def test_what_a_cell_shows_is_its_letters(before: str, after: str) -> None:
    shown = format_changes_html(changes(1, before=[before], after=[after]))
    assert not TAGS.search(shown.partition("</style>")[2])


def test_old_and_new_values_are_marked() -> None:
    shown = format_changes_html(changes(1, before=[None]))
    assert re.search(r"<del[^>]*>\(nothing\)</del>", shown)
    assert re.search(r"<ins[^>]*>a0</ins>", shown)


@pytest.mark.parametrize("width", [50, 20, None])
def test_reasons_and_paths_are_whole(width: int | None) -> None:
    path, reason = (
        "/Root/Content/" + "a-long-name/" * 9 + "invoice-1",
        "not one of " + "the options, " * 40 + "or new",
    )
    table = changes(1, Path=[path], problem=[reason], before=["b" * 500])
    with pd.option_context("display.max_colwidth", width):
        shown, text = html.unescape(format_changes_html(table)), format_changes_text(table)
    assert path in shown
    assert reason in shown
    if width is not None:  # pandas itself cuts nothing then, but for the width of the screen
        assert path in text
        assert reason in text
    assert ("b" * 500 in shown) == (width is None)


def test_long_texts_show_where_they_differ() -> None:
    before, after = (f"{'same ' * 900}{word}{'x' * 99}" for word in ("old", "new"))
    shown = format_changes_html(changes(1, before=[before], after=[after]))
    assert "same old" in shown
    assert "same new" in shown
    assert len(shown) < 2_000


def test_only_what_is_shown_is_formatted() -> None:
    class Counted:
        seen = 0

        def __str__(self) -> str:
            Counted.seen += 1
            return "x"

    table = changes(100_000)
    table["after"] = [Counted()] * 100_000
    shown = format_changes_html(table)
    assert Counted.seen < 100
    assert shown.count("<tr") == 1 + 10 + 1
    assert "100,000 rows × 5 columns" in shown


def test_a_table_of_changes_in_a_notebook(session: Session) -> None:
    assert session.shell.display_formatter is not None
    shown = session.shell.display_formatter.format(EVIL_CHANGES)[0]
    assert "<img" not in shown["text/html"]
    assert "\x1b" not in shown["text/plain"]


@pytest.mark.parametrize("what", ["report.frame", "report.failed", "%sensenet history", "tasks"])
def test_dollars_and_reasons_in_frames_of_ours(session: Session, what: str) -> None:
    session.value("%%sensenet tasks\n/Root/Content/IT/Tasks\n$select=Name\n$top=2")
    session.value("from sn_pandas.frames.writes.report import Line, Report, report_frame")
    session.value(
        "report = Report(report_frame(tasks.index, "
        "[Line('failed', 'x' * 300 + ' $1 to $2', id=5, path='/Root')] * 2))"
    )
    value = session.value(what)
    assert session.shell.display_formatter is not None
    shown = session.shell.display_formatter.format(value)[0]
    assert "tex2jax_ignore" in shown["text/html"]
    if "report" in what:
        assert "x $1 to $2" in shown["text/html"]


def test_a_dry_run_of_long_texts_puts_no_megabytes_into_a_notebook(session: Session) -> None:
    session.value("tasks = repo.read('/Root/Content/IT/Tasks', select=['Name', 'Description'])")
    session.value("tasks['Description'] = ['lorem ipsum ' * 20_000 + str(n) for n in range(len(tasks))]")
    report = session.value("tasks.sn.save(dry_run=True)")
    shown = session.shell.display_formatter.format(report)[0]  # type: ignore[union-attr]  # there is one
    assert 1_000 < sum(map(len, shown.values())) < 50_000
    assert "characters)" in shown["text/plain"]
    assert max(map(len, report.requests)) > 200_000, "the report itself has them whole"
