"""Helpers for tests of code that uses sn_pandas: an embedded server, faults, and a log of requests.

With pytest, `EmbeddedServer` comes as the fixture ``sensenet_server``; ``pytest --fixtures`` lists them all.
Importing this package does not need pytest.
"""

from __future__ import annotations

from ..embedded import Faults, populate
from ..embedded.faults import Rule
from ..embedded.http.request_log import LoggedRequest, RequestLog
from .server import EDITOR, QUICK, EmbeddedServer
from .users import add_user

__all__ = [
    "EDITOR",
    "QUICK",
    "EmbeddedServer",
    "Faults",
    "LoggedRequest",
    "RequestLog",
    "Rule",
    "add_user",
    "populate",
]
