"""The order of the groups of somebody: that in which he entered them."""

from __future__ import annotations

import pytest

from .client import Client, address

PUBLIC = "/Root/IMS/Public"


@pytest.fixture
def groups(client: Client) -> Client:
    """Make groups, some of them in each other, without anybody in them."""
    client.user("lee")
    for name in ("north", "all", "world", "guests", "crew"):
        client.create(PUBLIC, "Group", name)
    enter(client, "world", "all")
    enter(client, "all", "north")
    enter(client, "crew", "north")
    return client


def enter(client: Client, group: str, member: str, verb: str = "AddMembers") -> None:
    content_id = client.read(f"{PUBLIC}/{member}", "Id")["Id"]
    assert client.call(f"{PUBLIC}/{group}", verb, contentIds=[content_id]).status_code == 204


def roles(client: Client, field: str = "AllRoles") -> list[str]:
    found = client.read(f"{PUBLIC}/lee", f"{field}/Name", f"&$expand={field}")[field]
    return [one["Name"] for one in found]


def test_a_group_is_followed_by_those_above_it(groups: Client) -> None:
    enter(groups, "north", "lee")
    enter(groups, "guests", "lee")
    assert roles(groups) == ["north", "all", "world", "crew", "guests"]
    assert roles(groups, "DirectRoles") == ["north", "guests"]
    target = f"{address(f'{PUBLIC}/lee')}/GetParentGroups?directOnly=false&metadata=no&$select=Name"
    rows = groups.send("GET", target).json()["d"]["results"]
    assert [row["Name"] for row in rows] == ["north", "all", "world", "crew", "guests"]


def test_who_leaves_and_enters_again_comes_last(groups: Client) -> None:
    enter(groups, "north", "lee")
    enter(groups, "guests", "lee")
    enter(groups, "north", "lee", "RemoveMembers")
    assert roles(groups) == ["guests"]
    enter(groups, "north", "lee")
    assert roles(groups) == ["guests", "north", "all", "world", "crew"]
    groups.patch(f"{PUBLIC}/guests", {"Description": "who visits", "Members": [1, f"{PUBLIC}/lee"]})
    assert roles(groups, "DirectRoles") == ["guests", "north"], "other members do not count"
