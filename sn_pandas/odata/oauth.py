"""Tokens by OAuth2 client credentials, from the authority that the caller or the repository names."""

from __future__ import annotations

import threading
import time
from typing import Any
from urllib.parse import urlsplit

import httpx

from .addresses import entity
from .errors import AuthenticationError

_SCOPE = "sensenet"
_DEFAULT_LIFE = 3600.0


class ClientCredentials:
    """Fetches a token for a client of the authority, and another before it expires.

    Parameters
    ----------
    origin : str
        The repository.
    client_id, client_secret : str
        What the authority knows the client by; without ``client_id``, the one that the repository names.
    authority : str, optional
        Where tokens come from; asked of the repository if not given.
    http : httpx.Client
        What carries the requests.
    """

    def __init__(
        self,
        origin: str,
        client_id: str | None,
        client_secret: str,
        authority: str | None,
        http: httpx.Client,
    ) -> None:
        self._origin = origin
        self._id = client_id
        self._secret = client_secret
        self._authority = authority.rstrip("/") if authority else None
        self._http = http
        self._lock = threading.Lock()
        self._endpoint = ""
        self._token = ""
        self._until = 0.0

    def __repr__(self) -> str:
        return "<client credentials>"

    def headers(self) -> dict[str, str]:
        """Give the header ``Authorization`` with a token that is good for a while."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._renew()
            return {"Authorization": f"Bearer {self._token}"}

    def close(self) -> None:
        """Close the connections to the authority."""
        self._http.close()

    def _renew(self) -> None:
        if not self._authority or not self._id:
            self._ask_repository()
        if not self._endpoint:
            self._endpoint = self._discover()
        form = {
            "grant_type": "client_credentials",
            "client_id": self._id,
            "client_secret": self._secret,
            "scope": _SCOPE,
        }
        answer = self._json("POST", self._endpoint, data=form)
        token = answer.get("access_token")
        if not isinstance(token, str) or not token:
            raise AuthenticationError(f"{self._authority} gives no token: {_said(answer)}")
        try:
            life = float(answer.get("expires_in", _DEFAULT_LIFE))
        except (TypeError, ValueError):
            life = _DEFAULT_LIFE
        self._token = token
        self._until = time.monotonic() + max(0.0, life - min(60.0, life / 10))

    def _ask_repository(self) -> None:
        address = f"{self._origin}{entity('/Root')}/GetClientRequestParameters?clientType=client"
        answer = self._json("GET", address)
        authority = answer.get("authority")
        if not self._authority:
            if not isinstance(authority, str) or not authority:
                raise AuthenticationError(
                    f"{self._origin} names no authority for client credentials; pass authority=…"
                )
            parts = urlsplit(authority)
            if parts.scheme != "https" and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
                raise AuthenticationError(
                    f"{self._origin} names the authority {parts.scheme}://{parts.hostname}, which is not "
                    "secure; pass authority=… if a secret may go there"
                )
            self._authority = authority.rstrip("/")
        self._id = self._id or answer.get("client_id")
        if not self._id:
            raise AuthenticationError("pass client_id=…: the repository names none")

    def _discover(self) -> str:
        """Find where the authority gives tokens; never outside of the authority."""
        default = f"{self._authority}/connect/token"
        try:
            answer = self._json("GET", f"{self._authority}/.well-known/openid-configuration")
        except AuthenticationError as error:
            if "404" in str(error):
                return default
            raise
        endpoint = str(answer.get("token_endpoint") or default)
        if urlsplit(endpoint)[:2] != urlsplit(str(self._authority))[:2]:
            raise AuthenticationError(
                f"{self._authority} wants the secret sent to another server, {urlsplit(endpoint).netloc}"
            )
        return endpoint

    def _json(self, method: str, address: str, **options: Any) -> dict[str, Any]:
        shown = f"{method} {address.partition('?')[0]}"
        try:
            answer = self._http.request(method, address, **options)
        except httpx.HTTPError as error:
            raise AuthenticationError(
                f"{shown}: no answer ({type(error).__name__}), so there is no token"
            ) from None
        try:
            body = answer.json()
        except ValueError:
            body = {}
        body = body if isinstance(body, dict) else {}
        if not answer.is_success:
            raise AuthenticationError(f"{shown} failed with {answer.status_code}{_said(body)}")
        return body


def _said(body: dict[str, Any]) -> str:
    words = [str(body[key]) for key in ("error", "error_description") if isinstance(body.get(key), str)]
    return f": {', '.join(words)}" if words else ""
