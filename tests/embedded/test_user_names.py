"""Names of users: one of a kind below a domain."""

from __future__ import annotations

from typing import Any

import pytest

from .client import Client, address, problem

PUBLIC = "/Root/IMS/Public"
REFUSED = (500, "NotSpecified", "InvalidOperationException")


@pytest.fixture
def people(client: Client) -> Client:
    client.create(PUBLIC, "OrganizationalUnit", "unit")
    client.create("/Root/IMS", "Domain", "Elsewhere")
    user(client, PUBLIC, "kim", LoginName="kimberly")
    user(client, f"{PUBLIC}/unit", "lee")
    client.create(PUBLIC, "Group", "team")
    return client


def user(client: Client, place: str, name: str, **fields: Any) -> Any:
    model = {
        "__ContentType": "User",
        "Name": name,
        "Email": f"{name}@example.com",
        "Password": "Secret-123",
        "FullName": name,
    }
    answer = client.send("POST", address(place, "metadata=no&$select=LoginName"), {**model, **fields})
    return answer.json()["d"] if answer.status_code == 200 else problem(answer)


@pytest.mark.parametrize(
    ("name", "login"),
    [("lee", "x"), ("LEE", "x"), ("x", "lee"), ("x", "Kim"), ("kimberly", "x"), ("x", "team"), ("team", "x")],
)
def test_a_new_user_needs_names_of_his_own(people: Client, name: str, login: str) -> None:
    assert user(people, PUBLIC, name, LoginName=login) == REFUSED
    assert user(people, "/Root/IMS/Elsewhere", name, LoginName=login) == {"LoginName": login}


@pytest.mark.parametrize(
    "fields", [{"LoginName": "lee"}, {"LoginName": "Lee"}, {"Name": "lee"}, {"LoginName": "team"}]
)
def test_a_user_cannot_take_over_a_name(people: Client, fields: dict[str, str]) -> None:
    assert people.patch(f"{PUBLIC}/kim", fields) == REFUSED


def test_other_changes_and_other_names_are_free(people: Client) -> None:
    assert people.patch(f"{PUBLIC}/kim", {"Index": 5}, "Index") == {"Index": 5}
    assert people.patch(f"{PUBLIC}/kim", {"LoginName": "KIM"}, "LoginName") == {"LoginName": "KIM"}
    assert people.patch(f"{PUBLIC}/kim", {"LoginName": "unit"}, "LoginName") == {"LoginName": "unit"}
    people.create(f"{PUBLIC}/unit", "Group", "kim")
    assert people.patch(f"{PUBLIC}/team", {"Name": "lee"}, "Name") == {"Name": "lee"}


def test_a_copy_in_the_same_domain_is_refused(people: Client) -> None:
    paths = [f"{PUBLIC}/kim"]
    found = people.call(PUBLIC, "CopyBatch", paths=paths, targetPath=f"{PUBLIC}/unit").json()["d"]
    assert [one["error"]["exceptiontype"] for one in found["errors"]] == ["System.InvalidOperationException"]
    found = people.call(PUBLIC, "CopyBatch", paths=paths, targetPath="/Root/IMS/Elsewhere").json()["d"]
    assert [one["Path"] for one in found["results"]] == ["/Root/IMS/Elsewhere/kim"]


def test_a_user_without_a_login_name_logs_in_by_his_name(people: Client) -> None:
    assert user(people, PUBLIC, "noor") == {"LoginName": "noor"}
    answer = people.call("/Root", "ValidateCredentials", userName="public\\noor", password="Secret-123")
    assert answer.status_code in (200, 403)  # he may be disabled, he is known by the name
    assert user(people, PUBLIC, "x", LoginName=None)[:2] == (400, "RequestError")


def test_who_may_not_save_does_not_learn_which_names_there_are(people: Client) -> None:
    key = {"apikey": people.user("low", Open="allow")}
    people.call(PUBLIC, "SetPermissions", r=[{"identity": f"{PUBLIC}/low", "Open": "allow"}])
    kinds = "/Root/System/Schema/ContentTypes"
    people.call(kinds, "SetPermissions", r=[{"identity": f"{PUBLIC}/low", "Open": "allow"}])
    for name in ("lee", "free"):
        answer = people.send("PATCH", address(f"{PUBLIC}/kim"), {"LoginName": name}, key)
        assert problem(answer)[1] == "NotEnoughPermissions", name
        model = {
            "__ContentType": "User",
            "Name": "new",
            "LoginName": name,
            "FullName": "N",
            "Password": "Secret-123",
        }
        answer = people.send("POST", address(f"{PUBLIC}/unit"), {**model, "Email": "n@example.com"}, key)
        assert problem(answer)[:2] == (403, "Forbidden"), answer.text


def test_a_move_to_another_domain_looks_at_the_users_that_come_along(people: Client) -> None:
    elsewhere = "/Root/IMS/Elsewhere"
    user(people, elsewhere, "other", LoginName="LEE")

    def moved(path: str) -> list[str]:
        found = people.call("/Root", "MoveBatch", paths=[path], targetPath=elsewhere).json()["d"]
        return [one["error"]["exceptiontype"] for one in found["errors"]]

    for path in (f"{PUBLIC}/unit", f"{PUBLIC}/unit/lee"):
        assert moved(path) == ["System.InvalidOperationException"]
        assert people.read(f"{PUBLIC}/unit/lee", "Name") == {"Name": "lee"}
    people.patch(f"{elsewhere}/other", {"LoginName": "other"})
    assert moved(f"{PUBLIC}/unit") == []
    assert people.read(f"{elsewhere}/unit/lee", "Name") == {"Name": "lee"}


def test_an_old_version_does_not_bring_back_a_login_name_that_is_taken(people: Client) -> None:
    kim = f"{PUBLIC}/kim"
    people.patch(kim, {"VersioningMode": ["2"], "Index": 1})
    people.patch(kim, {"LoginName": "kimmy"})
    first = people.read(kim, "Versions/Version", "&$expand=Versions")["Versions"][0]["Version"]
    user(people, PUBLIC, "other", LoginName="kimberly")
    assert problem(people.call(kim, "RestoreVersion", version=first)) == REFUSED
    assert people.read(kim, "LoginName") == {"LoginName": "kimmy"}
    people.patch(f"{PUBLIC}/other", {"LoginName": "other"})
    assert people.call(kim, "RestoreVersion", version=first).status_code == 200
    assert people.read(kim, "LoginName") == {"LoginName": "kimberly"}


def test_an_undone_check_out_does_not_bring_back_a_login_name_that_is_taken(people: Client) -> None:
    kim = f"{PUBLIC}/kim"
    people.patch(kim, {"VersioningMode": ["2"], "Index": 1})
    people.call(kim, "CheckOut")
    people.patch(kim, {"LoginName": "kimmy"})
    user(people, PUBLIC, "other", LoginName="kimberly")
    assert problem(people.call(kim, "UndoCheckOut")) == REFUSED
    assert people.read(kim, "LoginName") == {"LoginName": "kimmy"}
    people.patch(f"{PUBLIC}/other", {"LoginName": "other"})
    assert people.call(kim, "UndoCheckOut").status_code == 200
    assert people.read(kim, "LoginName") == {"LoginName": "kimberly"}


def test_a_template_with_users_in_it_is_copied_once_in_a_domain(people: Client) -> None:
    templates = "/Root/ContentTemplates/OrganizationalUnit"
    people.create("/Root/ContentTemplates", "Folder", "OrganizationalUnit")
    people.create(templates, "OrganizationalUnit", "office")
    user(people, f"{templates}/office", "desk", LoginName="front")

    def office(place: str, name: str) -> Any:
        model = {"__ContentType": "OrganizationalUnit", "__ContentTemplate": "office", "Name": name}
        return people.send("POST", address(place, "metadata=no&$select=Name"), model)

    assert office(PUBLIC, "first").status_code == 200
    assert people.read(f"{PUBLIC}/first/desk", "LoginName") == {"LoginName": "front"}
    assert problem(office(PUBLIC, "second")) == REFUSED
    assert people.send("GET", address(f"{PUBLIC}/second")).status_code == 404, "not in part, either"
    assert office("/Root/IMS/Elsewhere", "second").status_code == 200
