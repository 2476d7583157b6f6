"""What gives tokens: an authority with discovery and a token endpoint, at a host of its own."""

from __future__ import annotations

import base64
import itertools
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote_plus

import httpx


class Authority:
    """Gives tokens for one client; each is good at the server as long as it lives.

    Attributes
    ----------
    origin : str
        Its address; requests for this host come here.
    kind : str
        ``IdentityServer`` or ``SNAuth``, as the repository names it.
    client_id, client_secret : str
        Whom it knows.
    life : float
        Seconds that a token says it lives (``expires_in``).
    lives : float, optional
        Seconds that the server takes it; as long as it says if not given.
    user : str
        As whom the server takes the tokens.
    scripted : list of str
        Tokens that are given next, one after another; then tokens of its own.
    given : list of str
        The tokens that were given.
    endpoint : str
        The token endpoint that discovery names.
    """

    def __init__(
        self, accept: Callable[[str, str, float], None], origin: str = "https://login.example"
    ) -> None:
        self.origin = origin
        self.kind = "IdentityServer"
        self.client_id = "client"
        self.client_secret = "s3cret-s3cret"
        self.life = 3600.0
        self.lives: float | None = None
        self.user = "Admin"
        self.scripted: list[str] = []
        self.given: list[str] = []
        self.forms: list[dict[str, str]] = []
        self.endpoint = f"{origin}/connect/token"
        self._accept = accept
        self._numbers = itertools.count(1)

    def parameters(self) -> dict[str, Any]:
        """Return what the repository answers to ``GetClientRequestParameters``."""
        return {"authority": self.origin, "type": self.kind, "client_id": self.client_id}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        """Answer a request to the authority."""
        path = request.url.path
        if self.kind == "SNAuth":
            return httpx.Response(404)
        if path.endswith("/.well-known/openid-configuration"):
            return httpx.Response(200, json={"issuer": self.origin, "token_endpoint": self.endpoint})
        if path.endswith("/connect/token") and request.method == "POST":
            return self._token(request)
        return httpx.Response(404)

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = dict(httpx.QueryParams(request.content.decode()))
        basic = request.headers.get("authorization", "")
        if basic.startswith("Basic "):
            name, _, secret = base64.b64decode(basic[6:]).decode().partition(":")
            form = {"client_id": unquote_plus(name), "client_secret": unquote_plus(secret), **form}
        self.forms.append(form)
        if (form.get("client_id"), form.get("client_secret")) != (self.client_id, self.client_secret):
            return httpx.Response(400, json={"error": "invalid_client"})
        token = self.scripted.pop(0) if self.scripted else jwt(number=next(self._numbers))
        self.given.append(token)
        self._accept(token, self.user, self.life if self.lives is None else self.lives)
        return httpx.Response(
            200, json={"access_token": token, "token_type": "Bearer", "expires_in": self.life}
        )


def jwt(**claims: Any) -> str:
    """Return what looks like a signed token with these claims."""
    body = {
        "iss": "https://login.example",
        "aud": "sensenet",
        "exp": int(time.time()) + 3600,
        "sub": "1",
        **claims,
    }
    parts = [{"alg": "RS256", "typ": "at+jwt"}, {k: v for k, v in body.items() if v is not None}, "signature"]
    encoded = (base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)
    return ".".join(encoded)
