"""How tests connect to a fake server."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import sn_pandas as sn
from sn_pandas.testing import EDITOR, QUICK

if TYPE_CHECKING:
    from .server import FakeServer

ORIGIN = "https://repo.example"
_CREDENTIALS = {"api_key", "token", "client_id", "client_secret", "browser", "login", "anonymous"}


def connect(
    server: FakeServer, user: str | None = None, url: str = ORIGIN, **options: Any
) -> sn.frames.Repository:
    """Connect as administrator, as another user, or with the credentials that are given.

    Parameters
    ----------
    server : FakeServer
        The server.
    user : str, optional
        Who connects, by name; the administrator if not given.
    url : str
        The address; the server answers for each host that it has no other answer for.
    **options
        As for ``sn.connect``.
    """
    if not _CREDENTIALS & options.keys():
        options["api_key"] = server.key_of(user)
    if "127.0.0.1" not in url:
        options.setdefault("transport", server)
    options.setdefault("retries", QUICK)
    return sn.connect(url, **options)


def open_sample(**options: Any) -> sn.frames.Repository:
    """Open a sample company of its own as its editor, or as another ``user=…``."""
    return sn.connect("embedded://", **{"user": EDITOR, **options})


@contextlib.contextmanager
def open_sample_as_two() -> Iterator[tuple[sn.frames.Repository, sn.frames.Repository]]:
    """Open a sample company as its administrator, who sets something up, and as its editor, who is tested."""
    from .server import FakeServer

    server = FakeServer()
    try:
        with server.connect(user="Admin") as admin, server.connect() as editor:
            yield admin, editor
    finally:
        server.end()
