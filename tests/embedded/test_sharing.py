"""Sharings: what they give, how they are shown, how they are searched for."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from .client import WORKSPACE, Client, address, problem

PUBLIC = "/Root/IMS/Public"
INVALID = (500, "NotSpecified", "InvalidContentSharingQueryException")


@pytest.fixture
def shared(client: Client) -> Client:
    """Make three tasks that are shared: one by kim, two by the administrator, one of these twice."""
    kim = client.user("kim", Save="allow", SetPermissions="allow")
    client.user("lee")
    for name in ("plan", "list", "draft", "own"):
        client.create(WORKSPACE, "Task", name)
    share(client, "plan", "Lee@example.com", "Open", "Private")
    share(client, "list", "guest@example.org", "Edit", "Private")
    share(client, "list", "", "Open", "Authenticated")
    share(client, "draft", "guest@example.org", "Open", "Private", key=kim)
    return client


def share(client: Client, name: str, token: str, level: str, mode: str, key: str | None = None) -> Any:
    return client.call(
        f"{WORKSPACE}/{name}", "Share", key, token=token, level=level, mode=mode, sendNotification=False
    )


def found(client: Client, query: str) -> list[str]:
    return client.names("/Root/Content", f"&query={quote(query)}")


def test_who_shared(shared: Client) -> None:
    kim = shared.read(f"{PUBLIC}/kim", "Id")["Id"]
    for who in (str(kim), "kim", "KIM", f"{PUBLIC}/kim", '"public\\\\kim"', "Public\\kim"):
        assert found(shared, f"SharedBy:{who}") == ["draft"], who
    assert found(shared, "SharedBy:@@CurrentUser@@") == ["list", "plan"]
    assert found(shared, "SharedBy:nobody") == found(shared, 'SharedBy:"builtin\\\\kim"') == []


def test_with_whom(shared: Client) -> None:
    lee = shared.read(f"{PUBLIC}/lee", "Id")["Id"]
    for whom, names in (
        (lee, ["plan"]),
        ("lee@example.com", ["plan"]),
        ("GUEST@example.org", ["draft", "list"]),
        ("*@example.???", ["draft", "list", "plan"]),
        (0, ["draft", "list"]),
        (8, ["list"]),
        (999999, []),
    ):
        assert found(shared, f"SharedWith:{whom}") == names


def test_how(shared: Client) -> None:
    assert found(shared, "SharingMode:authenticated") == ["list"]
    assert found(shared, "SharingLevel:OPEN") == ["draft", "list", "plan"]
    assert found(shared, "SharingLevel:Edit OR SharedBy:kim") == ["draft", "list"]
    assert found(shared, "+SharedWith:guest@example.org +SharingLevel:Open") == ["draft"], "of one sharing"
    assert found(shared, "+SharedWith:guest@example.org +(SharingLevel:Open SharingLevel:Edit) +Name:l*") == [
        "list"
    ]
    assert found(shared, "Name:own OR SharedBy:kim") == ["draft", "own"]
    assert found(shared, "Id:{{SharedBy:kim .SELECT:Id}}") == ["draft"]


@pytest.mark.parametrize(
    "query",
    ["SharedBy:>1", "SharedWith:[1 TO 5]", "+TypeIs:Task -SharedBy:1", "SharingMode:<>Public",
     "TypeIs:Task AND NOT SharingLevel:Open", "+Name:a +(TypeIs:Task -SharedBy:5)"],
)  # fmt: skip
def test_a_sharing_has_neither_an_order_nor_an_opposite(client: Client, query: str) -> None:
    answer = client.send("GET", f"/odata.svc/Root/Content?query={quote(query)}")
    assert problem(answer) == INVALID


def test_filters_know_no_sharings(client: Client) -> None:
    answer = client.send("GET", "/odata.svc/Root/Content?$filter=SharedBy eq 1")
    assert answer.status_code == 400


@pytest.mark.parametrize("token", ["guest@example.org", ""])
def test_a_link_has_a_group(client: Client, token: str) -> None:
    content_id = client.create(WORKSPACE, "Task", "plan")["Id"]
    first = share(client, "plan", token, "Open", "Public").json()
    group = f"{WORKSPACE}/Groups/G{content_id}-open"
    assert client.read(group, "Id,Type") == {"Id": first["Identity"], "Type": "SharingGroup"}
    edit = share(client, "plan", token, "Edit", "Public").json()
    assert client.read(f"{WORKSPACE}/Groups/G{content_id}-edit", "Id") == {"Id": edit["Identity"]}
    assert client.call(f"{WORKSPACE}/plan", "RemoveSharing", id=first["Id"]).json() is True
    assert client.send("GET", address(group)).status_code == 404
    assert client.names(f"{WORKSPACE}/Groups", "&enableautofilters=false") == [f"G{content_id}-edit"]


def test_a_group_lives_as_long_as_one_of_its_links(client: Client) -> None:
    content_id = client.create(WORKSPACE, "Task", "plan")["Id"]
    links = [share(client, "plan", "", "Open", "Public").json() for _ in range(2)]
    assert links[0]["Identity"] == links[1]["Identity"]
    group = address(f"{WORKSPACE}/Groups/G{content_id}-open")
    for link, status in zip(links, (200, 404), strict=True):
        client.call(f"{WORKSPACE}/plan", "RemoveSharing", id=link["Id"])
        assert client.send("GET", group).status_code == status


def test_a_sharer_does_not_learn_whose_address_it_is(shared: Client) -> None:
    sharer = shared.user("sam", Save="allow", SetPermissions="allow")
    shared.call(f"{PUBLIC}/lee", "SetPermissions", inheritance="break")
    shared.call(
        f"{PUBLIC}/lee", "SetPermissions", r=[{"identity": "/Root/IMS/BuiltIn/Portal/Everyone", "See": "u"}]
    )
    lee = shared.read(f"{PUBLIC}/lee", "Id")["Id"]
    made = share(shared, "own", "lee@example.com", "Open", "Private", key=sharer).json()
    assert made["Identity"] == 10
    assert shared.call(f"{WORKSPACE}/own", "GetSharing").json()["d"]["results"][0]["Identity"] == lee


def test_who_does_not_see_everyone_shares_with_nobody_at_once(shared: Client) -> None:
    everyone = "/Root/IMS/BuiltIn/Portal/Everyone"
    sharer = shared.user("sam", Save="allow", SetPermissions="allow")
    shared.call(everyone, "SetPermissions", inheritance="break")
    shared.call(everyone, "SetPermissions", r=[{"identity": everyone, "See": "undefined"}])
    answer = share(shared, "own", "", "Open", "Authenticated", key=sharer)
    assert problem(answer) == (403, "Forbidden", "SenseNetSecurityException")


def test_a_copy_is_not_shared(client: Client) -> None:
    content_id = client.create(WORKSPACE, "Folder", "plan")["Id"]
    client.create(WORKSPACE, "Folder", "target")
    link = share(client, "plan", "", "Open", "Public").json()
    client.call(WORKSPACE, "CopyBatch", paths=[f"{WORKSPACE}/plan"], targetPath=f"{WORKSPACE}/target")
    copy = f"{WORKSPACE}/target/plan"
    assert client.call(copy, "GetSharing").json()["d"]["results"] == []
    assert client.call(copy, "RemoveSharing", id=link["Id"]).json() is False
    assert client.read(f"{WORKSPACE}/Groups/G{content_id}-open", "Id") == {"Id": link["Identity"]}


def test_what_is_made_from_a_template_is_not_shared(client: Client) -> None:
    client.create("/Root/ContentTemplates", "Folder", "Folder")
    template = "/Root/ContentTemplates/Folder/usual"
    client.create("/Root/ContentTemplates/Folder", "Folder", "usual", Description="As usual")
    client.create(template, "Folder", "below")
    for path in (template, f"{template}/below"):
        assert client.call(
            path, "Share", token="a@example.org", level="Open", mode="Private", sendNotification=False
        ).is_success
    client.create(WORKSPACE, "Folder", "made", __ContentTemplate="usual")
    assert client.read(f"{WORKSPACE}/made", "Description") == {"Description": "As usual"}
    for path in (f"{WORKSPACE}/made", f"{WORKSPACE}/made/below"):
        assert client.call(path, "GetSharing").json()["d"]["results"] == []


def test_an_old_version_keeps_the_sharings_of_now(client: Client) -> None:
    plan = f"{WORKSPACE}/plan"
    client.create(WORKSPACE, "Asset", "plan", Code="1", VersioningMode=["2"])

    def shared_with() -> list[str]:
        return [one["Token"] for one in client.call(plan, "GetSharing").json()["d"]["results"]]

    first = share(client, "plan", "first@example.org", "Open", "Private").json()
    client.call(plan, "CheckOut")
    share(client, "plan", "second@example.org", "Open", "Private")
    client.call(plan, "RemoveSharing", id=first["Id"])
    client.call(plan, "UndoCheckOut")
    assert shared_with() == ["second@example.org"]
    assert client.call(plan, "RestoreVersion", version="1.0").status_code == 200
    assert shared_with() == ["second@example.org"]


def test_a_link_opens_nothing_to_a_group_that_was_there_before(client: Client) -> None:
    content_id = client.create(WORKSPACE, "Task", "plan")["Id"]
    name = f"G{content_id}-open"
    client.call(WORKSPACE, "AddAllowedChildTypes", contentTypes=["Group", "SystemFolder"])
    client.create(WORKSPACE, "Folder", "Groups")
    client.call(f"{WORKSPACE}/Groups", "AddAllowedChildTypes", contentTypes=["Group"])
    planted = [client.create(f"{WORKSPACE}/Groups", "Group", name)["Id"]]
    client.create(WORKSPACE, "SystemFolder", "Groups(1)")
    planted.append(client.create(f"{WORKSPACE}/Groups(1)", "Group", name)["Id"])
    links = [share(client, "plan", "", "Open", "Public").json() for _ in range(2)]
    assert links[0]["Identity"] == links[1]["Identity"] not in planted
    group = client.read(f"{WORKSPACE}/Groups(1)/{name}(1)", "Id,Type")
    assert group == {"Id": links[0]["Identity"], "Type": "SharingGroup"}
    for link in links:
        assert client.call(f"{WORKSPACE}/plan", "RemoveSharing", id=link["Id"]).json() is True
    assert client.names(f"{WORKSPACE}/Groups(1)", "&enableautofilters=false") == [name]
