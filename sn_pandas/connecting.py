"""``connect``: the only place that joins the client and the embedded repository."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import re
import sqlite3
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast
from urllib.parse import SplitResult, unquote, urlsplit

from .frames import Repository
from .odata.addresses import SERVICE, normalize
from .odata.bounds import LARGEST_ANSWER
from .odata.client import Client, Retries
from .odata.errors import AuthenticationError, ConnectionFailed, QueryError, SensenetError
from .odata.http_transport import AnyTransport
from .odata.http_transport import InProcess as InProcess
from .odata.origins import canonical_url, holds_credentials
from .odata.redaction import conceal
from .odata.signin.authority import SN_AUTH, Authority, OpenClient
from .odata.signin.client_credentials import ClientCredentials
from .odata.signin.credentials import Anonymous, ApiKey, Auth, Token
from .odata.signin.tokens import RenewedToken
from .odata.signin.user import NewApiKey
from .signing_in import Credentials, choose

if TYPE_CHECKING:
    import pandas as pd

    from .embedded import Faults
    from .servers import Server

EMBEDDED = "embedded://"
_MEMORY = ":memory:"
_in_memory = itertools.count(1)


def connect(
    url: str | None = None,
    *,
    api_key: str | NewApiKey | None = None,
    token: str | Callable[[], str] | None = None,
    client_id: str | None = None,
    client_secret: str | None = None,
    authority: str | None = None,
    send_secret: Literal["body", "basic"] | None = None,
    browser: bool | Literal["link"] = False,
    login: str | bool = False,
    keep: bool | None = None,
    anonymous: bool = False,
    read_only: bool = False,
    max_requests_per_second: float | None = None,
    application: str | None = None,
    timeout: float | None = None,
    retries: Retries | None = None,
    verify: ssl.SSLContext | bool | None = None,
    max_answer: int = LARGEST_ANSWER,
    transport: AnyTransport | None = None,
    faults: Faults | None = None,
    user: str | None = None,
) -> Repository:
    """Connect to a repository and verify the authenticated user.

    Parameters
    ----------
    url : str, optional
        ``https://host`` of a server, ``embedded:///path/repo.db`` for a repository kept in one file, or
        nothing: the server of ``$SENSENET_URL`` if that is set, else an embedded repository with sample
        content in memory. Behind the host may stand what relative paths are below: ``https://host/Root/Content``.
        A name such as ``prod`` is a server of the configuration file, with all that it says there.
        Each embedded repository has an ``url`` of its own, which is the same again for the same file.
    api_key : str or NewApiKey, optional
        An API key; also what ``Repository.create_api_key`` gives.
    token : str or callable, optional
        A bearer token, or what gives the current one.
    client_id, client_secret : str, optional
        OAuth2 client credentials.
    authority : str, optional
        Where tokens come from; the repository is asked if it is not given.
    send_secret : "body" or "basic", optional
        How the client secret is sent: in the form, or as ``Authorization: Basic``. By default as the
        authority says that it takes it.
    browser : bool or "link"
        Sign in as yourself, on the login page of the authority in a browser. With ``"link"``, and where no
        browser can be opened (JupyterHub, a kernel on another computer), there is a link to open and a
        field for the address that the browser goes to afterwards.
    login : str or bool
        Sign in as yourself by sn-auth, with this login name; True asks for it. The password is asked for,
        and the second factor if there is one.
    keep : bool, optional
        Whether to keep the newest refresh token in the keyring, so that the next process need not ask. By
        default yes for ``login``, whose token all your processes have to share, and no for ``browser``.
    anonymous : bool
        Whether we mean to be the Visitor.
    read_only : bool
        Refuse everything that would change something, before it is sent.
    max_requests_per_second : float, optional
        Wait before requests, so that there are no more of them; no limit if not given.
    application : str, optional
        What uses this connection, such as ``price-report/1.2``: the server's logs show it as User-Agent.
    timeout : float, optional
        Seconds to wait for a sign of life of the server; 60 if not given.
    retries : Retries, optional
        How often and how long a request is tried again.
    verify : bool or ssl.SSLContext, optional
        As httpx has it, True if not given; proxies and certificates of the environment are used, too.
    max_answer : int
        Bytes that an answer may have, and a file that is downloaded into memory; 256 MB if not given. A page
        of rows has some hundred kilobytes, so more is a fault or an attack.
    transport : Transport or httpx.BaseTransport, optional
        What carries the requests instead of the network: a :class:`Transport`, or one of httpx.
    faults : sn_pandas.embedded.Faults, optional
        Faults that an embedded repository shows, to test against.
    user : str, optional
        As which of its users an embedded repository is opened, by login name or path; as the administrator if
        not given. The sample company has an editor (``olga.okafor``), people who edit what belongs to their
        department and read most of the rest (``hugo.horvath`` of Sales), and visitors (``anonymous=True``).

    Raises
    ------
    AuthenticationError
        If there are no credentials, or the server still treats the caller as anonymous.
    ConnectionFailed
        If there is no answer.
    NotFoundError
        If there is no sensenet at this address.

    Notes
    -----
    Without credentials, those of the environment are used: ``$SENSENET_API_KEY``, ``$SENSENET_TOKEN``,
    ``$SENSENET_CLIENT_ID`` and ``$SENSENET_CLIENT_SECRET``, ``$SENSENET_BROWSER=1`` or ``$SENSENET_LOGIN``,
    unless ``$SENSENET_URL`` names a server that is not the one of ``url``; then those that the configuration
    file names; then the API key that the keyring holds for ``sn_pandas`` and the address. Each of these
    counts as a whole: they are never mixed.

    Examples
    --------
    >>> import sn_pandas as sn
    >>> repo = sn.connect()
    >>> repo.user
    '/Root/IMS/BuiltIn/Portal/Admin'
    >>> sn.connect(user="olga.okafor").user
    '/Root/IMS/Public/olga.okafor'
    """
    api_key = conceal(api_key.value if isinstance(api_key, NewApiKey) else api_key)
    token, client_secret = conceal(token), conceal(client_secret)
    url = url or os.environ.get("SENSENET_URL") or EMBEDDED
    if not url.startswith(EMBEDDED) and holds_credentials(url):
        url = conceal(url)
        raise AuthenticationError("credentials are not allowed in the address; pass api_key=… or token=…")
    if isinstance(authority, str) and holds_credentials(authority):
        authority = conceal(authority)
        raise AuthenticationError(
            "credentials are not allowed in authority=…; pass client_id=… and client_secret=…"
        )
    server = _server(url)
    if server is not None:
        url = server.address
        read_only = read_only or server.read_only
        max_requests_per_second = max_requests_per_second or server.max_requests_per_second
        application = application or server.application
        timeout = timeout or server.timeout
        if verify is None and server.ca_file is not None:
            verify = _ssl_context(server.ca_file)
    options: dict[str, Any] = {
        "timeout": 60.0 if timeout is None else timeout,
        "retries": retries,
        "max_requests_per_second": max_requests_per_second,
        "application": application,
        "max_answer": max_answer,
    }
    if url.startswith(EMBEDDED):
        return _connect_embedded(
            url.removeprefix(EMBEDDED), anonymous, faults, user, read_only=read_only, **options
        )
    if user is not None:
        raise AuthenticationError(
            "user=… opens an embedded repository as one of its users. On a server, sign in as yourself: "
            "pass browser=True, login=…, api_key=… or token=…. Or open "
            f'sn.connect("embedded://", user={user!r}) for the sample company'
        )
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        bare = url.partition("?")[0]
        meant = re.sub(r"^\w+:/+", "", bare).strip("/") if "\\" not in bare else ""
        meant = meant if meant and " " not in meant else "repository.example.com"
        raise QueryError(
            f"{bare!r} is not the address of a repository. Addresses begin with https://, such as "
            f"https://{meant}, or are embedded:// for one in this process"
        )
    origin, base = _places(parts)
    given = {
        "api_key": api_key,
        "token": token,
        "client_id": client_id,
        "client_secret": client_secret,
        "authority": authority,
        "send_secret": send_secret,
        "browser": browser,
        "login": login,
        "keep": keep,
        "anonymous": anonymous,
    }
    options |= {"transport": transport, "verify": True if verify is None else verify}
    found = choose(origin, given, server)
    auth = _auth(origin, found, lambda address, **more: Client(address, **{**options, **more}))

    def open_client(auth: Auth) -> Client:
        return Client(origin, auth=auth, read_only=read_only, **options)

    client = open_client(auth)
    if isinstance(auth, RenewedToken):
        client.close_with(auth.close)
    anonymous = found.way == "anonymous"
    return _verify(
        Repository(
            client, anonymous=anonymous, base=base, browser=_browser, editor=_editor, opener=open_client
        )
    )


def _server(url: str) -> Server | None:
    """Return the server that the configuration file defines under a name."""
    from .servers import find_server, is_name  # on use: most connections name an address

    return find_server(url) if is_name(url) else None


def _ssl_context(ca_file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except (OSError, ssl.SSLError) as error:
        raise QueryError(f"the certificate file {ca_file} cannot be used: {error}") from error


def _issuer(origin: str, open_client: OpenClient) -> str:
    """Return the authority whose tokens a repository accepts, if it names one; explains a rejected token."""
    with contextlib.suppress(SensenetError), contextlib.closing(Authority(origin, open_client)) as named:
        if named.kind != SN_AUTH:  # the issuer of sn-auth is not an address
            return str(named.parameters.get("authority") or "")
    return ""


def _auth(origin: str, found: Credentials, open_client: OpenClient) -> Auth:
    """Return the credentials object for a way to sign in."""
    if found.way == "anonymous":
        return Anonymous()
    if found.way == "api_key":
        source = "" if found.source == "arguments" else found.source
        if source == "the keyring":
            source = f"the keyring (keyring del sn_pandas {origin} forgets it)"
        return ApiKey(cast("str", found.secret), source)
    if found.way == "token":
        return Token(cast("str", found.secret), lambda: _issuer(origin, open_client))
    if found.way == "client":
        return ClientCredentials(
            Authority(origin, open_client, found.authority),
            found.client_id,
            cast("str", found.secret),
            send_secret=found.send_secret,
        )
    from .odata.signin.conversation import Keyboard  # on use: the rest asks somebody

    if found.way == "browser":
        from .odata.signin.browser import Browser

        adminui = Authority(origin, open_client, found.authority, client_type="adminui")
        return Browser(adminui, Keyboard(), keep=bool(found.keep), link=found.link, client_id=found.client_id)
    from .odata.signin.sn_auth import SnAuth, SnAuthority

    return SnAuth(
        SnAuthority(origin, open_client, found.authority),
        found.login,
        Keyboard(),
        keep=found.keep is not False,
    )


def _places(parts: SplitResult) -> tuple[str, str]:
    """Return the address of the server, including the path prefix of a proxy, and the path after it."""
    path = unquote(parts.path).rstrip("/")
    lower = path.lower()
    at = lower.find(SERVICE)
    if at < 0:
        at = f"{lower}/".find("/root/")
    prefix, base = (path, "") if at < 0 else (path[:at], path[at:])
    if base.lower().startswith(SERVICE):
        base = base[len(SERVICE) :]
    return canonical_url(f"{parts.scheme}://{parts.netloc}{prefix}"), str(normalize(base or "/Root"))


def _connect_embedded(
    path: str, anonymous: bool, faults: Faults | None, user: str | None, **options: Any
) -> Repository:
    from .embedded import Application, UnknownUserError, UnusableFileError

    if user is not None and not isinstance(user, str):
        raise AuthenticationError(f"user={user!r}: pass a login name, such as 'olga.okafor', or a path")
    if anonymous and user is not None:
        raise AuthenticationError("pass user=… or anonymous=True, not both")
    try:
        application = Application(path or _MEMORY)
    except UnusableFileError as error:
        raise ConnectionFailed(f"The file {path} cannot be opened as a repository: {error}.") from error
    except (OSError, sqlite3.Error) as error:
        raise ConnectionFailed(
            f"the file {path} cannot be opened as a repository: {error}; its folder must exist, and the file "
            "must be new or have been created by embedded://"
        ) from error
    try:
        key = application.api_key if user is None else application.key_of(user)
    except UnknownUserError as error:
        application.close()
        raise AuthenticationError(str(error)) from error
    auth = Anonymous() if anonymous else ApiKey(key)
    app = faults.around(application) if faults else application
    origin = _origin(path)

    def open_client(auth: Auth) -> Client:
        return Client(origin, auth=auth, transport=InProcess(app), **options)

    client = open_client(auth)
    client.close_with(application.close)
    return _verify(
        Repository(client, anonymous=anonymous, browser=_browser, editor=_editor, opener=open_client)
    )


def is_embedded(origin: str) -> bool:
    """Return whether an address is that of a repository inside a process, which only this process can open.

    Examples
    --------
    >>> is_embedded("http://embedded-2"), is_embedded("https://repo.example")
    (True, False)
    """
    return re.fullmatch(r"http://embedded(-[a-z0-9-]+)?", origin) is not None


def _origin(path: str) -> str:
    """Return the address of an embedded repository, one of its own: the same again for the same file."""
    if path in ("", _MEMORY):
        number = next(_in_memory)
        return "http://embedded" if number == 1 else f"http://embedded-{number}"
    file = Path(path).resolve()
    name = re.sub(r"[^a-z0-9]+", "-", file.stem.lower()).strip("-")
    return f"http://embedded-{name or 'file'}-{hashlib.sha256(bytes(file)).hexdigest()[:6]}"


def _browser(repo: Repository, path: str | int, **options: Any) -> Any:
    from .widgets import TreeBrowser  # on use: frames know no widgets, and widgets take long to load

    return TreeBrowser(repo, path, **options)


def _editor(frame: pd.DataFrame, **options: Any) -> Any:
    from .widgets import EditGrid

    return EditGrid(frame, **options)


def _verify(repo: Repository) -> Repository:
    try:
        repo.user  # noqa: B018 - asks the server for the authenticated user, which may raise
    except BaseException:
        repo.close()
        raise
    return repo
