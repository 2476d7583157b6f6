"""Bearer tokens at the embedded repository: who they stand for, the grace, the cookie, and never a 401."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sn_pandas.embedded import Application, Faults
from sn_pandas.embedded.authority import Authority

from ..wsgi import request
from .authorities import AUTHORITY, ME, REPOSITORY, ROOT, World

FOLDER = 1368  # /Root/Content, which is no user


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


@pytest.mark.parametrize(
    ("claims", "name"),
    [
        ({"sub": "1"}, "Admin"),
        ({"sub": "1373"}, "PublicAdmin"),
        ({"sub": r"builtin\admin"}, "Admin"),
        ({"sub": r"BuiltIn\PUBLICADMIN"}, "PublicAdmin"),
        ({"sub": "PublicAdmin"}, "PublicAdmin"),
        ({"client_sub": "1373"}, "PublicAdmin"),
        ({"sub": "1", "client_sub": "1373"}, "Admin"),
        ({"client_sub": "1373", "sub": "1"}, "PublicAdmin"),
        ({"sub": 1373}, "PublicAdmin"),
        ({"sub": "nobody"}, "Visitor"),
        ({"sub": r"other\admin"}, "Visitor"),
        ({"sub": "987654"}, "Visitor"),
        ({"sub": "99999999999999999999"}, "Visitor"),
        ({"sub": ""}, "Visitor"),
        ({}, "Visitor"),
        ({"sub": "/Root/IMS/BuiltIn/Portal/Admin"}, "Visitor"),
    ],
    ids=str,
)
def test_the_user_of_a_token(world: World, claims: dict[str, Any], name: str) -> None:
    assert world.who(world.authority.sign(claims)) == name


def test_the_id_of_a_content_that_is_no_user_is_an_empty_500(world: World) -> None:
    token = world.authority.sign({"sub": str(FOLDER)})
    answer = world.http.get(REPOSITORY + ME, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.content) == (500, b"")


@pytest.mark.parametrize(
    ("life", "start", "name"),
    [(-290, -400, "Admin"), (-310, -400, "Visitor"), (600, 290, "Admin"), (600, 310, "Visitor")],
)
def test_a_token_has_300_seconds_of_grace(world: World, life: float, start: float, name: str) -> None:
    now = int(time.time())
    assert world.who(world.authority.sign({"sub": "1", "exp": now + life, "nbf": now + start})) == name


def test_audience_issuer_signature_and_end_are_checked(world: World) -> None:
    sign = world.authority.sign
    good = sign({"sub": "1"})
    head, body, signature = good.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').rstrip(b"=").decode()
    claims = jwt.decode(good, options={"verify_signature": False})
    other = Application(sample=False)
    try:
        foreign = Authority(other, AUTHORITY).sign({"sub": "1"})
    finally:
        other.close()
    changed = json.dumps(claims | {"sub": "2"}).encode()
    other_body = base64.urlsafe_b64encode(changed).rstrip(b"=").decode()
    bad = {
        "another audience": sign({"sub": "1"}, audience="other"),
        "no audience": sign({"sub": "1", "aud": None}),
        "another issuer": sign({"sub": "1", "iss": "http://localhost:1"}),
        "no end": sign({"sub": "1", "exp": None}),
        "a foreign key": foreign,
        "no signature": f"{none}.{body}.",
        "a shared secret": jwt.encode(claims, "x" * 32, algorithm="HS256"),
        "cut": good[:-10],
        "another body": f"{head}.{other_body}.{signature}",
        "no token": "nonsense",
        "empty": "",
        "the key": world.key,
    }
    assert world.who(good) == "Admin"
    assert {what: world.who(token) for what, token in bad.items()} == dict.fromkeys(bad, "Visitor")
    assert world.who(sign({"sub": "1", "aud": ["other", "sensenet"]})) == "Admin"


def test_where_a_token_is_read(world: World) -> None:
    token = world.authority.sign({"sub": "1373"})
    assert world.who(Authorization=f"BEARER {token}") == "PublicAdmin"
    assert world.who(Authorization=token) == "Visitor"
    assert world.who(Authorization=f"Bearer {token},Bearer {token}") == "Visitor"
    assert world.who(X_Access_Token=token, apikey=token) == "Visitor"
    for name in ("access_token", "token"):
        answer = world.http.get(f"{REPOSITORY}{ME}&{name}={token}")
        assert answer.json()["d"]["Name"] == "Visitor"


def test_a_good_token_wins_over_any_key_and_a_bad_one_falls_back_to_it(world: World) -> None:
    good, ended = world.authority.sign({"sub": "1373"}), world.authority.sign({"sub": "1373"}, life=-400)
    assert world.who(good, key=world.key) == "PublicAdmin"
    assert world.who(good, key="bad") == "PublicAdmin"
    assert world.who(ended, key=world.key) == "Admin"
    assert world.who(ended, key="bad") == "Visitor"


def test_the_cookie_says_as_whom_an_answer_was_given(world: World) -> None:
    token = world.authority.sign({"sub": "1373"})
    expires = jwt.decode(token, options={"verify_signature": False})["exp"]
    with httpx.Client(transport=world.transport, base_url=REPOSITORY) as plain:

        def cookie(target: str, status: int = 200, **headers: str) -> str:
            answer = plain.get(target, headers=headers)
            plain.cookies.clear()
            assert answer.status_code == status
            return answer.headers.get("Set-Cookie", "")

        bearer = {"Authorization": f"Bearer {token}"}
        moment = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(expires))
        expected = f".sn.auth=Bearer%20{token}; expires={moment}; path=/; secure; samesite=none; httponly"
        ended = ".sn.auth=; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/"
        assert cookie(ME, **bearer) == expected
        assert cookie("/odata.svc/$metadata", **bearer) == expected
        assert cookie("/odata.svc/('Root')/GetClients", 403, Authorization="Bearer x") == ended
        assert cookie(ME) == ended
        assert cookie(ME, apikey=world.key) == ended
        assert cookie("/odata.svc/Root('nowhere')", 404, **bearer) == ""


def test_the_cookie_signs_in_without_a_header_and_wins_over_a_key(world: World) -> None:
    cookie = f".sn.auth=Bearer%20{world.authority.sign({'sub': '1373'})}"
    assert world.who(Cookie=f"a=b; {cookie}") == "PublicAdmin"
    assert world.who(Cookie=cookie, key=world.key) == "PublicAdmin"
    assert world.who("bad", Cookie=cookie) == "Visitor"
    assert world.who(Cookie=".sn.auth=Bearer%20bad", key=world.key) == "Admin"


def test_no_authority_no_cookie_and_no_tokens() -> None:
    application = Application(sample=False)
    try:
        with httpx.Client(transport=httpx.WSGITransport(app=application), base_url=REPOSITORY) as http:
            answer = http.get(ME, headers={"Authorization": "Bearer x", "apikey": application.api_key})
            assert answer.json()["d"]["Name"] == "Admin"
            assert "Set-Cookie" not in answer.headers
    finally:
        application.close()


def test_a_disabled_user_has_no_token_until_enabled_again() -> None:
    world = World()
    try:
        user = "/odata.svc/Root/IMS/BuiltIn/Portal('PublicAdmin')"
        token = world.authority.sign({"sub": "1373"})
        for enabled, name in ((True, "PublicAdmin"), (False, "Visitor"), (True, "PublicAdmin")):
            body, headers = {"Enabled": enabled}, {"apikey": world.key}
            assert world.http.patch(REPOSITORY + user, json=body, headers=headers).status_code == 200
            assert world.who(token) == name
    finally:
        world.close()


def test_what_the_visitor_may_call(world: World) -> None:
    def answer(method: str, target: str, body: Any = None) -> httpx.Response:
        return world.http.request(method, REPOSITORY + ROOT + target, json=body)

    assert answer("GET", "/GetRepositoryType").json() == {"repositoryType": "standalone"}
    client = answer("GET", "/GetClientRequestParameters?clientType=client").json()
    assert client == {"authority": AUTHORITY, "type": "IdentityServer", "client_id": "client"}
    admin = answer("GET", "/GetClientRequestParameters?CLIENTTYPE=adminui").json()
    assert admin["client_id"] == world.clients()["AdminUi"]["clientId"]
    for other in ("", "CLIENT", "nope"):
        found = answer("GET", f"/GetClientRequestParameters?clientType={other}").json()
        assert found == {"d": {"__count": 0, "results": []}}
    missing = answer("GET", "/GetClientRequestParameters")
    assert (missing.status_code, missing.json()["error"]["code"]) == (500, "UnknownAction")
    settings = answer("GET", "/GetSettings?name=Portal")
    assert settings.json() == {}
    assert settings.headers["Content-Type"] == "application/json;odata=verbose;charset=utf-8"
    deleted = answer("DELETE", "")
    assert (deleted.status_code, deleted.json()["error"]["message"]["value"]) == (403, "Access denied.")
    created = answer("POST", "", {"__ContentType": "Folder", "Name": "x"})
    assert created.status_code == 500
    assert "See-only" in created.json()["error"]["message"]["value"]
    for name in ("GetClients", "GetVersionInfo", "GetFeatures"):
        assert answer("GET", f"/{name}").status_code == 403


def test_the_client_store_begins_with_four_clients(world: World) -> None:
    found = world.clients()
    assert {kind: one["userName"] for kind, one in found.items()} == {
        "AdminUi": None,
        "InternalClient": r"builtin\admin",
        "ExternalClient": r"builtin\publicadmin",
        "ExternalSpa": None,
    }
    for one in found.values():
        assert one["name"] == one["clientId"]
        assert len(one["clientId"]) == 16
        assert (one["repository"], one["authority"]) == ("localhost:8765", "localhost:8766")
        for secret in one["secrets"]:
            assert (len(secret["value"]), len(secret["id"])) == (64, 16)
    assert [len(found[kind]["secrets"]) for kind in ("AdminUi", "InternalClient")] == [0, 1]


def test_new_clients(world: World) -> None:
    made = {
        kind: world.call("CreateClient", name="mine", type=kind, userName=r"builtin\publicadmin")
        for kind in ("ExternalClient", "ExternalSpa", "AdminUi")
    }
    assert [one["secrets"] for one in made.values()] == [[], [], []]
    assert [one["userName"] for one in made.values()] == [r"builtin\publicadmin", None, None]
    own = world.call("CreateClient", name="own", type="ExternalClient")
    assert own["userName"] == r"BuiltIn\Admin"
    answer = world.http.post(
        f"{REPOSITORY}{ROOT}/CreateClient",
        json={"name": "x", "type": "ExternalClient", "userName": "nobody"},
        headers={"apikey": world.key},
    )
    assert answer.status_code == 500
    problem = answer.json()["error"]["message"]["value"]
    assert problem == "User does not exist or is not accessible."
    refused = world.http.post(f"{REPOSITORY}{ROOT}/CreateClient", json={"name": "x", "type": "ExternalSpa"})
    assert refused.status_code == 403
    for one in [*made.values(), own]:
        world.call("DeleteClient", clientId=one["clientId"])


def test_faults_take_a_request_for_the_visitors() -> None:
    faults = Faults()
    world = World(faults=faults)
    try:
        token = world.authority.sign({"sub": "1"})
        faults.on("GET", match="GetCurrentUser", nth=[2, 3, 4]).anonymous()
        assert [world.who(token), world.who(token)] == ["Admin", "Visitor"]
        assert world.who(key=world.key) == "Visitor"
        answer = world.http.get(f"{REPOSITORY}{ME}&APIKEY={world.key}")
        assert answer.json()["d"]["Name"] == "Visitor"
        assert world.who(key=world.key) == "Admin"
        assert len(faults.log) == 3
    finally:
        world.close()


def test_faults_let_a_token_be_dead_from_then_on() -> None:
    faults = Faults()
    world = World(faults=faults)
    try:
        first, second = (world.authority.sign({"sub": "1", "n": n}) for n in (1, 2))
        faults.on("GET", match="GetCurrentUser", nth=2, times=1).revoke_token()
        assert [world.who(first) for _ in range(4)] == ["Admin", "Visitor", "Visitor", "Visitor"]
        assert world.who(first, key=world.key) == "Admin"  # falls back to the key
        assert world.who(Cookie=f".sn.auth=Bearer%20{first}") == "Visitor"
        assert world.who(second) == "Admin"
        faults.clear()
        assert world.who(first) == "Admin"
    finally:
        world.close()


NOISE = st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=60)


@pytest.mark.parametrize("carrier", ["Authorization", "Cookie"])
@settings(max_examples=60)
@given(noise=NOISE, cut=st.integers(0, 900))
def test_whatever_is_no_good_token_is_the_visitors(world: World, carrier: str, noise: str, cut: int) -> None:
    good = world.authority.sign({"sub": "1"})
    for token in (noise, good[:cut] + noise, f"{noise}.{good.partition('.')[2]}", f"{good}.{noise}"):
        value = f"Bearer {token}" if carrier == "Authorization" else f".sn.auth=Bearer%20{quote(token)}"
        status, _, body = request(world.application, "GET", ME, headers={carrier: value})
        taken = token.strip() == good
        assert (status, json.loads(body)["d"]["Name"]) == (200, "Admin" if taken else "Visitor")
