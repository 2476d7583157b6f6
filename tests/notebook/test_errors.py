"""What a notebook shows of errors and interruptions: words and the user's own lines, not our inside."""

from __future__ import annotations

import re

import pytest

import sn_pandas as sn

from ..fakes import open_sample

TASKS = "/Root/Content/IT/Tasks"
CALLS = {
    "a cell": f"%%sensenet tasks\n{TASKS}\n$select=Name",
    "a command": f"%sensenet count {TASKS}",
    "a content": f"repo.get('{TASKS}')",
    "a frame": f"repo.read('{TASKS}', select=['Name'])",
    "a save": "edited.sn.save()",
}


@pytest.fixture
def interrupted(session, fake):
    """A session whose requests for tasks are interrupted."""
    server = fake()
    session.names["repo"] = repo = server.connect()
    session.names["edited"] = edited = repo.read(TASKS, select=["Name", "DisplayName"])
    edited["DisplayName"] = "edited"

    def interrupt(request, forward):
        raise KeyboardInterrupt

    server.on(match="Tasks|content\\(").call(interrupt)
    session.printed()
    return session


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_an_interruption_shows_nothing_of_our_inside(interrupted, call):
    result = interrupted.run(call)
    printed = interrupted.printed()
    assert isinstance(result.error_in_exec, KeyboardInterrupt)
    assert printed.startswith("KeyboardInterrupt")
    assert not re.search(r"(sn_pandas|site-packages)/\S+\.py", printed)
    assert printed.count("\n") <= 20


def test_an_interrupted_save_says_how_to_go_on(interrupted):
    interrupted.run("edited.sn.save()")
    assert "sn_pandas.resume(" in interrupted.printed()


def test_the_users_own_lines_are_shown_and_no_others(session):
    session.run(f"def mine(path):\n    return repo.read(path)\n\nfirst = 1\nmine('{TASKS}/nope')")
    printed = session.printed().splitlines()
    assert printed[0].startswith("NotFoundError: ")
    assert printed[1].endswith(f"line 5: mine('{TASKS}/nope')")
    assert printed[2].endswith("line 2, in mine: return repo.read(path)")
    assert len(printed) == 3


def test_the_one_line_of_a_cell_is_not_repeated(session):
    session.run(f"repo.read('{TASKS}/nope')")
    assert session.printed().count("\n") == 1


def test_a_function_that_we_call_is_the_users_own(session):
    session.run(
        "def watch(done, total):\n    repo.read('/Root/Nope')\n\n"
        f"repo.read('{TASKS}', select=['Name'], progress=watch)"
    )
    assert "line 2, in watch: repo.read('/Root/Nope')" in session.printed()


def test_an_error_is_shown_outside_of_notebooks_as_python_shows_it():
    with pytest.raises(sn.NotFoundError) as caught:
        open_sample().read("/Root/Nope")
    assert any("sn_pandas" in str(entry.path) for entry in caught.traceback), "for those who debug it"
