"""What one caller cannot do to the others: hold them up, fill the memory, act as the Visitor for all."""

from __future__ import annotations

import itertools
import json
import time
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from sn_pandas.embedded import Application
from sn_pandas.embedded.changes import batches
from sn_pandas.embedded.http import application
from sn_pandas.embedded.index import search
from sn_pandas.embedded.reads import projection
from sn_pandas.embedded.wire import bodies

from .client import Client, address

NINES = "9" * 5000
VISITOR = "/Root/IMS/BuiltIn/Portal/Visitor"
OLGA = "/Root/IMS/Public/olga.okafor"


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    found = Client(Application())
    yield found
    found.close()


def send(
    client: Client, method: str, target: str, body: object = None, key: str | None = None
) -> tuple[int, str]:
    headers = {"apikey": client.application.api_key if key is None else key} if key != "" else {}
    answer = client.send(method, target, body, headers)
    return answer.status_code, answer.text


@pytest.mark.parametrize(
    ("method", "target", "body"),
    [
        ("GET", f"/odata.svc/Root?$top={NINES}", None),
        ("GET", f"/odata.svc/Root?$skip={NINES}", None),
        ("GET", f"/odata.svc/Root?query=Id:{NINES}", None),
        ("GET", f"/odata.svc/Root?$filter=Id eq {NINES}", None),
        ("GET", f"/odata.svc/('Root')/GetIndexDocument?versionId={NINES}", None),
        ("POST", "/odata.svc/Root/IMS/BuiltIn/Portal('HR')/AddMembers", {"contentIds": [NINES]}),
        ("PATCH", "/odata.svc/Root('Content')", {"ValidFrom": f"/Date({NINES})/"}),
        ("PATCH", "/odata.svc/Root('Content')", {"Index": NINES}),
    ],
)
def test_numbers_of_any_length_are_answered(client: Client, method: str, target: str, body: object) -> None:
    assert "embedded repository has an error" not in send(client, method, target, body)[1]


def test_a_search_that_takes_too_long_is_given_up(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    target = "/odata.svc/Root?metadata=no&$select=Id&query=Description:*e* AND DisplayName:*t*"
    assert send(client, "GET", target)[0] == 200
    monkeypatch.setattr(search, "LONGEST_SEARCH", -1.0)
    status, text = send(client, "GET", target)
    assert status == 400
    assert "takes too long" in text
    monkeypatch.undo()
    assert send(client, "GET", target)[0] == 200


@pytest.mark.parametrize("filling", [" ", "\n", "/**/", "//x\n"])
def test_blanks_and_comments_take_no_more_than_their_own_room(filling: str) -> None:
    text = "{" + filling * 200_000 + "a:1}"
    assert bodies.read(text.encode()) == {"a": 1}


@pytest.mark.parametrize("operation", ["CreateApiKey", "GetApiKeys", "ChangePassword"])
def test_the_visitor_manages_no_visitor(client: Client, operation: str) -> None:
    body = {"password": "another-1"} if operation == "ChangePassword" else {}
    status, text = send(client, "POST", f"{address(VISITOR)}/{operation}", body, key="")
    assert status in (403, 404) or '"apiKeys":[]' in text


def test_keys_of_disabled_and_deleted_users_are_the_visitors(client: Client) -> None:
    stored = client.send(
        "POST", f"{address(OLGA)}/CreateApiKey", {}, {"apikey": client.application.api_key}
    ).json()["Value"]
    keys = [stored, client.application.key_of("olga.okafor")]
    me = "/odata.svc/('Root')/GetCurrentUser?metadata=no&$select=Name"
    assert all('"olga.okafor"' in send(client, "GET", me, key=key)[1] for key in keys)
    assert send(client, "PATCH", address(OLGA, "$select=Id"), {"Enabled": False})[0] == 200
    assert not any('"olga.okafor"' in send(client, "GET", me, key=key)[1] for key in keys)
    assert send(client, "DELETE", address(OLGA))[0] == 200
    assert not any('"olga.okafor"' in send(client, "GET", me, key=key)[1] for key in keys)


@pytest.mark.parametrize(
    "query",
    [
        "DisplayName:{{Id:>0}}",
        'FullName:{{!ApprovingMode:"x"}}',
        "-DisplayName:{{Id:>0}} +Id:>0",
        "DisplayName:{{Id:>0}} AND FullName:{{Id:>0}} AND Name:{{Id:>0 .SELECT:Name}}",
        "_Text:{{Id:>0}}",
        "Description:{{Id:>0 .SELECT:Name}}",
        "InTree:{{Id:>0 .SELECT:Path}}",
        "Version:{{DisplayName:{{Id:>0}}}}",
        " ".join(f"DisplayName:{chr(97 + number % 26)}{number}*" for number in range(300)),
        " ".join(f"Description:{number}?" for number in range(300)),
    ],
)
def test_thousands_of_terms_of_a_field_are_one_search(client: Client, query: str) -> None:
    target = f"/odata.svc/Root?metadata=no&$select=Id&$top=1&query={quote(query, safe='')}"
    status, text = send(client, "GET", target)
    assert (status, "takes too long" in text) == (200, False)


def test_the_searches_of_a_request_share_their_time(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    spent: list[float] = []

    def clock() -> float:  # each look at the clock is a tenth of a second later
        spent.append(0.1)
        return sum(spent)

    monkeypatch.setattr(time, "thread_time", clock)
    many = "".join(f"-Id:{{{{Name:a{number}*}}}} " for number in range(200))
    target = f"/odata.svc/Root?metadata=no&$select=Id&query={quote(many + '+Id:>0', safe='+-:')}"
    assert "takes too long" in send(client, "GET", target)[1]
    assert len(spent) < 100


ROUNDS = "/".join(["DirectRoles", "Members"] * 3)


@pytest.mark.parametrize(
    "target",
    [
        f"/odata.svc/Root/IMS/Public?$expand={ROUNDS}&$select=*",
        f"/odata.svc/Root/IMS/Public?$expand={ROUNDS}",
        f"/odata.svc/Root/Content?$expand={'/'.join(['Children'] * 5)}",
        "/odata.svc/Root/Content?query=TypeIs:Task&$expand=Actions&$select=Name,Actions",
        "/odata.svc/Root?query=TypeIs:User&$expand=CreatedBy/CreatedBy/CreatedBy",
        "/odata.svc/Root?query=TypeIs:File&$top=150&$expand=Binary",
        "/odata.svc/Root?query=TypeIs:File&$top=150&$expand=Binary&$select=Binary",
    ],
)
@pytest.mark.parametrize(("limit", "value"), [("MOST_EXPANDED", 1_000), ("LONGEST_EXPANSION", 0.0)])
def test_expansions_have_an_end(
    client: Client, monkeypatch: pytest.MonkeyPatch, target: str, limit: str, value: float
) -> None:
    key = client.application.key_of("hugo.horvath")
    monkeypatch.setattr(projection, limit, value)
    status, text = send(client, "GET", target, key=key)
    assert (status, "QueryTimeoutException" in text) == (400, True)
    assert send(client, "GET", target.partition("?")[0], key=key)[0] == 200


@pytest.mark.parametrize(
    ("name", "more"),
    [("DeleteBatch", {"permanent": True}), ("MoveBatch", {"targetPath": "/Root/Trash"}),
     ("CopyBatch", {"targetPath": "/Root/Content/HR"})],
)  # fmt: skip
def test_a_batch_that_takes_too_long_begins_nothing_more(
    client: Client, monkeypatch: pytest.MonkeyPatch, name: str, more: dict[str, object]
) -> None:
    paths = ["/Root/Content/Sales", "/Root/Content/Research", 999_999, None, "/Root/nowhere"]
    monkeypatch.setattr(batches, "LONGEST_BATCH", -1.0)
    status, text = send(client, "POST", f"/odata.svc/('Root')/{name}", {"paths": paths, **more})
    answer = json.loads(text)["d"]
    assert (status, answer["results"], answer["__count"]) == (200, [], len(paths))
    assert [error["content"]["Path"] for error in answer["errors"]] == [*paths[:2], None, None, paths[4]]
    assert {error["error"]["exceptiontype"] for error in answer["errors"]} == {"System.TimeoutException"}
    for path in paths[:2]:
        assert send(client, "GET", address(str(path)))[0] == 200


@pytest.mark.parametrize(
    ("method", "target", "body", "seconds"),
    [
        ("POST", "/odata.svc/('Root')/CopyBatch", {"targetPath": "/Root/Content/HR"}, 20),
        ("POST", "/odata.svc/('Root')/MoveBatch", {"targetPath": "/Root/Content/HR"}, 5),
        ("POST", "/odata.svc/('Root')/DeleteBatch", {"permanent": True}, 2),
        ("DELETE", "/odata.svc/Root/Content('Sales')?permanent=true", {}, 0),
        ("PATCH", "/odata.svc/Root/Content('Sales')", {"Name": "Selling"}, 1),
    ],
)
def test_one_large_tree_is_changed_within_a_time_or_not_at_all(
    client: Client,
    monkeypatch: pytest.MonkeyPatch,
    method: str,
    target: str,
    body: dict[str, object],
    seconds: int,
) -> None:
    def paths() -> list[str]:
        listed = "/odata.svc/Root/Content?metadata=no&$select=Path&$orderby=Path&query=Id:>0 .AUTOFILTERS:OFF"
        return [row["Path"] for row in json.loads(send(client, "GET", listed)[1])["d"]["results"]]

    before, looks = paths(), itertools.count()
    with monkeypatch.context() as patch:
        patch.setattr(time, "thread_time", lambda: float(next(looks)))  # each look is a second later
        patch.setattr(application, "LONGEST_REQUEST", seconds)
        patch.setattr(batches, "LONGEST_BATCH", 10)
        text = send(client, method, target, {"paths": ["/Root/Content/Sales"], **body})[1]
    assert "TimeoutException" in text
    assert "nothing of it was done" in text
    assert paths() == before


@pytest.mark.parametrize(
    "way",
    [
        "OpenTree?rootPath=/Root/Content/Sales&withLeaves=true",
        "GetChildrenPermissionInfo?identity=/Root/IMS/Public/hugo.horvath",
    ],
)
def test_reports_on_many_children_take_a_time_at_most(
    client: Client, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    target = f"{address('/Root/Content/Sales/Tasks')}/{way}"
    assert send(client, "GET", target)[0] == 200
    for seconds in range(1, 60, 10):
        looks = itertools.count()
        with monkeypatch.context() as patch:
            patch.setattr(time, "thread_time", lambda looks=looks: float(next(looks)))
            patch.setattr(application, "LONGEST_REQUEST", seconds)
            status, text = send(client, "GET", target)
        assert (status, "TimeoutException" in text) == (400, True), seconds


def test_a_batch_has_a_largest_number_of_items(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "MOST_ITEMS", 3)
    for count, expected in ((3, 200), (4, 400)):
        body = {"paths": ["/Root/nowhere"] * count, "permanent": True}
        assert send(client, "POST", "/odata.svc/('Root')/DeleteBatch", body)[0] == expected


@pytest.mark.parametrize(
    "options", ["", "metadata=no", "$select=Name", "$expand=CreatedBy", "query=TypeIs:User"]
)
def test_a_list_that_takes_too_long_is_given_up(
    client: Client, monkeypatch: pytest.MonkeyPatch, options: str
) -> None:
    key = client.application.key_of("hugo.horvath")
    target = f"/odata.svc/Root/IMS/Public?{options}"
    assert send(client, "GET", target, key=key)[0] == 200
    monkeypatch.setattr(projection, "LONGEST_LIST", -1.0)
    status, text = send(client, "GET", target, key=key)
    assert (status, "QueryTimeoutException" in text, "$top" in text) == (400, True, True)
    assert send(client, "GET", "/odata.svc/Root/IMS('Public')", key=key)[0] == 200


def test_members_are_many_and_leave_one_by_one() -> None:
    found = Client(Application(sample=False, admin=True))
    found.create("/Root/IMS/Public", "Group", "crowd")
    crowd = f"{address('/Root/IMS/Public/crowd')}"
    found.send("POST", f"{crowd}/AddMembers", {"contentIds": [6, 1] * 30_000 + [6]})
    found.send("POST", f"{crowd}/RemoveMembers", {"contentIds": [1] * 29_999 + [6] * 30_000 + [7, 999_999]})
    answer = found.send("GET", f"{crowd}/Members?metadata=no&$select=Id")
    assert [row["Id"] for row in answer.json()["d"]["results"]] == [1, 6]
    found.close()


@pytest.mark.parametrize(
    ("identity", "expected"),
    [(True, 404), (7.5, 404), ([1], 404), ({}, 404), ("/Root/Content", 404), (1.0, 200), ("1", 200)],
)
def test_every_identity_that_is_named_is_looked_for(client: Client, identity: object, expected: int) -> None:
    requests = [{"identity": 1, "Open": "allow"}, {"identity": identity, "Open": "allow"}]
    answer = send(client, "POST", "/odata.svc/Root/Content('Sales')/SetPermissions", {"r": requests * 500})
    assert answer[0] == expected, answer[1]
