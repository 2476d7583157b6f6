"""IdentityServer: OAuth with client credentials, or a code with PKCE and a login page."""

from __future__ import annotations

import base64
import binascii
import hashlib
import ipaddress
import secrets
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit

from werkzeug.wrappers import Request, Response

from sn_pandas.embedded.authority import pages
from sn_pandas.embedded.authority.answers import REFRESH_LIFE, as_json, as_page, equal_in_constant_time
from sn_pandas.embedded.authority.tokens import Signer
from sn_pandas.embedded.operations import clients, users
from sn_pandas.embedded.storage.secret_texts import digest

if TYPE_CHECKING:
    from sn_pandas.embedded.session import Repository

Json = Any

CLIENT_LIFE, USER_LIFE = 3600.0, 600.0
CODE_LIFE = 300.0
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


class RefusedError(Exception):
    """An error of OAuth: a word, and what happened."""

    def __init__(self, word: str, description: str = "") -> None:
        super().__init__(word)
        self.word = word
        self.description = description


class IdentityServer:
    """An authority that issues tokens for a client secret, or for a login name and a password.

    Parameters
    ----------
    repository
        Where clients and users are.
    address
        Where the authority is.
    life
        Seconds that a token lives; by default an hour for programs, ten minutes for people.
    client_authentication
        How programs may send their secret.
    clock
        Returns the seconds since 1970.
    """

    def __init__(
        self,
        repository: Repository,
        address: str,
        *,
        life: float | None,
        client_authentication: Collection[str],
        clock: Callable[[], float],
    ) -> None:
        self.tokens_given = 0
        self._repository = repository
        self._address = address
        self._client_life = CLIENT_LIFE if life is None else life
        self._user_life = USER_LIFE if life is None else life
        self._client_authentication = tuple(client_authentication)
        self._clock = clock
        self._signer = Signer(address, clock)
        self._lock = threading.Lock()
        self._codes: dict[str, _Grant] = {}
        self._refresh_tokens: dict[str, _Grant] = {}
        self._clients: dict[str, clients.Client] = {}
        self.routes: Mapping[str, Mapping[str, Callable[[Request], Response]]] = {
            "/.well-known/openid-configuration": {"GET": self._discovery},
            "/.well-known/openid-configuration/jwks": {"GET": self._jwks},
            "/connect/token": {"POST": self._token},
            "/connect/authorize": {"GET": self._authorize},
            "/account/login": {"GET": self._login_page, "POST": self._log_in},
        }

    def sign(self, claims: Mapping[str, Json], life: float | None, audience: str) -> str:
        """Return a token with these claims, whatever they are."""
        return self._signer.sign(claims, self._client_life if life is None else life, audience)

    def claims_of(self, token: str, grace: float) -> Mapping[str, Json] | None:
        """Return the claims of a token of this authority that is still good."""
        return self._signer.claims_of(token, grace)

    def _discovery(self, request: Request) -> Response:
        at = self._address
        return as_json(
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
        return as_json(self._signer.key_set())

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
        raise RefusedError("unauthorized_client" if grant in grants else "unsupported_grant_type")

    def _authenticated_client(self, request: Request) -> clients.Client:
        """Return the client that sends a request, after its secret was compared.

        Raises
        ------
        RefusedError
            If it is unknown, or the secret is wrong or sent in another way than the authority takes.
        """
        client_id, secret, way = _credentials(request)
        client = self._client(client_id)
        if client is None:
            raise RefusedError("invalid_client")
        if client.type in SIGN_IN_TYPES:
            return client
        is_right = [equal_in_constant_time(expected, digest(secret)) for expected in client.digests]
        if way not in self._client_authentication or not any(is_right):
            raise RefusedError("invalid_client")
        return client

    def _client(self, client_id: str) -> clients.Client | None:
        """Return a client of the repository; once read it stays as it was, as at IdentityServer."""
        with self._lock:
            if client_id not in self._clients:
                found = clients.find(self._repository.session(), client_id)
                if found is None:
                    return None
                self._clients[client_id] = found
            return self._clients[client_id]

    def _for_program(self, client: clients.Client, scope: str) -> Response:
        if client.type not in PROGRAM_TYPES:
            raise RefusedError("unauthorized_client")
        asked = set(scope.split()) or CLIENT_SCOPES
        if asked - CLIENT_SCOPES:
            raise RefusedError("invalid_scope")
        claims: dict[str, Json] = {"client_id": client.id}
        if client.user_name:
            claims["client_sub"] = client.user_name
        token = self._signer.sign({**claims, "scope": sorted(asked)}, self._client_life)
        self.tokens_given += 1
        return as_json(
            {
                "access_token": token,
                "expires_in": int(self._client_life),
                "token_type": "Bearer",
                "scope": " ".join(sorted(asked)),
            }
        )

    def _for_code(self, client: clients.Client, form: Mapping[str, str]) -> Response:
        with self._lock:
            grant = self._codes.pop(form.get("code", ""), None)
        if grant is None or grant.client_id != client.id or self._clock() >= grant.until:
            raise RefusedError("invalid_grant")
        if form.get("redirect_uri", "") != grant.redirect_uri:
            raise RefusedError("invalid_grant")
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not equal_in_constant_time(challenge, grant.challenge):
            raise RefusedError("invalid_grant")
        return self._for_user(grant)

    def _for_refresh_token(self, client: clients.Client, token: str) -> Response:
        with self._lock:
            grant = self._refresh_tokens.pop(token, None)
        if grant is None or grant.client_id != client.id or self._clock() >= grant.until:
            raise RefusedError("invalid_grant")
        return self._for_user(grant)

    def _for_user(self, grant: _Grant) -> Response:
        claims = {"client_id": grant.client_id, "sub": str(grant.user_id), "auth_time": int(self._clock())}
        scopes = grant.scope.split()
        answer = {
            "access_token": self._signer.sign({**claims, "scope": scopes}, self._user_life),
            "expires_in": int(self._user_life),
            "token_type": "Bearer",
            "scope": grant.scope,
        }
        if "openid" in scopes:
            answer["id_token"] = self._signer.sign(
                {"sub": str(grant.user_id)}, self._user_life, grant.client_id, kind="JWT"
            )
        if "offline_access" in scopes:
            refresh = secrets.token_urlsafe(32)
            until = self._clock() + REFRESH_LIFE
            with self._lock:
                self._refresh_tokens[refresh] = _Grant(grant.client_id, grant.user_id, grant.scope, until)
            answer["refresh_token"] = refresh
        self.tokens_given += 1
        return as_json(answer)

    def _authorize(self, request: Request) -> Response:
        asked = dict(request.args.items())
        problem = self._find_problem(asked)
        if problem:
            return as_page(pages.error(problem), 400)
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
            return as_page(pages.error(self._find_problem(asked)), 400)
        return as_page(pages.login(back, _return_host(asked)))

    def _log_in(self, request: Request) -> Response:
        asked, back = _return_url(request.form.get("returnUrl", ""))
        if self._find_problem(asked):
            return as_page(pages.error(self._find_problem(asked)), 400)
        name = request.form.get("username", "")
        user = users.with_password(self._repository.session(), name, request.form.get("password", ""))
        if user is None:
            shown = pages.login(back, _return_host(asked), "Invalid username or password.", name)
            return as_page(shown, 200)
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
