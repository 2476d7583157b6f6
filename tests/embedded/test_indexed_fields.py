"""What the index holds of values that are worked out, and what it holds nothing of."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from sn_pandas.embedded import Application

from .client import WORKSPACE, Client, problem

SHELF = f"{WORKSPACE}/shelf"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    client = Client(Application(sample=False, admin=True))
    client.prepare()
    client.create(WORKSPACE, "DocumentLibrary", "shelf")
    client.upload(SHELF, "note.txt", "hens")
    client.upload(SHELF, "Novel.PDF", "x" * 3000)
    client.upload(SHELF, "sheet.xyz", "y" * 200)
    client.create(SHELF, "File", "blank.txt")
    client.user("nora", Open="allow")
    yield client
    client.close()


def found(client: Client, options: str, place: str = SHELF) -> list[str]:
    target = f"/odata.svc{quote(place)}?metadata=no&$select=Name&{options}"
    answer = client.send("GET", target)
    assert answer.status_code == 200, answer.text
    return [row["Name"] for row in answer.json()["d"]["results"]]


BY_SIZE = ["blank.txt", "note.txt", "sheet.xyz", "Novel.PDF"]


def test_files_by_size(client: Client) -> None:
    assert found(client, "$orderby=Size") == BY_SIZE
    assert found(client, "$orderby=Size desc") == BY_SIZE[::-1]
    assert found(client, "$orderby=Size&$filter=Size gt 150.5m") == BY_SIZE[2:]
    assert found(client, f"$orderby=Size&query={quote('Size:<=203')}") == BY_SIZE[:3]
    assert found(client, "$filter=Size eq 7m") == ["note.txt"]  # with the mark that texts begin with
    assert len(found(client, "$filter=FullSize lt 0m")) == len(BY_SIZE)


def test_a_size_changes_with_the_bytes(client: Client) -> None:
    client.upload(SHELF, "grows.txt", "a")
    client.upload(SHELF, "grows.txt", "a" * 9000)
    assert found(client, f"query={quote('Size:>5000')}") == ["grows.txt"]
    client.send("DELETE", f"/odata.svc{SHELF}/('grows.txt')?permanent=true")
    assert found(client, f"query={quote('Size:>5000')}") == []


def test_files_by_icon_and_pages(client: Client) -> None:
    assert found(client, "query=Icon:acrobat") == ["Novel.PDF"]
    assert found(client, "$orderby=Icon,Name") == ["Novel.PDF", "blank.txt", "note.txt", "sheet.xyz"]
    assert len(found(client, "$filter=PageCount eq -4")) == len(BY_SIZE)
    client.call(f"{SHELF}/Novel.PDF", "SetPageCount", pageCount=12)
    assert found(client, f"query={quote('PageCount:>0')}") == ["Novel.PDF"]


def test_users_by_domain(client: Client) -> None:
    assert found(client, "query=Domain:PUBLIC", "/Root") == ["nora"]
    assert "Visitor" in found(client, "query=Domain:b*", "/Root")
    assert found(client, f"query={quote('+TypeIs:User')}&$orderby=Domain desc", "/Root")[0] == "nora"


@pytest.mark.parametrize(
    "query", ["SavingState:Finalized", "SavingState:$0", "Rate:*", "RateAvg:0", "Locked:no"]
)
def test_what_every_content_has(client: Client, query: str) -> None:
    assert len(found(client, f"query={quote(query)}")) == len(BY_SIZE) + 1  # the library itself, too


@pytest.mark.parametrize(
    "name", ["BrowseUrl", "DueText", "DueCssClass", "Versions", "AllowedChildTypes", "AllRoles"]
)
def test_what_is_not_in_the_index(client: Client, name: str) -> None:
    assert found(client, f"query={name}:*") == []
    assert found(client, f"$orderby={name} desc,Size") == BY_SIZE


@pytest.mark.parametrize(
    "value", ["late", "7", "1.5", "la*", "*", '""', '"very late"~2', "late~", ">late", "[1 TO late]"]
)
def test_any_text_may_be_asked_of_a_field_that_is_not_in_the_index(client: Client, value: str) -> None:
    assert found(client, f"query={quote(f'RemainingDays:{value}')}") == []
    query = f"+Name:note.txt -RemainingDays:{value}"
    assert found(client, f"query={quote(query)}") == ["note.txt"]


def test_fields_of_no_index_do_not_order(client: Client) -> None:
    for name in ("Actions", "Children", "IsFile", "Nowhere", "Password", "SharedWith"):
        assert sorted(found(client, f"$orderby={name}")) == sorted(BY_SIZE)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Actions", (500, "InvalidOperationException")), ("Children", (500, "InvalidOperationException")),
        ("Fields", (500, "InvalidOperationException")), ("AllRoles", (400, "InvalidOperationException")),
        ("DirectRoles", (400, "InvalidOperationException")), ("SharedBy", (400, "InvalidOperationException")),
        ("Sharing", (400, "InvalidOperationException")), ("IsFile", (400, "InvalidOperationException")),
    ],
)  # fmt: skip
def test_filters_by_fields_without_terms(client: Client, name: str, expected: tuple[int, str]) -> None:
    for value in ("'x'", "null"):
        answer = client.send("GET", f"/odata.svc{SHELF}?$filter={name} eq {value}")
        assert problem(answer)[::2] == expected
    assert found(client, "$filter=BrowseUrl eq ''") == found(client, "$filter=DueText eq ''") == []


@pytest.mark.parametrize("name", ["Avatar", "Password", "Actions", "Children", "IsFile", "ContentType"])
def test_queries_that_no_field_understands(client: Client, name: str) -> None:
    answer = client.send("GET", f"/odata.svc{SHELF}?query={name}:x")
    assert problem(answer)[::2] == (400, "ParserException")


def test_a_field_of_ones_own_may_be_called_like_one_of_files(client: Client) -> None:
    definition = """<ContentType name="Shoe" parentType="GenericContent"
      handler="SenseNet.ContentRepository.GenericContent"
      xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition">
      <Fields><Field name="Size" type="Number"/></Fields></ContentType>"""
    client.upload("/Root/System/Schema/ContentTypes", "Shoe", definition, ContentType="ContentType")
    client.call(WORKSPACE, "AddAllowedChildTypes", contentTypes=["Shoe"])
    client.create(WORKSPACE, "Shoe", "boot", Size=42)
    assert client.read(f"{WORKSPACE}/boot", "Size") == {"Size": 42.0}
    assert found(client, "$filter=Size eq 42m", WORKSPACE) == ["boot"]


@pytest.mark.parametrize("top", ["0", "2147483647"])
def test_a_page_of_any_size(client: Client, top: str) -> None:
    assert len(found(client, f"$top={top}")) == len(BY_SIZE)
    answer = client.send("GET", f"/odata.svc{SHELF}?$top=2147483648")
    assert answer.status_code == 400


def test_a_page_past_the_end_of_an_order(client: Client) -> None:
    target = f"/odata.svc{SHELF}?$orderby=Name&$skip=4&$inlinecount=allpages"
    assert client.send("GET", target).json()["d"] == {"__count": 4, "results": []}
