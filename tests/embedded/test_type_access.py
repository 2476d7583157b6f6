"""Who may see which content type, and what follows from it: schema, metadata, allowed types, creations."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest

from .client import WORKSPACE, Client, address

VISIBLE = {
    "Aspect", "CalendarEvent", "ContentList", "CustomList", "CustomListItem", "DocumentLibrary", "EventList",
    "File", "Folder", "Image", "ImageLibrary", "ItemList", "Library", "Link", "LinkList", "ListItem", "Memo",
    "MemoList", "PreviewImage", "Task", "TaskList", "Workspace",
}  # fmt: skip
"""The types that a server lets everybody see after its installation."""
ASSET = "/Root/System/Schema/ContentTypes/GenericContent/Asset"
EDM = "{http://schemas.microsoft.com/ado/2007/05/edm}"


class World:
    """A workspace that an ordinary user may edit, and a type of the company's own."""

    def __init__(self, file: Path) -> None:
        self.admin = Client(file)
        self.admin.prepare()
        self.key = self.admin.user("kim", Open="allow", AddNew="allow", Save="allow")
        self.admin.create(WORKSPACE, "Asset", "A1", Code="x")
        self.admin.create(WORKSPACE, "Folder", "F")

    def allow(self, path: str, identity: str, *permissions: str) -> None:
        entry = {"identity": identity, **dict.fromkeys(permissions, "allow")}
        assert self.admin.call(path, "SetPermissions", r=[entry]).status_code in (200, 204)

    def get(self, target: str, key: str | None = None) -> httpx.Response:
        return self.admin.send("GET", target, headers={"apikey": key or self.key})

    def types(self) -> set[str]:
        answer = self.get("/odata.svc/('Root')/GetSchema")
        return {one["ContentTypeName"] for one in answer.json()}

    def entities(self, path: str) -> list[str]:
        answer = self.get(f"/odata.svc{path}/$metadata?$format=json")
        return [one["Name"] for one in answer.json()["DataServices"]["Schemas"][0]["EntityTypes"]]

    def create(self, kind: str) -> tuple[int, str]:
        body = {"__ContentType": kind, "Name": f"new {kind}"}
        answer = self.admin.send("POST", address(WORKSPACE), body, headers={"apikey": self.key})
        return answer.status_code, answer.text


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    found = World(tmp_path_factory.mktemp("types") / "repo.db")
    yield found
    found.admin.close()


def test_an_ordinary_user_sees_23_of_76_types(world: World) -> None:
    assert world.types() == VISIBLE | {"GenericContent"}
    assert set(world.entities("")) == VISIBLE | {"GenericContent"}
    found = world.get("/odata.svc/Root?metadata=no&$select=Name&query=TypeIs:ContentType .AUTOFILTERS:OFF")
    assert {row["Name"] for row in found.json()["d"]["results"]} == VISIBLE
    everything = world.get("/odata.svc/('Root')/GetAllContentTypes?metadata=no&$select=Name")
    assert everything.json()["d"]["__count"] == 77


@pytest.mark.parametrize(
    ("path", "status"), [("", 404), ("/GenericContent", 404), ("/GenericContent/Folder", 200)]
)
def test_a_type_that_may_be_seen_shows_no_more_than_its_name(world: World, path: str, status: int) -> None:
    whole = f"/Root/System/Schema/ContentTypes{path}"
    answer = world.get(address(whole, "metadata=no&$select=Name,DisplayName,Description"))
    assert answer.status_code == status
    if status == 200:
        assert answer.json()["d"] == {"Name": "Folder", "DisplayName": None, "Description": None}


def test_one_content_teaches_its_hidden_type_completely(world: World) -> None:
    target = f"/odata.svc{WORKSPACE}('A1')/$metadata"
    answer = world.get(target)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
    (entity,) = ET.fromstring(answer.content).iter(f"{EDM}EntityType")
    assert (entity.get("Name"), entity.get("BaseType")) == ("Asset", "GenericContent")
    fields = {one.get("Name"): one.get("FieldType") for one in entity.iter(f"{EDM}Property")}
    assert (fields["Code"], fields["Manual"], fields["DisplayName"]) == ("ShortText", "Binary", "ShortText")
    assert "Aspects" in {one.get("Name") for one in entity.iter(f"{EDM}NavigationProperty")}
    choices = {one.get("Name"): one for one in ET.fromstring(answer.content).iter(f"{EDM}EnumType")}
    for one in choices.values():
        assert one.get("IsFlags") in ("true", "false")
        assert one.get("UnderlyingType") in ("Edm.String", "Edm.Int32")
    assert choices["GenericContent.VersioningMode"].get("UnderlyingType") == "Edm.Int32"
    assert answer.content == world.admin.send("GET", target).content


def test_users_and_groups_teach_their_types_too(world: World) -> None:
    (entity,) = ET.fromstring(world.get("/odata.svc/Root/IMS/Public('kim')/$metadata").content).iter(
        f"{EDM}EntityType"
    )
    assert entity.get("Name") == "User"
    assert {"LoginName", "Email", "FullName"} <= {one.get("Name") for one in entity.iter(f"{EDM}Property")}


def test_allowed_types_are_those_that_may_be_seen(world: World) -> None:
    def listed(field: str) -> list[str]:
        answer = world.get(f"{address(WORKSPACE)}/{field}?metadata=no&$select=Name")
        return [row["Name"] for row in answer.json()["d"]["results"]]

    effective = listed("EffectiveAllowedChildTypes")
    assert set(effective) <= VISIBLE
    assert {"Asset", "SystemFolder"} <= set(listed("AllowedChildTypes"))  # this one is not filtered
    assert world.entities(WORKSPACE) == effective


@pytest.mark.parametrize(("kind", "status"), [("Task", 200), ("Asset", 500), ("SystemFolder", 403)])
def test_a_hidden_type_cannot_be_created(world: World, kind: str, status: int) -> None:
    found, text = world.create(kind)
    assert found == status
    if status == 500:
        assert "Allowed types: " in text
        assert "Asset" not in text.partition("Allowed types: ")[2]


def test_contents_of_a_hidden_type_are_read_found_and_changed(world: World) -> None:
    row = world.get(address(f"{WORKSPACE}/A1", "metadata=no&$select=Type,Code")).json()["d"]
    assert row == {"Type": "Asset", "Code": "x"}
    found = world.get(f"/odata.svc{WORKSPACE}?metadata=no&$select=Name&$filter=Code eq 'x'").json()["d"]
    assert [one["Name"] for one in found["results"]] == ["A1"]
    answer = world.admin.send(
        "PATCH", address(f"{WORKSPACE}/A1", "$select=Name"), {"Code": "x"}, {"apikey": world.key}
    )
    assert answer.status_code == 200


def test_an_installed_type_is_everybodys_once_it_is_allowed(tmp_path: Path) -> None:
    world = World(tmp_path / "repo.db")
    try:
        assert "Asset" not in world.types()
        world.allow(ASSET, "/Root/IMS/BuiltIn/Portal/Everyone", "See")
        assert "Asset" in world.types()
        assert "Asset" in world.entities(WORKSPACE)
        assert world.create("Asset")[0] == 200
    finally:
        world.admin.close()


def test_the_visitor_sees_no_type(world: World) -> None:
    answer = world.admin.send("GET", "/odata.svc/('Root')/GetSchema", headers={"X-Visitor": "1"})
    assert answer.json() == []
