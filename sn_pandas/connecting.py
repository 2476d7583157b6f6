"""``connect``: the only place that joins the client and the embedded repository."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from .frames import Repository
from .odata.auth import Anonymous, ApiKey, Auth, Token
from .odata.errors import AuthenticationError, QueryError
from .odata.transport import Client, Retries

if TYPE_CHECKING:
    from .embedded import Faults

EMBEDDED = "embedded://"


def connect(
    url: str | None = None,
    *,
    api_key: str | None = None,
    token: str | Callable[[], str] | None = None,
    anonymous: bool = False,
    timeout: float = 60.0,
    retries: Retries | None = None,
    verify: Any = True,
    transport: httpx.BaseTransport | None = None,
    faults: Faults | None = None,
) -> Repository:
    """Connect to a repository and make sure that it knows us.

    Parameters
    ----------
    url : str, optional
        ``https://host`` of a server, ``embedded:///path/repo.db`` for a repository kept in one file, or
        nothing: the server of ``$SENSENET_URL`` if that is set, else an embedded repository with sample
        content in memory.
    api_key : str, optional
        An API key; ``$SENSENET_API_KEY`` if not given.
    token : str or callable, optional
        A bearer token, or what gives the current one; ``$SENSENET_TOKEN`` if not given.
    anonymous : bool
        Whether we mean to be the Visitor.
    faults : sn_pandas.embedded.Faults, optional
        Faults that an embedded repository shows, to test against.

    Raises
    ------
    AuthenticationError
        If the server takes us for somebody else than we meant to be.
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
        raise QueryError(
            f"{parts.scheme}://{parts.hostname or ''} is no address of a repository: it begins with https://"
        )
    auth = _auth(api_key, token, anonymous)
    origin = f"{parts.scheme}://{parts.hostname}{f':{parts.port}' if parts.port else ''}"
    client = Client(origin, auth=auth, timeout=timeout, retries=retries, verify=verify, transport=transport)
    return _verified(Repository(client, anonymous=anonymous))


def _auth(api_key: str | None, token: str | Callable[[], str] | None, anonymous: bool) -> Auth:
    if anonymous:
        return Anonymous()
    if token is None and api_key is None:
        api_key, token = os.environ.get("SENSENET_API_KEY"), os.environ.get("SENSENET_TOKEN")
    if token is not None:
        return Token(token)
    if api_key is not None:
        return ApiKey(api_key)
    raise AuthenticationError(
        "no credentials: pass api_key=… or token=…, set $SENSENET_API_KEY or $SENSENET_TOKEN, or say anonymous=True"
    )


def _embedded(path: str, anonymous: bool, faults: Faults | None) -> Repository:
    from .embedded import Application

    application = Application(path or ":memory:")
    auth = Anonymous() if anonymous else ApiKey(application.api_key)
    app = faults.around(application) if faults else application
    client = Client("http://embedded", auth=auth, transport=InProcess(app))
    client.closing(application.close)
    return _verified(Repository(client, anonymous=anonymous))


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


def _verified(repo: Repository) -> Repository:
    try:
        repo.user  # noqa: B018 - asks the server who we are, which may raise
    except BaseException:
        repo.close()
        raise
    return repo
