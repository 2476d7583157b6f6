"""Single contents, and a few at once with a report: what the methods of the repository do."""

from __future__ import annotations

import contextlib
import datetime as dt
import decimal
import io

import numpy as np
import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas import AlreadyExistsError, NotFoundError, QueryError, RefusedError, SaveError, SaveWarning

from .labs import LAB, fill, held, requests_of, watch

DOCS = "/Root/Content/Docs"


@pytest.fixture
def docs(repo):
    repo.create("/Root/Content", "DocumentLibrary", "Docs")
    return repo


def test_create_gives_what_was_stored(repo, admin):
    made = repo.create(
        LAB, "Asset", "A", {"Serial": "AB-1", "BoughtOn": pd.Timestamp("2026-01-01", tz="UTC")}
    )
    assert made.Path == f"{LAB}/A"
    assert made.BoughtOn == pd.Timestamp("2026-01-01", tz="UTC")
    assert repo.get(int(made.Id)).Serial == "AB-1"
    assert repo.create("Content/Lab", "Folder", fields={"DisplayName": "Größe: 5"}).Name == "Größe- 5"
    assert repo.create(LAB, "Folder").Name.startswith("Folder-")
    assert admin.create(int(made.Id), "SystemFolder", "below").Path == f"{LAB}/A/below"


def test_create_refuses_everything_wrong_at_once(repo):
    sent = requests_of(repo)
    with pytest.raises(RefusedError) as error:
        repo.create(
            LAB, "Asset", "A", {"Serial": "x", "Quantity": None, "Nope": 1, "Keeper": "/Root/IMS/Nobody"}
        )
    for words in (
        "Serial: 'x' is shorter",
        "Quantity: an Integer cannot",
        "Nope: an Asset has no such",
        "Nobody",
    ):
        assert words in str(error.value)
    with pytest.raises(RefusedError, match="Serial: is required"):
        repo.create(LAB, "Asset", "A")
    with pytest.raises(RefusedError, match="is not a valid name"):
        repo.create(LAB, "Folder", "a/b")
    with pytest.raises(RefusedError, match="Did you mean Asset"):
        repo.create(LAB, "Aset", "A")
    assert {method for method, _ in sent} <= {"GET"}


def test_create_of_a_name_that_is_taken(repo):
    repo.create(LAB, "Folder", "F")
    sent = requests_of(repo)
    with pytest.raises(AlreadyExistsError, match=r"there is a .*/F already, a Folder"):
        repo.create(LAB, "Folder", "f")
    assert {method for method, _ in sent} == {"GET"}
    repo.create(LAB, "Asset", "A", {"Serial": "AB-1"})
    with pytest.raises(AlreadyExistsError, match="choose another name"):  # the server would name it A(1)
        repo.create(LAB, "Asset", "A", {"Serial": "AB-1"})
    with pytest.raises(RefusedError, match="'a--b' is not a valid name: the server would make it 'a-b'"):
        repo.create(LAB, "Folder", "a--b")
    with pytest.raises(NotFoundError):
        repo.create("/Root/Content/Nowhere", "Folder", "F")


def test_patch_sends_real_differences_only(repo):
    fill(repo, 1)
    sent = requests_of(repo)
    assert repo.patch(f"{LAB}/A0", {"Quantity": 0, "Code": "c0"}).Quantity == 0
    assert {method for method, _ in sent} == {"GET"}
    assert repo.patch(f"{LAB}/A0", {"Quantity": 5, "Condition": "Used"}).Condition == "used"
    assert held(repo, "Quantity") == 5
    with pytest.raises(RefusedError, match="above 1000"):
        repo.patch(f"{LAB}/A0", {"Quantity": 5000})
    with pytest.raises(NotFoundError):
        repo.patch(f"{LAB}/nobody", {"Quantity": 1})


def test_passwords_are_written_and_never_shown(admin):
    user = admin.create(
        "/Root/IMS/Public",
        "User",
        "jane",
        {"LoginName": "jane", "FullName": "Jane", "Email": "jane@example.com", "Password": "s3cret!"},
    )
    assert "s3cret" not in repr(user)
    sent = requests_of(admin)
    changed = admin.patch(int(user.Id), {"Password": "n3w-s3cret"})
    assert "s3cret" not in repr(changed)
    assert "PATCH" in {method for method, _ in sent}


def test_put_says_what_it_resets(admin):
    repo = admin  # only the administrator may put
    frame = fill(repo, 1)
    place = int(frame.index[0])
    plan = repo.put(place, {"Serial": "ZZ-99"}, dry_run=True).set_index("field")
    assert held(repo, "Serial") == "AB-0000"
    assert plan.loc["Serial", ["before", "after"]].tolist() == ["AB-0000", "ZZ-99"]
    assert plan.loc["Code", ["before"]].tolist() == ["c0"]
    assert pd.isna(plan.loc["Code", "after"])
    assert "TrashDisabled" not in plan.index, "false is its default, which the schema writes as a text"
    done = repo.put(place, {"Serial": "ZZ-99"}).set_index("field")
    assert held(repo, "Serial") == "ZZ-99"
    assert {"Serial", "Code", "Labels"} <= set(done.index) & set(plan.index)


def test_delete_restore_and_undo(repo):
    frame = fill(repo, 4)
    report = repo.delete(f"{LAB}/A0")
    assert report.counts == {"saved": 1}
    assert repo.delete(f"{LAB}/A0").counts == {"unchanged": 1}
    assert repo.delete([f"{LAB}/A1", int(frame.index[2]), "/Root/Nothing"]).counts == {
        "saved": 2,
        "unchanged": 1,
    }
    assert repo.count(LAB, filter="isof('Asset')") == 1
    assert repo.restore(f"{LAB}/A0").counts == {"saved": 1}
    assert repo.restore(int(frame.index[1])).counts == {"saved": 1}
    assert repo.restore([f"{LAB}/A2", f"{LAB}/A9"]).counts == {"saved": 1, "failed": 1}
    assert repo.read(LAB, select=["Name"], filter="isof('Asset')").index.equals(frame.index)
    everything = frame.sn.delete()
    assert repo.count(LAB, filter="isof('Asset')") == 0
    assert sn.undo(everything).counts == {"saved": 4}
    assert repo.read(LAB, select=["Name"], filter="isof('Asset')").index.equals(frame.index)
    gone = frame.iloc[:1].sn.delete(permanent=True)
    assert "for good" in sn.undo(gone).failed["reason"].iloc[0]
    assert frame.sn.delete(dry_run=True).requests[0].startswith("DELETE http")
    assert repo.count(LAB, filter="isof('Asset')") == 3


def test_what_is_below_a_deleted_content_goes_with_it(repo):
    repo.create(LAB, "Folder", "F")
    repo.create(f"{LAB}/F", "Folder", "G")
    repo.create(f"{LAB}/F/G", "Folder", "H")
    frame = repo.read(LAB, query="TypeIs:Folder", select=["Path"], autofilters=False)
    frame = frame[frame.Path.str.contains("/F")]
    report = frame.sn.delete()
    assert report.counts == {"saved": 3}
    assert len(report.requests) == 1
    assert sn.undo(report).ok
    assert repo.count(f"{LAB}/F/G") == 1


def test_move_and_copy_have_mixed_results(repo):
    frame = fill(repo, 3)
    repo.create(LAB, "Folder", "To")
    repo.create(f"{LAB}/To", "Asset", "A1", {"Serial": "AB-1"})
    report = repo.move([f"{LAB}/A0", f"{LAB}/A1", f"{LAB}/A9"], f"{LAB}/To")
    assert report.frame["outcome"].tolist() == ["saved", "failed", "failed"]
    assert report.frame["Path"].iloc[0] == f"{LAB}/To/A0"
    assert report.frame["Id"].iloc[0] == frame.index[0]
    assert "already contains" in report.frame["reason"].iloc[1]
    assert "no such content" in report.frame["reason"].iloc[2]
    copied = repo.copy(int(frame.index[2]), f"{LAB}/To")
    assert copied.frame["Path"].tolist() == [f"{LAB}/To/A2"]
    assert copied.frame["Id"].iloc[0] != frame.index[2]
    with pytest.raises(SaveError, match="already contains"):
        repo.move(f"{LAB}/A1", f"{LAB}/To")
    with pytest.raises(NotFoundError):
        repo.move(f"{LAB}/A1", "/Root/Content/Nowhere")


@pytest.mark.parametrize("size", [0, 1, 1000, 2500, 3000])
def test_files_go_up_and_come_down(docs, tmp_path, size):
    data = bytes(n % 251 for n in range(size))
    report = docs.upload(DOCS, data, "data.bin", chunk=1000)
    assert report.counts == {"saved": 1}
    assert docs.download(f"{DOCS}/data.bin") == data
    file = docs.download(int(report.frame["Id"].iloc[0]), tmp_path)
    assert file == tmp_path / "data.bin"
    assert file.read_bytes() == data


def test_upload_of_many_and_download_of_a_column(docs, tmp_path):
    for n in range(5):
        (tmp_path / f"f{n}.txt").write_text(f"file {n}")
    files = pd.Series([tmp_path / f"f{n}.txt" for n in range(5)], index=list("abcde"))
    steps = []
    report = docs.upload(DOCS, files, progress=lambda done, total: steps.append((done, total)))
    assert report.frame["outcome"].tolist() == ["saved"] * 5
    assert list(report.frame.index) == list("abcde")
    assert steps[-1] == (5, 5)
    frame = docs.read(DOCS, select=["Name", "Path"])
    down = frame.sn.download(tmp_path / "down")
    assert down.counts == {"saved": 5}
    assert sorted(p.read_text() for p in (tmp_path / "down").iterdir()) == [f"file {n}" for n in range(5)]
    assert docs.upload(DOCS, {"x.txt": b"x", "y.txt": io.BytesIO(b"y")}).counts == {"saved": 2}
    assert docs.upload(DOCS, tmp_path / "f0.txt", overwrite=False).frame["Path"].tolist() == [
        f"{DOCS}/f0(1).txt"
    ]
    with pytest.raises(ValueError, match="pass the name to store"):
        docs.upload(DOCS, b"x")
    with pytest.raises(NotFoundError, match="it has no file"):
        docs.download(DOCS)


def test_permissions_are_seen_before_they_are_believed(repo):
    fill(repo, 2)
    visitor = "/Root/IMS/BuiltIn/Portal/Visitor"
    assert repo.allow(f"{LAB}/A0", visitor, "Open").counts == {"saved": 1}
    held_now = repo.permissions(f"{LAB}/A0")
    own = held_now[(held_now.identity == visitor) & ~held_now.inherited]
    assert {"See", "Open"} <= set(own[own.value == "allow"].permission)
    report = repo.deny([f"{LAB}/A0", f"{LAB}/A1", "/Root/Nothing"], visitor, "Save")
    assert report.frame["outcome"].tolist() == ["saved", "saved", "failed"]
    assert repo.unset(f"{LAB}/A0", visitor, ["Save"]).ok
    assert repo.allow(f"{LAB}/A1", visitor, ["See", "Open"], "AddNew").ok
    held = repo.permissions(f"{LAB}/A1")
    assert {"Open", "AddNew"} <= set(held[(held.identity == visitor) & (held.value == "allow")].permission)
    assert repo.inherit(f"{LAB}/A0", False).ok
    assert repo.inherit(f"{LAB}/A0").ok
    with pytest.raises(QueryError, match="Did you mean Open"):
        repo.allow(LAB, visitor, "Opn")
    for given, words in ((["Save", 5], "Unknown permission 5"), ([], "Name the permissions, such as 'Open'")):
        with pytest.raises(QueryError, match=words):
            repo.allow(LAB, visitor, given)


def test_members(admin):
    repo = admin
    repo.create("/Root/IMS/Public", "Group", "team")
    team, member, visitor = (
        "/Root/IMS/Public/team",
        "/Root/IMS/BuiltIn/Portal/Admin",
        "/Root/IMS/BuiltIn/Portal/Visitor",
    )
    assert repo.add_members(team, [member, visitor]).counts == {"saved": 2}
    assert repo.add_members(team, member).counts == {"unchanged": 1}
    assert sorted(repo.members(team).Name) == ["Admin", "Visitor"]
    assert repo.remove_members(team, [visitor, "/Root/IMS/Nobody"]).counts == {"saved": 1, "refused": 1}
    assert list(repo.members(team).Path) == [member]


def test_who_is_in_a_group_twice_is_removed_from_it(admin):
    team, member = "/Root/IMS/Public/team", "/Root/IMS/BuiltIn/Portal/Admin"
    admin.create("/Root/IMS/Public", "Group", "team")
    for _ in range(2):
        admin.call(team, "AddMembers", contentIds=[int(admin.value(member, "Id"))])
    assert admin.remove_members(team, member).counts == {"saved": 1}
    assert admin.members(team).empty


def test_check_out_and_in(docs):
    docs.upload(DOCS, b"x", "x.txt")
    docs.upload(DOCS, b"y", "y.txt")
    frame = docs.read(DOCS, select=["Name"])
    report = docs.check_out(frame)
    assert report.counts == {"saved": 2}
    assert report.frame["reason"].tolist() == ["V2.0.L", "V2.0.L"]
    assert docs.check_in(f"{DOCS}/x.txt", comment="done").frame["reason"].tolist() == ["V1.0.A"]
    assert docs.undo_check_out([f"{DOCS}/y.txt", f"{DOCS}/x.txt"]).counts == {"saved": 1, "failed": 1}
    with pytest.raises(SaveError, match="not allowed"):
        docs.publish(f"{DOCS}/x.txt")
    assert frame.sn.call("CheckOut").counts == {"saved": 2}


@pytest.mark.parametrize("operation", ["CheckOut", "checkin", "Publish", "Approve", "RestoreVersion"])
@pytest.mark.parametrize("text", ["", "null"])
def test_an_operation_that_gives_a_content_is_not_done_by_an_empty_answer(fake, operation, text):
    server = fake()
    repo = server.connect()
    tasks = repo.read("/Root/Content/IT/Tasks", select=["Name"], filter="Name eq 'T001'")
    server.on("POST", operation).text(text, kind="application/json;odata=verbose")
    report = tasks.sn.call(operation)
    assert report.counts == {"unknown": 1}
    assert "the answer is empty" in report.frame["reason"].iloc[0]
    with pytest.raises(sn.AnswerError, match="the answer is empty"):
        repo.call("/Root/Content/IT/Tasks/T001", operation)


def test_call_gives_what_the_operation_answers(repo):
    assert repo.call("/Root", "GetNameFromDisplayName", displayName="a*b") == "a-b"
    assert repo.call(LAB, "GetContentCountInTree") == 1
    assert repo.call("/Root", "GetCurrentUser").Path == repo.user
    assert isinstance(repo.call(LAB, "Ancestors"), pd.DataFrame)


@pytest.mark.parametrize(
    "name", ["../GetAcl", "GetAcl?metadata=no&x=1", "Get Acl", "", "$count", None, "content(2)/GetAcl"]
)
def test_the_name_of_an_operation_is_no_address(repo, name):
    frame = fill(repo, 1)
    sent = requests_of(repo)
    for do in (lambda: repo.call(LAB, name), lambda: frame.sn.call(name)):
        with pytest.raises(QueryError, match="not the name of an operation"):
            do()
    assert sent == []


@pytest.mark.parametrize(
    ("value", "json"),
    [
        (pd.Timestamp("2026-01-02", tz="UTC"), '"2026-01-02T00:00:00+00:00"'),
        (dt.date(2026, 1, 2), '"2026-01-02"'),
        (np.int64(5), "5"),
        (np.array([1.5, np.nan]), "[1.5,null]"),
        (pd.Series(["a", pd.NA]), '["a",null]'),
        ({"b"}, '["b"]'),
        ({"when": [pd.NaT, np.datetime64("2026-01-02")]}, '{"when":[null,"2026-01-02T00:00:00"]}'),
        (decimal.Decimal("1.5"), "1.5"),
    ],
)
def test_a_parameter_of_any_type_is_sent_as_json(repo, value, json):
    bodies = []
    frame = fill(repo, 1)
    watch(repo, lambda request: bodies.append(request.content.decode()))
    for do in (lambda: repo.call(LAB, "NoSuchThing", x=value), lambda: frame.sn.call("NoSuchThing", x=value)):
        bodies.clear()
        with contextlib.suppress(sn.ServerError):
            do()
        assert f'{{"x":{json}}}' in bodies


@pytest.mark.parametrize("value", [object(), b"bytes", [print], {"a": {1j}}, float("inf")])
def test_a_parameter_that_has_no_json_is_refused_before_anything_is_sent(repo, value):
    frame = fill(repo, 1)
    sent = requests_of(repo)
    for do in (lambda: repo.call(LAB, "GetAcl", x=value), lambda: frame.sn.call("GetAcl", x=value)):
        with pytest.raises(QueryError, match="GetAcl: the parameter x cannot be sent"):
            do()
    assert sent == []


def test_explode_and_children(repo):
    frame = fill(repo, 3)
    frame["Parts"] = [[int(frame.index[1]), int(frame.index[2])], [int(frame.index[2])], []]
    assert frame.sn.save().ok
    long = frame.sn.explode("Parts", select=["Name", "Quantity"])
    assert long.index.name == "Parts of"
    assert list(zip(long.index, long.Name, strict=True)) == [
        (frame.index[0], "A1"), (frame.index[0], "A2"), (frame.index[1], "A2"),
    ]  # fmt: skip
    assert long.Quantity.dtype == "Int64"
    with pytest.raises(QueryError, match="Did you mean Parts"):
        frame.sn.explode("Part")
    folders = repo.read("/Root/Content", select=["Name", "Path"], filter="Name eq 'Lab'")
    below = folders.sn.children(select=["Name", "Quantity"])
    assert below.Name.tolist() == ["A0", "A1", "A2"]
    below.loc[below.Name == "A1", "Quantity"] = 9
    assert below.sn.save().counts["saved"] == 1


def test_undo_of_a_part_and_of_an_undo(repo):
    frame = fill(repo, 3)
    frame["Quantity"] += 10
    report = frame.sn.save()
    part = sn.undo(report, ids=[frame.index[0]])
    assert part.counts == {"saved": 1, "unchanged": 2}
    assert held(repo, "Quantity", "A0") == 0
    assert held(repo, "Quantity", "A1") == 11
    repo.patch(f"{LAB}/A2", {"Quantity": 99})
    with pytest.raises(sn.ConflictError):
        sn.undo(report)
    assert sn.undo(report, dry_run=True, on_conflict="overwrite").counts == {"unchanged": 1, "unsent": 2}
    assert sn.undo(report, on_conflict="skip").counts == {"saved": 1, "unchanged": 1, "conflict": 1}
    assert sn.undo(part.journal, repo).counts == {"saved": 1}
    assert held(repo, "Quantity", "A0") == 10


def test_undo_after_a_conflict_puts_back_what_the_others_had(repo):
    frame = fill(repo, 2)
    frame["Keeper"] = "/Root/IMS/BuiltIn/Portal/Visitor"
    frame["BoughtOn"] = pd.Timestamp("2026-01-01", tz="UTC")
    theirs = {"Keeper": "/Root/IMS/BuiltIn/Portal/Admin", "BoughtOn": "2020-02-02T00:00:00Z"}
    repo.patch(f"{LAB}/A0", theirs)
    report = frame.sn.save(on_conflict="overwrite")
    assert report.counts == {"saved": 2}
    with pytest.warns(SaveWarning, match="taken as UTC"):
        repo.patch(f"{LAB}/A0", {"BoughtOn": "2021-01-01"})
    undone = sn.undo(report, on_conflict=lambda conflict: conflict.mine)
    assert undone.counts == {"saved": 2}
    again = repo.read(LAB, select=["Keeper", "BoughtOn"], filter="isof('Asset')")
    assert again.Keeper.tolist()[0] == theirs["Keeper"]
    assert again.BoughtOn.iloc[0] == pd.Timestamp(theirs["BoughtOn"])
    assert again.isna().iloc[1].all()


def test_undo_of_a_creation(repo):
    frame = fill(repo, 1)
    frame.loc[-1, ["Name", "Serial"]] = ["B1", "XY-1"]
    frame.loc[-2, ["Name", "Serial"]] = ["B2", "XY-2"]
    report = frame.sn.save(create=True)
    repo.patch(f"{LAB}/B2", {"Serial": "XY-9"})
    undone = sn.undo(report, on_conflict="skip")
    assert undone.frame["outcome"].tolist() == ["saved", "conflict"]
    assert repo.read(LAB, select=["Name"], filter="isof('Asset')").Name.tolist() == ["A0", "B2"]
    assert sn.undo(undone, on_conflict="skip").frame["outcome"].tolist() == ["saved"]
    assert repo.count(LAB, filter="isof('Asset')") == 3


def test_journals_are_listed_and_hold_no_secret(repo, state):
    frame = fill(repo, 2)
    frame["Quantity"] += 1
    report = frame.sn.save()
    assert report.journal.parent == state
    listed = sn.journals().query("what == 'save'")
    assert listed[["what", "origin", "rows", "open", "saved"]].values.tolist() == [
        ["save", repo.url, 2, 0, 2]
    ]
    text = report.journal.read_text()
    key = repo.client.auth.headers()["apikey"]
    assert key not in text
    assert key not in repr(report) + report._repr_html_() + repr(frame.attrs)
    assert report.journal.stat().st_mode & 0o077 == 0, "values of contents are for their reader only"
    file = state / "other.jsonl"
    file.write_text("hello\n")
    with pytest.raises(sn.SensenetError, match="not a journal"):
        sn.resume(file, repo)
    with pytest.raises(sn.SensenetError, match="cannot be read"):
        sn.resume("nowhere.jsonl", repo)


PAINT = """<ContentType name="Paint" parentType="GenericContent"
 handler="SenseNet.ContentRepository.GenericContent"
 xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition">
 <Fields><Field name="Tone" type="Color"/></Fields></ContentType>"""


@pytest.mark.parametrize("color", ["red", "#123", "#112233", "transparent"])
def test_a_color_is_verified(admin, color):
    admin.upload("/Root/System/Schema/ContentTypes", PAINT.encode(), name="Paint", type="ContentType")
    made = admin.create(LAB, "Paint", "one", {"Tone": color})
    assert admin.patch(made.Path, {"Tone": color})["Tone"] == made.Tone


@pytest.mark.parametrize("color", ["nonsense", "#12", "Red", 5, "rgb(1,2,3)"])
def test_a_color_that_the_server_does_not_know_is_no_success(admin, color):
    admin.upload("/Root/System/Schema/ContentTypes", PAINT.encode(), name="Paint", type="ContentType")
    made = admin.create(LAB, "Paint", "one")
    words = "is not a color that the server accepts|the server stored something else: Tone"
    for write in (
        lambda: admin.patch(made.Path, {"Tone": color}),
        lambda: admin.create(LAB, "Paint", "two", {"Tone": color}),
    ):
        with pytest.raises(SaveError, match=words):
            write()
