"""Contents by what people call them: ``repo.find``, and ``sn.ref`` wherever a reference is written."""

from __future__ import annotations

import io

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

import sn_pandas as sn
from sn_pandas import QueryError, RefusedError

from ..fakes import open_sample, open_sample_as_two

#: An ordinary user is told of lists that may have members whom she may not see.
pytestmark = pytest.mark.filterwarnings("ignore:AssignedTo. a save replaces:sn_pandas.SaveWarning")
ANNA, OLGA = "/Root/IMS/Public/anna.acs", "/Root/IMS/Public/olga.okafor"
TASKS = "/Root/Content/IT/Tasks"


@pytest.fixture
def repo():
    return open_sample()


@pytest.fixture
def tasks(repo):
    return some_tasks(repo)


def some_tasks(repo, count=5):
    names = [f"T00{n}" for n in range(1, count + 1)]
    return repo.read(TASKS, select=["Name", "AssignedTo"], orderby="Name", filter=sn.F("Name").isin(names))


# --- find


@pytest.mark.parametrize(
    "text", ["Anna Ács", "anna ács", "anna.acs", "acs", "ANNA.ACS@example.com", "anna.a?s", "anna*"]
)
def test_people_are_found_by_any_of_their_names(repo, text):
    found = repo.find(text, type="User")
    assert ANNA in found["Path"].tolist()
    assert {"Name", "DisplayName", "Type", "LoginName", "Email", "Path"} <= set(found.columns)


@pytest.mark.parametrize("text", ["Okafor Olga", "Okafor, Olga", "okafor  OLGA", "olga example.com"])
def test_words_are_found_in_any_order(repo, text):
    assert repo.find(text, type="User")["Path"].tolist() == [OLGA]


def test_the_same_words_come_before_names_that_have_them(repo):
    for name, shown in (("z1", "red box of wood"), ("z2", "box red"), ("z3", "red boxes"), ("z4", "red box")):
        repo.create(TASKS, "Task", name, {"DisplayName": shown})
    found = repo.find("red box", below=TASKS)["DisplayName"].tolist()
    assert found == ["red box", "box red", "red box of wood", "red boxes"]


def test_problems_show_the_name_that_was_written(repo, tasks):
    tasks.at[tasks.index[0], "AssignedTo"] = [sn.ref("Nobody Here", type="User")]
    with pytest.raises(RefusedError) as error:
        tasks.sn.save()
    assert error.value.report.problems["mine"].tolist() == [["Nobody Here"]]


def test_who_is_called_exactly_so_comes_first(repo):
    for name in ("zebra b", "zebra", "a zebra", "Zebras"):
        repo.create(TASKS, "Task", fields={"DisplayName": name})
    found = repo.find("ZEBRA", below=TASKS)["DisplayName"].tolist()
    assert found == ["zebra", "zebra b", "Zebras", "a zebra"]
    assert repo.find("ZEBRA", below="/Root/IMS/Public").empty


def test_what_is_found_is_a_frame_that_can_be_edited_and_saved(repo):
    found = repo.find("T001", below=TASKS)
    found["DisplayName"] = "first"
    assert found.sn.save().counts == {"saved": 1}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("",), "a name or a part of one"),
        ((5,), "a name or a part of one"),
        (("*",), "a name or a part of one"),
    ],
)
def test_what_cannot_be_looked_for_is_an_error(repo, arguments, message):
    with pytest.raises(QueryError, match=message):
        repo.find(*arguments)


def test_a_clause_says_how_to_look_up_a_name(repo):
    line = r"use Q\('AssignedTo'\) == repo\.find\('Hugo Horváth'\)\.index\[0\]"
    with pytest.raises(QueryError, match=line):
        repo.count(TASKS, query=sn.Q("AssignedTo") == sn.ref("Hugo Horváth"))
    assert repo.count(TASKS, query=sn.Q("AssignedTo") == repo.find("Hugo Horváth").index[0]) > 0


def test_a_type_that_is_not_known_is_told(repo):
    with pytest.warns(sn.IncompleteWarning, match=r"type 'Usr' could not be checked.*Did you mean User"):
        assert repo.find("Olga", type="Usr").empty


# --- ref in frames


def shown(frame, row=0):
    cell = frame["AssignedTo"].iloc[row]
    return cell if isinstance(cell, list) else [cell]


@pytest.mark.parametrize("name", ["Anna Ács", " ANNA ÁCS ", "Ács, Anna", "anna.acs", "anna.acs@example.com"])
def test_a_reference_is_written_by_a_unique_name(repo, tasks, name):
    tasks.at[tasks.index[0], "AssignedTo"] = sn.ref(name)
    report = tasks.sn.save()
    assert report.counts == {"saved": 1, "unchanged": 4}
    assert repo.value(f"{TASKS}/T001", "AssignedTo") == [ANNA]
    assert shown(tasks) == [ANNA], "the frame shows whom it is"
    assert tasks.sn.changes().empty
    assert sn.undo(report).ok


def test_names_stand_in_lists_beside_paths_and_in_new_rows(repo, tasks):
    tasks.at[tasks.index[0], "AssignedTo"] = [sn.ref("Anna Ács"), OLGA]
    tasks = tasks.sn.append({"Name": ["new"], "Type": ["Task"], "AssignedTo": [[sn.ref("olga.okafor")]]})
    assert tasks.sn.save(create=True).counts == {"saved": 2, "unchanged": 4}
    assert repo.value(f"{TASKS}/T001", "AssignedTo") == [ANNA, OLGA]
    assert repo.value(f"{TASKS}/new", "AssignedTo") == [OLGA]


def test_a_name_survives_columns_of_texts_and_files(repo, tasks):
    tasks["AssignedTo"] = [sn.ref("Anna Ács", type="User")] * 5
    back = pd.read_csv(io.StringIO(tasks.astype({"AssignedTo": "str"}).to_csv()), index_col="Id")
    with pytest.warns(sn.SaveWarning, match="differ from what the server holds"):
        back = sn.rebase(back, repo)
    assert back.sn.save(on_conflict="overwrite").counts == {"saved": 5}
    assert repo.value(f"{TASKS}/T005", "AssignedTo") == [ANNA]


def test_all_names_are_looked_up_together(fake):
    server = fake()
    repo = server.connect()
    tasks = repo.read(TASKS, select=["Name", "AssignedTo"])
    people = repo.find("*.*", type="User")["DisplayName"].tolist()
    tasks["AssignedTo"] = [sn.ref(people[n % len(people)]) for n in range(len(tasks))]
    server.log.clear()
    assert tasks.sn.check().empty
    assert server.count() < 15


def test_changes_show_the_name_that_was_written(tasks):
    tasks.at[tasks.index[0], "AssignedTo"] = sn.ref("Anna Ács")
    tasks.at[tasks.index[1], "AssignedTo"] = [sn.ref("Anna Ács", type="User"), OLGA]
    tasks.at[tasks.index[2], "AssignedTo"] = "ref:Nobody Here"
    assert tasks.sn.changes()["after"].tolist() == ["Anna Ács", ["Anna Ács", OLGA], "Nobody Here"]
    assert tasks.sn.check()["after"].tolist() == ["Nobody Here"]


def test_a_dry_run_and_a_check_leave_the_names_in_the_frame(tasks):
    name = sn.ref("Anna Ács")
    tasks.at[tasks.index[0], "AssignedTo"] = name
    assert tasks.sn.check().empty
    report = tasks.sn.save(dry_run=True)
    assert ANNA in report.requests[0]
    assert shown(tasks) == [name]
    assert tasks.sn.changes()["after"].tolist() == ["Anna Ács"]


def test_only_contents_that_the_field_takes_are_meant(repo, tasks):
    repo.create(TASKS, "Task", "extra", {"DisplayName": "Anna Ács"})
    tasks.at[tasks.index[0], "AssignedTo"] = sn.ref("Anna Ács")
    assert tasks.sn.save().ok
    assert repo.value(f"{TASKS}/T001", "AssignedTo") == [ANNA]


def test_a_name_of_several_or_none_is_rejected_with_the_candidates():
    with open_sample_as_two() as (admin, repo):
        admin.patch(OLGA, {"DisplayName": "Anna Ács", "FullName": "Anna Ács"})
        rejected_names(some_tasks(repo, 4))


def rejected_names(tasks):
    for row, name in enumerate(["Anna Ács", "Ana Acs", "Nobody At All", "IT"]):
        tasks.at[tasks.index[row], "AssignedTo"] = sn.ref(name)
    found = tasks.sn.check()["problem"].tolist()
    assert f"'Anna Ács' is the name of 2 contents: {ANNA} (Anna Ács, User), {OLGA}" in found[0]
    assert "no User has the name, display name, login or e-mail address 'Ana Acs'" in found[1]
    assert f"Did you mean {ANNA}" in found[1]
    assert "repo.find('Nobody At All', type='User')" in found[2]
    assert "'IT' is /Root/Content/IT, a Workspace, and AssignedTo takes User" in found[3]
    with pytest.raises(RefusedError, match="is the name of 2 contents"):
        tasks.sn.save()
    assert shown(tasks) == [sn.ref("Anna Ács")], "what was not understood stays as it was written"


def test_a_plain_text_is_never_taken_for_a_name(tasks):
    tasks.at[tasks.index[0], "AssignedTo"] = "Anna Ács"
    (found,) = tasks.sn.check()["problem"]
    assert "sn.ref('Anna Ács')" in found


def test_a_text_field_keeps_such_a_text(repo):
    frame = repo.read(TASKS, select=["Name", "DisplayName"], filter=sn.F("Name") == "T001")
    frame["DisplayName"] = "ref:Anna Ács"
    assert frame.sn.changes()["after"].tolist() == ["ref:Anna Ács"]
    assert frame.sn.save().ok
    assert repo.value(f"{TASKS}/T001", "DisplayName") == "ref:Anna Ács"


# --- ref elsewhere


def test_single_contents_take_names(repo):
    made = repo.create(TASKS, "Task", "new", {"AssignedTo": [sn.ref("Anna Ács")]})
    assert made["AssignedTo"] == [ANNA]
    assert repo.patch(made["Path"], {"AssignedTo": sn.ref("olga.okafor")})["AssignedTo"] == [OLGA]
    with pytest.raises(RefusedError, match="no User has the name"):
        repo.patch(made["Path"], {"AssignedTo": sn.ref("Nobody At All")})


def test_groups_and_permissions_take_names():
    with open_sample_as_two() as (admin, _):
        take_names(admin)


def take_names(admin):
    group = admin.create("/Root/IMS/Public", "Group", "team")["Path"]
    assert admin.add_members(group, [sn.ref("Anna Ács"), OLGA]).ok
    assert set(admin.members(group)["Path"]) == {ANNA, OLGA}
    assert admin.remove_members(group, sn.ref("Anna Ács")).ok
    assert admin.allow(TASKS, sn.ref("Anna Ács", type="User"), "Open").ok
    with pytest.raises(RefusedError, match="Nobody At All"):
        admin.add_members(group, sn.ref("Nobody At All"))


def test_cells_take_names(repo):
    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "sn_pandas")
    shell.user_ns |= {"repo": repo, "sn": sn}
    cell = (
        '%%sensenet mine\n/Root/Content\n$select=Name\nquery=TypeIs:Task AND AssignedTo:{sn.ref("Anna Ács")}'
    )
    for source in ("%sensenet use repo", cell):
        shell.run_cell(source).raise_error()
    expected = repo.read("/Root/Content", query=sn.Q("AssignedTo").where(sn.Q("Name") == "anna.acs"))
    assert shell.user_ns["mine"].index.tolist() == expected.index.tolist()
    shell.run_cell('%sensenet who << {sn.ref("Tasks", type="TaskList")}?$select=Name')
    assert "who" not in shell.user_ns, "several lists are called so"
    shell.run_cell('%sensenet who << {sn.ref("IT")}?$select=Name').raise_error()
    assert "Tasks" in set(shell.user_ns["who"]["Name"])


@pytest.mark.parametrize(("name", "type_"), [("", None), (5, None), ("x", "no type")])
def test_what_is_no_name_is_an_error(name, type_):
    with pytest.raises(QueryError):
        sn.ref(name, type_)
