"""The WSGI application of the authority: discovery, tokens, the login page, and the calls of sn-auth."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import io
import ipaddress
import json
import secrets
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from sn_pandas.embedded.authority import pages
from sn_pandas.embedded.authority.tokens import GRACE, Kind, OneTokenSigner, Signer
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.http.origins import is_preflight
from sn_pandas.embedded.operations import clients, users
from sn_pandas.embedded.security.tokens import TokenRules
from sn_pandas.embedded.storage.secret_texts import digest

if TYPE_CHECKING:
    from sn_pandas.embedded.faults import Faults
    from sn_pandas.embedded.http.application import Application

Json = Any

CLIENT_LIFE, USER_LIFE, REFRESH_LIFE = 3600.0, 600.0, 30 * 86400.0
CODE_LIFE = 300.0
LARGEST_BODY = 64 * 1024
CLIENT_SCOPES = frozenset({"sensenet"})
USER_SCOPES = frozenset({"openid", "profile", "sensenet", "offline_access"})
SIGN_IN_TYPES = ("AdminUi", "ExternalSpa", "InternalSpa")
PROGRAM_TYPES = ("ExternalClient", "InternalClient")
AUTHENTICATION = ("client_secret_basic", "client_secret_post")


@dataclass(frozen=True, slots=True)
class _Grant:
    """The data behind a code or a refresh token."""

    client_id: str
    user_id: int
    scope: str
    until: float
    redirect_uri: str = ""
    challenge: str = ""


class _RefusedError(Exception):
    """An error of OAuth: a word, and what happened."""

    def __init__(self, word: str, description: str = "") -> None:
        super().__init__(word)
        self.word = word
        self.description = description


class Authority:
    """An authority for an embedded repository, as a WSGI application of its own.

    Parameters
    ----------
    application
        The repository. From now on it takes the tokens of this authority.
    address
        Where the authority is: ``http://127.0.0.1:8766``. Never the address of the repository.
    kind
        ``IdentityServer``: OAuth with client credentials, or code with PKCE and a login page.
        ``SNAuth``: login name and password, one token per user, each request checked by asking.
    life
        Seconds that a token lives; by default an hour for programs, ten minutes for people.
    grace
        Seconds for which the repository takes a token of IdentityServer longer than it says.
    cookie
        Whether the repository answers with the cookie ``.sn.auth``.
    second_factor
        For ``SNAuth``: login name -> the code that is asked for after the password.
    client_authentication
        How programs may send their secret: ``client_secret_basic``, ``client_secret_post``.
    faults
        Faults that the authority shows.
    clock
        Returns the seconds since 1970.

    Attributes
    ----------
    password
        A password that is good for every enabled user; new at each start and never stored.

    Examples
    --------
    >>> import httpx
    >>> from sn_pandas.embedded import Application
    >>> app = Application(sample=False)
    >>> authority = Authority(app, "http://authority")
    >>> client = httpx.Client(transport=httpx.WSGITransport(app=authority), base_url=authority.address)
    >>> client.get("/.well-known/openid-configuration").json()["token_endpoint"]
    'http://authority/connect/token'
    >>> app.close()
    """

    def __init__(
        self,
        application: Application,
        address: str,
        *,
        kind: Kind = "IdentityServer",
        life: float | None = None,
        grace: float = GRACE,
        cookie: bool = True,
        second_factor: Mapping[str, str] | None = None,
        client_authentication: Collection[str] = AUTHENTICATION,
        faults: Faults | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.application = application
        self.address = address.rstrip("/")
        self.kind = kind
        self.password = secrets.token_urlsafe(9)
        self.client_life = CLIENT_LIFE if life is None else life
        self.user_life = USER_LIFE if life is None else life
        self.tokens_given = 0
        self._clock = clock
        self._second_factor = {name.lower(): code for name, code in (second_factor or {}).items()}
        self._client_authentication = tuple(client_authentication)
        self._lock = threading.Lock()
        self._codes: dict[str, _Grant] = {}
        self._refresh_tokens: dict[str, _Grant] = {}
        self._pending: dict[str, tuple[int, str]] = {}
        self._clients: dict[str, clients.Client] = {}
        self._app: Any = faults.around(self._answer) if faults is not None else self._answer
        application.repository.password = self.password
        if kind == "SNAuth":
            self._one = OneTokenSigner(self.address, clock)
            claims_of = self._validated_claims
        else:
            self._signer = Signer(self.address, clock)

            def claims_of(token: str) -> Mapping[str, Json] | None:
                return self._signer.claims_of(token, grace)

        application.repository.tokens = TokenRules(self.address, kind, claims_of, cookie)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a WSGI request."""
        answer: Iterable[bytes] = self._app(environ, start_response)
        return answer

    def sign(self, claims: Mapping[str, Json], life: float | None = None, audience: str = "sensenet") -> str:
        """Return a token of IdentityServer with these claims, whatever they are: to test with."""
        return self._signer.sign(claims, self.client_life if life is None else life, audience)

    # Requests

    def _answer(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        request = Request(environ)
        request.max_content_length = LARGEST_BODY
        request.max_form_memory_size = LARGEST_BODY
        response = self._check_origin(request)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Cache-Control"] = "no-store, no-cache"
        return response(environ, start_response)

    def _check_origin(self, request: Request) -> Response:
        """Answer a request unless a page of another origin sends it; the repository has the same rules."""
        origins = self.application.origins
        headers = {name.lower(): value for name, value in request.headers.items()}
        if not origins.knows_host(headers):
            return _text("This server has no such name; see serve --allow-host.", 403)
        preflight = is_preflight(request.method, headers)
        if preflight:
            response = Response(status=204)
        elif request.method not in ("GET", "HEAD", "OPTIONS") and not origins.may_write(headers):
            response = _text("Pages of other origins may not sign in; see serve --cors.", 403)
        else:
            response = self._route(request)
        response.headers.update(origins.shown_to(headers, preflight=preflight))
        return response

    def _route(self, request: Request) -> Response:
        routes = _SN_AUTH if self.kind == "SNAuth" else _IDENTITY_SERVER
        path = request.path.rstrip("/").lower()
        methods = routes.get(path)
        if methods is None:
            return Response(status=404)
        handler = methods.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            return Response(status=405, headers={"Allow": ", ".join(methods)})
        try:
            return handler(self, request)
        except HTTPException as error:  # too long a body
            return Response(status=error.code)
        except _RefusedError as error:
            body = {"error": error.word}
            if error.description:
                body["error_description"] = error.description
            return _json(body, 400)

    # IdentityServer

    def _discovery(self, request: Request) -> Response:
        at = self.address
        return _json(
            {
                "issuer": at,
                "jwks_uri": f"{at}/.well-known/openid-configuration/jwks",
                "authorization_endpoint": f"{at}/connect/authorize",
                "token_endpoint": f"{at}/connect/token",
                "scopes_supported": sorted(USER_SCOPES),
                "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
                "response_types_supported": ["code"],
                "token_endpoint_auth_methods_supported": list(self._client_authentication),
                "id_token_signing_alg_values_supported": ["RS256"],
                "subject_types_supported": ["public"],
                "code_challenge_methods_supported": ["S256"],
            }
        )

    def _jwks(self, request: Request) -> Response:
        return _json(self._signer.key_set())

    def _token(self, request: Request) -> Response:
        form = request.form
        client = self._authenticated_client(request)
        grant = form.get("grant_type", "")
        if grant == "client_credentials":
            return self._for_program(client, form.get("scope", ""))
        if grant == "authorization_code":
            return self._for_code(client, form)
        if grant == "refresh_token":
            return self._for_refresh_token(client, form.get("refresh_token", ""))
        grants = ("password", "urn:ietf:params:oauth:grant-type:device_code")
        raise _RefusedError("unauthorized_client" if grant in grants else "unsupported_grant_type")

    def _authenticated_client(self, request: Request) -> clients.Client:
        """Return the client that sends a request, after its secret was compared.

        Raises
        ------
        _RefusedError
            If it is unknown, or the secret is wrong or sent in another way than the authority takes.
        """
        client_id, secret, way = _credentials(request)
        client = self._client(client_id)
        if client is None:
            raise _RefusedError("invalid_client")
        if client.type in SIGN_IN_TYPES:
            return client
        is_right = [_equal_in_constant_time(expected, digest(secret)) for expected in client.digests]
        if way not in self._client_authentication or not any(is_right):
            raise _RefusedError("invalid_client")
        return client

    def _client(self, client_id: str) -> clients.Client | None:
        """Return a client of the repository; once read it stays as it was, as at IdentityServer."""
        with self._lock:
            if client_id not in self._clients:
                found = clients.find(self.application.repository.session(), client_id)
                if found is None:
                    return None
                self._clients[client_id] = found
            return self._clients[client_id]

    def _for_program(self, client: clients.Client, scope: str) -> Response:
        if client.type not in PROGRAM_TYPES:
            raise _RefusedError("unauthorized_client")
        asked = set(scope.split()) or CLIENT_SCOPES
        if asked - CLIENT_SCOPES:
            raise _RefusedError("invalid_scope")
        claims: dict[str, Json] = {"client_id": client.id}
        if client.user_name:
            claims["client_sub"] = client.user_name
        token = self._signer.sign({**claims, "scope": sorted(asked)}, self.client_life)
        self.tokens_given += 1
        return _json(
            {
                "access_token": token,
                "expires_in": int(self.client_life),
                "token_type": "Bearer",
                "scope": " ".join(sorted(asked)),
            }
        )

    def _for_code(self, client: clients.Client, form: Mapping[str, str]) -> Response:
        with self._lock:
            grant = self._codes.pop(form.get("code", ""), None)
        if grant is None or grant.client_id != client.id or self._clock() >= grant.until:
            raise _RefusedError("invalid_grant")
        if form.get("redirect_uri", "") != grant.redirect_uri:
            raise _RefusedError("invalid_grant")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not _equal_in_constant_time(challenge, grant.challenge):
            raise _RefusedError("invalid_grant")
        return self._for_user(grant)

    def _for_refresh_token(self, client: clients.Client, token: str) -> Response:
        with self._lock:
            grant = self._refresh_tokens.pop(token, None)
        if grant is None or grant.client_id != client.id or self._clock() >= grant.until:
            raise _RefusedError("invalid_grant")
        return self._for_user(grant)

    def _for_user(self, grant: _Grant) -> Response:
        claims = {"client_id": grant.client_id, "sub": str(grant.user_id), "auth_time": int(self._clock())}
        scopes = grant.scope.split()
        answer = {
            "access_token": self._signer.sign({**claims, "scope": scopes}, self.user_life),
            "expires_in": int(self.user_life),
            "token_type": "Bearer",
            "scope": grant.scope,
        }
        if "openid" in scopes:
            answer["id_token"] = self._signer.sign(
                {"sub": str(grant.user_id)}, self.user_life, grant.client_id, kind="JWT"
            )
        if "offline_access" in scopes:
            refresh = secrets.token_urlsafe(32)
            until = self._clock() + REFRESH_LIFE
            with self._lock:
                self._refresh_tokens[refresh] = _Grant(grant.client_id, grant.user_id, grant.scope, until)
            answer["refresh_token"] = refresh
        self.tokens_given += 1
        return _json(answer)

    def _authorize(self, request: Request) -> Response:
        asked = dict(request.args.items())
        problem = self._find_problem(asked)
        if problem:
            return _page(pages.error(problem), 400)
        here = f"/connect/authorize?{request.query_string.decode('latin-1')}"
        return Response(status=302, headers={"Location": f"/account/login?{urlencode({'returnUrl': here})}"})

    def _find_problem(self, asked: Mapping[str, str]) -> str:
        """Return the error of a request for a code; empty if it is valid."""
        client = self._client(asked.get("client_id", ""))
        if client is None or client.type not in SIGN_IN_TYPES:
            return "unauthorized_client: no application that people sign in with has this client id."
        if not is_loopback(asked.get("redirect_uri", "")):
            return "invalid_request: the redirect URI has to be an address of this machine."
        if asked.get("response_type") != "code":
            return "unsupported_response_type: only code."
        if asked.get("code_challenge_method") != "S256" or not asked.get("code_challenge"):
            return "invalid_request: a code_challenge with S256 is needed (PKCE)."
        if (
            set(asked.get("scope", "").split()) - USER_SCOPES
            or "openid" not in asked.get("scope", "").split()
        ):
            return "invalid_scope"
        return ""

    def _login_page(self, request: Request) -> Response:
        asked, back = _return_url(request.args.get("returnUrl", ""))
        if self._find_problem(asked):
            return _page(pages.error(self._find_problem(asked)), 400)
        return _page(pages.login(back, _return_host(asked)))

    def _log_in(self, request: Request) -> Response:
        asked, back = _return_url(request.form.get("returnUrl", ""))
        if self._find_problem(asked):
            return _page(pages.error(self._find_problem(asked)), 400)
        name = request.form.get("username", "")
        user = self._user(name, request.form.get("password", ""))
        if user is None:
            shown = pages.login(back, _return_host(asked), "Invalid username or password.", name)
            return _page(shown, 200)
        code = secrets.token_urlsafe(32)
        grant = _Grant(
            asked["client_id"],
            user.id,
            asked["scope"],
            self._clock() + CODE_LIFE,
            asked["redirect_uri"],
            asked["code_challenge"],
        )
        with self._lock:
            self._codes[code] = grant
        answer = {"code": code, "scope": asked["scope"]}
        if "state" in asked:
            answer["state"] = asked["state"]
        joint = "&" if "?" in asked["redirect_uri"] else "?"
        return Response(
            status=302, headers={"Location": f"{asked['redirect_uri']}{joint}{urlencode(answer)}"}
        )

    def _user(self, name: str, password: str) -> Content | None:
        return users.with_password(self.application.repository.session(), name, password)

    # sn-auth

    def _validated_claims(self, token: str) -> Mapping[str, Json] | None:
        """Return the claims of a token after asking the authority, as a repository with sn-auth does."""
        status: list[str] = []

        def start(line: str, headers: Json, error: object = None) -> Callable[[bytes], None]:
            status.append(line)
            return lambda data: None

        environ = {
            "REQUEST_METHOD": "GET",
            "PATH_INFO": "/api/auth/validate-token",
            "QUERY_STRING": "",
            "HTTP_AUTHORIZATION": f"Bearer {token}",
            "SERVER_NAME": "authority",
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
        }
        try:
            body = b"".join(self._app(environ, start))
        except ConnectionError:
            return None
        is_good = status[0].startswith("200") and body == b"true"
        return self._one.decode_unverified(token) if is_good else None

    def _sn_login(self, request: Request) -> Response:
        given = _read_json(request)
        name = str(given.get("loginname") or "")
        user = self._user(name, str(given.get("password") or ""))
        if user is None:
            return _sn_error(400, "INVALID_CREDENTIALS")
        code = self._second_factor.get(_login_name(user).lower())
        if code is None:
            return self._sn_pair(user.id)
        pending = secrets.token_urlsafe(32)
        with self._lock:
            self._pending[pending] = user.id, code
        return _json(_sn_answer(multiFactorRequired=True, multiFactorAuthToken=pending))

    def _sn_second_factor(self, request: Request) -> Response:
        given = _read_json(request)
        token = str(given.get("multifactorauthtoken") or "")
        with self._lock:
            pending = self._pending.get(token)
        if pending is None:
            return _sn_error(400, "INVALID_MULTI_FACTOR_TOKEN")
        code = str(given.get("multifactorcode") or "")
        if not _equal_in_constant_time(code, pending[1]):
            return _sn_error(400, "INVALID_MULTI_FACTOR_CODE")
        with self._lock:
            self._pending.pop(token, None)
        return self._sn_pair(pending[0])

    def _sn_pair(self, user_id: int) -> Response:
        access, refresh = self._one.pair(user_id, self.user_life, REFRESH_LIFE)
        self.tokens_given += 1
        return _json(_sn_answer(accessToken=access, refreshToken=refresh))

    def _sn_refresh(self, request: Request) -> Response:
        pair = self._one.exchange(str(_read_json(request).get("token") or ""), self.user_life, REFRESH_LIFE)
        if pair is None:
            return _sn_error(401, "UNAUTHORIZED")
        self.tokens_given += 1
        return _json(_sn_answer(accessToken=pair[0], refreshToken=pair[1]))

    def _sn_logout(self, request: Request) -> Response:
        self._one.end(_bearer(request))
        return Response(status=200)

    def _sn_validate(self, request: Request) -> Response:
        return _json(True) if self._one.is_valid(_bearer(request)) else _sn_error(401, "UNAUTHORIZED")


Handler = Callable[[Authority, Request], Response]
_IDENTITY_SERVER: dict[str, dict[str, Handler]] = {
    "/.well-known/openid-configuration": {"GET": Authority._discovery},
    "/.well-known/openid-configuration/jwks": {"GET": Authority._jwks},
    "/connect/token": {"POST": Authority._token},
    "/connect/authorize": {"GET": Authority._authorize},
    "/account/login": {"GET": Authority._login_page, "POST": Authority._log_in},
}
_SN_AUTH: dict[str, dict[str, Handler]] = {
    "/api/auth/login": {"POST": Authority._sn_login},
    "/api/auth/login/multi-factor": {"POST": Authority._sn_second_factor},
    "/api/auth/refresh-token": {"POST": Authority._sn_refresh},
    "/api/auth/logout": {"POST": Authority._sn_logout},
    "/api/auth/validate-token": {"GET": Authority._sn_validate},
}


def is_loopback(address: str) -> bool:
    """Return whether an address is one of this machine.

    Examples
    --------
    >>> is_loopback("http://127.0.0.1:5000/"), is_loopback("http://127.0.0.1.example.com/")
    (True, False)
    """
    try:
        host = urlsplit(address).hostname or ""
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _equal_in_constant_time(one: str, other: str) -> bool:
    """Return whether two texts are equal, in constant time."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def _credentials(request: Request) -> tuple[str, str, str]:
    """Return the client id, the secret, and the way they were sent."""
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            text = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, ValueError):
            return "", "", "client_secret_basic"
        client_id, _, secret = text.partition(":")
        return unquote_plus(client_id), unquote_plus(secret), "client_secret_basic"
    return request.form.get("client_id", ""), request.form.get("client_secret", ""), "client_secret_post"


def _return_url(text: str) -> tuple[dict[str, str], str]:
    """Return the parameters of the request to go on with, and its address; nothing for another address."""
    path, _, query = text.partition("?")
    return (dict(parse_qsl(query)), text) if path == "/connect/authorize" else ({}, "")


def _return_host(asked: Mapping[str, str]) -> str:
    """Return the host that the browser returns to after a login."""
    parts = urlsplit(asked.get("redirect_uri", ""))
    return f"{parts.scheme}://{parts.netloc}"


def _page(html: str, status: int = 200) -> Response:
    headers = {
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; "
        "base-uri 'none'",
        "Referrer-Policy": "same-origin",  # with none a browser would not say where the form comes from
        "X-Frame-Options": "DENY",
    }
    return Response(html, status, headers, content_type="text/html; charset=utf-8")


def _text(words: str, status: int) -> Response:
    return Response(words, status, content_type="text/plain; charset=utf-8")


def _json(value: Json, status: int = 200) -> Response:
    return Response(json.dumps(value), status, content_type="application/json; charset=utf-8")


def _sn_answer(**given: Json) -> Json:
    nothing = {"accessToken": "", "refreshToken": "", "authToken": "", "multiFactorRequired": False,
               "qrCodeSetupImageUrl": "", "manualEntryKey": "", "multiFactorAuthToken": "",
               "rememberMeDetails": None}  # fmt: skip
    return {**nothing, **given}


def _sn_error(status: int, message: str) -> Response:
    return _json({"errorResponse": {"StatusCode": status, "ErrorMessage": message}}, status)


def _read_json(request: Request) -> dict[str, Json]:
    """Return the JSON object of a request with names in lower case; empty if it is not an object."""
    try:
        found = request.get_json(force=True, silent=True)
    except RecursionError:
        return {}
    return {str(name).lower(): value for name, value in found.items()} if isinstance(found, dict) else {}


def _bearer(request: Request) -> str:
    scheme, _, value = request.headers.get("Authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def _login_name(user: Content) -> str:
    return str(user.fields.get("LoginName") or user.name)
