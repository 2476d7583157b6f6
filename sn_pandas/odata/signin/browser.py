"""Signing in as oneself in the browser: an authorization code with PKCE, to a loopback address.

The client is the one that the repository names for its admin UI. Where the browser cannot reach this process
(JupyterHub, a kernel on another computer) there is a link to open, and a field for the address that the
browser goes to afterwards.
"""

from __future__ import annotations

import html
import os
import secrets
import sys
import threading
import time
import webbrowser
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from ..errors import AuthenticationError
from ..redaction import SECRETS, Secret, conceal_values
from .authority import Authority
from .claims import explain_token
from .conversation import Conversation
from .tokens import Grant, RenewedToken
from .vault import Vault, explain_missing_keyring

SCOPE = "openid profile sensenet offline_access"
#: Seconds that somebody has to sign in.
_PATIENCE = 300.0
_PAGE = """<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>:root{{color-scheme:light dark}}body{{font:18px/1.5 system-ui,sans-serif;margin:20vh auto;
max-width:34rem;padding:0 1rem;text-align:center}}</style></head>
<body><h1>{title}</h1><p>{text}</p></body></html>"""


class Browser(RenewedToken):
    """A token obtained by signing in on a page of the authority.

    Parameters
    ----------
    authority : Authority
        The authority of the repository, asked as its admin UI asks it.
    talk : Conversation
        Shows the link, and asks for the address.
    keep : bool
        Whether the newest refresh token is kept in the keyring, so that the next process need not ask.
    link : bool, optional
        Whether to give a link and a field instead of opening a browser; found out if not given.
    client_id : str, optional
        The client; the one of the admin UI if not given.
    """

    how = "browser sign-in"

    def __init__(
        self,
        authority: Authority,
        talk: Conversation,
        *,
        keep: bool = False,
        link: bool | None = None,
        client_id: str | None = None,
    ) -> None:
        super().__init__()
        self._authority = authority
        self._talk = talk
        self._vault = Vault(f"{authority.origin} browser", keyring=True) if keep else None
        self._link = is_remote() if link is None else link
        self._client_id = client_id
        self._why = ""

    def __repr__(self) -> str:
        return "<sign-in in the browser>"

    def close(self) -> None:
        """Close the connections to the authority."""
        self._authority.close()

    def explain(self, used: Mapping[str, str]) -> str:
        """Return the reasons in the token for which a server rejects it."""
        return explain_token(used.get("Authorization", ""), self._authority.address)

    def fetch(self, before: Grant | None) -> Grant:
        """Return a refreshed token, or have somebody sign in.

        Only the first token is asked for at the keyboard; later ones come while something else runs.
        """
        self._authority.reject_sn_auth()
        client = self._client_id or self._authority.client_id
        if not client:
            raise AuthenticationError(
                f"{self._authority.origin} does not name a client for signing in with the browser; pass "
                f"client_id=…"
            )
        if self._vault is None:
            found = self._refresh(client, before.refresh if before is not None else None)
        else:
            with self._vault.lock():
                kept = self._vault.read().get("refresh")
                found = self._refresh(client, kept or (before.refresh if before is not None else None))
                self._store(found)
        if found is not None:
            return found
        if before is not None:
            raise AuthenticationError(
                f"the sign-in in the browser has ended: the authority does not renew it{self._why}. Sign in "
                f"again: repo = sn.connect({self._authority.origin!r}, browser=True)"
            )
        grant = self._sign_in(client)
        if self._vault is not None:
            with self._vault.lock():
                self._store(grant)
            if grant.refresh and not self._vault.in_keyring:
                why = explain_missing_keyring() or "the keyring rejected it"
                self._talk.tell(f"This sign-in was not stored ({why}), so the next notebook will ask again.")
        return grant

    def sign_out(self) -> None:
        """Remove the stored refresh token."""
        if self._vault is not None:
            with self._vault.lock():
                self._vault.forget()

    def _store(self, grant: Grant | None) -> None:
        """Store the newest refresh token, and nothing else."""
        assert self._vault is not None
        if grant is None or not grant.refresh:
            self._vault.forget()
        else:
            self._vault.write({"refresh": grant.refresh})

    def _refresh(self, client: str, refresh: str | None) -> Grant | None:
        """Return a token for a refresh token; None if there is none or it is no longer accepted."""
        if not refresh:
            return None
        form = {"grant_type": "refresh_token", "refresh_token": refresh, "client_id": client}
        try:
            grant = self._authority.request_token(form)
        except AuthenticationError as error:
            self._why = f" ({error})"
            return None
        return grant if grant.refresh else Grant(grant.token, grant.life, refresh)

    def _sign_in(self, client: str) -> Grant:
        """Let the user sign in, and return a token for the returned code."""
        from oauthlib.oauth2 import WebApplicationClient

        oauth = WebApplicationClient(client)
        verifier, state = Secret(oauth.create_code_verifier(64)), secrets.token_urlsafe(24)
        challenge = oauth.create_code_challenge(verifier, "S256")
        SECRETS.add(verifier)
        endpoint = self._authority.endpoint(
            "authorization_endpoint", f"{self._authority.address}/connect/authorize"
        )
        with _Loopback(state) as loopback:
            place = self._authorize_url(oauth, endpoint, loopback.address, state, challenge)
            found = conceal_values(self._answer(place, loopback))
            code = _code_of(found, state)
            form = {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": loopback.address,
                "code_verifier": verifier,
                "client_id": client,
            }
            return self._authority.request_token(form)

    def _authorize_url(self, oauth: Any, endpoint: str, redirect: str, state: str, challenge: str) -> str:
        # oauthlib demands https also of this computer; which addresses are allowed is decided by Authority
        scheme, _, rest = endpoint.partition("://")
        address: str = oauth.prepare_request_uri(
            f"https://{rest}",
            redirect_uri=redirect,
            scope=SCOPE,
            state=state,
            code_challenge=challenge,
            code_challenge_method="S256",
            snrepo=self._authority.origin,
        )
        return f"{scheme}://{address.partition('://')[2]}"

    def _answer(self, place: str, loopback: _Loopback) -> dict[str, str]:
        """Return the parameters that the browser brings back."""
        if not self._link and _open(place):
            self._talk.tell(
                f"Sign in to {self._authority.origin} in the browser window that has opened. "
                f"If there is none, open this link:\n{place}"
            )
            return loopback.wait(_PATIENCE)
        self._talk.tell(
            f"Open this link and sign in to {self._authority.origin}:\n{place}\n"
            f"The browser then goes to an address that begins with {loopback.address} and may report that "
            f"it cannot be reached. Copy that whole address from the address bar and enter it below."
        )
        text = Secret(self._talk.ask_secret("Address (or the code in it): ").strip())
        query = urlsplit(text).query
        if "code=" in query or "error=" in query:
            return {name: values[0] for name, values in parse_qs(query).items()}
        if not text or "://" in text:
            raise AuthenticationError(
                "this is not the address that the browser was sent to, which contains code=…; sign in again"
            )
        return {"code": text, "state": ""}


def is_remote() -> bool:
    """Whether a browser that is opened here would not be that of the user: JupyterHub, SSH, no display."""
    signs = ("JUPYTERHUB_API_TOKEN", "JUPYTERHUB_USER", "SSH_CONNECTION", "COLAB_RELEASE_TAG", "CODESPACES")
    if any(os.environ.get(name) for name in signs):
        return True
    if sys.platform.startswith("linux"):
        return not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return False


def _open(place: str) -> bool:
    try:
        return webbrowser.open(place)
    except (webbrowser.Error, OSError):
        return False


def _code_of(found: Mapping[str, str], state: str) -> str:
    """Return the code of an answer, after its state was compared.

    Raises
    ------
    AuthenticationError
        If the authority refused, or the answer is not to our question.
    """
    code = found.get("code", "")
    SECRETS.add(code)
    # a bare code was copied by hand out of the address; PKCE alone protects it then
    if found.get("state") and not secrets.compare_digest(found["state"].encode(), state.encode()):
        raise AuthenticationError("the answer belongs to another sign-in (its state differs); sign in again")
    if found.get("error"):
        said = " ".join(filter(None, (found["error"], found.get("error_description"))))
        raise AuthenticationError(f"the authority refused the sign-in: {said[:200]}")
    if not code:
        raise AuthenticationError("the browser returned no code; sign in again")
    return code


class _Loopback:
    """A local server that waits for the browser to return with the answer of the authority."""

    def __init__(self, state: str) -> None:
        self._state = state
        self._found: dict[str, str] = {}
        self._arrived = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            timeout = 5  # browsers open connections that they may not use

            def do_GET(self) -> None:
                outer._take(self)

            def log_message(self, format: str, *args: Any) -> None:
                """Log nothing: the address contains a code."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False

    @property
    def address(self) -> str:
        """Where the browser is sent back to."""
        return f"http://127.0.0.1:{self._server.server_port}/"

    def __enter__(self) -> _Loopback:
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait(self, patience: float) -> dict[str, str]:
        """Return the parameters of the browser's request.

        Raises
        ------
        AuthenticationError
            If nobody signs in for so many seconds.
        """
        end = time.monotonic() + patience
        while not self._arrived.wait(0.2):  # so that Ctrl-C is heard
            if time.monotonic() > end:
                raise AuthenticationError(
                    f"nobody signed in within {patience:.0f} s. If the browser runs on another computer: "
                    'browser="link"'
                )
        return self._found

    def _take(self, request: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(request.path)
        found = {name: values[0] for name, values in parse_qs(parts.query).items()}
        state = found.get("state", "").encode()
        is_ours = parts.path == "/" and secrets.compare_digest(state, self._state.encode())
        if not is_ours or self._arrived.is_set():
            status, title, text = 404, "Nothing here", "This address is waiting for somebody to sign in."
        elif "error" in found or "code" not in found:
            said = found.get("error", "it gave no code")
            status, title, text = 200, "Sign-in failed", f"The authority says: {said}"
        else:
            status, title, text = 200, "Signed in", "You can close this window and go back to your notebook."
        body = _PAGE.format(title=html.escape(title), text=html.escape(text)).encode()
        request.send_response(status)
        request.send_header("Content-Type", "text/html; charset=utf-8")
        request.send_header("Content-Length", str(len(body)))
        request.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
        request.send_header("Connection", "close")
        request.end_headers()
        request.wfile.write(body)
        if is_ours and not self._arrived.is_set():
            self._found = found
            self._arrived.set()
