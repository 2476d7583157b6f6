"""The sheet behind the grid: its edits are edits of the frame, in the eyes of pandas and of a save."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas import TrackingError
from sn_pandas.widgets.grid import saving
from sn_pandas.widgets.grid.sheet import Sheet
from sn_pandas.widgets.grid.texts import block_of_rows, rows_of_block
from tests.fakes import FakeServer

TASKS = "/Root/Content/IT/Tasks"
FIELDS = [
    "Name",
    "Type",
    "DisplayName",
    "Status",
    "Priority",
    "DueDate",
    "TaskCompletion",
    "AssignedTo",
    "Index",
]
EDITED = ["DisplayName", "Status", "DueDate", "TaskCompletion", "AssignedTo"]
OLGA = "/Root/IMS/Public/olga.okafor"

Open = Callable[..., Sheet]


@pytest.fixture(scope="module")
def repo() -> sn.Repository:
    return sn.connect(user="olga.okafor")


@pytest.fixture
def sheet(repo: sn.Repository) -> Open:
    def sheet(**options: Any) -> Sheet:
        return Sheet(repo.read(TASKS, select=FIELDS, orderby="Name"), **options)

    return sheet


def cell(sheet: Sheet, row: int, column: str) -> Any:
    return sheet.frame[column].iat[row]


def test_typed_texts_become_cells_of_the_dtype_that_was_read(sheet: Open) -> None:
    opened = sheet()
    keys, dtypes = opened.keys, opened.frame.dtypes
    done = opened.edit(
        [
            (keys[0], "DisplayName", "Archive"),
            (keys[0], "TaskCompletion", "12"),
            (keys[1], "Status", "completed"),
            (keys[1], "Priority", "Urgent"),
            (keys[2], "DueDate", "2027-01-05 09:30"),
            (keys[3], "AssignedTo", f"Olga Okafor; {OLGA.replace('olga.okafor', 'anna.acs')}"),
        ]
    )
    assert len(done.cells) == 6
    assert cell(opened, 0, "DisplayName") == "Archive"
    assert cell(opened, 0, "TaskCompletion") == 12
    assert (cell(opened, 1, "Status"), cell(opened, 1, "Priority")) == ("completed", "1")
    assert cell(opened, 2, "DueDate") == pd.Timestamp("2027-01-05 09:30", tz="UTC")
    assert cell(opened, 3, "AssignedTo") == [OLGA, "/Root/IMS/Public/anna.acs"]
    assert opened.frame.dtypes.equals(dtypes)
    assert len(opened.frame.sn.changes()) == 6


def test_dates_are_in_the_time_zone_of_the_column(repo: sn.Repository) -> None:
    frame = repo.read(TASKS, select=FIELDS, orderby="Name")
    frame["DueDate"] = frame["DueDate"].dt.tz_convert("Europe/Budapest")
    opened = Sheet(frame)
    opened.edit([(opened.keys[0], "DueDate", "2027-01-05"), (opened.keys[1], "DueDate", "2027-07-05T10:00Z")])
    assert frame["DueDate"].iat[0] == pd.Timestamp("2027-01-04 23:00", tz="UTC")
    assert opened.block(0, 2)["columns"]["DueDate"] == ["2027-01-05 00:00", "2027-07-05 12:00"]


def test_an_option_that_there_is_not_is_kept_and_refused(sheet: Open) -> None:
    opened = sheet()
    opened.edit([(opened.keys[0], "Status", "none of these")])
    assert cell(opened, 0, "Status") == "none of these"
    assert opened.frame.sn.check()["problem"].str.contains("no option 'none of these'").all()
    assert len(opened.frame.sn.check()) == 1


def test_a_text_that_means_nothing_is_kept_shown_and_refused(sheet: Open) -> None:
    opened = sheet()
    key, dtype = opened.keys[0], opened.frame["TaskCompletion"].dtype
    opened.edit([(key, "TaskCompletion", "soon")])
    assert opened.block(0, 1)["columns"]["TaskCompletion"] == ["soon"]
    mark = next(mark for mark in opened.block(0, 1)["marks"] if mark[1] == "TaskCompletion")
    assert mark[2] == "invalid"
    problems = opened.frame.sn.check()
    assert mark[4] == problems["problem"].iat[0]
    opened.edit([(key, "TaskCompletion", "7")])
    assert opened.problems == {}
    assert opened.frame["TaskCompletion"].dtype == dtype


def test_the_problem_while_typing_is_that_of_the_check(sheet: Open) -> None:
    opened = sheet()
    key = opened.keys[0]
    assert opened.problem_of(key, "TaskCompletion", "50") == ""
    said = opened.problem_of(key, "TaskCompletion", "500")
    opened.edit([(key, "TaskCompletion", "500")])
    assert said == opened.frame.sn.check()["problem"].iat[0]


def test_what_cannot_be_edited_says_why_and_stays(sheet: Open) -> None:
    opened = sheet()
    opened.frame["note"] = "mine"
    opened.sync()
    before = opened.frame.copy()
    done = opened.edit([(opened.keys[0], "Type", "Folder"), (opened.keys[0], "note", "other")])
    assert (done.read_only, done.cells) == (2, [])
    assert "type of a content" in opened.reasons["Type"]
    assert "your own" in opened.reasons["note"]
    pd.testing.assert_frame_equal(opened.frame, before)


def test_undo_and_redo_go_step_by_step_and_leave_what_python_changed(sheet: Open) -> None:
    opened = sheet()
    before = opened.frame.copy()
    keys = opened.keys
    opened.edit([(keys[0], "DisplayName", "one"), (keys[1], "DisplayName", "two")])
    opened.edit([(keys[0], "TaskCompletion", "many")])
    after = opened.frame.copy()
    opened.undo()
    opened.undo()
    pd.testing.assert_frame_equal(opened.frame, before)
    opened.redo()
    opened.redo()
    pd.testing.assert_frame_equal(opened.frame, after)
    opened.undo()
    opened.frame.iloc[0, opened.frame.columns.get_loc("DisplayName")] = "Python's"
    opened.sync()
    done = opened.undo()
    assert (len(done.cells), done.skipped) == (1, 1)
    assert cell(opened, 0, "DisplayName") == "Python's"
    assert opened.undo().cells == []


def test_an_edit_that_changes_nothing_is_no_step_to_be_undone(sheet: Open) -> None:
    opened = sheet()
    opened.edit([(opened.keys[0], "AssignedTo", OLGA)])
    assert opened.edit([(opened.keys[0], "AssignedTo", OLGA)]).cells == []
    opened.undo()
    assert opened.frame.sn.changes().empty


def test_an_edit_moves_no_row_and_changes_stay_with_their_row(sheet: Open) -> None:
    opened = sheet()
    opened.arrange([("DisplayName", True)])
    first = opened.keys[opened.view[0]]
    opened.edit([(first, "DisplayName", "zzz")])
    assert opened.position_of(first) == 0
    opened.arrange([("DisplayName", False)])
    assert opened.position_of(first) == 0
    assert [mark[:2] for mark in opened.block(0, 60)["marks"]] == [[0, "DisplayName"]]
    opened.arrange([], "changed")
    assert opened.block(0, 60)["keys"] == [first]
    opened.arrange([], "all", "ZZZ")
    assert opened.block(0, 60)["keys"] == [first]


def test_rows_are_sorted_by_what_their_cells_mean(sheet: Open) -> None:
    opened = sheet()
    opened.frame["room"] = [f"Room {number}" for number in range(len(opened.frame), 0, -1)]
    opened.sync()
    opened.arrange([("room", True)])
    assert opened.block(0, 60)["columns"]["room"] == [f"Room {number}" for number in range(1, 61)]
    opened.arrange([("Status", True), ("DueDate", False)])
    statuses = opened.block(0, 60)["columns"]["Status"]
    assert list(dict.fromkeys(statuses)) == ["Pending", "Active", "Completed", "Deferred", "Waiting"]
    pending = opened.block(0, statuses.count("Pending"))["columns"]["DueDate"]
    assert pending == sorted(pending, reverse=True)


def test_a_block_is_pasted_over_rows_as_they_are_shown(sheet: Open) -> None:
    opened = sheet()
    opened.arrange([("Name", False)])
    done = opened.paste(0, ["DisplayName", "Type", "TaskCompletion"], 'a\tx\t1\r\n"two\nlines"\tx\t500\r\n')
    assert (len(done.cells), done.read_only, done.cut) == (4, 2, 0)
    assert opened.block(0, 2)["columns"]["DisplayName"] == ["a", "two\nlines"]
    assert len(opened.problems) == 1
    done = opened.paste(59, ["Index"], "9\t2\n3\t4\n")
    assert (len(done.cells), done.cut, done.added) == (2, 2, 1)
    opened.undo()
    opened.undo()
    assert opened.frame.sn.changes().empty


def test_one_line_fills_the_rows_that_are_selected(sheet: Open) -> None:
    opened = sheet()
    opened.paste(2, ["Index"], "7", rows=4)
    assert opened.frame["Index"].iloc[2:6].tolist() == [7] * 4
    opened.fill(2, 3, ["DisplayName", "Type"])
    assert opened.frame["DisplayName"].iloc[2:5].nunique() == 1
    opened.clear(0, 2, ["DueDate"])
    assert opened.frame["DueDate"].iloc[:2].isna().all()
    opened.replace("e", "E", ["DisplayName"])
    assert "e" not in "".join(opened.frame["DisplayName"])


def test_a_copied_block_is_pasted_as_it_was(sheet: Open) -> None:
    opened, other = sheet(), sheet()
    other.paste(0, FIELDS[2:], opened.copy(0, 60, FIELDS[2:]))
    assert other.frame.sn.changes().empty
    rows = [['say "x"', "", "a\tb"], ["\n", "c", ""]]
    assert rows_of_block(block_of_rows(rows)) == rows


def test_python_rows_and_columns_are_in_the_sheet_after_a_sync(sheet: Open) -> None:
    opened = sheet()
    opened.frame.iloc[3, opened.frame.columns.get_loc("DisplayName")] = "from Python"
    assert not opened.sync()
    assert opened.totals["cells"] == 1
    del opened.frame["Index"]
    assert opened.sync()
    assert "Index" not in opened.columns
    opened.frame.loc[-1] = opened.frame.iloc[0]
    assert opened.sync()
    assert opened.block(60, 1)["columns"]["*change"] == ["new"]
    opened.edit([(opened.keys[-1], "Name", "brand-new")])
    assert opened.frame["Name"].loc[-1] == "brand-new"


def test_new_rows_come_go_and_are_saved(repo: sn.Repository) -> None:
    place = str(repo.create("/Root/Content/IT", "TaskList", "FreshRows")["Path"])
    repo.create(place, "Task", "there", {"DisplayName": "there"})
    opened = Sheet(repo.read(place, select=FIELDS))
    before = opened.frame.copy()
    done = opened.add()
    assert (done.added, done.position) == (1, 1)
    key = opened.keys[-1]
    assert opened.block(0, 2)["columns"]["Type"] == ["Task", "Task"]
    assert opened.problem_of(key, "TaskCompletion", "500") == "500 is above 100"
    opened.edit([(key, "Name", "fresh"), (key, "TaskCompletion", "many")])
    assert list(opened.problems) == [(key, "TaskCompletion")]
    opened.edit([(key, "TaskCompletion", "5"), (key, "DisplayName", "Fresh")])
    done = opened.paste(1, ["Name", "DisplayName"], "fresh\tFresh\nsecond\tSecond\nthird\tThird\n")
    assert (done.added, done.cut) == (2, 0)
    assert opened.totals["new"] == 3
    opened.arrange([("Name", False)])
    assert opened.remove(1, 3).removed == 2
    opened.undo()
    assert sorted(opened.block(0, 9)["columns"]["Name"]) == ["fresh", "second", "there", "third"]
    for _ in range(4):
        opened.undo()
    pd.testing.assert_frame_equal(opened.frame, before)
    while (done := opened.redo()).cells or done.added or done.removed:
        pass
    assert opened.totals["new"] == 1
    made = saving.plan(opened)
    assert made.send == 1
    report = saving.carry_out(opened, made, {}, lambda done, total: None)
    saving.take_outcomes(opened, report)
    assert (report.counts["saved"], len(repo.read(place))) == (1, 2)
    assert opened.totals["cells"] == 0


def test_an_undo_leaves_a_new_row_that_python_filled(sheet: Open) -> None:
    opened = sheet()
    opened.add()
    opened.frame.iloc[-1, opened.frame.columns.get_loc("DisplayName")] = "Python's"
    opened.sync()
    assert opened.undo().skipped == 1
    assert opened.frame["DisplayName"].iat[-1] == "Python's"


def test_a_frame_that_lacks_columns_says_which_new_rows_need(repo: sn.Repository) -> None:
    opened = Sheet(repo.read(TASKS, select=["Index"]))
    with pytest.raises(TrackingError, match=r"select=\[…, 'Name', 'Type'\]"):
        opened.add()
    assert opened.paste(59, ["Index"], "1\n2\n").cut == 1
    assert "'Path'" in Sheet(repo.read("/Root/Content", query="TypeIs:Task", select=FIELDS)).why_no_rows()


def test_rows_that_are_being_saved_wait_and_others_do_not(repo: sn.Repository) -> None:
    opened = Sheet(repo.read(TASKS, select=FIELDS, orderby="Name"))
    keys = opened.keys
    opened.edit([(keys[0], "Index", "71")])
    said = []

    def edit(done: int, total: int | None) -> None:
        if not said:
            said.append(opened.edit([(keys[0], "Index", "72"), (keys[1], "Index", "73")]))
            assert opened.block(0, 2)["saving"] == [0]
            assert opened.paste(59, ["Name"], "a\nb").added == 0
            with pytest.raises(TrackingError, match="when the save has ended"):
                opened.add()

    report = saving.carry_out(opened, saving.plan(opened), {}, edit)
    opened.saving = frozenset()
    opened.sync()
    assert report.counts["saved"] == 1
    assert (len(said[0].cells), said[0].saving) == (1, 1)
    assert opened.frame["Index"].tolist()[:2] == [71, 73]
    assert opened.frame.sn.changes()["after"].tolist() == [73, "a"]


def test_files_and_paths_have_links_of_their_own_server(
    repo: sn.Repository, fake: Callable[..., FakeServer]
) -> None:
    there = fake().connect()
    files = there.read("/Root/Content", query="TypeIs:File", select=["Name", "Path", "Binary"]).head(2)
    opened = Sheet(files)
    block = opened.block(0, 2)
    assert set(block["links"]) == {"Path", "Binary"}
    assert block["links"]["Path"][0] == there.url + files["Path"].iat[0]
    assert block["links"]["Binary"][0].startswith(f"{there.url}/binaryhandler.ashx?")
    assert block["columns"]["Binary"][0] == "text/plain"
    here = Sheet(repo.read("/Root/Content", query="TypeIs:File", select=["Path"]).head(1))
    assert here.block(0, 1)["links"] == {"Path": [""]}  # no browser reaches what is in memory


def test_a_frame_of_no_repository_is_not_edited() -> None:
    with pytest.raises(TrackingError, match="does not come from a repository"):
        Sheet(pd.DataFrame({"Name": ["x"]}))


def test_an_empty_frame_has_columns_and_no_rows(repo: sn.Repository) -> None:
    opened = Sheet(repo.read(TASKS, filter="Name eq 'none'", select=FIELDS))
    assert opened.block(0, 10)["keys"] == []
    assert "DueDate" in opened.columns
    assert opened.paste(0, ["DisplayName"], "x").added == 1
    assert opened.block(0, 1)["columns"]["*change"] == ["new"]


TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
VALUES = {
    "DisplayName": TEXTS.map(str.strip).filter(bool).map(lambda text: (text, text)),
    "Status": st.sampled_from(["active", "waiting", "deferred"]).map(lambda value: (value, value)),
    "DueDate": st.datetimes(pd.Timestamp("1950-01-01"), pd.Timestamp("2100-01-01")).map(
        lambda date: (date.isoformat(" "), pd.Timestamp(date, tz="UTC"))
    ),
    "TaskCompletion": st.integers(-5, 200).map(lambda number: (str(number), number)),
    "AssignedTo": st.lists(st.sampled_from([OLGA, "/Root/IMS/Public/anna.acs"]), unique=True).map(
        lambda paths: ("; ".join(paths), paths)
    ),
}
EDITS = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(EDITED)).flatmap(
        lambda place: st.tuples(st.just(place), VALUES[place[1]])
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def read(repo: sn.Repository) -> pd.DataFrame:
    return repo.read(TASKS, select=FIELDS, orderby="Name").head(6)


@pytest.mark.filterwarnings("ignore:AssignedTo. a save replaces")
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(edits=EDITS)
def test_typing_pasting_and_pandas_do_the_same(read: pd.DataFrame, edits: Any) -> None:
    typed, pasted, plain = (Sheet(read.copy()) for _ in range(3))
    model: dict[tuple[int, str], Any] = {}
    for (row, column), (text, value) in edits:
        typed.edit([(typed.keys[row], column, text)])
        pasted.paste(row, [column], block_of_rows([[text]]) + "\n")
        plain.frame[column] = [*plain.frame[column].iloc[:row], value, *plain.frame[column].iloc[row + 1 :]]
        model[row, column] = value
    plain.sync()
    for (row, column), value in model.items():
        assert cell(typed, row, column) == value
    changes = typed.frame.sn.changes()
    for other in (pasted.frame, plain.frame):
        pd.testing.assert_frame_equal(other.sn.changes(), changes)
        pd.testing.assert_frame_equal(other.sn.check(), typed.frame.sn.check())
    marks = sorted(map(str, typed.block(0, 6)["marks"]))
    assert sorted(map(str, pasted.block(0, 6)["marks"])) == marks
    assert sorted(map(str, plain.block(0, 6)["marks"])) == marks
    while typed.undo().cells:
        pass
    pd.testing.assert_frame_equal(typed.frame, read)
