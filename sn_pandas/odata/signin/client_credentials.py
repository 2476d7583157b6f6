"""Tokens by OAuth 2.0 client credentials, from the authority that the caller or the repository names."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Literal
from urllib.parse import quote_plus

from ..errors import AuthenticationError
from ..redaction import SECRETS, Secret
from .authority import SCOPE, Authority
from .claims import explain_token
from .credentials import clean_secret
from .tokens import Grant, RenewedToken


class ClientCredentials(RenewedToken):
    """A token for a client of the authority, and another before it expires.

    Parameters
    ----------
    authority : Authority
        Where tokens come from.
    client_id : str, optional
        What the authority knows the client by; the one that the repository names if not given.
    client_secret : str
        The secret.
    send_secret : "body" or "basic", optional
        Whether the secret is sent in the form or as ``Authorization: Basic``; as the authority says that it
        takes it if not given, in the form if it says nothing.
    """

    how = "client credentials"

    def __init__(
        self,
        authority: Authority,
        client_id: str | None,
        client_secret: str,
        *,
        send_secret: Literal["body", "basic"] | None = None,
    ) -> None:
        super().__init__()
        self._authority = authority
        self._id = client_id
        self._secret = clean_secret(client_secret, "client secret")
        SECRETS.keep(self._secret)
        self._send_secret = send_secret

    def __repr__(self) -> str:
        return "<client credentials>"

    def close(self) -> None:
        """Close the connections to the authority."""
        self._authority.close()

    def explain(self, used: Mapping[str, str]) -> str:
        """Return the reasons in the token for which a server rejects it."""
        return explain_token(used.get("Authorization", ""), self._authority.address)

    def fetch(self, before: Grant | None) -> Grant:
        """Request a token from the authority."""
        self._authority.reject_sn_auth()
        client = self._id or self._authority.client_id
        if not client:
            raise AuthenticationError("pass client_id=…: the repository names none")
        form = {"grant_type": "client_credentials", "scope": SCOPE}
        if not self._is_basic():
            return self._authority.request_token({**form, "client_id": client, "client_secret": self._secret})
        pair = Secret(f"{quote_plus(client)}:{quote_plus(self._secret)}")
        encoded = Secret(base64.b64encode(pair.encode()).decode())
        SECRETS.add(encoded)
        return self._authority.request_token(form, {"Authorization": Secret(f"Basic {encoded}")})

    def _is_basic(self) -> bool:
        if self._send_secret is not None:
            return self._send_secret == "basic"
        ways = self._authority.document.get("token_endpoint_auth_methods_supported")
        return isinstance(ways, list) and "client_secret_basic" in ways and "client_secret_post" not in ways
