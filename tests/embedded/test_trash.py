"""The Trash, and many contents copied, moved and deleted by one call."""

from __future__ import annotations

from typing import Any

import pytest

from .client import WORKSPACE, Client, address, problem

FOLDER = f"{WORKSPACE}/d"


@pytest.fixture(autouse=True)
def tree(client: Client) -> None:
    """Make two folders, one with a folder with a task in it."""
    client.create(WORKSPACE, "Folder", "d", DisplayName="The folder")
    client.create(WORKSPACE, "Folder", "e")
    client.create(FOLDER, "Folder", "x")
    client.create(f"{FOLDER}/x", "Task", "t", AssignedTo=[1])


def batch(client: Client, name: str, **parameters: Any) -> tuple[list[str], list[str]]:
    """Return the paths of the results and the exceptions of the errors."""
    answer = client.call(WORKSPACE, name, **parameters).json()["d"]
    assert answer["__count"] == len(answer["results"]) + len(answer["errors"])
    paths = [result["Path"] for result in answer["results"]]
    return paths, [error["error"]["exceptiontype"].rpartition(".")[2] for error in answer["errors"]]


def bags(client: Client) -> list[dict[str, Any]]:
    target = "/odata.svc/Root/Trash?metadata=no&$select=Path,DisplayName,OriginalPath,WorkspaceRelativePath"
    rows: list[dict[str, Any]] = client.send("GET", f"{target}&$orderby=Id").json()["d"]["results"]
    return rows


def test_what_is_deleted_comes_back_with_everything_below(client: Client) -> None:
    before = client.read(f"{FOLDER}/x/t", "Id,CreationDate,ModificationDate")
    assert client.send("DELETE", address(FOLDER)).status_code == 200
    (bag,) = bags(client)
    assert bag["DisplayName"] == "The folder"
    assert (bag["OriginalPath"], bag["WorkspaceRelativePath"]) == (WORKSPACE, "/d")
    assert client.names(bag["Path"]) == ["d"]
    assert client.call(bag["Path"], "Restore").status_code == 204
    assert client.read(f"{FOLDER}/x/t", "Id,CreationDate,ModificationDate") == before
    assert bags(client) == []


def test_a_restore_needs_a_place_and_a_name(client: Client) -> None:
    client.send("DELETE", address(FOLDER))
    client.create(WORKSPACE, "Folder", "d")
    bag = bags(client)[0]["Path"]
    taken = (500, "NotSpecified", "Exception")
    assert problem(client.call(bag, "Restore")) == taken
    assert problem(client.call(bag, "Restore", destination="/Root/Nope")) == taken
    assert client.call(bag, "Restore", newname=True).status_code == 204
    assert client.names(WORKSPACE) == ["d", "d(1)", "e"]


@pytest.mark.parametrize("holder", [FOLDER, WORKSPACE])
def test_some_places_have_no_trash(client: Client, holder: str) -> None:
    client.patch(holder, {"TrashDisabled": True})
    client.send("DELETE", address(FOLDER))
    assert bags(client) == []


def test_a_grandparent_without_trash_does_not_count(client: Client) -> None:
    client.patch(WORKSPACE, {"TrashDisabled": True})
    client.send("DELETE", address(f"{FOLDER}/x"))
    assert len(bags(client)) == 1


def test_the_trash_can_be_switched_off_and_kept(client: Client) -> None:
    client.patch("/Root/Trash", {"MinRetentionTime": 2})
    client.send("DELETE", address(FOLDER))
    bag = bags(client)[0]["Path"]
    assert problem(client.send("DELETE", address(bag, "permanent=true")))[0] == 400
    client.patch("/Root/Trash", {"IsActive": False})
    client.send("DELETE", address(f"{WORKSPACE}/e"))
    assert len(bags(client)) == 1


def test_a_big_tree_is_only_deleted_for_good(client: Client) -> None:
    for number in range(100):
        client.create(FOLDER, "Folder", f"f{number}")
    assert problem(client.send("DELETE", address(FOLDER)))[::2] == (400, "ApplicationException")
    assert client.send("DELETE", address(FOLDER, "Permanent=TRUE")).status_code == 200
    assert client.names(WORKSPACE) == ["e"]


def test_what_is_protected_stays(client: Client) -> None:
    admin = "/Root/IMS/BuiltIn/Portal/Admin"
    for options in ("", "permanent=true"):
        assert problem(client.send("DELETE", address(admin, options)))[::2] == (400, "ApplicationException")
    assert problem(client.call(admin, "Delete", permanent=True))[0] == 403
    client.create(WORKSPACE, "Asset", "a")
    kind = "/Root/System/Schema/ContentTypes/GenericContent/Asset"
    assert problem(client.send("DELETE", address(kind)))[0] == 400
    client.send("DELETE", address(f"{WORKSPACE}/a", "permanent=true"))
    assert client.send("DELETE", address(kind)).status_code == 200
    assert client.send("GET", address(kind)).status_code == 404


def test_who_may_not_delete(client: Client) -> None:
    key = {"apikey": client.user("reader", Open="allow")}
    into_trash = client.send("DELETE", address(FOLDER), headers=key)
    assert problem(into_trash) == (500, "NotSpecified", "InvalidOperationException")
    for_good = client.send("DELETE", address(FOLDER, "permanent=true"), headers=key)
    assert problem(for_good) == (403, "Forbidden", "SenseNetSecurityException")


def test_batches_answer_item_by_item(client: Client) -> None:
    target = f"{WORKSPACE}/e"
    number = client.read(f"{FOLDER}/x", "Id")["Id"]
    paths = [FOLDER, FOLDER, "/Root/Nope", 999999, str(number), None]
    done, failed = batch(client, "CopyBatch", targetPath=target, paths=paths)
    assert done == [f"{target}/d", f"{target}/x"]
    assert failed == ["NodeAlreadyExistsException", *["ContentNotFoundException"] * 3]
    assert client.read(f"{target}/d/x/t", "Name", "&$expand=AssignedTo") == {"Name": "t"}


def test_another_letter_case_is_done_and_said_to_be_missing(client: Client) -> None:
    done, failed = batch(
        client, "CopyBatch", targetPath=f"{WORKSPACE}/e", paths=[FOLDER.replace("/w/d", "/w/D")]
    )
    assert (done, failed) == ([f"{WORKSPACE}/e/d"], ["ContentNotFoundException"])


def test_copies_beside_the_original_get_a_name(client: Client) -> None:
    client.create(WORKSPACE, "Folder", "Copy (7) of others")
    batch(client, "CopyBatch", targetPath=WORKSPACE, paths=[FOLDER] * 3)
    names = ["Copy (1) of d", "Copy (2) of d", "Copy (7) of others", "Copy of d", "d", "e"]
    assert client.names(WORKSPACE) == names
    client.send("DELETE", f"/odata.svc{WORKSPACE}/('Copy (1) of d')?permanent=true")
    batch(client, "CopyBatch", targetPath=WORKSPACE, paths=[FOLDER])
    assert client.names(WORKSPACE) == names


@pytest.mark.parametrize(
    ("name", "target", "exceptiontype"),
    [
        ("MoveBatch", WORKSPACE, "InvalidOperationException"),
        ("MoveBatch", f"{FOLDER}/x", "InvalidOperationException"),
        ("CopyBatch", f"{FOLDER}/x", "InvalidOperationException"),
        ("MoveBatch", "/Root/IMS/Public", "InvalidOperationException"),
    ],
)
def test_where_nothing_can_go(client: Client, name: str, target: str, exceptiontype: str) -> None:
    assert batch(client, name, targetPath=target, paths=[FOLDER]) == ([], [exceptiontype])
    assert client.names(f"{FOLDER}/x") == ["t"]


def test_a_move_looks_at_the_types_that_come_along(client: Client) -> None:
    client.create(WORKSPACE, "TaskList", "list")
    assert batch(client, "MoveBatch", targetPath=f"{WORKSPACE}/list", paths=[f"{FOLDER}/x/t"])[1] == []
    assert batch(client, "MoveBatch", targetPath=f"{WORKSPACE}/list", paths=[FOLDER])[1] != []


def test_moves_carry_the_tree_the_index_and_the_system_mark(client: Client) -> None:
    client.create(WORKSPACE, "SystemFolder", "s")
    batch(client, "MoveBatch", targetPath=f"{WORKSPACE}/s", paths=[FOLDER])
    moved = client.read(f"{WORKSPACE}/s/d/x/t", "Path,IsSystemContent")
    assert moved == {"Path": f"{WORKSPACE}/s/d/x/t", "IsSystemContent": True}
    assert client.names(WORKSPACE, "&query=Name:t") == []
    batch(client, "MoveBatch", targetPath=WORKSPACE, paths=[f"{WORKSPACE}/s/d"])
    assert client.names(WORKSPACE, "&query=Name:t") == ["t"]


def test_deleting_in_a_batch(client: Client) -> None:
    paths = [f"{FOLDER}/x", f"{WORKSPACE}/e", "/Root/Nope"]
    done, failed = batch(client, "DeleteBatch", permanent=True, paths=paths)
    assert (done, failed) == (paths[:2], ["ContentNotFoundException"])
    assert client.call(WORKSPACE, "DeleteBatch", permanent=True, paths=[]).status_code == 204
    assert problem(client.call(WORKSPACE, "DeleteBatch", paths=paths))[1] == "UnknownAction"


def test_the_target_of_a_batch(client: Client) -> None:
    missing = client.call(WORKSPACE, "CopyBatch", targetPath="/Root/Nope", paths=[FOLDER])
    assert problem(missing) == (404, "ResourceNotFound", "ContentNotFoundException")
    key = client.user("low", Save="allow", AddNew="allow")
    hidden = client.call(WORKSPACE, "CopyBatch", key=key, targetPath="/Root/IMS/BuiltIn", paths=[FOLDER])
    assert problem(hidden)[:2] == (403, "Forbidden")
    moved = client.call(WORKSPACE, "MoveBatch", key=key, targetPath=f"{WORKSPACE}/e", paths=[FOLDER])
    assert moved.json()["d"]["errors"][0]["error"]["exceptiontype"].endswith("SenseNetSecurityException")


def test_nothing_is_restored_below_itself(client: Client) -> None:
    client.send("DELETE", address(FOLDER))
    bag = bags(client)[0]["Path"]
    refused = (500, "NotSpecified", "InvalidOperationException")
    for destination in (f"{bag}/d", f"{bag}/d/x"):
        answer = client.call(bag, "Restore", destination=destination)
        assert problem(answer) == refused
        assert "Node cannot be moved under itself." in answer.text
    assert client.call(bag, "Restore", destination=bag, newname=True).status_code == 500
    assert client.names(bag) == ["d"]
    batch(client, "MoveBatch", targetPath=f"{WORKSPACE}/e", paths=[f"{bag}/d"])
    for destination in (f"{WORKSPACE}/e/d", f"{WORKSPACE}/e/d/x"):
        assert problem(client.call(bag, "Restore", destination=destination)) == refused
    assert client.read(f"{WORKSPACE}/e/d/x/t", "Name") == {"Name": "t"}
    assert client.call(bag, "Restore").status_code == 204
    assert client.names(WORKSPACE) == ["d", "e"]


def test_what_else_is_in_a_bag_goes_with_it(client: Client) -> None:
    client.send("DELETE", address(FOLDER))
    bag = bags(client)[0]["Path"]
    client.call(bag, "AddAllowedChildTypes", contentTypes=["Folder"])
    client.create(bag, "Folder", "more")
    number = client.create(f"{bag}/more", "Folder", "deep")["Id"]
    assert client.call(bag, "Restore").status_code == 204
    assert client.read(f"{FOLDER}/x/t", "Name") == {"Name": "t"}
    assert client.send("GET", f"/odata.svc/content({number})").status_code == 404
    assert client.names("/Root", "&query=Name:(more deep)&enableautofilters=false") == []


def test_a_circle_in_a_damaged_file_is_left(client: Client) -> None:
    ids = [client.read(path, "Id")["Id"] for path in (FOLDER, f"{FOLDER}/x", f"{FOLDER}/x/t")]
    with client.application.store.transaction() as db:
        db.execute("UPDATE contents SET parent_id = ? WHERE id = ?", (ids[1], ids[0]))
    rows = client.send("GET", f"{address(f'{FOLDER}/x/t')}/Ancestors?metadata=no&$select=Name").json()["d"]
    assert [row["Name"] for row in rows["results"]] == ["x", "d"]
