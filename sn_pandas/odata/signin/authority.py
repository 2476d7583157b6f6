"""The authority that issues tokens: discovery, requests, and where secrets may be sent.

Every request here goes through a :class:`sn_pandas.odata.client.Client`, with the retries, deadlines and
bounds of all requests. This module alone decides where a secret may be sent:

* to an authority that the caller names;
* to an authority that the repository names, if both are reached by HTTPS, or if it is the repository
  itself; an authority on this computer only if the repository is on this computer, too;
* to a token endpoint at the origin of that authority;
* nowhere where there is no token endpoint (``type: SNAuth``).

Redirects are never followed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlencode, urlsplit

from ..addresses import entity
from ..answers import cut_short, describe, refusal
from ..errors import (
    AnswerError,
    AuthenticationError,
    NoAnswer,
    NotFoundError,
    QueryError,
    SensenetError,
    ServerError,
    UnavailableError,
)
from ..messages import Response
from ..origins import canonical_origin, canonical_url, is_loopback, is_secure, same_origin
from ..redaction import SECRETS, SecretBytes, conceal_values, hide
from .tokens import Grant

SCOPE = "sensenet"


class AuthorityClient(Protocol):
    """The HTTP client for an authority."""

    def send(self, method: str, target: str, **options: Any) -> Any:
        """Send a request and return its JSON."""

    def request(self, method: str, target: str, **options: Any) -> Response:
        """Send a request and return its answer."""

    def close(self) -> None:
        """Close the connections."""


#: Opens a client without credentials for an address, with more arguments of its constructor.
OpenClient = Callable[..., AuthorityClient]
#: What a repository says where there are no client credentials and no token endpoint.
SN_AUTH = "SNAuth"
#: The words of an authority that refuses -> what they mean to the one who signs in.
_MEANINGS = {
    "invalid_client": "the client id or its secret is wrong",
    "unauthorized_client": "the client id or its secret is wrong, or this client may not sign in this way",
    "invalid_grant": "the code or the refresh token is wrong, has expired or was used before",
    "INVALID_CREDENTIALS": "the login name or the password is wrong",
}


class Authority:
    """The authority of a repository; safe to use from several threads.

    Parameters
    ----------
    origin : str
        The address of the repository.
    open_client : callable
        Opens a client without credentials for an address.
    address : str, optional
        The address of the authority; the repository is asked if it is not given.
    client_type : str
        As what the repository is asked for its parameters: ``client`` or ``adminui``.
    """

    def __init__(
        self, origin: str, open_client: OpenClient, address: str | None = None, *, client_type: str = "client"
    ) -> None:
        self.origin = canonical_url(origin)
        self.is_named = address is not None
        self._open_client = open_client
        self._address = ""  # until it is found to be one
        self._address = check_address(address) if address is not None else ""
        self._type = client_type
        self._lock = threading.RLock()
        self._parameters: dict[str, Any] | None = None
        self._document: dict[str, Any] | None = None
        self._clients: dict[str, AuthorityClient] = {}

    def __repr__(self) -> str:
        return f"<authority {self._address or f'of {self.origin}'}>"

    @property
    def address(self) -> str:
        """The address of the authority.

        Raises
        ------
        AuthenticationError
            If the repository names none, or one to which no secret may go.
        """
        with self._lock:
            if not self._address:
                self._address = self._address_from_repository()
            return self._address

    @property
    def client_id(self) -> str | None:
        """The id of the client that the repository names."""
        found = self.parameters.get("client_id")
        return found if isinstance(found, str) and found else None

    @property
    def kind(self) -> str:
        """How the repository signs in: ``IdentityServer`` or ``SNAuth``."""
        return str(self.parameters.get("type") or "")

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The parameters that the repository announces for its authority."""
        with self._lock:
            if self._parameters is None:
                address = f"{entity('/Root')}/GetClientRequestParameters?clientType={self._type}"
                self._parameters = self._json(self.origin, "GET", address)
            return self._parameters

    @property
    def document(self) -> Mapping[str, Any]:
        """The discovery document of the authority (OpenID Connect); empty if there is none."""
        with self._lock:
            if self._document is None:
                try:
                    self._document = self._json(self.address, "GET", "/.well-known/openid-configuration")
                except NotFoundError:
                    self._document = {}
            return self._document

    def endpoint(self, name: str, default: str) -> str:
        """Return the address of an endpoint, such as ``token_endpoint``; always at the authority itself.

        Raises
        ------
        AuthenticationError
            If the authority names a place at another origin.
        """
        named = str(self.document.get(name) or default)
        if named.startswith("/") and not named.startswith("//"):
            named = f"{canonical_origin(self.address)}{named}"
        if same_origin(named, self.address):
            return named
        raise AuthenticationError(
            f"the authority {self.address} wants the secret sent to another address, {_host(named)} "
            f'({name} of its discovery document), so nothing was sent. If that is right, pass it: authority="https://…"'
        )

    def request_token(self, form: Mapping[str, str], headers: Mapping[str, str] | None = None) -> Grant:
        """Request a token from the token endpoint.

        Parameters
        ----------
        form : mapping
            The request as OAuth 2.0 has it; it holds secrets.
        headers : mapping, optional
            ``Authorization: Basic …`` for authorities that want the secret there.

        Raises
        ------
        AuthenticationError
            If the authority refuses, or may not be sent a secret.
        ConnectionFailed
            If there is no answer after as many tries as for every request.
        """
        self.reject_sn_auth()
        endpoint = self.endpoint("token_endpoint", f"{self.address}/connect/token")
        asked = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        body = conceal_values(
            self._json(
                canonical_origin(endpoint),
                "POST",
                endpoint.removeprefix(_front(endpoint)) or "/",
                content=SecretBytes(urlencode(form).encode()),
                headers=asked,
            )
        )
        token = body.get("access_token")
        if not isinstance(token, str) or not token.strip():
            raise AuthenticationError(f"{self.address} issued no token{_words(body)}")
        SECRETS.add(token, body.get("refresh_token") if isinstance(body.get("refresh_token"), str) else None)
        refresh = body.get("refresh_token")
        return Grant(token, _seconds(body.get("expires_in")), refresh if isinstance(refresh, str) else None)

    def post(self, path: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """Send JSON to an address below the authority and return the JSON that it answers."""
        import json

        headers = {"Content-Type": "application/json"}
        front = urlsplit(self.address).path.rstrip("/")
        content = SecretBytes(json.dumps(body).encode())
        return conceal_values(
            self._json(
                canonical_origin(self.address), "POST", f"{front}{path}", content=content, headers=headers
            )
        )

    def reject_sn_auth(self) -> None:
        """Raise if the repository signs in by sn-auth, which has no token endpoint.

        Raises
        ------
        AuthenticationError
            With the ways that there are.
        """
        if self.is_named and self._parameters is None:
            return
        if self.kind.lower() == SN_AUTH.lower():
            raise AuthenticationError(
                f"{self.origin} uses sn-auth (type SNAuth), which supports neither client credentials nor "
                f"this sign-in with the browser, so no secret was sent. Sign in with your login name "
                "(login=…, which asks for the password), or use an API key (api_key=…) or a token (token=…)"
            )

    def close(self) -> None:
        """Close the connections."""
        with self._lock:
            while self._clients:
                self._clients.popitem()[1].close()

    def _address_from_repository(self) -> str:
        named = self.parameters.get("authority")
        self.reject_sn_auth()
        if not isinstance(named, str) or not named.strip():
            raise AuthenticationError(
                f'{self.origin} does not name an authority that issues tokens; pass authority="https://…"'
            )
        try:
            address = canonical_url(named)
        except QueryError:
            raise AuthenticationError(
                f"{self.origin} names the authority {cut_short(named, 80)!r}, which is not an address; "
                'pass authority="https://…"'
            ) from None
        self._reject_insecure(address)
        return address

    def _reject_insecure(self, address: str) -> None:
        """Raise if a secret may not go to an authority that only the repository names."""
        pass_it = f'if it is right, pass it: authority="{address}"'
        if same_origin(address, self.origin) and is_secure(address):
            return
        if is_loopback(address) and urlsplit(address).hostname == urlsplit(self.origin).hostname:
            return  # two ports of this computer, such as those of ``serve --authority``
        if not address.startswith("https:"):
            raise AuthenticationError(
                f"{self.origin} names the authority {address}, which is not secure (not https), so no secret "
                f"was sent there; {pass_it}"
            )
        if not self.origin.startswith("https:"):
            raise AuthenticationError(
                f"{self.origin} names the authority {address}, but does not use https itself, so anybody "
                f"in between could have named it; no secret was sent there; {pass_it}"
            )
        if is_loopback(address) and not is_loopback(self.origin):
            raise AuthenticationError(
                f"{self.origin} names an authority on this computer, {address}, so no secret was sent there; "
                f'pass the right one: authority="https://…"'
            )

    def _json(self, address: str, method: str, target: str, **options: Any) -> dict[str, Any]:
        """Send a request and return the JSON object that is answered.

        Raises
        ------
        NotFoundError
            If there is nothing at this address.
        AuthenticationError
            If it is refused.
        ConnectionFailed
            If there is no answer, or one that says to try again later.
        """
        with self._lock:
            client = self._clients.get(address)
            if client is None:
                client = self._clients[address] = self._open_client(address, refuse=refuse)
        try:
            found = client.send(method, target, kind="read", read=_object, guarded=False, **options)
        except (NoAnswer, UnavailableError, AnswerError, ServerError) as error:
            raise self._trouble(error, address) from error.__cause__
        return dict(found)

    def _trouble(self, error: SensenetError, address: str) -> SensenetError:
        """Return the error of a request for a token that was not answered well."""
        if isinstance(error, (NotFoundError, AuthenticationError)):
            return error
        said = hide(str(error))
        hint = (
            ""
            if self.is_named or same_origin(address, self.origin)
            else (f" (the repository {self.origin} names this authority; authority=… names another one)")
        )
        if isinstance(error, NoAnswer | UnavailableError):
            return NoAnswer(f"no token was issued: {said}{hint}", sent=False, lasting=True)
        return AuthenticationError(f"no token was issued: {said}{hint}")


def check_address(authority: str) -> str:
    """Return the address of an authority that the caller names.

    Raises
    ------
    AuthenticationError
        If it is not an address.
    """
    try:
        return canonical_url(authority)
    except QueryError:
        shown = cut_short(hide(str(authority)).partition("?")[0].rpartition("@")[2], 80)
        meant = shown if shown and "://" not in shown else "login.example"
        raise AuthenticationError(
            f'authority={shown!r} is not an address; include the scheme: authority="https://{meant}"'
        ) from None


def refuse(what: str, origin: str, answer: Response) -> SensenetError:
    """Return the error for an answer of an authority without success."""
    if answer.status_code in (429, 500, 502, 503, 504) or answer.is_redirect:
        error = refusal(what, origin, answer)
        if answer.status_code == 500 and not isinstance(error, UnavailableError):
            return UnavailableError(f"{what}: {origin} failed with an internal error (500)", status=500)
        return error
    try:
        body = answer.json()
    except ValueError:
        body = {}
    said = _words(body if isinstance(body, dict) else {})
    if answer.status_code == 404 and not said:
        return NotFoundError(f"{what}: {origin} has nothing at this address", status=404)
    if answer.content and not said:
        said = f"; the answer is {hide(describe(answer))}"
    return AuthenticationError(f"{origin} issued no token ({what} failed with {answer.status_code}){said}")


def _object(what: str, answer: Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise AnswerError(f"{what}: a JSON object was expected, the answer is {hide(describe(answer))}")
    return body


def _words(body: Mapping[str, Any]) -> str:
    """Return the words of an authority's answer, without secrets."""
    error, description = body.get("error"), body.get("error_description")
    if not isinstance(error, str) and isinstance(body.get("errorResponse"), dict):
        error = body["errorResponse"].get("ErrorMessage")
    words = [cut_short(hide(word)) for word in (error, description) if isinstance(word, str) and word.strip()]
    meaning = _MEANINGS.get(error) if isinstance(error, str) else None
    return f": {', '.join(words)}" + (f" ({meaning})" if meaning else "") if words else ""


def _seconds(value: object) -> float | None:
    try:
        seconds = float(value)  # type: ignore[arg-type]  # whatever came
    except (TypeError, ValueError):
        return None
    return max(0.0, seconds) if seconds == seconds else None


def _front(address: str) -> str:
    """Return the scheme and host of an address as they are written in it."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


def _host(address: str) -> str:
    try:
        return canonical_origin(address)
    except QueryError:
        return repr(cut_short(address, 80))
