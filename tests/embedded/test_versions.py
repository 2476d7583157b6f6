"""Versions and locks as clients meet them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from .client import WORKSPACE, Client, address, problem

ASSET = f"{WORKSPACE}/a"


def asset(client: Client, **fields: object) -> None:
    client.create(WORKSPACE, "Asset", "a", Code="1", **fields)


def test_every_save_makes_a_version_and_old_ones_keep_their_values(client: Client) -> None:
    asset(client, VersioningMode=["2"])
    client.patch(ASSET, {"Code": "2"})
    client.patch(ASSET, {})
    assert client.versions(ASSET) == [("V1.0.A", "1"), ("V2.0.A", "2"), ("V3.0.A", "2")]
    assert client.read(ASSET, "Version,Code", "&version=1.0") == {"Version": "V1.0.A", "Code": "1"}
    assert client.read(ASSET, "Version", "&version=nonsense") == {"Version": "V3.0.A"}
    assert client.send("GET", address(ASSET, "version=9.9")).status_code == 404


def test_without_versions_an_empty_patch_saves_nothing(client: Client) -> None:
    asset(client)
    before = client.read(ASSET, "ModificationDate,VersionId,Version")
    client.patch(ASSET, {"Code": "1"})
    assert client.read(ASSET, "ModificationDate,VersionId,Version") == before


def test_the_modes_of_a_list_are_handed_down(client: Client) -> None:
    client.patch(WORKSPACE, {"InheritableVersioningMode": ["3"]})
    asset(client)
    assert client.read(ASSET, "Version,VersioningMode") == {"Version": "V0.1.D", "VersioningMode": ["0"]}


def test_going_back_to_no_versions_collapses_the_drafts(client: Client) -> None:
    asset(client, VersioningMode=["3"])
    client.call(ASSET, "Publish")
    client.patch(ASSET, {"Code": "2"})
    client.patch(ASSET, {"Code": "3"})
    client.patch(ASSET, {"VersioningMode": ["1"]})
    assert client.versions(ASSET) == [("V1.0.A", "3")]


def test_a_working_copy_can_be_thrown_away(client: Client) -> None:
    asset(client, VersioningMode=["2"])
    client.call(ASSET, "CheckOut")
    client.patch(ASSET, {"Code": "2"})
    assert client.read(ASSET, "Version,Code,Locked") == {"Version": "V2.0.L", "Code": "2", "Locked": True}
    client.call(ASSET, "UndoCheckOut")
    assert client.read(ASSET, "Version,Code,Locked") == {"Version": "V1.0.A", "Code": "1", "Locked": False}


def test_renaming_keeps_the_lock(client: Client) -> None:
    asset(client, VersioningMode=["2"])
    client.call(ASSET, "CheckOut")
    client.patch(ASSET, {"Name": "b"})
    assert client.read(f"{WORKSPACE}/b", "Version,Locked") == {"Version": "V2.0.L", "Locked": True}


def test_comments_are_kept(client: Client) -> None:
    asset(client, VersioningMode=["3"], ApprovingMode=["2"])
    client.call(ASSET, "CheckOut")
    client.call(ASSET, "CheckIn", checkInComments="done")
    client.call(ASSET, "Publish")
    client.call(ASSET, "Reject", rejectReason="not yet")
    expected = {"Version": "V0.2.R", "CheckInComments": "done", "RejectReason": "not yet"}
    assert client.read(ASSET, "Version,CheckInComments,RejectReason") == expected


@pytest.mark.parametrize("version", ["V1.0.A", "1.0", "V1.0"])
def test_an_old_version_is_restored_as_a_new_one(client: Client, version: str) -> None:
    asset(client, VersioningMode=["2"])
    client.patch(ASSET, {"Code": "2"})
    assert client.call(ASSET, "RestoreVersion", version=version).json()["d"] == {
        "Version": "V3.0.A",
        "Code": "1",
    }
    assert problem(client.call(ASSET, "RestoreVersion", version="9.9")) == (500, "NotSpecified", "Exception")


def test_somebody_elses_lock(client: Client) -> None:
    asset(client, VersioningMode=["2"])
    key = client.user("low", Save="allow")
    client.call(ASSET, "CheckOut", key=key)
    locked = (500, "CheckedOutToSomeoneElse", "InvalidContentActionException")
    assert client.patch(ASSET, {}) == locked
    assert problem(client.call(ASSET, "CheckIn")) == locked
    assert problem(client.send("DELETE", address(ASSET)))[2] == "InvalidOperationException"
    assert problem(client.send("DELETE", address(ASSET, "permanent=true")))[:2] == (403, "Forbidden")
    assert client.call(ASSET, "TakeLockOver", user="").text == "Ok"
    assert client.call(ASSET, "CheckIn").json()["d"]["Version"] == "V2.0.A"


def test_a_lock_goes_only_to_who_may_save(client: Client) -> None:
    asset(client, VersioningMode=["2"])
    client.user("low", Open="allow")
    client.user("high", Save="allow")
    client.call(ASSET, "CheckOut")
    refused = problem(client.call(ASSET, "TakeLockOver", user="/Root/IMS/Public/low"))
    assert refused == (400, "RequestError", "ApplicationException")
    assert client.call(ASSET, "TakeLockOver", user="/Root/IMS/Public/high").text == "Ok"
    assert client.patch(ASSET, {})[1] == "CheckedOutToSomeoneElse"


def test_a_lock_can_be_broken(client: Client) -> None:
    asset(client, VersioningMode=["2"])
    key = client.user("low", Save="allow")
    client.call(ASSET, "CheckOut", key=key)
    assert client.call(ASSET, "ForceUndoCheckOut").json()["d"]["Version"] == "V1.0.A"


def test_who_may_not_break_locks_is_told_why(client: Client) -> None:
    asset(client)
    key = client.user("low", Save="allow")
    assert problem(client.call(ASSET, "ForceUndoCheckOut", key=key))[1] == "InvalidStateAction"
    client.patch(ASSET, {"VersioningMode": ["2"]})
    client.call(ASSET, "CheckOut", key=key)
    assert problem(client.call(ASSET, "ForceUndoCheckOut", key=key))[1] == "InvalidStateAction"
    client.call(ASSET, "UndoCheckOut", key=key)
    client.call(ASSET, "CheckOut")
    assert problem(client.call(ASSET, "ForceUndoCheckOut", key=key))[1] == "CheckedOutToSomeoneElse"


def test_drafts_are_hidden_from_who_may_not_open_them(client: Client) -> None:
    key = client.user("reader", Open="allow")
    asset(client, VersioningMode=["3"])
    assert client.names(WORKSPACE, key=key) == []
    assert client.send("GET", address(ASSET), headers={"apikey": key}).status_code == 404
    client.call(ASSET, "Publish")
    client.patch(ASSET, {"Code": "draft"})
    assert client.read(ASSET, "Version,Code", key=key) == {"Version": "V1.0.A", "Code": "1"}
    draft = client.send("GET", address(ASSET, "version=V1.1.D"), headers={"apikey": key})
    assert problem(draft)[:2] == (403, "Forbidden")
    old = client.send("GET", f"{address(ASSET)}/Versions", headers={"apikey": key})
    assert problem(old)[:2] == (403, "Forbidden")


def test_a_save_in_several_steps(client: Client) -> None:
    target = address(WORKSPACE, "metadata=no&multistepsave=true&$select=Version,SavingState,Locked")
    made = client.send("POST", target, {"__ContentType": "Asset", "Name": "a"}).json()["d"]
    assert made == {"Version": "V1.0.L", "SavingState": ["1"], "Locked": True}
    assert client.patch(ASSET, {"Code": "2"})[1] == "MultistepSaveInProgress"
    assert problem(client.call(ASSET, "UndoCheckOut"))[1] == "UndoSingleVersion"
    assert client.call(ASSET, "FinalizeContent").status_code == 200
    assert client.read(ASSET, "Version,SavingState") == {"Version": "V1.0.A", "SavingState": ["0"]}
    assert problem(client.call(ASSET, "FinalizeContent"))[2] == "InvalidOperationException"
    client.patch(ASSET, {"Code": "3"}, options="&multistepsave=true")
    assert client.call(ASSET, "CheckIn").json()["d"] == {"Version": "V1.0.A", "Code": "3"}


def test_versions_go_with_their_content(client: Client) -> None:
    asset(client, VersioningMode=["2"])
    client.patch(ASSET, {"Code": "2"})
    assert client.count("versions") == 1
    client.send("DELETE", address(ASSET, "permanent=true"))
    assert client.count("versions") == 0


def test_saves_at_the_same_moment_lose_no_version(client: Client) -> None:
    asset(client, VersioningMode=["2"])

    def save(number: int) -> int:
        answer = client.send("PATCH", address(ASSET, "metadata=no&$select=Version"), {"Code": str(number)})
        if answer.status_code != 200:
            assert problem(answer) == (400, "RequestError", "NodeIsOutOfDateException")
        return answer.status_code

    with ThreadPoolExecutor(4) as pool:
        saved = list(pool.map(save, range(24))).count(200)
    assert saved > 0
    assert [version for version, _ in client.versions(ASSET)] == sorted(
        (f"V{number}.0.A" for number in range(1, saved + 2)), key=str
    )


def test_lists_and_workspaces_are_changed_by_who_manages_them(client: Client) -> None:
    client.create(WORKSPACE, "TaskList", "tasks")
    client.create(f"{WORKSPACE}/tasks", "Task", "t")
    editor = client.user("editor", Save="allow", AddNew="allow")
    manager = client.user("manager", ManageListsAndWorkspaces="allow")
    refused = (500, "NotEnoughPermissions", "InvalidContentActionException")
    for path, key, problems in (
        (WORKSPACE, editor, refused), (WORKSPACE, manager, None), (f"{WORKSPACE}/tasks/t", editor, None),
        (f"{WORKSPACE}/tasks", editor, refused), (f"{WORKSPACE}/tasks", manager, None),
    ):  # fmt: skip
        answer = client.send("PATCH", address(path), {"Index": 1}, {"apikey": key})
        assert (problem(answer) if answer.status_code != 200 else None) == problems
    assert problem(client.call(f"{WORKSPACE}/tasks", "CheckOut", key=editor)) == refused
    for kind, status in (("Task", 200), ("TaskList", 403)):
        place = f"{WORKSPACE}/tasks" if kind == "Task" else WORKSPACE
        answer = client.send(
            "POST", address(place), {"__ContentType": kind, "Name": "new"}, {"apikey": editor}
        )
        assert answer.status_code == status


def test_a_restored_version_follows_the_modes_of_now(client: Client) -> None:
    asset(client)
    client.patch(ASSET, {"VersioningMode": ["3"], "Code": "2"})
    assert client.call(ASSET, "RestoreVersion", version="V1.0.A").json()["d"] == {
        "Version": "V1.2.D", "Code": "1",
    }  # fmt: skip
    assert client.read(ASSET, "VersioningMode") == {"VersioningMode": ["3"]}


def test_a_restored_version_overwrites_the_last_one_where_there_are_no_versions(client: Client) -> None:
    asset(client, VersioningMode=["2"])
    client.patch(ASSET, {"Code": "2"})
    client.patch(ASSET, {"VersioningMode": ["1"]})
    client.call(ASSET, "RestoreVersion", version="V1.0.A")
    assert client.versions(ASSET) == [("V1.0.A", "1"), ("V2.0.A", "1")]
    assert client.read(ASSET, "VersioningMode") == {"VersioningMode": ["1"]}


def test_a_version_is_restored_while_another_waits_for_approval(client: Client) -> None:
    asset(client, VersioningMode=["3"])
    client.patch(ASSET, {"ApprovingMode": ["2"], "Code": "2"})
    client.call(ASSET, "Publish")
    client.call(ASSET, "RestoreVersion", version="V0.1.D")
    assert client.read(ASSET, "Version,Code,ApprovingMode") == {
        "Version": "V0.3.D", "Code": "1", "ApprovingMode": ["2"],
    }  # fmt: skip


@pytest.mark.parametrize("action", ["UndoCheckOut", "ForceUndoCheckOut"])
def test_a_display_name_stays_when_the_working_copy_goes(client: Client, action: str) -> None:
    def found(text: str) -> list[str]:
        return client.names(WORKSPACE, f"&query=DisplayName:{text}")

    asset(client, VersioningMode=["2"], DisplayName="First")
    client.patch(ASSET, {"DisplayName": "Second"})
    assert client.read(ASSET, "DisplayName", "&version=V1.0.A") == {"DisplayName": "Second"}
    client.call(ASSET, "CheckOut")
    client.patch(ASSET, {"DisplayName": "Third", "Code": "3", "Index": 7, "Name": "c"})
    moved = f"{WORKSPACE}/c"
    if action == "ForceUndoCheckOut":
        client.user("keeper", Save="allow")
        client.call(moved, "TakeLockOver", user="/Root/IMS/Public/keeper")
    assert client.call(moved, action).status_code == 200
    assert client.read(moved, "DisplayName,Code,Index,Version") == {
        "DisplayName": "Third", "Code": "1", "Index": 7, "Version": "V2.0.A",
    }  # fmt: skip
    assert (found("Second"), found("Third")) == (["c"], [])
    client.patch(moved, {"Code": "4"})
    assert (found("Second"), found("Third")) == ([], ["c"])


def test_an_approval_takes_the_reason_of_a_rejection_away(client: Client) -> None:
    def reason() -> object:
        return client.read(ASSET, "RejectReason")["RejectReason"]

    asset(client, ApprovingMode=["2"])
    assert reason() is None
    client.call(ASSET, "Approve")
    assert reason() == ""
    client.patch(ASSET, {"Code": "2"})
    client.call(ASSET, "Reject", rejectReason="too short")
    client.patch(ASSET, {"Code": "3"})
    assert reason() == "too short"
    client.call(ASSET, "Approve")
    client.patch(ASSET, {"Code": "4"})
    assert reason() == ""
    client.call(ASSET, "Reject")
    assert reason() == ""
