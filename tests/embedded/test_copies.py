"""Copies of whole trees: what they hold, and who may do what with them."""

from __future__ import annotations

import pytest

from sn_pandas.embedded import populate

from .client import WORKSPACE, Client, address

TREE = f"{WORKSPACE}/tree"
COPY = f"{WORKSPACE}/to/tree"
REFUSED = "System.InvalidOperationException"


@pytest.fixture(autouse=True)
def tree(client: Client) -> None:
    """Make a folder with a file, and with a folder that has a task and a folder with a task."""
    client.create(WORKSPACE, "Folder", "to")
    client.create(WORKSPACE, "Folder", "tree")
    client.upload(TREE, "plan.txt", "some words")
    for path in (TREE, f"{TREE}/inner"):
        client.create(path, "Folder", "inner")
        client.create(f"{path}/inner", "Task", "task", Description="to be found")


def copy(client: Client, key: str | None = None) -> list[str]:
    """Copy the tree; return the exceptions."""
    done = client.call(WORKSPACE, "CopyBatch", key=key, targetPath=f"{WORKSPACE}/to", paths=[TREE])
    return [error["error"]["exceptiontype"].rpartition(".")[2] for error in done.json()["d"]["errors"]]


def paths_below(client: Client, path: str, key: str | None = None) -> set[str]:
    headers = {} if key is None else {"apikey": key}
    target = f"/odata.svc{path}?metadata=no&$select=Path&query=InTree:{path} .AUTOFILTERS:OFF"
    rows = client.send("GET", target, headers=headers).json()["d"]["results"]
    return {row["Path"].removeprefix(path) for row in rows}


def test_a_large_copy_holds_everything(client: Client) -> None:
    populate(2_300, client.application)
    paths = ["/Root/Content/Many", "/Root/Content/Many/List00002"]
    client.call(WORKSPACE, "CopyBatch", targetPath=WORKSPACE, paths=paths)
    assert paths_below(client, f"{WORKSPACE}/Many") == paths_below(client, "/Root/Content/Many")
    assert len(paths_below(client, f"{WORKSPACE}/List00002")) == 301
    assert client.read(f"{WORKSPACE}/Many/List00001/Task0001999", "Index") == {"Index": 999}


def test_the_copy_is_found_and_stands_on_its_own(client: Client) -> None:
    assert copy(client) == []
    assert paths_below(client, COPY) == paths_below(client, TREE)
    target = f"/odata.svc{COPY}?metadata=no&$select=Path&query=Description:found"
    rows = client.send("GET", target).json()["d"]["results"]
    assert {row["Path"] for row in rows} == {f"{COPY}/inner/task", f"{COPY}/inner/inner/task"}
    client.send("DELETE", address(TREE, "permanent=true"))
    assert client.send("GET", f"{COPY}/plan.txt").content == "some words".encode("utf-8-sig")


def test_permissions_come_along(client: Client) -> None:
    key = client.user("kim", Open="allow", AddNew="allow")
    deny = [{"identity": "/Root/IMS/Public/kim", "See": "deny"}]
    client.call(f"{TREE}/inner/inner", "SetPermissions", r=deny)
    assert copy(client) == []
    assert paths_below(client, COPY, key) == {"", "/plan.txt", "/inner", "/inner/task"}
    assert client.send("GET", address(f"{COPY}/inner/inner/task"), headers={"apikey": key}).status_code == 404


def test_what_the_caller_cannot_read_stays_behind(client: Client) -> None:
    key = client.user("kim", Open="allow", AddNew="allow")
    deny = [{"identity": "/Root/IMS/Public/kim", "See": "deny"}]
    client.call(f"{TREE}/inner/inner", "SetPermissions", r=deny)
    assert copy(client, key) == []
    assert paths_below(client, COPY) == {"", "/plan.txt", "/inner", "/inner/task"}
    made = client.read(f"{COPY}/inner/task", "CreatedBy/Name,Owner/Name", "&$expand=CreatedBy,Owner")
    assert made == {"CreatedBy": {"Name": "kim"}, "Owner": {"Name": "kim"}}


def test_a_tree_that_does_not_fit_is_not_copied_in_part(client: Client) -> None:
    client.create(WORKSPACE, "TaskList", "list")
    done = client.call(WORKSPACE, "CopyBatch", targetPath=f"{WORKSPACE}/list", paths=[TREE]).json()["d"]
    assert [error["error"]["exceptiontype"] for error in done["errors"]] == [
        "System.InvalidOperationException"
    ]
    assert paths_below(client, f"{WORKSPACE}/list") == {""}


def test_names_of_users_stay_unique_in_their_domain(client: Client) -> None:
    client.create("/Root/IMS", "Domain", "Other")
    for unit in ("one", "two"):
        client.create("/Root/IMS/Other", "OrganizationalUnit", unit)
    client.create(
        "/Root/IMS/Other/one", "User", "lee", LoginName="lee", FullName="Lee", Email="lee@example.com",
        Password="Secret-123", Enabled=True,
    )  # fmt: skip
    body = {"targetPath": "/Root/IMS/Other/two", "paths": ["/Root/IMS/Other/one"]}
    done = client.send("POST", f"{address('/Root')}/CopyBatch", body).json()["d"]
    assert [error["error"]["exceptiontype"] for error in done["errors"]] == [
        "System.InvalidOperationException"
    ]
    assert client.names("/Root/IMS/Other/two") == []
    body["targetPath"] = "/Root/IMS/Public"
    done = client.send("POST", f"{address('/Root')}/CopyBatch", body).json()["d"]
    assert done["errors"] == []
