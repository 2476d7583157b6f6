"""The authority beside an embedded repository: IdentityServer and sn-auth, as clients meet them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import httpx
import jwt
import pytest

from sn_pandas.embedded import Application, Faults
from sn_pandas.embedded.authority import Authority, Kind
from sn_pandas.embedded.http.origins import Origins

from ..wsgi import request
from .authorities import AUTHORITY, BACK, REPOSITORY, VERIFIER, World


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    world = World()
    yield world
    world.close()


def test_a_repository_is_no_authority_and_an_authority_no_repository(world: World) -> None:
    for path in ("/connect/token", "/.well-known/openid-configuration", "/api/auth/login"):
        answer = world.http.get(REPOSITORY + path)
        assert (answer.status_code, answer.content) == (404, b"")
    assert world.http.get(f"{AUTHORITY}/odata.svc").status_code == 404


def test_discovery_names_addresses_below_the_authority_and_a_key_that_fits(world: World) -> None:
    found = world.http.get(f"{AUTHORITY}/.well-known/openid-configuration").json()
    assert found["issuer"] == AUTHORITY
    places = [value for name, value in found.items() if name.endswith(("_endpoint", "_uri"))]
    assert len(places) == 3
    assert all(place.startswith(f"{AUTHORITY}/") for place in places)
    token = world.token(grant_type="client_credentials", **world.program())["access_token"]
    keys = jwt.PyJWKSet.from_dict(world.http.get(found["jwks_uri"]).json())
    key = keys[jwt.get_unverified_header(token)["kid"]]
    claims = jwt.decode(token, key, audience="sensenet", issuer=AUTHORITY)
    assert claims["client_sub"] == r"builtin\admin"
    assert claims["scope"] == ["sensenet"]


@pytest.mark.parametrize(("kind", "name"), [("InternalClient", "Admin"), ("ExternalClient", "PublicAdmin")])
def test_client_credentials_in_the_body_or_the_header(world: World, kind: str, name: str) -> None:
    program = world.program(kind)
    answer = world.token(grant_type="client_credentials", scope="sensenet", **program)
    assert (answer["expires_in"], answer["token_type"], answer["scope"]) == (3600, "Bearer", "sensenet")
    assert world.who(answer["access_token"]) == name
    basic = world.http.post(
        f"{AUTHORITY}/connect/token",
        data={"grant_type": "client_credentials", "scope": "sensenet"},
        auth=(program["client_id"], program["client_secret"]),
    )
    assert world.who(basic.json()["access_token"]) == name


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("IdentityServer", "/connect/token"), ("IdentityServer", "/account/login"),
        ("SNAuth", "/api/auth/login"), ("SNAuth", "/api/auth/forgotten-password"),
    ],
)  # fmt: skip
def test_pages_of_other_origins_reach_no_authority(kind: Kind, target: str) -> None:
    origins = Origins(["http://localhost:3000"], ["repo.example.com"])
    application = Application(sample=False, origins=origins)
    client = httpx.Client(transport=httpx.WSGITransport(app=Authority(application, AUTHORITY, kind=kind)))
    try:
        for headers, admitted in (
            ({}, True),
            ({"Origin": "http://127.0.0.1:8766"}, True),
            ({"Origin": "http://localhost:3000"}, True),
            ({"Sec-Fetch-Site": "same-origin"}, True),
            ({"Origin": "http://evil.example"}, False),
            ({"Origin": "http://127.0.0.1:8765"}, False),
            ({"Origin": "null"}, False),
            ({"Sec-Fetch-Site": "cross-site"}, False),
            ({"Host": "evil.example:8766"}, False),
            ({"Host": "evil.example:8766", "Origin": "http://evil.example:8766"}, False),
            ({"Host": "repo.example.com", "Origin": "https://repo.example.com"}, True),
        ):
            answer = client.post(f"http://127.0.0.1:8766{target}", headers=headers)
            assert (answer.status_code != 403) is admitted, headers
            shown = answer.headers.get("access-control-allow-origin")
            assert shown == (headers["Origin"] if headers.get("Origin") == "http://localhost:3000" else None)
        for name in ("127.0.0.1:8766", "localhost:8766", "repo.example.com"):
            assert client.get(f"http://{name}/nope").status_code == 404
        assert client.get("http://evil.example/nope").status_code == 403
        asks = {"Access-Control-Request-Method": "POST"}
        for origin, allowed in (("http://localhost:3000", True), ("http://evil.example", False)):
            answer = client.options(f"http://127.0.0.1:8766{target}", headers={**asks, "Origin": origin})
            assert answer.status_code == 204
            assert ("access-control-allow-methods" in answer.headers) is allowed
    finally:
        client.close()
        application.close()


def test_the_login_page_lets_the_browser_say_where_its_form_comes_from(world: World) -> None:
    first = world.http.get(f"{AUTHORITY}/connect/authorize", params=world.asked())
    page = world.http.get(AUTHORITY + first.headers["Location"])
    assert page.headers["Referrer-Policy"] == "same-origin"


def test_what_is_refused(world: World) -> None:
    program = world.program()
    spa = {"client_id": world.clients()["AdminUi"]["clientId"]}
    form = {"grant_type": "client_credentials"}
    refused = {
        "invalid_client": [
            {**form, **program, "client_secret": "wrong"},
            {**form, "client_id": program["client_id"]},
            {**form, "client_id": "client", "client_secret": ""},
            {**form, "client_id": "nobody", "client_secret": "x"},
            form,
        ],
        "invalid_scope": [
            {**form, **program, "scope": "offline_access"},
            {**form, **program, "scope": "sensenet more"},
        ],
        "unauthorized_client": [{**form, **spa}, {**program, "grant_type": "password"}],
        "unsupported_grant_type": [{**program, "grant_type": "nope"}, program],
        "invalid_grant": [
            {**spa, "grant_type": "authorization_code", "code": "x"},
            {**spa, "grant_type": "refresh_token", "refresh_token": "x"},
        ],
    }
    for error, forms in refused.items():
        for one in forms:
            assert world.token(400, **one) == {"error": error}


def test_an_authority_that_wants_the_secret_in_the_header_only() -> None:
    world = World(client_authentication=["client_secret_basic"])
    try:
        program = world.program()
        form = {"grant_type": "client_credentials"}
        assert world.token(400, **form, **program) == {"error": "invalid_client"}
        answer = world.http.post(f"{AUTHORITY}/connect/token", data=form, auth=tuple(program.values()))
        assert world.who(answer.json()["access_token"]) == "Admin"
    finally:
        world.close()


def test_a_person_signs_in_with_code_and_pkce_and_refreshes_once_each(world: World) -> None:
    spa = {"client_id": world.clients()["AdminUi"]["clientId"]}
    form = {"grant_type": "authorization_code", "redirect_uri": BACK, "code_verifier": VERIFIER, **spa}
    code = world.code()
    first = world.token(code=code, **form)
    assert world.who(first["access_token"]) == "Admin"
    assert first["expires_in"] == 600
    assert world.token(400, code=code, **form) == {"error": "invalid_grant"}
    assert world.who(first["id_token"]) == "Visitor"
    assert world.who(first["refresh_token"]) == "Visitor"
    refresh = {"grant_type": "refresh_token", **spa}
    second = world.token(refresh_token=first["refresh_token"], **refresh)
    assert world.token(400, refresh_token=first["refresh_token"], **refresh) == {"error": "invalid_grant"}
    assert {world.who(one["access_token"]) for one in (first, second)} == {"Admin"}
    world.token(refresh_token=second["refresh_token"], **refresh)


@pytest.mark.parametrize(
    "wrong",
    [{"code_verifier": "w" * 43}, {"redirect_uri": f"{BACK}other"}, {"code_verifier": ""}],
    ids=str,
)
def test_a_code_alone_is_worth_nothing(world: World, wrong: dict[str, str]) -> None:
    form = {
        "grant_type": "authorization_code",
        "client_id": world.clients()["AdminUi"]["clientId"],
        "redirect_uri": BACK,
        "code_verifier": VERIFIER,
        "code": world.code(),
    }
    assert world.token(400, **form | wrong) == {"error": "invalid_grant"}


@pytest.mark.parametrize(
    "changes",
    [
        {"redirect_uri": "https://evil.example/"},
        {"redirect_uri": "http://127.0.0.1.evil.example/"},
        {"redirect_uri": "http://127.0.0.1@evil.example/"},
        {"redirect_uri": None},
        {"client_id": "nobody"},
        {"code_challenge": None},
        {"code_challenge_method": "plain"},
        {"response_type": "token"},
        {"scope": "sensenet"},
        {"scope": "openid everything"},
    ],
    ids=str,
)
def test_a_page_that_asks_wrongly_gets_an_error_and_no_form(
    world: World, changes: dict[str, str | None]
) -> None:
    answer = world.http.get(f"{AUTHORITY}/connect/authorize", params=world.asked(**changes))
    assert answer.status_code == 400
    assert "Sign-in failed" in answer.text
    assert "<form" not in answer.text


@pytest.mark.parametrize(
    ("name", "password"),
    [(r"builtin\admin", "wrong"), ("nobody", None), ("Visitor", None), ("Somebody", None), ("", None)],
)
def test_a_wrong_login_shows_the_form_again(world: World, name: str, password: str | None) -> None:
    answer = world.log_in(name, world.authority.password if password is None else password)
    assert answer.status_code == 200
    assert "Invalid username or password." in answer.text
    assert 'type="password"' in answer.text


def test_the_login_page_shows_no_markup_of_others(world: World) -> None:
    answer = world.log_in('"><script>alert(1)</script>', "x", state='"><script>alert(2)</script>')
    assert "<script" not in answer.text
    assert "script-src" not in answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]


def test_a_login_goes_on_only_to_what_was_asked(world: World) -> None:
    for back in ("https://evil.example/", "//evil.example/connect/authorize?x=1", ""):
        form = {"returnUrl": back, "username": "admin", "password": world.authority.password}
        answer = world.http.post(f"{AUTHORITY}/account/login", data=form)
        assert answer.status_code == 400
        assert "Location" not in answer.headers


def test_a_client_is_known_as_it_was_when_first_seen() -> None:
    world = World()
    try:
        made = world.call("CreateClient", name="late", type="ExternalClient")
        first = world.call("CreateSecret", clientId=made["clientId"])
        form = {"grant_type": "client_credentials", "client_id": made["clientId"]}
        world.token(client_secret=first["value"], **form)
        second = world.call("CreateSecret", clientId=made["clientId"])
        world.call("DeleteClient", clientId=made["clientId"])
        world.token(400, client_secret=second["value"], **form)
        world.token(client_secret=first["value"], **form)
    finally:
        world.close()


def test_faults_before_the_authority() -> None:
    faults = Faults()
    world = World(faults=faults)
    try:
        faults.on("POST", match="/connect/token", times=1).unavailable(retry_after=0)
        form = {"grant_type": "client_credentials", **world.program()}
        assert world.http.post(f"{AUTHORITY}/connect/token", data=form).status_code == 503
        world.token(**form)
    finally:
        world.close()


# sn-auth


@pytest.fixture
def sn() -> Iterator[World]:
    faults = Faults()
    world = World(kind="SNAuth", second_factor={"publicadmin": "123456"}, faults=faults)
    yield world
    world.close()


def test_sn_auth_has_calls_of_its_own_and_no_token_endpoint(sn: World) -> None:
    for path in ("/.well-known/openid-configuration", "/connect/token", "/account/login"):
        assert sn.http.get(AUTHORITY + path).status_code == 404
    target = f"{REPOSITORY}/odata.svc/('Root')/GetClientRequestParameters?clientType=client"
    assert sn.http.get(target).json()["type"] == "SNAuth"


def test_a_login_ends_the_token_before(sn: World) -> None:
    password = sn.authority.password
    first = sn.sn("login", loginName=r"builtin\admin", password=password)
    assert sn.who(first["accessToken"]) == "Admin"
    assert sn.sn("validate-token", bearer=first["accessToken"]) is True
    second = sn.sn("refresh-token", token=first["refreshToken"])
    assert sn.sn("refresh-token", 401, token=first["refreshToken"]) == {
        "errorResponse": {"StatusCode": 401, "ErrorMessage": "UNAUTHORIZED"}
    }
    assert sn.who(second["accessToken"]) == "Admin"
    sn.sn("logout", bearer=second["accessToken"])
    assert sn.who(second["accessToken"]) == "Visitor"
    sn.sn("refresh-token", 401, token=second["refreshToken"])
    sn.sn("validate-token", 401, bearer=second["accessToken"])


def test_wrong_passwords_and_second_factors(sn: World) -> None:
    wrong = {"errorResponse": {"StatusCode": 400, "ErrorMessage": "INVALID_CREDENTIALS"}}
    assert sn.sn("login", 400, loginName="admin", password="wrong") == wrong
    asked = sn.sn("login", loginName="publicadmin", password=sn.authority.password)
    assert (asked["multiFactorRequired"], asked["accessToken"]) == (True, "")
    token = asked["multiFactorAuthToken"]
    assert sn.who(token) == "Visitor"
    sn.sn("login/multi-factor", 400, multiFactorAuthToken="x", multiFactorCode="123456")
    sn.sn("login/multi-factor", 400, multiFactorAuthToken=token, multiFactorCode="000000")
    pair = sn.sn("login/multi-factor", multiFactorAuthToken=token, multiFactorCode="123456")
    assert sn.who(pair["accessToken"]) == "PublicAdmin"


def test_while_sn_auth_is_down_requests_are_the_visitors(sn: World) -> None:
    token = sn.sn("login", loginName="admin", password=sn.authority.password)["accessToken"]
    assert sn.faults is not None
    sn.faults.on("GET", match="validate-token", nth=2).unavailable()
    sn.faults.on("GET", match="validate-token", nth=2).reset()
    assert [sn.who(token) for _ in range(4)] == ["Admin", "Visitor", "Visitor", "Admin"]


def test_a_token_of_sn_auth_has_no_grace() -> None:
    now = [1_700_000_000.0]
    world = World(kind="SNAuth", life=60, clock=lambda: now[0])
    try:
        token = world.sn("login", loginName="admin", password=world.authority.password)["accessToken"]
        now[0] += 59
        assert world.who(token) == "Admin"
        now[0] += 1
        assert world.who(token) == "Visitor"
    finally:
        world.close()


# What nobody sends

PATHS = [
    "/connect/token",
    "/connect/authorize",
    "/account/login",
    "/api/auth/login",
    "/api/auth/login/multi-factor",
    "/api/auth/refresh-token",
    "/api/auth/validate-token",
    "/.well-known/openid-configuration",
    "/../connect/token",
    "/%00",
]
BODIES = [
    b"",
    b"[]",
    b"{",
    b"\xff\xfe",
    b'{"loginName":"\\ud800","password":"\\udfff"}',
    b"[" * 9000,
    b"grant_type=%ff&client_id=%00",
    b"code=" + b"x" * 100_000,
    b"returnUrl=/connect/authorize?%ff&username=%ed%a0%80",
]
HEADERS = [
    {"Content-Type": "application/json"},
    {"Content-Type": "application/x-www-form-urlencoded", "Authorization": "Basic ä"},
    {"Content-Type": "multipart/form-data; boundary=x", "Authorization": "Basic Og=="},
    {"Content-Type": "x", "Authorization": "Bearer ÿ"},
]


@pytest.mark.parametrize("kind", ["IdentityServer", "SNAuth"])
def test_requests_that_make_no_sense_are_refused_and_end_nothing(kind: Kind) -> None:
    world = World(kind=kind)
    try:
        for path, body, headers in itertools.product(PATHS, BODIES, HEADERS):
            for method in ("GET", "POST", "PUT"):
                status, _, _ = request(world.authority, method, f"{path}?%ff=%00", body, headers)
                assert status in (200, 400, 401, 404, 405, 413), (method, path, body[:40], headers)
                assert method == "GET" or status != 200, (method, path, body[:40], headers)
        assert world.who("bad") == "Visitor"
        if kind == "SNAuth":
            assert world.sn("login", loginName="admin", password=world.authority.password)["accessToken"]
        else:
            assert world.log_in("admin", world.authority.password).status_code == 302
    finally:
        world.close()
