"""The notebook's own state is respected: what a user made stays, or a word is said."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pandas as pd
import pytest
from IPython.core.error import UsageError

import sn_pandas as sn

from .conftest import Session, tab

TASKS = "/Root/Content/IT/Tasks"
CELL = f"%%sensenet tasks\n{TASKS}\n$select=Name,DisplayName\n$top=3"


def html(session: Session, value: Any) -> str:
    """Show a value as a notebook does."""
    assert session.shell.display_formatter is not None
    shown: str = session.shell.display_formatter.format(value)[0]["text/html"]
    return shown


@pytest.fixture
def edited(session: Session, fake: Any) -> Session:
    """A session with a repository of its own, and an edit in ``tasks``."""
    session.names["server"] = server = fake()
    session.names["repo"] = server.connect()
    session.value(CELL)
    session.value("tasks.loc[tasks.index[0], 'DisplayName'] = 'an hour of work'")
    session.printed()
    return session


@pytest.mark.parametrize(
    "again",
    [
        CELL,
        f"%sensenet tasks << {TASKS}?$select=Name&$top=2",
        f"%sensenet --name tasks {TASKS}?$select=Name&$top=2",
        f"tasks = %sensenet {TASKS}?$select=Name&$top=2",
        "%sensenet history --run 1",
    ],
)
def test_a_cell_that_runs_again_keeps_unsaved_edits_and_says_so(edited: Session, again: str) -> None:
    edited.run(again)
    assert "tasks had 1 unsaved cell. That frame is now _tasks" in edited.printed()
    assert edited.names["tasks"].sn.changes().empty
    edited.value("tasks = _tasks")
    assert edited.names["tasks"].sn.changes()["after"].tolist() == ["an hour of work"]


def test_nothing_is_said_where_nothing_is_lost(edited: Session) -> None:
    edited.value("tasks.sn.save();")
    edited.printed()
    edited.run(CELL)
    edited.run(CELL.replace("tasks", "others", 1))
    assert "warning: " not in edited.printed()


def test_a_connection_that_is_closed_with_edits_says_so(edited: Session) -> None:
    edited.value("%sensenet disconnect repo")
    assert "tasks has 1 unsaved cell, which cannot be saved" in edited.printed()


def test_reloading_keeps_frames_queries_options_and_the_last_save(session: Session) -> None:
    del session.names["repo"]
    session.value("%config SensenetMagics.limit = 7")
    session.value("%sensenet connect")
    session.value(CELL)
    session.value("tasks['DisplayName'] = 'mine'")
    session.value("%sensenet save tasks")
    session.value("tasks['DisplayName'] = 'edited'")
    session.value("%reload_ext sn_pandas")
    assert session.value("%sensenet save tasks").counts == {"saved": 3}
    assert list(session.value(f"%sensenet {TASKS}?$select=DisplayName")["DisplayName"][:3]) == ["edited"] * 3
    assert len(session.value(f"%sensenet {TASKS}?$select=Name")) == 7
    assert TASKS in str(session.value("%sensenet history")["query"].iloc[0])
    session.value("%reload_ext sn_pandas")
    assert session.value("%sensenet undo").counts == {"saved": 3}


def test_connecting_again_leaves_frames_of_the_first_connection_alone(session: Session) -> None:
    del session.names["repo"]
    session.value("%sensenet connect --name mine")
    session.value(CELL)
    session.value("%sensenet connect --name mine")
    session.value("tasks['DisplayName'] = 'edited'")
    assert session.value("tasks.sn.save()").counts == {"saved": 3}


@pytest.mark.parametrize("how", ["by type", "by name", "bundle"])
def test_the_users_way_to_show_frames_stays(session: Session, how: str) -> None:
    session.value("%unload_ext sn_pandas")
    formatters = session.shell.display_formatter.formatters  # type: ignore[union-attr]  # there is one
    plain, of_contents = pd.DataFrame({"a": [1]}), session.names["repo"].read(TASKS, select=["Name"])
    if how == "by type":
        formatters["text/html"].for_type(pd.DataFrame, lambda frame: "<b>MINE</b>")
    elif how == "by name":
        formatters["text/html"].for_type_by_name("pandas", "DataFrame", lambda frame: "<b>MINE</b>")
    else:
        bundles = session.shell.display_formatter.mimebundle_formatter  # type: ignore[union-attr]  # there is one
        bundles.for_type(pd.DataFrame, lambda frame, **_: {"text/html": "<b>MINE</b>"})
    for _ in range(2):
        session.value("%reload_ext sn_pandas")
        assert html(session, plain) == "<b>MINE</b>"
        assert html(session, of_contents).startswith("<b>MINE</b>")
        assert TASKS in html(session, of_contents), "the caption stands below"
    session.value("%unload_ext sn_pandas")
    assert html(session, of_contents) == "<b>MINE</b>"
    session.value("%load_ext sn_pandas")


def test_what_shows_frames_later_stays_when_we_go(session: Session) -> None:
    formatters = session.shell.display_formatter.formatters  # type: ignore[union-attr]  # there is one
    formatters["text/html"].for_type(pd.DataFrame, lambda frame: "NEWER")
    formatters["text/plain"].for_type(pd.DataFrame, lambda frame, printer, cycle: printer.text("PLAIN"))
    for line in ("%unload_ext sn_pandas", "%load_ext sn_pandas", "%reload_ext sn_pandas"):
        session.value(line)
        shown = session.shell.display_formatter.format(pd.DataFrame({"a": [1]}))[0]  # type: ignore[union-attr]
        assert (shown["text/html"], shown["text/plain"]) == ("NEWER", "PLAIN")


def name_of(session: Session, number: int) -> Any:
    return session.names["repo"].value(f"{TASKS}/T{number:03}", "DisplayName")


def test_undo_takes_back_a_save_that_failed_in_part(edited: Session) -> None:
    edited.value("%sensenet save tasks")
    edited.value(f"friday = repo.read('{TASKS}', select=['Name', 'DisplayName']).iloc[1:4]")
    edited.value("friday['DisplayName'] = 'friday'")
    edited.value("server.on('PATCH', match=str(friday.index[1])).status(400)")
    assert isinstance(edited.error("%sensenet save friday --on-error raise"), sn.SaveError)
    assert name_of(edited, 2) == "friday"
    edited.value("%sensenet undo")
    assert name_of(edited, 2) != "friday"
    assert name_of(edited, 1) == "an hour of work", "the save before stays"


def test_undo_knows_saves_without_the_magic(edited: Session) -> None:
    edited.value("tasks.sn.save()")
    assert name_of(edited, 1) == "an hour of work"
    edited.value("%sensenet undo")
    assert name_of(edited, 1) != "an hour of work"


def test_undo_takes_back_no_older_save_than_the_last(edited: Session) -> None:
    edited.value("%sensenet save tasks")
    edited.value("%sensenet save tasks --dry-run")
    edited.value("tasks['Name'] = 'a/b'")
    assert isinstance(edited.error("%sensenet save tasks"), sn.RefusedError)
    assert isinstance(edited.error("%sensenet undo"), UsageError)
    assert name_of(edited, 1) == "an hour of work"


def test_a_dropped_repository_is_not_held_by_completion(session: Session, fake: Any) -> None:
    session.names["other"] = fake().connect()
    tab(session, "%sensenet /Root/Con")
    seen = weakref.ref(session.names.pop("other"))
    session.run("1 + 1")
    gc.collect()
    assert seen() is None


@pytest.mark.parametrize("text", ["$select=Name/", "$select=Nope/", "$orderby=Name/", "query=Nope", "$top="])
def test_tab_offers_no_python_where_nothing_fits(session: Session, text: str) -> None:
    cell = f"%%sensenet tasks\n{TASKS}\n{text}"
    offered = [text.removeprefix(cell) for text in tab(session, cell)]
    assert not [text for text in offered if text.rpartition("/")[2] in ("abs", "ValueError", "repo", "print")]
