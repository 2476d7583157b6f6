"""The size of a file without bytes: -1 as long as its version is in memory, 0 once it was read again."""

from __future__ import annotations

import pytest

from .client import WORKSPACE, Client, address

FILE = f"{WORKSPACE}/plan.txt"


def size(client: Client, path: str, options: str = "") -> float:
    found = client.read(path, "Size,FullSize", options)
    assert found["FullSize"] == -1.0
    return float(found["Size"])


def plan(client: Client, **fields: object) -> None:
    client.create(WORKSPACE, "File", "plan.txt", **fields)


def test_saving_the_file_itself_keeps_it(client: Client) -> None:
    plan(client, VersioningMode=["3"])
    assert size(client, FILE) == -1.0
    client.patch(FILE, {"Index": 2})
    client.call(FILE, "CheckOut")
    client.call(FILE, "CheckIn")
    client.call(FILE, "Publish")
    client.patch(FILE, {"Name": "other.txt"})
    assert size(client, f"{WORKSPACE}/other.txt") == -1.0
    assert size(client, f"{WORKSPACE}/other.txt", "&version=V0.1.D") == 0.0


@pytest.mark.parametrize("action", ["UndoCheckOut", "RestoreVersion"])
def test_what_takes_an_older_version_reads_it(client: Client, action: str) -> None:
    plan(client, VersioningMode=["2"])
    client.call(FILE, "CheckOut")
    if action == "RestoreVersion":
        client.call(FILE, "CheckIn")
    client.call(FILE, action, **({"version": "V1.0.A"} if action == "RestoreVersion" else {}))
    assert size(client, FILE) == 0.0
    client.patch(FILE, {"Index": 5})
    assert size(client, FILE) == 0.0


@pytest.mark.parametrize("erased", [False, True])
def test_a_file_that_went_elsewhere_was_read(client: Client, erased: bool) -> None:
    client.create(WORKSPACE, "Folder", "old")
    client.create(f"{WORKSPACE}/old", "File", "inside.txt")
    client.patch(WORKSPACE, {"Index": 2})
    if erased:
        client.upload(WORKSPACE, "plan.txt", "text")
        client.patch(FILE, {"Binary": None})
    else:
        plan(client)
    assert size(client, FILE) == -1.0
    client.call(WORKSPACE, "CopyBatch", targetPath=f"{WORKSPACE}/old", paths=[FILE])
    assert size(client, f"{WORKSPACE}/old/plan.txt") == -1.0, "a copy has the value of its source"
    client.patch(f"{WORKSPACE}/old", {"Name": "new"})
    assert size(client, f"{WORKSPACE}/new/inside.txt") == size(client, f"{WORKSPACE}/new/plan.txt") == 0.0
    client.send("DELETE", address(f"{WORKSPACE}/new/plan.txt", "permanent=true"))
    client.call(WORKSPACE, "MoveBatch", targetPath=f"{WORKSPACE}/new", paths=[FILE])
    assert size(client, f"{WORKSPACE}/new/plan.txt") == 0.0


def test_a_file_in_the_trash_was_read(client: Client) -> None:
    plan(client)
    client.send("DELETE", address(FILE))
    [bag] = client.names("/Root/Trash")
    assert size(client, f"/Root/Trash/{bag}/plan.txt") == 0.0
