"""The WSGI application of the authority: whose requests it answers, and where each goes."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Request, Response

from sn_pandas.embedded.authority import sn_auth
from sn_pandas.embedded.authority.answers import as_json, as_text
from sn_pandas.embedded.authority.identity_server import AUTHENTICATION, IdentityServer, RefusedError
from sn_pandas.embedded.authority.sn_auth import SnAuth
from sn_pandas.embedded.authority.tokens import GRACE, Kind
from sn_pandas.embedded.http.origins import is_preflight
from sn_pandas.embedded.security.tokens import TokenRules

if TYPE_CHECKING:
    from sn_pandas.embedded.faults import Faults
    from sn_pandas.embedded.http.application import Application

Json = Any

LARGEST_BODY = 64 * 1024


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
        self._app: Any = faults.around(self._answer) if faults is not None else self._answer
        repository = application.repository
        repository.password = self.password
        self._server: IdentityServer | SnAuth
        if kind == "SNAuth":
            server = self._server = SnAuth(
                repository, self.address, life=life, second_factor=second_factor or {}, clock=clock
            )

            def claims_of(token: str) -> Mapping[str, Json] | None:
                return server.decode_unverified(token) if sn_auth.validate(self._app, token) else None

        else:
            identity = self._server = IdentityServer(
                repository, self.address, life=life, client_authentication=client_authentication, clock=clock
            )

            def claims_of(token: str) -> Mapping[str, Json] | None:
                return identity.claims_of(token, grace)

        repository.tokens = TokenRules(self.address, kind, claims_of, cookie)

    @property
    def tokens_given(self) -> int:
        """The number of tokens, or pairs of them, that were given."""
        return self._server.tokens_given

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a WSGI request."""
        answer: Iterable[bytes] = self._app(environ, start_response)
        return answer

    def sign(self, claims: Mapping[str, Json], life: float | None = None, audience: str = "sensenet") -> str:
        """Return a token of IdentityServer with these claims, whatever they are: to test with."""
        if not isinstance(self._server, IdentityServer):
            raise TypeError("the tokens of sn-auth hold no claims but its own: pass kind='IdentityServer'")
        return self._server.sign(claims, life, audience)

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
            return as_text("This server has no such name; see serve --allow-host.", 403)
        preflight = is_preflight(request.method, headers)
        if preflight:
            response = Response(status=204)
        elif request.method not in ("GET", "HEAD", "OPTIONS") and not origins.may_write(headers):
            response = as_text("Pages of other origins may not sign in; see serve --cors.", 403)
        else:
            response = self._route(request)
        response.headers.update(origins.headers_for(headers, preflight=preflight))
        return response

    def _route(self, request: Request) -> Response:
        methods = self._server.routes.get(request.path.rstrip("/").lower())
        if methods is None:
            return Response(status=404)
        handler = methods.get("GET" if request.method == "HEAD" else request.method)
        if handler is None:
            return Response(status=405, headers={"Allow": ", ".join(methods)})
        try:
            return handler(request)
        except HTTPException as error:  # too long a body
            return Response(status=error.code)
        except RefusedError as error:
            body = {"error": error.word}
            if error.description:
                body["error_description"] = error.description
            return as_json(body, 400)
