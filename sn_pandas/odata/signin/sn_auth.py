"""Signing in by sn-auth: login name, password, second factor, refresh.

sn-auth has one token per user: each login or refresh ends the one before. So processes of one user share it.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ..errors import AuthenticationError, ServerError
from ..messages import Response
from ..origins import canonical_origin
from ..redaction import SECRETS, Secret
from .authority import SN_AUTH, Authority, refuse
from .claims import expiry, explain_token, read_claims
from .conversation import Conversation
from .credentials import bearer
from .tokens import Grant, RenewedToken
from .vault import Vault, explain_missing_keyring

#: How often a password or a code is asked for.
_TRIES = 3


class SnAuthority(Authority):
    """An authority that is sn-auth; it has no token endpoint."""

    def reject_sn_auth(self) -> None:
        """Raise if the repository does not use sn-auth.

        Raises
        ------
        AuthenticationError
            With the ways that there are.
        """
        if self.kind.lower() != SN_AUTH.lower():
            raise AuthenticationError(
                f"{self.origin} does not use sn-auth, so login=… does not apply, and no password was "
                f"requested. Sign in with the browser (browser=True), or use an API key (api_key=…)"
            )

    def accepts(self, token: str) -> bool:
        """Return whether sn-auth accepts a token."""
        answer = self._send("GET", "/api/auth/validate-token", token)
        return answer is not None and answer.content.strip() == b"true"

    def end(self, token: str) -> None:
        """End a token, and the refresh token that belongs to it."""
        self._send("POST", "/api/auth/logout", token)

    def _send(self, method: str, path: str, token: str) -> Response | None:
        """Send a request with a token and return the answer; None for a refusal."""
        address = canonical_origin(self.address)
        with contextlib.closing(self._open_client(address, refuse=refuse)) as client:
            headers = bearer(token)
            try:
                return client.request(
                    method, urlsplit(self.address).path.rstrip("/") + path, kind="read", headers=headers
                )
            except (ServerError, AuthenticationError):
                return None


class SnAuth(RenewedToken):
    """The token of a user of sn-auth, shared with the other processes of this user.

    Parameters
    ----------
    authority : SnAuthority
        The sn-auth of the repository.
    login : str
        The login name; empty to ask for it.
    talk : Conversation
        Who is asked for the password.
    keep : bool
        Whether the tokens are shared through the keyring.
    """

    how = "sn-auth sign-in"

    def __init__(self, authority: SnAuthority, login: str, talk: Conversation, *, keep: bool = True) -> None:
        super().__init__()
        self._authority = authority
        self._login = login
        self._talk = talk
        self._keep = keep
        self._why = ""
        self._names: Vault | None = None
        self._vault: Vault | None = None

    def __repr__(self) -> str:
        return "<sign-in by sn-auth>"

    def close(self) -> None:
        """Close the connections to the authority."""
        self._authority.close()

    def explain(self, used: Mapping[str, str]) -> str:
        """Explain the state of the token, or who may have ended it."""
        token = used.get("Authorization", "")
        if (expiry(token) or 0) < time.time():
            return explain_token(token)
        return "sn-auth has one token per user, and another sign-in as this user invalidates it"

    def fetch(self, before: Grant | None) -> Grant:
        """Return the token that another process has got meanwhile, a refreshed one, or sign in.

        Only the first token is asked for at the keyboard; later ones come while something else runs.
        """
        self._authority.reject_sn_auth()
        if self._names is None:
            self._login = self._login or self._talk.ask(f"Login name at {self._authority.origin}: ").strip()
            self._names = self._open_vault(f"login {self._login.lower()}")
            stored = self._names.read().get("user")
            self._vault = self._open_vault(f"user {stored}") if stored else None
        if self._vault is not None:
            with self._vault.lock():
                found = self._renew_pair(self._vault, before)
            if found is not None:
                return found
        if before is not None:
            raise AuthenticationError(
                f"the sign-in of {self._login} has ended: sn-auth does not renew it{self._why}. Somebody may "
                "have signed in or out as this user elsewhere. Sign in again: repo = sn.connect("
                f"{self._authority.origin!r}, login={self._login!r})"
            )
        pair = self._sign_in()
        # one user has several login names (with and without domain), and one token for all of them
        user = (read_claims(str(pair.get("accessToken"))) or {}).get("sub") or self._login.lower()
        self._vault = self._open_vault(f"user {user}")
        with self._vault.lock():
            grant = self._store(self._vault, pair)
            self._names.write({"user": str(user)})
        self._offer_key(self._vault)
        return grant

    def sign_out(self) -> None:
        """End the token for all processes, and forget it."""
        if token := self.current():
            self._authority.end(token)
        if self._names is not None:
            self._names.forget()
        if self._vault is not None:
            with self._vault.lock():
                self._vault.forget()

    def _open_vault(self, name: str) -> Vault:
        return Vault(f"{self._authority.origin} sn-auth {name}", keyring=self._keep)

    def _renew_pair(self, vault: Vault, before: Grant | None) -> Grant | None:
        """Return a token that another process has stored, or a refreshed one; None if there is neither."""
        kept = vault.read()
        found = self._read_shared(kept, before)
        refresh = kept.get("refresh") or (before.refresh if before is not None else None)
        if found is not None or not refresh:
            return found
        try:
            return self._store(vault, self._authority.post("/api/auth/refresh-token", {"token": refresh}))
        except AuthenticationError as error:
            self._why = f" ({error})"
            vault.forget()
            return None

    def _read_shared(self, kept: Mapping[str, str], before: Grant | None) -> Grant | None:
        """Return the stored token if it is new and sn-auth accepts it."""
        token = kept.get("access")
        if not token or (before is not None and token == before.token):
            return None
        if not self._authority.accepts(token):
            return None
        return Grant(token, None, kept.get("refresh"))

    def _store(self, vault: Vault, pair: Mapping[str, Any]) -> Grant:
        token, refresh = (Secret(pair.get(name) or "") for name in ("accessToken", "refreshToken"))
        SECRETS.add(token, refresh)
        if not token:
            raise AuthenticationError(f"{self._authority.address} issued no token")
        vault.write({"access": token, "refresh": refresh})
        return Grant(token, None, refresh or None)

    def _sign_in(self) -> Mapping[str, Any]:
        """Ask for the password, and for the second factor if needed."""
        site = self._authority.origin
        for attempt in range(_TRIES):
            password = self._talk.ask_secret(f"Password of {self._login} at {site}: ")
            given = {"loginName": self._login, "password": password, "siteUrl": site}
            try:
                answer = self._authority.post("/api/auth/login", given)
            except AuthenticationError:
                if attempt == _TRIES - 1:
                    raise
                self._talk.tell("Wrong login name or password; try again.")
                continue
            return self._second_factor(answer) if answer.get("multiFactorRequired") else answer
        raise AssertionError("the last try raises")

    def _second_factor(self, answer: Mapping[str, Any]) -> Mapping[str, Any]:
        key = answer.get("manualEntryKey")
        if isinstance(key, str) and key:
            self._talk.tell(
                "This user has no second factor yet. Sign in once in the admin UI, and set it up there."
            )
        token = Secret(answer.get("multiFactorAuthToken") or "")
        SECRETS.add(token)
        for attempt in range(_TRIES):
            code = Secret(self._talk.ask_secret("Code of the second factor: ").strip())
            given = {
                "multiFactorAuthToken": token,
                "multiFactorCode": code,
                "siteUrl": self._authority.origin,
            }
            try:
                return self._authority.post("/api/auth/login/multi-factor", given)
            except AuthenticationError:
                if attempt == _TRIES - 1:
                    raise
                self._talk.tell("Wrong code; try again.")
        raise AssertionError("the last try raises")

    def _offer_key(self, vault: Vault) -> None:
        """Suggest an API key if the sign-in cannot be shared, so that other processes would end it."""
        if vault.in_keyring:
            return
        why = explain_missing_keyring() if self._keep else "keep=False"
        self._talk.tell(
            f"Your other notebooks cannot share this sign-in ({why}), and each that signs in ends it. "
            "An API key of your own does not have this limit: key = repo.create_api_key()"
        )
