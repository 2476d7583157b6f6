# ruff: noqa: E501 - tables of samples read better in long lines
"""What values mean, what batches do with what is gone, what the web server answers by itself."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from typing import Any

import pytest

from sn_pandas.embedded import Application

from .client import WORKSPACE, Client, address, problem

Json = Any

KILN = """<ContentType name="Kiln" parentType="GenericContent"
  handler="SenseNet.ContentRepository.GenericContent"
  xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition">
  <Fields>
    <Field name="Fired" type="DateTime"/>
    <Field name="Heat" type="Number"/>
    <Field name="Pots" type="Reference"><Configuration><AllowMultiple>true</AllowMultiple></Configuration></Field>
    <Field name="Potter" type="Reference">
      <Configuration><AllowMultiple>false</AllowMultiple><Compulsory>true</Compulsory></Configuration></Field>
  </Fields>
</ContentType>"""
OVEN = f"{WORKSPACE}/oven"


@pytest.fixture
def client() -> Iterator[Client]:
    client = Client(Application(sample=False, admin=True))
    client.prepare()
    client.upload("/Root/System/Schema/ContentTypes", "Kiln", KILN, ContentType="ContentType")
    client.call(WORKSPACE, "AddAllowedChildTypes", contentTypes=["Kiln"])
    client.create(WORKSPACE, "Kiln", "oven", Potter=1)
    yield client
    client.close()


def sent(client: Client, field: str, json_text: str) -> Json:
    """Write a field as JSON text; return how it reads, or the error."""
    body = f'{{"{field}": {json_text}}}'.encode()
    answer = client.send("PATCH", address(OVEN, f"metadata=no&$select={field}"), body)
    return answer.json()["d"][field] if answer.status_code == 200 else problem(answer)[::2]


CAST, OVERFLOW = (500, "InvalidCastException"), (500, "OverflowException")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2027-03-04T05:06:07Z", "2027-03-04T05:06:07Z"),
        ("2027-03-04T05:06:07.7654321+0330", "2027-03-04T01:36:07.7654321Z"),
        ("2027-03-04T05:06:07-05", "2027-03-04T10:06:07Z"),
        ("2027-03-04T05:06:07z", CAST),
        ("2027-03-04t05:06:07Z", CAST),
        (" 2027-03-04T05:06:07Z", CAST),
        ("2027-03-04T05:06:60Z", CAST),
        ("2027-02-29T05:06:07Z", CAST),
    ],
)
def test_dates_have_capital_letters(client: Client, written: str, expected: Json) -> None:
    assert sent(client, "Fired", f'"{written}"') == expected


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("79228162514264337593543950335.0", OVERFLOW),
        ("-7.9228162514264338e28", OVERFLOW),
        ("7.92281625142643e28", 79228162514264300000000000000.0),
        ('"79228162514264337593543950335"', 79228162514264337593543950335.0),
        ("1e400", OVERFLOW),
        ("3e-29", 0.0),
    ],
)
def test_the_largest_number(client: Client, written: str, expected: Json) -> None:
    assert sent(client, "Heat", written) == expected


def test_an_object_is_no_reference_and_empties_none_that_is_compulsory(client: Client) -> None:
    assert sent(client, "Pots", "{}") == CAST
    assert sent(client, "Potter", "{}") == (400, "InvalidContentException")


@pytest.mark.parametrize(("written", "kept"), [('" 1 "', [1]), ("1.0", [1]), ('" /Root"', []), ('"1,6"', [])])
def test_what_names_a_reference(client: Client, written: str, kept: list[int]) -> None:
    sent(client, "Pots", written)
    rows = client.read(OVEN, "Pots/Id", "&$expand=Pots")["Pots"]
    assert [row["Id"] for row in rows] == kept


def test_writing_back_what_one_sees_drops_what_is_hidden(client: Client) -> None:
    ids = [client.create(WORKSPACE, "Folder", name)["Id"] for name in ("jug", "vase")]
    key = client.user("mia", Open="allow", Save="allow")
    client.call(
        f"{WORKSPACE}/vase", "SetPermissions", r=[{"identity": "/Root/IMS/Public/mia", "See": "deny"}]
    )

    def pots(key: str | None = None) -> list[int]:
        return [row["Id"] for row in client.read(OVEN, "Pots/Id", "&$expand=Pots", key)["Pots"]]

    client.patch(OVEN, {"Pots": ids})
    client.send("PATCH", address(OVEN), {"Index": 4}, {"apikey": key})
    assert (pots(key), pots()) == (ids[:1], ids)
    client.send("PATCH", address(OVEN), {"Pots": pots(key)}, {"apikey": key})
    assert pots() == ids[:1]


def test_names_are_numbered_in_lower_case_from_the_third_on(client: Client) -> None:
    moment = "2027-01-01T00:00:00Z"
    names = [client.create(WORKSPACE, "Memo", "Mug.Txt", Date=moment)["Name"] for _ in range(4)]
    assert names == ["Mug.Txt", "Mug(1).Txt", "mug(2).txt", "mug(3).txt"]


def test_numbers_count_names_in_the_same_place_only(client: Client) -> None:
    moment = "2027-01-01T00:00:00Z"
    for place, name in ((WORKSPACE, "Pot(1)s"), (WORKSPACE, "Pot"), (f"{WORKSPACE}/Pot", "Pot(1)")):
        client.create(place, "Folder", name)
    names = [client.create(WORKSPACE, "Memo", "POT", Date=moment)["Name"] for _ in range(2)]
    assert names == ["Pot(1)", "pot(2)"]
    client.create(f"{WORKSPACE}/Pot", "Folder", "deep")
    client.create(f"{WORKSPACE}/Pot/deep", "Folder", "Pot(3)")
    assert client.create(WORKSPACE, "Memo", "pot(1)", Date=moment)["Name"] == "pot(3)"


@pytest.mark.parametrize("token", ["nonsense", "1|2|3|4", ""])
def test_a_token_of_no_upload_is_refused(client: Client, token: str) -> None:
    client.create(WORKSPACE, "File", "glaze.txt")
    answer = client.call(f"{WORKSPACE}/glaze.txt", "FinalizeBlobUpload", token=token, fullSize=3)
    assert problem(answer)[::2] == (403, "SenseNetSecurityException")


def test_restoring_a_bag_whose_content_went_elsewhere(client: Client) -> None:
    client.create(WORKSPACE, "Folder", "shelf")
    client.create(WORKSPACE, "Folder", "jug")
    client.send("DELETE", address(f"{WORKSPACE}/jug"))
    bag = f"/Root/Trash/{client.names('/Root/Trash')[0]}"
    client.call("/Root", "MoveBatch", targetPath=f"{WORKSPACE}/shelf", paths=[f"{bag}/jug"])
    assert client.call(bag, "Restore").status_code == 204
    assert client.names(f"{WORKSPACE}/shelf") == []
    assert "jug" in client.names(WORKSPACE)
    assert client.names("/Root/Trash") == []


@pytest.mark.parametrize("permanent", [True, False])
@pytest.mark.parametrize("second", ["jug", "jug/handle"])
def test_a_batch_deletes_nothing_twice(client: Client, second: str, permanent: bool) -> None:
    client.create(WORKSPACE, "Folder", "jug")
    client.create(f"{WORKSPACE}/jug", "Folder", "handle")
    paths = [f"{WORKSPACE}/jug", f"{WORKSPACE}/{second}"]
    answer = client.call("/Root", "DeleteBatch", paths=paths, permanent=permanent).json()["d"]
    assert [row["Path"] for row in answer["results"]] == paths[:1]
    assert [row["content"]["Path"] for row in answer["errors"]] == paths[1:]
    assert answer["errors"][0]["error"]["exceptiontype"] == "SenseNet.Security.EntityNotFoundException"


def test_a_batch_deletes_a_child_and_then_its_parent(client: Client) -> None:
    client.create(WORKSPACE, "Folder", "jug")
    client.create(f"{WORKSPACE}/jug", "Folder", "handle")
    paths = [f"{WORKSPACE}/jug/handle", f"{WORKSPACE}/jug"]
    answer = client.call("/Root", "DeleteBatch", paths=paths, permanent=True).json()["d"]
    assert (len(answer["results"]), answer["errors"]) == (2, [])


@pytest.mark.parametrize("name", ["CopyBatch", "MoveBatch"])
def test_where_a_batch_has_no_target(client: Client, name: str) -> None:
    answer = client.call("/Root", name, targetPath=None, paths=[OVEN])
    assert problem(answer)[::2] == (500, "ArgumentNullException")
    answer = client.call("/Root", name, targetPath="the shelf", paths=[OVEN])
    assert problem(answer) == (404, "ResourceNotFound", "ContentNotFoundException")
    assert answer.json()["error"]["message"]["value"] == "the shelf"


def test_a_list_moves_to_where_its_items_are_allowed(client: Client) -> None:
    for name, allowed in (("narrow", ["TaskList"]), ("wide", ["TaskList", "Task"])):
        client.create("/Root/Content", "Workspace", name)
        client.patch(f"/Root/Content/{name}", {"AllowedChildTypes": allowed})
    for name in ("full", "bare"):
        client.create(WORKSPACE, "TaskList", name)
    client.create(f"{WORKSPACE}/full", "Task", "glaze")
    paths = [f"{WORKSPACE}/full", f"{WORKSPACE}/bare"]
    answer = client.call("/Root", "MoveBatch", targetPath="/Root/Content/narrow", paths=paths)
    assert [row["Name"] for row in answer.json()["d"]["results"]] == ["bare"]
    (error,) = answer.json()["d"]["errors"]
    assert error["error"]["message"]["value"].endswith("'Task' type is not allowed in the new position.")
    answer = client.call("/Root", "MoveBatch", targetPath="/Root/Content/wide", paths=paths[:1])
    assert answer.json()["d"]["errors"] == []


def test_deleting_spares_what_has_a_longer_name(client: Client) -> None:
    for name in ("t1", "t10"):
        client.create(WORKSPACE, "Folder", name)
    client.send("DELETE", address(f"{WORKSPACE}/t1", "permanent=true"))
    assert client.patch(f"{WORKSPACE}/t10", {"Index": 3}, "Index") == {"Index": 3}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.json", "application/octet-stream"), ("a.md", "application/octet-stream"), ("a.MJS", "application/octet-stream"),
        ("a.js", "application/x-javascript"), ("a.ico", "image/x-icon"), ("a.woff", "application/x-font-woff"),
        ("a.rtf", "text/richtext"), ("a.tar", "application/x-tar"), ("a.dot", "application/msword"),
    ],
)  # fmt: skip
def test_types_of_bytes_by_ending(client: Client, name: str, kind: str) -> None:
    client.upload(WORKSPACE, name, "x")
    assert client.send("GET", f"{WORKSPACE}/{name}").headers["content-type"].partition(";")[0] == kind


def test_a_download_has_the_name_of_now(client: Client) -> None:
    client.upload(WORKSPACE, "plan.css", "x")
    client.patch(f"{WORKSPACE}/plan.css", {"Name": "plan.pdf"})
    answer = client.send("GET", f"{WORKSPACE}/plan.pdf")
    assert answer.headers["content-type"] == "text/css"
    assert answer.headers["content-disposition"] == "inline; filename=plan.pdf"
    client.upload(WORKSPACE, "bare", "x")
    assert client.send("GET", f"{WORKSPACE}/bare").headers["content-disposition"].endswith("filename=bare.")


@pytest.mark.parametrize("kind", ["File", "Image"])
@pytest.mark.parametrize("name", ["run.aspx", "Run.CSHTML"])
def test_what_runs_is_no_plain_file(client: Client, kind: str, name: str) -> None:
    answer = client.send("POST", address(WORKSPACE), {"__ContentType": kind, "Name": name})
    assert problem(answer)[::2] == (400, "InvalidContentException")


@pytest.mark.parametrize(
    "headers",
    [
        {"If-Match": '"other"'}, {"If-None-Match": "*"}, {"If-Unmodified-Since": "Fri, 01 Jan 1999 00:00:00 GMT"},
        {"Prefer": "return=minimal"}, {"Range": "bytes=0-0"}, {"Accept": "text/html"}, {"X-Forwarded-Host": "else.example"},
        {"X-HTTP-Method": "DELETE"}, {"X-HTTP-Method-Override": "PATCH"},
    ],
)  # fmt: skip
def test_headers_that_change_nothing(client: Client, headers: dict[str, str]) -> None:
    client.upload(WORKSPACE, "n.txt", "some words")
    for target in (f"{WORKSPACE}/n.txt", address(OVEN, "metadata=full")):
        plain, asked = (client.send("GET", target, headers=h) for h in ({}, headers))
        assert (asked.status_code, asked.content) == (200, plain.content)
    model = {"__ContentType": "Folder", "Name": "made"}
    assert client.send("POST", address(WORKSPACE), model, headers).json()["d"]["Name"] == "made"


def test_a_compressed_body_is_not_unpacked(client: Client) -> None:
    headers = {"Content-Encoding": "gzip"}
    answer = client.send("PATCH", address(OVEN), gzip.compress(b'{"Index": 1}'), headers)
    assert problem(answer)[::2] == (500, "JsonReaderException")
    assert client.send("PATCH", address(OVEN), {"Index": 2}, headers).status_code == 200


def test_the_greeting_is_only_read(client: Client) -> None:
    assert client.send("GET", "/").status_code == 200
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"):
        answer = client.send(method, "/")
        assert (answer.status_code, answer.headers["allow"], answer.content) == (405, "GET", b"")
