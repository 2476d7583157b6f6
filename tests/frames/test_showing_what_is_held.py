"""After a save a frame shows what the server holds, in the columns that follow from what was saved, too."""

from __future__ import annotations

import pandas as pd
import pytest

import sn_pandas as sn

from ..fakes import open_sample

TASKS = "/Root/Content/IT/Tasks"
ANNA = "/Root/IMS/Public/anna.acs"
DERIVED = ["ModificationDate", "ModifiedBy", "ModifiedBy/FullName", "Version", "CreatedBy/FullName"]
COLUMNS = ["Name", "Type", "Path", "DisplayName", "Index", "AssignedTo", "AssignedTo/FullName", *DERIVED]

pytestmark = pytest.mark.filterwarnings("ignore:AssignedTo. a save replaces:sn_pandas.SaveWarning")


@pytest.fixture
def repo():
    return open_sample()


def some(repo, *names):
    return repo.read(TASKS, select=COLUMNS, filter=sn.F("Name").isin(list(names)), orderby="Name")


def same(frame, other):
    """Return the columns in which two frames differ, whatever their dtypes are."""
    one, two = (each.sort_values("Name")[COLUMNS].astype(object).fillna("") for each in (frame, other))
    return [column for column in COLUMNS if one[column].tolist() != two[column].tolist()]


def test_who_saved_and_when_is_shown(repo):
    frame = some(repo, "T001", "T002")
    before = frame["ModificationDate"].tolist()
    frame.loc[frame.Name == "T001", "Index"] = 77
    assert frame.sn.save().counts == {"saved": 1, "unchanged": 1}
    assert frame["ModificationDate"].iloc[0] > before[0]
    assert frame["ModificationDate"].iloc[1] == before[1]
    assert frame["ModifiedBy/FullName"].iloc[0] == "Olga Okafor"
    assert not same(frame, some(repo, "T001", "T002"))
    assert frame.sn.changes().empty


def test_a_rename_shows_the_new_path_and_name(repo):
    frame = some(repo, "T001")
    repo.patch(f"{TASKS}/T001", {"DisplayName": "T001"})
    frame.sn.refresh()
    frame["Name"] = "renamed"
    assert frame.sn.save().ok
    assert frame["Path"].tolist() == [f"{TASKS}/renamed"]
    assert not same(frame, some(repo, "renamed"))


def test_what_stands_behind_a_reference_is_shown(repo):
    frame = some(repo, "T001")
    frame.at[frame.index[0], "AssignedTo"] = sn.ref("Anna Ács")
    assert frame.sn.save().ok
    assert frame["AssignedTo/FullName"].tolist() == [["Anna Ács"]]
    assert not same(frame, some(repo, "T001"))


def test_new_rows_show_all_that_the_server_made_of_them(repo):
    frame = some(repo, "T001")
    rows = pd.DataFrame({"Name": ["new", "newer"], "Type": "Task", "AssignedTo": [sn.ref("anna.acs"), None]})
    frame = frame.sn.append(rows)
    assert frame.sn.save(create=True).counts == {"saved": 2, "unchanged": 1}
    assert frame["AssignedTo"].tolist()[1:] == [[ANNA], []]
    assert frame["CreatedBy/FullName"].tolist()[1:] == ["Olga Okafor"] * 2
    assert not same(frame, some(repo, "T001", "new", "newer"))
    assert frame.sn.changes().empty


def test_what_was_not_saved_stays_as_it_was_read(repo):
    frame = some(repo, "T001", "T002")
    repo.patch(f"{TASKS}/T002", {"Index": 5})
    before = frame["ModificationDate"].tolist()
    frame["Index"] = [90, 91]
    assert frame.sn.save(on_conflict="skip").counts == {"saved": 1, "conflict": 1}
    assert frame["ModificationDate"].iloc[1] == before[1]


def test_columns_that_cannot_be_read_again_are_named(fake):
    server = fake()
    repo = server.connect()
    frame = some(repo, "T001")
    frame["Index"] = 77
    server.on("GET", r"select=[^&]*ModificationDate").unavailable(503, retry_after=0)
    report = frame.sn.save()
    assert report.counts == {"saved": 1}
    assert "ModificationDate" in report.note
    assert "df.sn.refresh()" in report.note


def test_a_frame_without_such_columns_costs_no_request(fake):
    server = fake()
    repo = server.connect()
    frame = repo.read(TASKS, select=["Name", "Index"], filter=sn.F("Name") == "T001")
    frame["Index"] = 77
    assert frame.sn.save().ok
    last = server.log[-1]
    assert last.method == "PATCH"
