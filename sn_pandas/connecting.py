"""``connect``: the only place that joins the client and the embedded repository."""

from __future__ import annotations

import hashlib
import itertools
import os
import re
import sqlite3
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import SplitResult, unquote, urlsplit

import httpx

from .frames import Repository
from .odata.addresses import SERVICE, normalize
from .odata.auth import Anonymous, ApiKey, Auth, Token
from .odata.errors import AuthenticationError, ConnectionFailed, QueryError
from .odata.oauth import ClientCredentials
from .odata.transport import Client, Retries

if TYPE_CHECKING:
    from .embedded import Faults

EMBEDDED = "embedded://"
_MEMORY = ":memory:"
_in_memory = itertools.count(1)


def connect(
    url: str | None = None,
    *,
    api_key: str | None = None,
    token: str | Callable[[], str] | None = None,
    client_id: str | None = None,
    client_secret: str | None = None,
    authority: str | None = None,
    anonymous: bool = False,
    timeout: float = 60.0,
    retries: Retries | None = None,
    verify: ssl.SSLContext | bool = True,
    transport: httpx.BaseTransport | None = None,
    faults: Faults | None = None,
) -> Repository:
    """Connect to a repository and make sure that it knows us.

    Parameters
    ----------
    url : str, optional
        ``https://host`` of a server, ``embedded:///path/repo.db`` for a repository kept in one file, or
        nothing: the server of ``$SENSENET_URL`` if that is set, else an embedded repository with sample
        content in memory. Behind the host may stand what relative paths are below: ``https://host/Root/Content``.
        Each embedded repository has an ``url`` of its own, which is the same again for the same file.
    api_key : str, optional
        An API key.
    token : str or callable, optional
        A bearer token, or what gives the current one.
    client_id, client_secret : str, optional
        OAuth2 client credentials.
    authority : str, optional
        Where tokens for client credentials come from; the repository is asked if it is not given.
    anonymous : bool
        Whether we mean to be the Visitor.
    timeout : float
        Seconds to wait for a sign of life of the server.
    retries : Retries, optional
        How often and how long a request is tried again.
    verify : bool or ssl.SSLContext
        As httpx has it; proxies and certificates of the environment are used, too.
    transport : httpx.BaseTransport, optional
        What carries the requests instead of the network.
    faults : sn_pandas.embedded.Faults, optional
        Faults that an embedded repository shows, to test against.

    Without credentials, those of the environment are used: ``$SENSENET_API_KEY``, ``$SENSENET_TOKEN``, or
    ``$SENSENET_CLIENT_ID`` and ``$SENSENET_CLIENT_SECRET``, unless ``$SENSENET_URL`` names a server that
    is not the one of ``url``; then the API key that the keyring holds for ``sn_pandas`` and the address.

    Raises
    ------
    AuthenticationError
        If there are no credentials, or the server takes us for the Visitor all the same.
    ConnectionFailed
        If there is no answer.

    Examples
    --------
    >>> import sn_pandas as sn
    >>> repo = sn.connect()
    >>> repo.user
    '/Root/IMS/BuiltIn/Portal/Admin'
    """
    url = url or os.environ.get("SENSENET_URL") or EMBEDDED
    if url.startswith(EMBEDDED):
        return _embedded(url.removeprefix(EMBEDDED), anonymous, faults)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        bare = url.partition("?")[0].rpartition("@")[2]  # without credentials
        meant = bare if "://" not in bare else "host"
        raise QueryError(
            f"{bare!r} is no address of a repository: it begins with https://, such as https://{meant}, "
            "or is embedded:// for one in this process"
        )
    if "@" in parts.netloc or "apikey" in parts.query.lower():
        raise AuthenticationError("credentials have no place in the address; pass api_key=… or token=…")
    origin, base = _places(parts)
    given: dict[str, Any] = {"api_key": api_key, "token": token, "client_secret": client_secret}
    if sum(value is not None for value in given.values()) + anonymous > 1:
        raise AuthenticationError("pass one kind of credentials: api_key, token, client_secret or anonymous")
    found = given if anonymous or any(v is not None for v in given.values()) else _found(parts, origin)
    auth: Auth
    if found.get("client_secret") is not None:
        http = httpx.Client(transport=transport, timeout=timeout, verify=verify)
        client_id = client_id or found.get("client_id")
        auth = ClientCredentials(origin, client_id, found["client_secret"], authority, http)
    elif found.get("token") is not None:
        auth = Token(found["token"])
    elif found.get("api_key") is not None:
        auth = ApiKey(found["api_key"])
    elif anonymous:
        auth = Anonymous()
    else:
        raise AuthenticationError(
            "no credentials: pass api_key=…, token=… or client_id=… with client_secret=…, "
            "set $SENSENET_API_KEY or $SENSENET_TOKEN, or say anonymous=True"
        )
    client = Client(origin, auth=auth, timeout=timeout, retries=retries, verify=verify, transport=transport)
    if isinstance(auth, ClientCredentials):
        client.closing(auth.close)
    return _verified(Repository(client, anonymous=anonymous, base=base, browser=_browser))


def _places(parts: SplitResult) -> tuple[str, str]:
    """Give the address of the server, with what a proxy has put before, and the path behind it."""
    path = unquote(parts.path).rstrip("/")
    lower = path.lower()
    at = lower.find(SERVICE)
    if at < 0:
        at = f"{lower}/".find("/root/")
    prefix, base = (path, "") if at < 0 else (path[:at], path[at:])
    if base.lower().startswith(SERVICE):
        base = base[len(SERVICE) :]
    return f"{parts.scheme}://{parts.netloc}{prefix}", str(normalize(base or "/Root"))


def _found(parts: SplitResult, origin: str) -> dict[str, Any]:
    """Look for credentials in the environment and the keyring; never those of another server."""
    home = urlsplit(os.environ.get("SENSENET_URL") or origin)
    if (home.scheme, home.netloc) == (parts.scheme, parts.netloc):
        names = ("api_key", "token", "client_id", "client_secret")
        found = {name: os.environ.get(f"SENSENET_{name.upper()}") for name in names}
        if any(value for name, value in found.items() if name != "client_id"):
            return {name: value or None for name, value in found.items()}
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return {}
    try:
        return {"api_key": keyring.get_password("sn_pandas", origin)}
    except KeyringError:
        return {}


def _embedded(path: str, anonymous: bool, faults: Faults | None) -> Repository:
    from .embedded import Application

    try:
        application = Application(path or _MEMORY)
    except (OSError, sqlite3.Error) as error:
        raise ConnectionFailed(
            f"the file {path} cannot be opened as a repository: {error}; its folder has to exist, "
            "and the file to be one that was made by embedded:// or not to be there yet"
        ) from error
    auth = Anonymous() if anonymous else ApiKey(application.api_key)
    app = faults.around(application) if faults else application
    client = Client(_origin(path), auth=auth, transport=InProcess(app))
    client.closing(application.close)
    return _verified(Repository(client, anonymous=anonymous, browser=_browser))


def _origin(path: str) -> str:
    """Give an embedded repository an address of its own: the same again for the same file."""
    if path in ("", _MEMORY):
        number = next(_in_memory)
        return "http://embedded" if number == 1 else f"http://embedded-{number}"
    file = Path(path).resolve()
    name = re.sub(r"[^a-z0-9]+", "-", file.stem.lower()).strip("-")
    return f"http://embedded-{name or 'file'}-{hashlib.sha256(bytes(file)).hexdigest()[:6]}"


class InProcess(httpx.WSGITransport):
    """Calls a repository in this process; a connection that it breaks looks as one of the network does."""

    def __init__(self, app: Any) -> None:
        super().__init__(app=app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Have the repository answer a request, body and all."""
        try:
            answer = super().handle_request(request)
            body = answer.read()
        except ConnectionError as error:
            raise httpx.ReadError(str(error), request=request) from error
        return httpx.Response(answer.status_code, headers=answer.headers, content=body, request=request)


def _browser(repo: Repository, path: str | int, **options: Any) -> Any:
    from .widgets import TreeBrowser  # on use: frames know no widgets, and widgets take long to load

    return TreeBrowser(repo, path, **options)


def _verified(repo: Repository) -> Repository:
    try:
        repo.user  # noqa: B018 - asks the server who we are, which may raise
    except BaseException:
        repo.close()
        raise
    return repo
