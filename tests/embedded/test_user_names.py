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
