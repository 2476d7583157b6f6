"""Operations: how their parameters are bound, who may call them, what they answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sn_pandas.embedded.errors import ODataError
from sn_pandas.embedded.http.application import Application
from sn_pandas.embedded.operations import REGISTRY, binding, dispatch
from sn_pandas.embedded.operations.registry import Operation, Parameter
from sn_pandas.embedded.schema import permission_names
from sn_pandas.embedded.security import permissions

ROOT = "('Root')"
LOW = "Root/IMS/Public('low')"
ADMIN = "Root/IMS/BuiltIn/Portal('Admin')"


class Client:
    """Calls operations as the Admin, or with a key."""

    def __init__(self, app: Application) -> None:
        self.http = httpx.Client(
            transport=httpx.WSGITransport(app=app), base_url="http://embedded/odata.svc/", timeout=60
        )
        self.headers = {"apikey": app.api_key}

    def send(self, method: str, target: str, body: object = None, key: str | None = None) -> httpx.Response:
        headers = {"apikey": key} if key is not None else self.headers
        content = None if body is None else json.dumps(body)
        return self.http.request(method, target, content=content, headers=headers)

    def get(self, target: str, key: str | None = None) -> httpx.Response:
        return self.send("GET", target, key=key)

    def post(self, target: str, body: object = None, key: str | None = None) -> httpx.Response:
        return self.send("POST", target, {} if body is None else body, key)


def made() -> Iterator[Client]:
    """Yield a client of a fresh repository with a user, a group and a workspace."""
    app = Application(sample=False)
    client = Client(app)
    user = {"__ContentType": "User", "Name": "low", "LoginName": "low", "FullName": "Ann Low",
            "Email": "low@example.com", "Password": "secret", "Enabled": True}  # fmt: skip
    assert client.post("Root/IMS('Public')", user).status_code == 200
    group = {"__ContentType": "Group", "Name": "team", "Members": ["/Root/IMS/Public/low"]}
    assert client.post("Root/IMS('Public')", group).status_code == 200
    assert client.post("Root('Content')", {"__ContentType": "Workspace", "Name": "w"}).status_code == 200
    yield client
    client.http.close()
    app.close()


client = pytest.fixture(made, scope="module", name="client")
playground = pytest.fixture(made, scope="module", name="playground")


@pytest.fixture(scope="module")
def low(client: Client) -> str:
    return str(client.post(f"{LOW}/CreateApiKey").json()["Value"])


def error(answer: httpx.Response) -> tuple[int, str, str]:
    found = answer.json()["error"]
    return answer.status_code, found["code"], found["exceptiontype"]


UNKNOWN = (500, "UnknownAction", "InvalidContentActionException")
FORBIDDEN = (403, "Forbidden", "SenseNetSecurityException")


# Binding


@pytest.mark.parametrize(
    ("value", "kind", "strictly", "loosely"),
    [
        ("5", "int", binding.MISMATCH, 5),
        (5, "int", 5, 5),
        (5, "string", binding.MISMATCH, binding.MISMATCH),
        (True, "int", binding.MISMATCH, binding.MISMATCH),
        ("True", "bool", binding.MISMATCH, True),
        ("1", "bool", binding.MISMATCH, binding.MISMATCH),
        (1, "bool", binding.MISMATCH, binding.MISMATCH),
        (2**31, "int", binding.MISMATCH, binding.MISMATCH),
        (2**31, "long", 2**31, 2**31),
        ("a", "string[]", binding.MISMATCH, ["a"]),
        (["1", 2], "int[]", binding.MISMATCH, [1, 2]),
        ("1", "int[]", binding.MISMATCH, [1]),
        ("1,2", "int[]", binding.MISMATCH, binding.MISMATCH),
        (1, "int[]", binding.MISMATCH, binding.MISMATCH),
        ("a", "object[]", binding.MISMATCH, binding.MISMATCH),
        ("a,b", "list", ["a", "b"], ["a", "b"]),
        (";a;b,c", "list", ["a", "b,c"], ["a", "b,c"]),
        ("eDIT", "Open|Edit", "Edit", "Edit"),
        (0, "Open|Edit", "Open", "Open"),
        ("1", "Open|Edit", "Edit", "Edit"),
        ("Nope", "Open|Edit", binding.MISMATCH, binding.MISMATCH),
        (None, "int", None, None),
    ],
)
def test_values_are_converted_by_the_type(
    value: object, kind: str, strictly: object, loosely: object
) -> None:
    assert binding.convert(value, kind, strict=True) == strictly
    assert binding.convert(value, kind) == loosely


def test_a_date_in_a_text_is_seen_as_the_server_writes_it() -> None:
    asked = binding.merge_parameters([("text", "2026-01-02T03:04:05Z")], {})
    assert binding.convert(asked["text"], "string") == "01/02/2026 03:04:05"


def test_the_query_beats_the_body_and_repeated_keys_are_arrays() -> None:
    assert binding.merge_parameters([("a", "1"), ("b", "x"), ("b", "y")], {"a": 2, "c": 3}) == {
        "a": "1",
        "b": ["x", "y"],
        "c": 3,
    }


@pytest.mark.parametrize(
    ("pairs", "model", "exception"),
    [
        ([("A", "1")], {"a": 1}, "ArgumentException"),
        ([("a", r"public\w-low")], {}, "JsonReaderException"),
        ([("a", 'x"y')], {}, "JsonReaderException"),
        ([("a", "x\\")], {}, "JsonReaderException"),
    ],
)
def test_parameters_that_cannot_be_read(pairs: list[tuple[str, str]], model: dict, exception: str) -> None:
    with pytest.raises(ODataError) as caught:
        binding.merge_parameters(pairs, model)
    assert caught.value.exceptiontype == exception


def test_escapes_in_query_values_are_those_of_json() -> None:
    assert binding.merge_parameters([("a", r"\u0041\\b\"")], {}) == {"a": 'A\\b"'}


@given(
    st.dictionaries(st.sampled_from("abc"), st.none() | st.booleans() | st.integers() | st.text(), max_size=3)
)
def test_binding_takes_the_given_parameters_and_no_others(found: dict) -> None:
    one = Operation("Op", print, parameters=(Parameter("a", "object"), Parameter("b", "object", False)),
                    arguments={"a": "a", "b": "b"})  # fmt: skip
    bound = dispatch.bind(one, found, strict=False)
    assert bound == (None if "a" not in found else {k: v for k, v in found.items() if k in "ab"})


def test_null_is_the_default_of_what_cannot_be_null() -> None:
    one = Operation(
        "Op",
        print,
        parameters=(Parameter("a", "int"), Parameter("b", "int", False), Parameter("c", "string")),
        arguments={"a": "a", "b": "b", "c": "c"},
    )
    bound = dispatch.bind(one, {"a": None, "b": None, "c": None}, strict=True)
    assert bound == {"a": 0, "b": None, "c": None}


@pytest.mark.parametrize(
    ("method", "target", "body", "expected"),
    [
        ("POST", "Root('Content')/Nope", {"a": 1}, UNKNOWN),
        ("GET", "Root('Content')/GetSchema", None, UNKNOWN),
        ("GET", f"{LOW}/GetParentGroups", None, UNKNOWN),
        ("POST", "Root/IMS/Public('team')/AddMembers", {"contentIds": 1}, UNKNOWN),
        ("POST", "Root('Content')/SetPermissions", {"r": [], "inheritance": "break"}, UNKNOWN),
        (
            "GET",
            "Root('Content')/SetPermissions?inheritance=break",
            None,
            (500, "IllegalInvoke", "ODataException"),
        ),
        ("GET", "Root('Content')/MoveTo", None, (500, "IllegalInvoke", "ODataException")),
        ("GET", "Root('Content')/GetPermissionOverview?identity=x", None,
         (401, "Unauthorized", "UnauthorizedAccessException")),
        ("POST", f"{ROOT}/Ad2PortalSyncFinalizer", {"result": {}},
         (401, "Unauthorized", "UnauthorizedAccessException")),
        ("POST", "Root('Nope')/CheckOut", {}, (404, "ResourceNotFound", "ContentNotFoundException")),
    ],
)  # fmt: skip
def test_calls_that_are_refused(
    client: Client, method: str, target: str, body: object, expected: tuple
) -> None:
    assert error(client.send(method, target, body)) == expected


def test_an_application_of_clients_is_called_in_vain(client: Client) -> None:
    answer = client.post("Root('Content')/MoveTo", {"targetPath": "/Root"})
    assert (answer.status_code, answer.content) == (204, b"")


# Permissions


@pytest.mark.parametrize(
    ("r", "expected"),
    [
        ([{"identity": "/Root/Nope", "See": "allow"}], (404, "ResourceNotFound", "ContentNotFoundException")),
        ([{"See": "allow"}], (500, "NotSpecified", "ArgumentNullException")),
        ([{"identity": 7, "See": "perhaps"}], (500, "NotSpecified", "ArgumentException")),
        ({"identity": 7}, (500, "NotSpecified", "JsonSerializationException")),
    ],
)
def test_permissions_that_cannot_be_set(client: Client, r: object, expected: tuple) -> None:
    before = client.get("Root/Content('w')/GetAcl").json()
    good = {"identity": "/Root/IMS/Public/low", "See": "allow"}
    asked = [good, *r] if isinstance(r, list) else r
    assert error(client.post("Root/Content('w')/SetPermissions", {"r": asked})) == expected
    assert client.get("Root/Content('w')/GetAcl").json() == before


def test_setting_and_reading_permissions(client: Client, low: str) -> None:
    assert client.get("Root/Content('w')", low).status_code == 404
    r = [{"identity": "/Root/IMS/Public/team", "localOnly": True, "open": 1, "Nope": "x", "Save": None}]
    answer = client.post("Root/Content('w')/SetPermissions?metadata=no&$select=Name", {"r": r})
    assert answer.json() == {"d": {"Name": "w"}}
    assert client.get("Root/Content('w')?metadata=no&$select=Name", low).json() == {"d": {"Name": "w"}}
    found = client.get("Root/Content('w')/GetPermissions?identity=/Root/IMS/Public/team").json()
    allowed = {name for name, value in found[0]["permissions"].items() if value}
    assert allowed == set(permissions.names(permissions.required_bits("Open")))
    assert found[0]["propagates"] is False
    assert found[0]["permissions"]["See"] == {
        "value": "allow",
        "from": None,
        "identity": "/Root/IMS/Public/team",
    }
    acl = client.get("Root/Content('w')/GetAcl").json()
    assert [list(one["permissions"]) for one in acl["entries"]] == [list(permission_names.NAMES)] * len(
        acl["entries"]
    )
    assert {one["identity"]["name"]: one["ancestor"] for one in acl["entries"]}["team"] is None
    assert {one["ancestor"] for one in acl["entries"] if one["inherited"]} == {"/Root/Content"}
    r = [{"identity": "/Root/IMS/Public/team", "localOnly": True, "See": "U"}]
    assert client.post("Root/Content('w')/SetPermissions", {"r": r}).status_code == 200
    assert client.get("Root/Content('w')", low).status_code == 404


def test_who_may_read_permissions(client: Client, low: str) -> None:
    assert error(client.get("Root('Content')/GetAcl", low)) == (403, "Forbidden", "AccessDeniedException")
    assert error(client.get("Root('Content')/GetPermissions", low)) == (500, "NotSpecified", "Exception")
    mine = client.get("Root('Content')/GetPermissions?identity=/Root/IMS/Public/low", low)
    assert mine.status_code == 200
    assert error(client.get("Root('Content')/HasPermission?permissions=See", low)) == FORBIDDEN


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("permissions=See,Open", True),
        ("permissions=See&user=/Root/IMS/Public/low", True),
        ("permissions=See,Save&user=/Root/IMS/Public/low", False),
        ("permissions=", False),
        ("permissions=see", (500, "NotSpecified", "ArgumentException")),
        ("permissions=See&user=/Root/IMS/Public/team", (500, "NotSpecified", "InvalidCastException")),
        ("permissions=See&user=/Root/Nope", (404, "ResourceNotFound", "ContentNotFoundException")),
    ],
)
def test_has_permission(client: Client, query: str, expected: object) -> None:
    answer = client.get(f"Root('Content')/HasPermission?{query}")
    assert (answer.json() if answer.status_code == 200 else error(answer)) == expected


@pytest.mark.parametrize(
    ("allowed", "patch", "create", "delete"),
    [
        ([], (404, b""), (404, b""), (404, b"")),
        (["See"], "InvalidOperationException", "InvalidOperationException", "InvalidOperationException"),
        (["Open"], "InvalidContentActionException", "SenseNetSecurityException", "InvalidOperationException"),
        (["Save", "AddNew", "Delete"], 200, 200, 200),
    ],
)
def test_refusals_by_verb(
    client: Client, low: str, allowed: list[str], patch: object, create: object, delete: object
) -> None:
    body = {"__ContentType": "Folder", "Name": "f"}
    assert client.post("Root/Content('w')", body).status_code == 200
    rights = {"See": "undefined"}
    entry = {"identity": "/Root/IMS/Public/low", **rights}
    client.post("Root/Content('w')/SetPermissions", {"r": [entry]})
    entry = {"identity": "/Root/IMS/Public/low"} | dict.fromkeys(allowed, "allow")
    client.post("Root/Content('w')/SetPermissions", {"r": [entry]})
    try:
        for expected, answer in (
            (patch, client.send("PATCH", "Root/Content/w('f')", {"Index": 1}, low)),
            (create, client.post("Root/Content/w('f')", {**body, "Name": "g"}, low)),
            (delete, client.send("DELETE", "Root/Content/w('f')", key=low)),
        ):
            if isinstance(expected, int):
                assert answer.status_code == expected
            elif isinstance(expected, tuple):
                assert (answer.status_code, answer.content) == expected
            else:
                assert error(answer)[2] == expected
    finally:
        client.send("DELETE", "Root/Content/w('f')?permanent=true")


def test_a_replacement_is_for_operators_who_may_take_ownership(client: Client) -> None:
    key = client.post(f"{LOW}/CreateApiKey").json()["Value"]
    client.post("Root/Content('w')", {"__ContentType": "Folder", "Name": "put"})
    place, low_id = "Root/Content/w('put')", client.get(f"{LOW}?metadata=no&$select=Id").json()["d"]["Id"]
    entry = {"identity": "/Root/IMS/Public/low", "Save": "allow"}
    client.post(f"{place}/SetPermissions", {"r": [entry]})
    assert error(client.send("PUT", place, {"Index": 1}, key)) == (
        500,
        "NotSpecified",
        "NotSupportedException",
    )
    operators = "Root/IMS/BuiltIn/Portal('Operators')"
    client.post(f"{operators}/AddMembers", {"contentIds": [low_id]})
    assert error(client.send("PUT", place, {"Index": 1}, key)) == FORBIDDEN
    client.post(f"{place}/SetPermissions", {"r": [entry | {"TakeOwnership": "allow"}]})
    done = client.send("PUT", f"{place}?metadata=no&$select=Index,OwnerId", {"Index": 1}, key)
    assert done.json() == {"d": {"Index": 1, "OwnerId": low_id}}
    client.post(f"{operators}/RemoveMembers", {"contentIds": [low_id]})
    client.send("DELETE", f"{place}?permanent=true")


def test_a_caller_who_may_only_see_gets_the_head(client: Client, low: str) -> None:
    r = [{"identity": "/Root/IMS/Public/low", "See": "undefined"}]
    client.post("Root/Content('w')/SetPermissions", {"r": r})
    client.post("Root/Content('w')/SetPermissions", {"r": [r[0] | {"See": "allow"}]})
    row = client.get(
        "Root/Content('w')?metadata=no&$select=Name,Type,DisplayName,Index,CreatedById", low
    ).json()["d"]
    assert row == {"Name": "w", "Type": "Workspace", "DisplayName": None, "Index": 0, "CreatedById": None}
    assert error(client.get("Root/Content('w')/Description", low))[2] == "InvalidOperationException"
    assert client.get("Root/Content('w')/DisplayName", low).json() == {"d": {"DisplayName": "w"}}
    creator = client.get("Root/Content('w')?metadata=no&$expand=CreatedBy&$select=CreatedBy/Name", low)
    assert creator.json() == {"d": {"CreatedBy": {"Name": "Somebody"}}}
    client.post("Root/Content('w')/SetPermissions", {"r": r})


# Keys and callers


def test_keys_live_and_die(client: Client) -> None:
    made = client.post(f"{LOW}/CreateApiKey").json()
    key = made["Value"]
    me = f"{ROOT}/GetCurrentUser?metadata=no&$select=Name"
    assert made["CreationDate"].endswith("Z")
    assert not made["ExpirationDate"].endswith("Z")
    assert client.get(me, key).json() == {"d": {"Name": "low"}}
    assert client.http.get(f"{me}&APIKEY={key}").json() == {"d": {"Name": "low"}}
    wrong = client.http.get(f"{me}&apikey={key[:-1]}", headers={"apikey": key})
    assert wrong.json() == {"d": {"Name": "Visitor"}}
    assert client.http.get(f"{me}&apikey=", headers={"apikey": f" {key} "}).json() == {"d": {"Name": "low"}}
    assert key in [one["Value"] for one in client.get(f"{LOW}/GetApiKeys", key).json()["apiKeys"]]
    assert client.get("Root/IMS/BuiltIn/Portal('Visitor')/GetApiKeys", key).status_code == 404
    assert client.post(f"{LOW}/DeleteApiKey", {"apiKey": "nope"}).status_code == 204
    assert client.post(f"{LOW}/DeleteApiKey", {"apiKey": key}).status_code == 204
    assert client.get(me, key).json() == {"d": {"Name": "Visitor"}}


def test_the_key_of_the_start_is_not_kept(tmp_path: Path) -> None:
    first = Application(tmp_path / "repository.db", sample=False)
    key = first.api_key
    made = Client(first).post("Root/IMS/BuiltIn/Portal('Admin')/CreateApiKey").json()["Value"]
    first.close()
    second = Application(tmp_path / "repository.db", sample=False)
    me = f"{ROOT}/GetCurrentUser?metadata=no&$select=Name"
    names = {k: Client(second).get(me, k).json()["d"]["Name"] for k in (key, made, second.api_key)}
    assert names == {key: "Visitor", made: "Admin", second.api_key: "Admin"}
    second.close()


def test_an_administrator_deletes_the_keys_of_everybody(client: Client) -> None:
    kept = [client.post(f"{place}/CreateApiKey").json()["Value"] for place in (LOW, ADMIN)]
    assert client.post(f"{ROOT}/DeleteApiKeys", key=kept[0]).status_code == 403
    assert client.post(f"{ROOT}/DeleteApiKeys", key=kept[1]).status_code == 204
    for place in (LOW, ADMIN):
        assert client.get(f"{place}/GetApiKeys").json() == {"apiKeys": []}


def test_disabling_a_user_deletes_his_keys(client: Client) -> None:
    client.post(f"{LOW}/CreateApiKey")
    client.send("PATCH", LOW, {"Enabled": False})
    assert client.get(f"{LOW}/GetApiKeys").json() == {"apiKeys": []}
    client.send("PATCH", LOW, {"Enabled": True})
    assert client.get(f"{LOW}/GetApiKeys").json() == {"apiKeys": []}


def test_credentials(client: Client) -> None:
    def check(name: str, password: str) -> httpx.Response:
        return client.post(f"{ROOT}/ValidateCredentials", {"userName": name, "password": password})

    assert check(r"PUBLIC\Low", "secret").json()["username"] == r"Public\low"
    for name, password in (("low", "Secret"), ("nobody", "secret"), (r"BuiltIn\low", "secret"), ("low", "")):
        assert error(check(name, password)) == FORBIDDEN


# Others


def test_members(client: Client) -> None:
    team = "Root/IMS/Public('team')"

    def members() -> list[str]:
        rows = client.get(f"{team}/Members?metadata=no&$select=Name").json()["d"]["results"]
        return sorted(row["Name"] for row in rows)

    assert client.post(f"{team}/AddMembers", {"contentIds": ["1", 1, 99999999]}).status_code == 204
    assert members() == ["Admin", "Admin", "low"]
    for left in (["Admin", "low"], ["low"], ["low"]):
        assert client.post(f"{team}/RemoveMembers", {"contentIds": [1]}).status_code == 204
        assert members() == left
    team_id = client.get(f"{team}?metadata=no&$select=Id").json()["d"]["Id"]
    refused = client.post(f"{team}/AddMembers", {"contentIds": [team_id]})
    assert error(refused) == (500, "NotSpecified", "InvalidOperationException")
    groups = client.get(f"{LOW}/GetParentGroups?directOnly=true&metadata=no&$select=Name").json()
    assert groups["d"]["results"] == [{"Name": "team"}]


def test_trees(client: Client) -> None:
    query = "metadata=no&$select=Name"
    above = client.get(f"Root/IMS/BuiltIn('Portal')/Ancestors?{query}").json()["d"]["results"]
    assert [row["Name"] for row in above] == ["BuiltIn", "IMS", "Root"]
    opened = client.get(f"Root/IMS/BuiltIn('Portal')/OpenTree?rootPath=/Root/IMS&{query}").json()["d"][
        "results"
    ]
    assert [row["Name"] for row in opened] == ["IMS", "BuiltIn", "Public", "Portal"]
    assert list(opened[0]) == ["Name", "Id", "ParentId", "IsSystemContent"]
    refused = client.get(f"Root/IMS/BuiltIn('Portal')/OpenTree?rootPath=/Root/X&{query}")
    assert error(refused) == (500, "NotSpecified", "ODataException")
    count = client.get("Root('IMS')/GetContentCountInTree?query=TypeIs:Group").json()
    assert count == int(client.get("Root/IMS/$count?query=TypeIs:Group .AUTOFILTERS:OFF").text)


def test_settings_are_merged_downwards(client: Client) -> None:
    def write(where: str, data: object) -> httpx.Response:
        return client.post(f"{where}/WriteSettings", {"name": "Sharing", "settingsData": data})

    assert write(ROOT, {"a": 1, "deep": {"x": 1, "y": 1}}).status_code == 204
    assert write("Root/Content('w')", {"deep": {"y": 2}, "b": 3}).status_code == 204
    found = client.get("Root/Content('w')/GetSettings?name=sharing").json()
    assert found == {"a": 1, "deep": {"x": 1, "y": 2}, "b": 3}
    assert client.get("Root/Content('w')/GetSettings?name=Sharing&property=deep").json() == {"x": 1, "y": 2}
    assert client.get("Root/Content('w')/GetSettings?name=Sharing&property=nope").status_code == 204
    unknown = client.get("Root/Content('w')/GetSettings?name=Nope")
    assert (unknown.text, unknown.headers.get("content-type")) == ("{}", None)
    refused = client.post("Root/Content('w')/WriteSettings", {"name": "Nope", "settingsData": {}})
    assert error(refused) == (500, "NotSpecified", "InvalidOperationException")


def test_an_export_can_be_imported(client: Client) -> None:
    data = {
        "ContentName": "imported",
        "ContentType": "Folder",
        "Fields": {"DisplayName": "Imported", "Index": 3, "Manager": "/Root/Nope"},
        "Permissions": {
            "IsInherited": True,
            "Entries": [
                {"Identity": "/Root/IMS/Public/low", "LocalOnly": False, "Permissions": {"Save": "deny"}},
                {"Identity": "/Root/Nope", "LocalOnly": False, "Permissions": {"See": "allow"}},
            ],
        },
    }
    path = "/Root/Content/w/imported"
    first = client.post(f"{ROOT}/Import", {"path": path, "data": data}).json()
    assert (first["action"], first["retryPermissions"]) == ("created", True)
    assert client.post(f"{ROOT}/Import", {"path": path, "data": data}).json()["action"] == "updated"
    exported = client.get("Root/Content/w('imported')?metadata=no&$format=export&$select=DisplayName").json()[
        "d"
    ]
    assert exported["Fields"] == {"DisplayName": "Imported"}
    assert exported["Permissions"]["Entries"] == [
        {
            "Identity": "/Root/IMS/Public/low",
            "LocalOnly": False,
            "Permissions": {"Save": "deny", "ManageListsAndWorkspaces": "deny"},
        }
    ]


def test_sharing_opens_a_content_to_an_address(client: Client) -> None:
    key = client.post(f"{LOW}/CreateApiKey").json()["Value"]
    client.post("Root/Content('w')", {"__ContentType": "Folder", "Name": "shared"})
    place = "Root/Content/w('shared')"
    assert client.get(place, key).status_code == 404
    asked = {"token": "low@example.com", "level": "open", "mode": 2, "sendNotification": False}
    made = client.post(f"{place}/Share", asked).json()
    assert (made["Mode"], made["Level"]) == ("Private", "Open")
    assert client.get(place, key).status_code == 200
    assert client.get(f"{place}/GetSharing").json() == {"d": {"__count": 1, "results": [made]}}
    assert client.post(f"{place}/RemoveSharing", {"id": "nope"}).json() is False
    assert client.post(f"{place}/RemoveSharing", {"id": made["Id"]}).json() is True
    assert client.get(place, key).status_code == 404


def test_queries_are_saved(client: Client) -> None:
    asked = {"query": "TypeIs:User", "displayName": "Users", "queryType": "Public"}
    assert client.post("Root/Content('w')/SaveQuery", asked).status_code == 200
    found = client.get("Root/Content('w')/GetQueries?metadata=no&$select=DisplayName,Query").json()
    assert found["d"]["results"] == [{"DisplayName": "Users", "Query": "TypeIs:User"}]


def test_reports_on_permissions(client: Client) -> None:
    user = "identity=/Root/IMS/Public/low"
    info = client.get(f"Root('Content')/GetPermissionInfo?{user}").json()["d"]["permissionInfo"]
    assert [one["name"] for one in info["permissions"]] == list(permission_names.NAMED)
    kinds = {one["name"]: (one["type"], one["localOnly"]) for one in info["permissions"]}
    assert (kinds["See"], kinds["Save"]) == (("explicitallow", True), ("off", False))
    assert info["break"] is True
    children = client.get(f"Root('Content')/GetChildrenPermissionInfo?{user}").json()["d"]["results"]
    assert "w" in [one["name"] for one in children]
    counts = client.get(
        "Root('Content')/GetRelatedPermissions?permissionLevel=Denied&explicitOnly=true"
        "&memberPath=/Root/IMS/Public/Administrators&includedTypes=Workspace"
    ).json()
    assert list(counts) == list(permission_names.NAMES)
    assert (counts["Save"], counts["See"]) == (1, 0)


def test_lists_of_actions(client: Client) -> None:
    rows = client.get("Root/Content('w')/Actions?metadata=no&scenario=ContextMenu").json()["d"]["results"]
    assert {"Browse", "CopyTo", "Edit", "MoveTo", "Versions", "Share", "Delete"} <= {
        row["Name"] for row in rows
    }
    assert {row["Scenario"] for row in rows} == {"ContextMenu"}
    lower = client.get("Root/Content('w')/Actions?metadata=no&scenario=contextmenu").json()["d"]["results"]
    assert sorted({row["Name"] for row in lower}) == ["Delete", "SetPermissions", "Share"]
    full = client.get("Root/Content('w')?$select=Name").json()["d"]["__metadata"]
    for kind in ("actions", "functions"):
        titles = [one["title"].lower() for one in full[kind]]
        assert titles == sorted(titles)


def test_what_is_forbidden_is_listed_as_such(client: Client, low: str) -> None:
    key = client.post(f"{LOW}/CreateApiKey").json()["Value"]
    rows = client.get("Root('Content')/Actions?metadata=no", key).json()["d"]["results"]
    forbidden = {row["Name"]: row["Forbidden"] for row in rows}
    assert forbidden["Delete"] is True
    assert forbidden["Browse"] is False
    assert "RebuildIndex" not in forbidden


TEXTS = ("", "/Root", "/Root/Content", "/Root/IMS/Public/low", "7", "See", "Portal", "Public", "all")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 2**31)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(TEXTS)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(("identity", "See", "a")), inner)
    ),
    max_leaves=4,
)
HARMLESS = [
    one
    for group in REGISTRY.values()
    for one in group
    if not one.name.startswith(("Delete", "MoveBatch", "Take"))
]


@given(st.data())
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_operation_fails_over_its_parameters(playground: Client, data: st.DataObject) -> None:
    """Whatever comes of the parameters, it is an answer of the repository, and no fault of its own."""
    one = data.draw(st.sampled_from(HARMLESS))
    kinds = {"bool": st.booleans(), "int": st.integers(-1, 9), "string[]": st.lists(JSON, max_size=2)}
    body = {p.name: data.draw(kinds.get(p.kind, JSON) | JSON) for p in one.parameters}
    places = {"PortalRoot": ROOT, "User": LOW, "Group": "Root/IMS/Public('team')"}
    place = places.get(one.types[0], "Root/Content('w')")
    answer = playground.post(f"{place}/{one.name.replace('.', '/')}", body)
    assert "embedded repository has an error" not in answer.text


def test_what_an_ordinary_user_may_create(client: Client) -> None:
    """A type that he cannot see, a system folder, and a place whose parent he cannot see are refused."""
    key = client.post(f"{LOW}/CreateApiKey").json()["Value"]
    definition = (
        '<ContentType name="Secret" parentType="GenericContent" '
        'handler="SenseNet.ContentRepository.GenericContent" '
        'xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition"><Fields/></ContentType>'
    )
    types = "Root/System/Schema('ContentTypes')"
    upload = {"FileName": "Secret", "ContentType": "ContentType", "FileText": definition}
    assert client.post(f"{types}/Upload", upload).status_code == 200
    client.post("Root('Content')", {"__ContentType": "Workspace", "Name": "open"})
    client.post("Root/Content('open')/AddAllowedChildTypes", {"contentTypes": ["Secret", "Folder"]})
    client.post("Root/Content('open')", {"__ContentType": "Folder", "Name": "f"})
    entry = {"identity": "/Root/IMS/Public/low", "AddNew": "allow"}
    client.post("Root/Content('open')/SetPermissions", {"r": [entry]})

    def create(kind: str, where: str = "Root/Content('open')") -> httpx.Response:
        return client.post(where, {"__ContentType": kind, "Name": f"new{kind}"}, key)

    refused = (500, "NotSpecified", "InvalidOperationException")
    assert error(create("Secret")) == refused
    assert error(create("SystemFolder")) == FORBIDDEN
    assert create("Folder").status_code == 200
    opened = {"identity": "/Root/IMS/BuiltIn/Portal/Everyone", "See": "allow"}
    secret = "Root/System/Schema/ContentTypes/GenericContent('Secret')"
    assert client.post(f"{secret}/SetPermissions", {"r": [opened]}).status_code == 200
    assert create("Secret").status_code == 200
    client.post(
        "Root/Content('open')/SetPermissions", {"r": [entry | {"AddNew": "undefined", "See": "undefined"}]}
    )
    client.post("Root/Content/open('f')/SetPermissions", {"r": [entry]})
    assert error(create("Folder", "Root/Content/open('f')")) == refused


def test_clients_and_their_secrets(client: Client) -> None:
    made = client.post(f"{ROOT}/CreateClient", {"name": "notebook", "type": "externalclient"}).json()
    assert (made["name"], made["type"], made["secrets"]) == ("notebook", "ExternalClient", [])
    which = {"clientId": made["clientId"]}
    secret = client.post(f"{ROOT}/CreateSecret", which).json()
    assert secret["validTill"].startswith("9999-12-31")
    again = client.post(f"{ROOT}/RegenerateSecretForRepository", which | {"secretId": secret["id"]}).json()
    assert (again["id"], again["value"] != secret["value"]) == (secret["id"], True)
    assert client.post(f"{ROOT}/DeleteSecret", which | {"secretId": secret["id"]}).status_code == 204
    found = client.get(f"{ROOT}/GetClients").json()["clients"]
    assert [one for one in found if one["clientId"] == made["clientId"]] == [made]
    assert client.post(f"{ROOT}/DeleteClient", which).status_code == 204
    unknown = (500, "NotSpecified", "InvalidOperationException")
    assert error(client.post(f"{ROOT}/CreateSecret", which)) == unknown
    assert error(client.post(f"{ROOT}/CreateClient", {"name": "x", "type": "Nope"})) == unknown


def test_the_version_info_lists_what_runs_here(client: Client) -> None:
    found = client.get(f"{ROOT}/GetVersionInfo").json()["Assemblies"]
    assert list(found) == ["SenseNet", "Plugins", "GAC", "Other", "Dynamic"]
    assert [one["Name"] for one in found["Other"]] == ["python", "sqlite"]
