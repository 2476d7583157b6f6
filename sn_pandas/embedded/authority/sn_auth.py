"""sn-auth: login name and password for one token per user, of which each request is checked by asking."""

from __future__ import annotations

import io
import secrets
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.wrappers import Request, Response

from sn_pandas.embedded.authority.answers import REFRESH_LIFE, as_json, equal_in_constant_time
from sn_pandas.embedded.authority.tokens import OneTokenSigner
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.operations import users

if TYPE_CHECKING:
    from sn_pandas.embedded.session import Repository

Json = Any

LIFE = 600.0


class SnAuth:
    """An authority that issues a token for a login name and a password, and checks it when asked.

    Parameters
    ----------
    repository
        Where users are.
    address
        Where the authority is.
    life
        Seconds that a token lives; by default ten minutes.
    second_factor
        Login name -> the code that is asked for after the password.
    clock
        Returns the seconds since 1970.
    """

    def __init__(
        self,
        repository: Repository,
        address: str,
        *,
        life: float | None,
        second_factor: Mapping[str, str],
        clock: Callable[[], float],
    ) -> None:
        self.tokens_given = 0
        self._repository = repository
        self._life = LIFE if life is None else life
        self._second_factor = {name.lower(): code for name, code in second_factor.items()}
        self._signer = OneTokenSigner(address, clock)
        self._lock = threading.Lock()
        self._pending: dict[str, tuple[int, str]] = {}
        self.routes: Mapping[str, Mapping[str, Callable[[Request], Response]]] = {
            "/api/auth/login": {"POST": self._login},
            "/api/auth/login/multi-factor": {"POST": self._enter_code},
            "/api/auth/refresh-token": {"POST": self._refresh},
            "/api/auth/logout": {"POST": self._logout},
            "/api/auth/validate-token": {"GET": self._validate},
        }

    def decode_unverified(self, token: str) -> Mapping[str, Json] | None:
        """Return the claims of a token, which :func:`validate` has to be asked about first."""
        return self._signer.decode_unverified(token)

    def _login(self, request: Request) -> Response:
        given = _read_json(request)
        name = str(given.get("loginname") or "")
        user = users.with_password(self._repository.session(), name, str(given.get("password") or ""))
        if user is None:
            return _error(400, "INVALID_CREDENTIALS")
        code = self._second_factor.get(_login_name(user).lower())
        if code is None:
            return self._pair(user.id)
        pending = secrets.token_urlsafe(32)
        with self._lock:
            self._pending[pending] = user.id, code
        return as_json(_answer(multiFactorRequired=True, multiFactorAuthToken=pending))

    def _enter_code(self, request: Request) -> Response:
        given = _read_json(request)
        token = str(given.get("multifactorauthtoken") or "")
        with self._lock:
            pending = self._pending.get(token)
        if pending is None:
            return _error(400, "INVALID_MULTI_FACTOR_TOKEN")
        code = str(given.get("multifactorcode") or "")
        if not equal_in_constant_time(code, pending[1]):
            return _error(400, "INVALID_MULTI_FACTOR_CODE")
        with self._lock:
            self._pending.pop(token, None)
        return self._pair(pending[0])

    def _pair(self, user_id: int) -> Response:
        access, refresh = self._signer.pair(user_id, self._life, REFRESH_LIFE)
        self.tokens_given += 1
        return as_json(_answer(accessToken=access, refreshToken=refresh))

    def _refresh(self, request: Request) -> Response:
        pair = self._signer.exchange(str(_read_json(request).get("token") or ""), self._life, REFRESH_LIFE)
        if pair is None:
            return _error(401, "UNAUTHORIZED")
        self.tokens_given += 1
        return as_json(_answer(accessToken=pair[0], refreshToken=pair[1]))

    def _logout(self, request: Request) -> Response:
        self._signer.end(_bearer(request))
        return Response(status=200)

    def _validate(self, request: Request) -> Response:
        return as_json(True) if self._signer.is_valid(_bearer(request)) else _error(401, "UNAUTHORIZED")


def validate(application: Callable[..., Iterable[bytes]], token: str) -> bool:
    """Ask an authority whether a token is good, as a repository with sn-auth does."""
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
        body = b"".join(application(environ, start))
    except ConnectionError:
        return False
    return status[0].startswith("200") and body == b"true"


def _answer(**given: Json) -> Json:
    nothing = {"accessToken": "", "refreshToken": "", "authToken": "", "multiFactorRequired": False,
               "qrCodeSetupImageUrl": "", "manualEntryKey": "", "multiFactorAuthToken": "",
               "rememberMeDetails": None}  # fmt: skip
    return {**nothing, **given}


def _error(status: int, message: str) -> Response:
    return as_json({"errorResponse": {"StatusCode": status, "ErrorMessage": message}}, status)


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
