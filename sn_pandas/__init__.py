"""A sensenet content repository as typed DataFrames in a notebook.

>>> import sn_pandas as sn
>>> repo = sn.connect()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import attaching as attaching  # gives every frame .sn
from .odata.contentqueries import Q
from .odata.errors import (
    AlreadyExistsError,
    AnswerError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ConnectionFailed,
    ForbiddenError,
    IncompleteWarning,
    InvalidContentError,
    JournalError,
    LockedError,
    NotFoundError,
    OutOfDateError,
    QueryError,
    RefusedError,
    SaveError,
    SaveWarning,
    SensenetError,
    ServerError,
    TrackingError,
    UnavailableError,
)
from .odata.filters import F, isof
from .odata.query import Query

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .connecting import connect
    from .frames.writes.comparing import Conflict
    from .frames.writes.report import Report
    from .odata.retrying import Retries
    from .rebasing import rebase
    from .recovering import journals, resume, undo

__all__ = [
    "AlreadyExistsError",
    "AnswerError",
    "AuthenticationError",
    "BadRequestError",
    "Conflict",
    "ConflictError",
    "ConnectionFailed",
    "F",
    "ForbiddenError",
    "IncompleteWarning",
    "InvalidContentError",
    "JournalError",
    "LockedError",
    "NotFoundError",
    "OutOfDateError",
    "Q",
    "Query",
    "QueryError",
    "RefusedError",
    "Report",
    "Retries",
    "SaveError",
    "SaveWarning",
    "SensenetError",
    "ServerError",
    "TrackingError",
    "UnavailableError",
    "connect",
    "isof",
    "journals",
    "rebase",
    "resume",
    "undo",
]

# Where names are that are loaded on use, so that %load_ext takes no longer than it must.
_ON_USE = {
    "connect": "connecting",
    "Retries": "odata.retrying",
    "Conflict": "frames.writes.comparing",
    "Report": "frames.writes.report",
    **dict.fromkeys(["journals", "resume", "undo"], "recovering"),
    "rebase": "rebasing",
}


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Make ``%sensenet`` and ``%%sensenet`` known: what ``%load_ext sn_pandas`` calls."""
    from .notebook.magic import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Leave nothing behind: what ``%unload_ext sn_pandas`` calls."""
    from .notebook.magic import unload

    unload(shell)


if not TYPE_CHECKING:

    def __getattr__(name: str) -> Any:
        if name == "__version__":
            from importlib.metadata import version

            return version(__name__)
        if name not in _ON_USE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(f".{_ON_USE[name]}", __name__), name)
        return value

    def __dir__() -> list[str]:
        return [*__all__, "__version__", "embedded"]
