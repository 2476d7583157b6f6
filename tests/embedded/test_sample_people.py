# ruff: noqa: E501 - tables of samples read better in long lines
"""The sample company as its people see it: editors, departments, readers, visitors."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import sn_pandas as sn
from sn_pandas.embedded import Application, UnknownUserError

from .client import Client, address

PEOPLE = ("Admin", "olga.okafor", "hugo.horvath", "anna.acs", "noah.nagy", "zsofia.zentai")
"""The administrator, an editor, one of Sales, an editor who heads IT, one of HR, the auditor."""


@pytest.fixture(scope="module")
def application() -> Iterator[Application]:
    found = Application()
    yield found
    found.close()


def allowed(application: Application, user: str, path: str, permission: str) -> bool:
    home = "BuiltIn/Portal" if user == "Admin" else "Public"
    asked = f"permissions={permission}&user=/Root/IMS/{home}/{user}"
    target = f"{address(path)}/HasPermission?{asked}"
    answer = Client(application).send("GET", target, headers={"apikey": application.api_key})
    assert answer.status_code == 200
    return answer.json() is True


@pytest.mark.parametrize(
    ("path", "permission", "who"),
    [
        ("/Root/Content", "Open", PEOPLE),
        ("/Root/Content", "Save", ("Admin", "olga.okafor", "anna.acs")),
        ("/Root/Content", "SetPermissions", ("Admin",)),
        ("/Root/Content/IT/Tasks/T001", "Open", PEOPLE),
        ("/Root/Content/IT/Tasks/T001", "Save", ("Admin", "olga.okafor", "anna.acs")),
        ("/Root/Content/Sales/Tasks/T001", "Save", ("Admin", "olga.okafor", "hugo.horvath", "anna.acs")),
        ("/Root/Content/Sales/Tasks", "AddNew", ("Admin", "olga.okafor", "hugo.horvath", "anna.acs")),
        ("/Root/Content/HR/Tasks/T001", "Open", ("Admin", "olga.okafor", "anna.acs")),
        ("/Root/Content/Inventory", "Save", ("Admin", "olga.okafor", "anna.acs")),
        ("/Root/IMS/Public/hugo.horvath", "Open", PEOPLE),
        ("/Root/IMS/Public/hugo.horvath", "Save", ("Admin", "hugo.horvath")),
        ("/Root/IMS/Public/zsofia.zentai", "See", ("Admin", "olga.okafor", "anna.acs", "zsofia.zentai")),
    ],
)
def test_who_may_do_what(application: Application, path: str, permission: str, who: tuple[str, ...]) -> None:
    assert [one for one in PEOPLE if allowed(application, one, path, permission)] == list(who)


@pytest.mark.parametrize("name", ["olga.okafor", "Olga.Okafor", "/Root/IMS/Public/olga.okafor"])
def test_one_can_be_anybody(name: str) -> None:
    with sn.connect(user=name) as repo:
        assert repo.user == "/Root/IMS/Public/olga.okafor"


def test_a_user_is_a_text() -> None:
    with pytest.raises(sn.AuthenticationError, match=r"user=7: pass a login name, such as 'olga\.okafor'"):
        sn.connect(user=7)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("olga", "'olga'. Did you mean 'olga.okafor'"),
        ("Okafor", "Did you mean 'olga.okafor'"),
        ("", "no user ''"),
        ("Visitor", "Connect with anonymous=True"),
    ],
)
def test_a_name_that_nobody_has_is_said(application: Application, name: str, words: str) -> None:
    with pytest.raises(UnknownUserError, match=words):
        application.key_of(name)
    with pytest.raises(sn.AuthenticationError, match=words):
        sn.connect(user=name)


def test_a_disabled_user_is_said(application: Application) -> None:
    client = Client(application)
    path = "/Root/IMS/Public/uma.ujvari"
    answer = client.send("PATCH", address(path), {"Enabled": False}, {"apikey": application.api_key})
    assert answer.status_code == 200
    with pytest.raises(UnknownUserError, match=r"'uma\.ujvari' is disabled"):
        application.key_of("uma.ujvari")


def test_only_an_embedded_repository_is_opened_as_somebody(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("https://repo.example.com", None):
        monkeypatch.setenv("SENSENET_URL", "https://repo.example.com")
        with pytest.raises(sn.AuthenticationError, match=r'Or open sn\.connect\("embedded://", user=\'olga'):
            sn.connect(url, user="olga.okafor")
    with pytest.raises(sn.AuthenticationError, match="not both"):
        sn.connect("embedded://", user="olga.okafor", anonymous=True)


def test_visitors_read_the_documents_of_marketing() -> None:
    with sn.connect(anonymous=True) as repo:
        assert repo.count("/Root/Content/Marketing/Documents", query="TypeIs:File") > 0
        with pytest.raises(sn.NotFoundError):
            repo.count("/Root/Content/Sales/Documents")


@pytest.mark.parametrize(
    ("kind", "least"),
    [
        ("Workspace", 11), ("TaskList", 10), ("Task", 300), ("MemoList", 10), ("Memo", 150), ("EventList", 10),
        ("CalendarEvent", 200), ("LinkList", 10), ("Link", 50), ("DocumentLibrary", 10), ("Folder", 30), ("File", 300),
        ("Image", 19), ("ImageLibrary", 1), ("CustomList", 2), ("CustomListItem", 12), ("SmartFolder", 1),
        ("ContentLink", 1), ("EmailTemplate", 3), ("Query", 2), ("SystemFolder", 1),
    ],
)  # fmt: skip
def test_there_is_something_of_every_type_that_people_meet(
    application: Application, kind: str, least: int
) -> None:
    target = f"/odata.svc/Root/Content/$count?query=TypeIs:{kind}&enableautofilters=false"
    answer = Client(application).send("GET", target, headers={"apikey": application.api_key})
    assert int(answer.text.lstrip("\ufeff")) >= least


@pytest.mark.parametrize("name", ["HR", "IT", "Inventory", "Marketing", "Projects", "Research", "Sales"])
def test_every_place_can_be_copied_since_it_allows_what_it_holds(application: Application, name: str) -> None:
    client, key = Client(application), {"apikey": application.api_key}
    place = f"/Root/Content/copies-of-{name}"
    model = {"__ContentType": "SystemFolder", "Name": f"copies-of-{name}"}
    assert client.send("POST", address("/Root/Content"), model, key).status_code == 200
    body = {"targetPath": place, "paths": [f"/Root/Content/{name}"]}
    answer = client.send("POST", f"{address('/Root')}/CopyBatch", body, key).json()["d"]
    assert [row["Path"] for row in answer["results"]] == [f"{place}/{name}"]
    sizes = {
        client.send("GET", f"/odata.svc{path}/$count?query=Id:>0 .AUTOFILTERS:OFF", headers=key).text
        for path in (f"/Root/Content/{name}", f"{place}/{name}")
    }
    assert len(sizes) == 1
    client.send("DELETE", address(place, "permanent=true"), headers=key)


def test_the_staff_adds_suggestions_and_votes_in_its_own_fields(application: Application) -> None:
    place = "/Root/Content/Marketing/Suggestions"
    client, key = Client(application), {"apikey": application.key_of("hugo.horvath")}
    model = {"__ContentType": "CustomListItem", "Name": "Plants", "#Votes": 3, "#Area": "office"}
    made = client.send("POST", f"{address(place)}?metadata=no&$select=%23Votes,%23Area", model, key)
    assert made.json()["d"] == {"#Votes": 3, "#Area": ["office"]}
    target = f"/odata.svc{place}?metadata=no&$select=Name&query=%2BName:Plants %2B%23Votes:3"
    assert client.send("GET", target, headers=key).json()["d"]["results"] == [{"Name": "Plants"}]
    body = {"__ContentType": "Memo", "Name": "no", "Date": "2026-01-01T00:00:00Z"}
    assert client.send("POST", address("/Root/Content/Marketing/Memos"), body, key).status_code == 403


def test_saved_queries_and_smart_folders_find_what_they_say(application: Application) -> None:
    client, key = Client(application), {"apikey": application.key_of("hugo.horvath")}
    asked = f"{address('/Root/Content/Marketing')}/GetQueries?metadata=no&$select=DisplayName"
    rows = client.send("GET", asked, headers=key).json()["d"]["results"]
    assert {row["DisplayName"] for row in rows} == {"Active tasks", "Large files"}
    folder = "/odata.svc/Root/Content/Marketing/Active-tasks?metadata=no&$select=Type,Status"
    tasks = client.send("GET", folder, headers=key).json()["d"]["results"]
    assert tasks
    assert all((task["Type"], task["Status"]) == ("Task", ["active"]) for task in tasks)
