"""What callers with different rights get from the same requests, where a server has its own ways."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from .client import WORKSPACE, Client, address, copied, problem

PUBLIC = "/Root/IMS/Public"
SCHEMA = "/Root/System/Schema/ContentTypes"
SEEN, HIDDEN = f"{WORKSPACE}/seen", f"{WORKSPACE}/vault"
SEE_ONLY = (500, "NotSpecified", "InvalidOperationException")
DENIED = "Access denied."
REFUSED = "Operation not accessible"
OPEN = ("See", "Preview", "PreviewWithoutWatermark", "PreviewWithoutRedaction", "Open")
DEFINITION = """<ContentType name="{name}" parentType="GenericContent"
  handler="SenseNet.ContentRepository.GenericContent"
  xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition">
  <DisplayName>{title}</DisplayName><Description>For the herons</Description>
  <Fields/>
</ContentType>"""


class World:
    """A workspace that kim may open and save in; of ``seen`` she may only see, ``vault`` is hidden from her.

    In the vault she may open ``t``. Lee lives in a unit that she cannot see.
    """

    def __init__(self, file: Path) -> None:
        self.admin = Client(file)
        self.admin.prepare()
        self.kim = self.admin.user("kim", Open="allow")
        self.max = self.admin.user("max")
        self.visitor = "of nobody"
        self.admin.create(WORKSPACE, "TaskList", "seen", Index=7, Description="about herons")
        self.admin.create(SEEN, "Task", "t1", Index=5, DisplayName="First")
        self.admin.create(WORKSPACE, "Folder", "vault")
        self.admin.create(HIDDEN, "Folder", "t")
        for path in (SEEN, HIDDEN):
            self.break_off(path)
        self.permit(SEEN, "kim", See="allow")
        self.permit(f"{HIDDEN}/t", "kim", Open="allow")

    def break_off(self, path: str) -> None:
        """Leave a content to administrators."""
        assert self.admin.call(path, "SetPermissions", inheritance="break").status_code in (200, 204)
        self.permit(path, "kim", See="undefined")
        self.permit(path, "max", See="undefined")

    def permit(self, path: str, user: str, **permissions: str | bool) -> None:
        entry = {"identity": user if user.startswith("/") else f"{PUBLIC}/{user}", **permissions}
        assert self.admin.call(path, "SetPermissions", r=[entry]).status_code in (200, 204)

    def send(self, method: str, target: str, body: Any = None, key: str | None = None) -> httpx.Response:
        return self.admin.send(method, target, body, {"apikey": key or self.kim})

    def rows(self, target: str, key: str | None = None) -> list[Any]:
        answer = self.send("GET", target, key=key)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["d"]["results"])

    def user(self, name: str, unit: str) -> str:
        """Make a user in a unit; return his key."""
        self.admin.create(
            unit, "User", name, LoginName=name, FullName=name, Email=f"{name}@example.com",
            Password="Secret-123", Enabled=True,
        )  # fmt: skip
        return str(self.admin.call(f"{unit}/{name}", "CreateApiKey").json()["Value"])


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> World:
    """Return a world that is closed, for each test to get a copy of."""
    found = World(tmp_path_factory.mktemp("world") / "repo.db")
    found.admin.close()
    return found


@pytest.fixture
def world(untouched: World, tmp_path: Path) -> Iterator[World]:
    found = copy.copy(untouched)
    found.admin = Client(copied(Path(untouched.admin.application.store.path), tmp_path))
    yield found
    found.admin.close()


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A world that tests leave as it is."""
    found = World(tmp_path_factory.mktemp("callers") / "repo.db")
    yield found
    found.admin.close()


def said(answer: httpx.Response) -> tuple[int, str]:
    """The status and the words of an answer, or what there is in place of words."""
    if "error" not in answer.text:
        return answer.status_code, ""
    return answer.status_code, str(answer.json()["error"]["message"]["value"])


# Contents that may only be seen


def test_the_index_of_what_may_only_be_seen_is_the_true_one(shared: World) -> None:
    target = address(f"{SEEN}/t1", "metadata=no&$select=Index,DisplayName,Description")
    assert shared.send("GET", target).json()["d"] == {"Index": 5, "DisplayName": None, "Description": None}
    assert [row["Name"] for row in shared.rows("/odata.svc/Root?query=Index:5&$select=Name")] == ["t1"]


@pytest.mark.parametrize(
    ("method", "target", "body", "expected"),
    [
        ("POST", address(SEEN), {"__ContentType": "Task", "Name": "n"}, SEE_ONLY),
        ("POST", address(SEEN), {"__ContentType": "ShortTextFieldSetting", "Name": "#n"}, SEE_ONLY),
        ("DELETE", address(SEEN, "permanent=true"), None, (403, "Forbidden", "SenseNetSecurityException")),
        ("DELETE", address(SEEN), None, SEE_ONLY),
        ("GET", f"{address(SEEN)}/Versions", None, (403, "Forbidden", "SenseNetSecurityException")),
        ("GET", f"/odata.svc{SEEN}/$metadata?$format=json", None, SEE_ONLY),
        ("PATCH", address(SEEN), {"Index": "many"}, (400, "RequestError", "FormatException")),
        ("PATCH", address(SEEN), {"Nope": 1}, SEE_ONLY),
        ("PATCH", address(SEEN), {}, SEE_ONLY),
    ],
)  # fmt: skip
def test_what_may_only_be_seen_refuses_by_the_way_it_is_asked(
    shared: World, method: str, target: str, body: Any, expected: tuple[int, str, str]
) -> None:
    answer = shared.send(method, target, body)
    assert (answer.status_code, *problem(answer)[1:]) == expected
    if answer.status_code == 403:
        assert said(answer)[1] == DENIED
    assert shared.send(method, target, body, shared.max).status_code in (403, 404)
    assert shared.admin.names(SEEN) == ["t1"]


def test_the_groups_of_a_user_who_may_only_be_seen_are_those_that_are_seen(world: World) -> None:
    world.admin.create(PUBLIC, "Group", "near", Members=[f"{PUBLIC}/max"])
    world.admin.create(PUBLIC, "Group", "far", Members=[f"{PUBLIC}/near"])
    world.permit(f"{PUBLIC}/max", "kim", See="allow")
    for name in ("near", "far"):
        world.break_off(f"{PUBLIC}/{name}")
    for visible in ([], ["near"], ["near", "far"]):
        for name in visible:
            world.permit(f"{PUBLIC}/{name}", "kim", See="allow")
        for field, names in (("DirectRoles", {"near"}), ("AllRoles", {"near", "far"})):
            rows = world.rows(f"{address(f'{PUBLIC}/max')}/{field}?metadata=no&$select=Name")
            assert {row["Name"] for row in rows} & {"near", "far"} == names & set(visible), field


def test_a_tree_tells_no_parent_of_what_may_only_be_seen(shared: World) -> None:
    options = f"rootPath={WORKSPACE}&metadata=no&$select=Name"  # these three are always there
    rows = {row["Name"]: row for row in shared.rows(f"{address(SEEN)}/OpenTree?{options}")}
    shown = {"Name": "seen", "Id": rows["seen"]["Id"], "ParentId": None, "IsSystemContent": None}
    assert rows["seen"] == shown
    assert rows["w"]["ParentId"] is not None
    assert rows["w"]["IsSystemContent"] is False
    assert "vault" not in rows


def test_the_tree_of_a_content_in_a_hidden_container_is_that_content(shared: World) -> None:
    target = f"{address(f'{HIDDEN}/t')}/OpenTree?metadata=no&$select=Path&rootPath="
    for root in (WORKSPACE, HIDDEN, "/Root", f"{HIDDEN}/t"):
        assert [row["Path"] for row in shared.rows(target + root)] == [f"{HIDDEN}/t"], root


@pytest.mark.parametrize("place", [SEEN, WORKSPACE])
def test_whoever_sees_a_content_saves_queries_there(world: World, place: str) -> None:
    world.permit(WORKSPACE, "kim", Open="undefined", Preview="undefined")
    asked = {"query": "TypeIs:Task", "displayName": "Tasks", "queryType": "Public"}
    target = f"{address(place)}/SaveQuery"
    assert world.send("POST", target, asked).status_code == 200
    assert world.send("POST", target, asked, world.max).status_code in (200, 404)
    made = world.admin.send(
        "GET",
        f"/odata.svc{WORKSPACE}/Queries?metadata=no&$select=Query,QueryType,CreatedBy/Name&$expand=CreatedBy",
    ).json()["d"]["results"]
    assert made[0] == {"Query": "TypeIs:Task", "QueryType": ["Public"], "CreatedBy": {"Name": "kim"}}
    listed = world.rows(f"{address(place)}/GetQueries?onlyPublic=true&metadata=no&$select=Name,Query")
    assert listed
    assert {row["Query"] for row in listed} == {None}


def test_who_does_not_see_a_content_saves_no_query_there(shared: World) -> None:
    asked = {"query": "TypeIs:Task", "displayName": "Tasks", "queryType": "Public"}
    for key in (shared.kim, shared.visitor):
        answer = shared.send("POST", f"{address(HIDDEN)}/SaveQuery", asked, key)
        assert (answer.status_code, answer.text) == (404, "")


# Who made it, whose it is


@pytest.mark.parametrize(
    ("rights", "fields", "expected"),
    [
        ("Save", {"CreatedBy": f"{PUBLIC}/max"}, 200),
        ("Save", {"ModifiedBy": f"{PUBLIC}/max"}, 200),
        ("Save", {"Owner": f"{PUBLIC}/kim"}, (403, "Forbidden", DENIED)),
        ("Save", {"Owner": f"{PUBLIC}/max"}, (403, "Forbidden", DENIED)),
        ("Save TakeOwnership", {"Owner": f"{PUBLIC}/kim"}, 200),
        ("Save TakeOwnership", {"Owner": f"{PUBLIC}/max"}, 200),
        ("Open TakeOwnership", {"Owner": f"{PUBLIC}/kim"}, (500, "NotEnoughPermissions", "")),
        ("Save TakeOwnership", {"Owner": "hidden"}, "ArgumentNullException"),
        ("Save", {"CreatedBy": "hidden"}, "ArgumentNullException"),
        ("Open", {"CreatedBy": "hidden"}, "ArgumentNullException"),
        ("See", {"ModifiedBy": "hidden"}, "ArgumentNullException"),
        ("Open", {"CreatedBy": f"{PUBLIC}/max"}, (500, "NotEnoughPermissions", "")),
    ],
)
def test_who_may_say_who_made_a_content_and_whose_it_is(
    world: World, rights: str, fields: dict[str, str], expected: Any
) -> None:
    world.permit(PUBLIC, "kim", Open="allow")
    world.admin.create(PUBLIC, "OrganizationalUnit", "away")
    world.user("lee", f"{PUBLIC}/away")
    world.break_off(f"{PUBLIC}/away")
    world.admin.create(WORKSPACE, "Memo", "note")
    path = f"{WORKSPACE}/note"
    world.break_off(path)
    world.permit(path, "kim", **dict.fromkeys(rights.split(), "allow"))
    (field, value), select = next(iter(fields.items())), "CreatedBy/Name,ModifiedBy/Name,Owner/Name"
    before = world.admin.read(path, select, "&$expand=CreatedBy,ModifiedBy,Owner")
    sent = f"{PUBLIC}/away/lee" if value == "hidden" else value
    answer = world.send("PATCH", address(path), {field: sent})
    after = world.admin.read(path, select, "&$expand=CreatedBy,ModifiedBy,Owner")
    if expected == 200:
        assert answer.status_code == 200, answer.text
        assert after[field]["Name"] == value.rpartition("/")[2]
        return
    assert after == before
    if isinstance(expected, str):
        assert (answer.status_code, problem(answer)[2]) == (500, expected)
    else:
        words = said(answer)[1] if expected[0] == 403 else ""
        assert (answer.status_code, problem(answer)[1], words) == expected


# Types


def upload(world: World, key: str | None, name: str, title: str = "New") -> httpx.Response:
    body = {
        "FileName": name,
        "ContentType": "ContentType",
        "FileText": DEFINITION.format(name=name, title=title),
    }
    return world.send("POST", f"{address(SCHEMA)}/Upload", body, key)


def test_who_may_install_and_replace_content_types(world: World) -> None:
    developer, manager = world.user("dora", PUBLIC), world.user("mia", PUBLIC)
    for group, user in (
        ("/Root/IMS/BuiltIn/Portal/Developers", "dora"),
        (f"{PUBLIC}/Administrators", "mia"),
    ):
        member = world.admin.read(f"{PUBLIC}/{user}", "Id")["Id"]
        assert world.admin.call(group, "AddMembers", contentIds=[member]).status_code in (200, 204)
    for number, key in enumerate((developer, manager)):
        assert upload(world, key, f"Heron{number}").status_code == 200
    assert upload(world, world.max, "Crane").status_code == 404  # he does not see the place
    world.permit(SCHEMA, "max", See="allow", localOnly=True)
    status, words = said(upload(world, world.max, "Crane"))
    assert (status, words.partition(":")[0]) == (403, REFUSED)
    world.permit(SCHEMA, "max", AddNew="allow", localOnly=True)
    assert upload(world, world.max, "Crane").status_code == 200
    for taken in ("Asset", "Memo"):  # AddNew does not reach them
        assert said(upload(world, world.max, taken)) == (403, DENIED)
    world.permit(SCHEMA, "max", AddNew="allow")
    world.permit(f"{SCHEMA}/GenericContent/Asset", "max", AddNew="allow")
    assert upload(world, world.max, "Asset", "Mine").status_code == 200
    shown = world.admin.send(
        "GET", address(f"{SCHEMA}/GenericContent/Asset", "metadata=no&$select=DisplayName")
    )
    assert shown.json()["d"] == {"DisplayName": "Mine"}


def test_content_types_that_are_none(world: World) -> None:
    bare = world.admin.send("POST", address(SCHEMA), {"__ContentType": "ContentType", "Name": "Bare"})
    assert problem(bare) == (500, "NotSpecified", "NullReferenceException")
    blank = world.admin.upload(
        SCHEMA, "Grey Heron", DEFINITION.format(name="Grey Heron", title="x"), ContentType="ContentType"
    )
    assert problem(blank)[::2] == (500, "ContentRegistrationException")


def test_allowed_types_that_are_hidden_are_named_but_have_no_effect(world: World) -> None:
    target = address(WORKSPACE, "metadata=no&$expand={0}&$select={0}/Name")
    world.permit(WORKSPACE, "kim", AddNew="allow")
    world.admin.call(WORKSPACE, "AddAllowedChildTypes", contentTypes=["Group"])
    for key, hidden in (
        (world.kim, set()),
        (world.admin.application.api_key, {"Asset", "Group", "SystemFolder"}),
    ):
        listed = world.send("GET", target.format("AllowedChildTypes"), key=key).json()["d"][
            "AllowedChildTypes"
        ]
        assert {"Asset", "Group", "SystemFolder", "Task"} <= {row["Name"] for row in listed}
        rows = world.rows(f"{address(WORKSPACE)}/AllowedChildTypes?metadata=no&$select=Name", key)
        assert [row["Name"] for row in rows] == [row["Name"] for row in listed]
        effective = "EffectiveAllowedChildTypes"
        listed = world.send("GET", target.format(effective), key=key).json()["d"][effective]
        names = {row["Name"] for row in listed}
        assert "Task" in names
        assert names & {"Asset", "Group", "SystemFolder"} == hidden


@pytest.mark.parametrize(
    ("query", "least", "most"),
    [
        ("ParentTypeName:ListItem", 5, 5), ("HandlerName:SenseNet.ContentRepository.Folder", 6, 6),
        ("Name:Heron", 1, 1), ("DisplayName:Grey", 1, 1), ("Description:herons", 1, 1),
        ("Depth:5 AND Name:Heron", 1, 1),
        ("Icon:Folder", 3, 3), ("IsSystemType:false", 78, 78), ("Categories:*HideByDefault*", 46, 46),
        ("Binary:herons", 1, 1), ("Binary:Asset", 1, 2), ("Binary:Asset AND Binary:Manual", 0, 0),
        ("NOT Categories:*HideByDefault*", 32, 32),
    ],
)  # fmt: skip
def test_content_types_are_found_by_their_fields(shared: World, query: str, least: int, most: int) -> None:
    path = f"{SCHEMA}/GenericContent/Heron"
    if shared.admin.send("GET", address(path)).status_code == 404:
        assert upload(shared, shared.admin.application.api_key, "Heron", "Grey").status_code == 200
    options = "enableautofilters=false&metadata=no&$select=Name"
    found = shared.rows(
        f"/odata.svc/Root?query=TypeIs:ContentType AND {query}&{options}",
        shared.admin.application.api_key,
    )
    assert least <= len(found) <= most


@pytest.mark.parametrize("field", ["AllowIndexing", "AllowIncrementalNaming"])
def test_two_fields_of_content_types_are_not_searched(shared: World, field: str) -> None:
    answer = shared.send("GET", f"/odata.svc/Root?query={field}:true", key=shared.admin.application.api_key)
    assert answer.status_code == 400
    assert "Unknown field" in said(answer)[1]


# Users and settings


def test_roles_of_a_user_begin_with_his_unit(world: World) -> None:
    unit = f"{PUBLIC}/staff"
    world.admin.create(PUBLIC, "OrganizationalUnit", "staff")
    world.user("lee", unit)
    world.admin.create(PUBLIC, "Group", "team", Members=[f"{unit}/lee"])
    world.admin.create(PUBLIC, "Group", "all", Members=[f"{PUBLIC}/team"])
    admin = world.admin.application.api_key
    for path, direct in ((f"{unit}/lee", ["staff", "team"]), (f"{PUBLIC}/max", [])):
        rows = world.rows(f"{address(path)}/DirectRoles?metadata=no&$select=Name", admin)
        assert [row["Name"] for row in rows] == direct
    rows = world.rows(f"{address(f'{unit}/lee')}/AllRoles?metadata=no&$select=Name", admin)
    assert [row["Name"] for row in rows][:3] == ["staff", "team", "all"]
    info = world.admin.send("GET", f"{address(WORKSPACE)}/GetPermissionInfo?identity={unit}/lee").text
    assert '"staff"' in info or f'"{unit}"' in info


def test_of_several_units_the_nearest_comes_first_and_is_the_direct_one(world: World) -> None:
    inner = f"{PUBLIC}/north/office"
    world.admin.create(PUBLIC, "OrganizationalUnit", "north")
    world.admin.create(f"{PUBLIC}/north", "OrganizationalUnit", "office")
    world.user("lee", inner)
    admin = world.admin.application.api_key
    for field, names in (("DirectRoles", ["office"]), ("AllRoles", ["office", "north"])):
        rows = world.rows(f"{address(f'{inner}/lee')}/{field}?metadata=no&$select=Name", admin)
        assert [row["Name"] for row in rows] == names


def test_settings_that_may_not_be_opened_are_empty_but_known(shared: World) -> None:
    shared.admin.call(WORKSPACE, "WriteSettings", name="Herons", settingsData={"Blue": 1})
    for key, name, words, kind in (
        (None, "Nope", "{}", None),
        (shared.max, "Sharing", "{}", "application/json;odata=verbose;charset=utf-8"),
        (shared.max, "Nope", "{}", None),
        (shared.visitor, "Sharing", "{}", "application/json;odata=verbose;charset=utf-8"),
    ):
        answer = shared.send("GET", f"/odata.svc/('Root')/GetSettings?name={name}", key=key)
        assert (answer.status_code, answer.text.removeprefix("\ufeff")) == (200, words), (name, key)
        assert answer.headers.get("content-type") == kind, (name, key)


def test_actions_of_a_file_that_may_only_be_seen(world: World) -> None:
    world.admin.create(WORKSPACE, "DocumentLibrary", "docs")
    world.admin.upload(f"{WORKSPACE}/docs", "a.txt", "text")
    world.admin.upload(f"{WORKSPACE}/docs", "b.txt", "text")
    world.break_off(f"{WORKSPACE}/docs/a.txt")
    world.permit(f"{WORKSPACE}/docs/a.txt", "kim", See="allow")

    def names(name: str, key: str | None = None) -> set[str]:
        rows = world.rows(f"{address(f'{WORKSPACE}/docs/{name}')}/Actions?metadata=no&$select=Name", key)
        return {row["Name"] for row in rows}

    for name in ("a.txt", "b.txt"):
        assert {"SetPageCount", "SetPreviewStatus"} <= names(name)
        assert "CheckSecurityConsistency" not in names(name)
        assert "CheckSecurityConsistency" in names(name, world.admin.application.api_key)


# What becomes undefined


@pytest.mark.parametrize(
    ("denied", "undefined", "still"),
    [
        ("Save", "Save", {"ManageListsAndWorkspaces"}),
        ("See", "Open", {
            "OpenMinor", "Save", "Publish", "ForceCheckin", "AddNew", "Approve", "Delete", "RecallOldVersion",
            "DeleteOldVersion", "TakeOwnership", "ManageListsAndWorkspaces",
        }),
        ("OpenMinor", "OpenMinor", {
            "Save", "Publish", "ForceCheckin", "AddNew", "Approve", "Delete", "RecallOldVersion",
            "DeleteOldVersion", "ManageListsAndWorkspaces",
        }),
        ("SeePermissions", "SetPermissions", set()),
        ("SeePermissions", "SeePermissions", {"SetPermissions"}),
        ("DeleteOldVersion", "ManageListsAndWorkspaces", set()),
        ("Delete", "Publish", {"Delete"}),
        ("See", "TakeOwnership", None),
    ],
)  # fmt: skip
def test_an_undefined_permission_frees_what_it_needs_from_denial(
    world: World, denied: str, undefined: str, still: set[str] | None
) -> None:
    world.admin.create(WORKSPACE, "Memo", "note")
    path = f"{WORKSPACE}/note"
    world.break_off(path)
    world.permit(path, "kim", **{denied: "deny"})
    world.permit(path, "kim", **{undefined: "undefined"})
    entries = world.admin.send("GET", f"{address(path)}/GetAcl").json()["entries"]
    mine = [one["permissions"] for one in entries if one["identity"]["name"] == "kim"]
    found = {name for one in mine for name, about in one.items() if about and about["value"] == "deny"}
    if still is None:
        assert not found & {"See", "TakeOwnership"}
        assert {"Open", "Save"} <= found
    else:
        assert found == still
