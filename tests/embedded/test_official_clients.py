"""Habits of the official clients: how they call operations, what they read at their start."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from .client import WORKSPACE, Client, address, problem

PLAN = f"{WORKSPACE}/plan"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    client = Client(tmp_path / "repo.db")
    client.prepare()
    client.create(WORKSPACE, "File", "plan")
    yield client
    client.close()


@pytest.mark.parametrize(
    "body", [b"models=[null]", b'[1, {"checkInComments": "z"}]', b"[]", b"null", b"5", b'"text"', b"", b"  "]
)
def test_a_call_without_an_object_has_no_parameters(client: Client, body: bytes) -> None:
    client.call(PLAN, "CheckOut")
    answer = client.send("POST", f"{address(PLAN)}/CheckIn", body)
    assert answer.status_code == 200
    assert client.read(PLAN, "Locked,CheckInComments") == {"Locked": False, "CheckInComments": ""}


@pytest.mark.parametrize("body", [b"models=[null]", b"5", b"null"])
def test_a_write_without_an_object_is_refused(client: Client, body: bytes) -> None:
    assert client.send("PATCH", address(PLAN), body).status_code == 500


@pytest.mark.parametrize("body", [b'{"permissions": ["Open"]}', b'models=[{"permissions": ["Open"]}]'])
def test_a_function_reads_parameters_from_the_body_of_a_get(client: Client, body: bytes) -> None:
    assert client.send("GET", f"{address(PLAN)}/HasPermission", body).text == "true"
    assert problem(client.send("GET", f"{address(PLAN)}/HasPermission"))[1] == "UnknownAction"


@pytest.mark.parametrize(
    ("scenario", "operations"),
    [
        ("ContextMenu", {"CheckOut", "Delete", "SetPermissions", "Share"}),
        ("BatchActions", {"Share"}),
        ("ListActions", set()),
        ("ListItem", {"CheckOut", "Delete", "SetPermissions"}),
        ("ExploreActions", {"CheckOut", "SetPermissions"}),
    ],
)
def test_operations_by_scenario(client: Client, scenario: str, operations: set[str]) -> None:
    target = f"{address(PLAN)}/Actions?metadata=no&scenario={scenario}"
    rows = client.send("GET", target).json()["d"]["results"]
    assert {row["Name"] for row in rows if row["IsODataAction"]} == operations


def test_operations_have_titles_for_people(client: Client) -> None:
    client.call(PLAN, "CheckOut")
    rows = client.send("GET", f"{address(PLAN)}/Actions?metadata=no").json()["d"]["results"]
    titles = {row["Name"]: row["DisplayName"] for row in rows}
    assert (titles["CheckIn"], titles["UndoCheckOut"]) == ("Check in", "Undo changes")


def test_the_built_in_settings_are_there(client: Client) -> None:
    names = client.names("/Root/System/Settings")
    assert len(names) == 10
    for name in names:
        answer = client.send("GET", f"/Root/System/Settings/{name}")
        assert answer.headers["content-type"] == "application/octet-stream"
        assert json.loads(answer.content.decode("utf-8-sig"))
    permission = client.send("GET", "/odata.svc/('Root')/GetSettings?name=Permission").json()
    assert [next(iter(group)) for group in permission["groups"]] == [
        "Read", "Write", "Versioning", "Advanced",
    ]  # fmt: skip


def test_everybody_may_see_the_picture_of_the_administrator(client: Client) -> None:
    answer = client.send("GET", "/Root/IMS/BuiltIn/Portal/Admin/Admin.png", headers={"X-Visitor": "1"})
    assert answer.content.startswith(b"\x89PNG")
    assert len(answer.content) == 731
    assert answer.headers["cache-control"] == "public, max-age=604800"


def test_global_settings_have_no_local_form(client: Client) -> None:
    answer = client.call(WORKSPACE, "WriteSettings", name="Portal", settingsData={"A": 1})
    assert problem(answer)[::2] == (400, "InvalidContentException")
    assert client.call(WORKSPACE, "WriteSettings", name="Sharing", settingsData={"A": 1}).status_code == 204
    written = client.send("GET", f"{WORKSPACE}/Settings/Sharing.settings")
    assert written.content == b'\xef\xbb\xbf{"A":1}'


@pytest.mark.parametrize("headers", [{}, {"X-Visitor": "1"}])
def test_everybody_may_read_which_operations_there_are(client: Client, headers: dict[str, str]) -> None:
    answer = client.send("GET", "/odata.svc/('Root')/GetOpenApiDocument", headers=headers)
    assert answer.headers["content-type"] == "application/json"
    document = answer.json()
    assert document["openapi"].startswith("3.")
    assert document["paths"]["/odata.svc/{path}/CheckIn"]["post"]["operationId"] == "CheckIn(checkInComments)"
    for path, methods in document["paths"].items():
        for described in methods.values():
            declared = {one["name"] for one in described["parameters"] if one["in"] == "path"}
            assert declared == set(re.findall(r"{(\w+)}", path))
