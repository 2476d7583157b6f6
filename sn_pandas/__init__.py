"""A sensenet content repository as typed DataFrames in a notebook.

>>> import sn_pandas as sn
>>> repo = sn.connect()
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import attaching as attaching  # gives every frame .sn
from .odata.contentqueries import Q
from .odata.errors import (
    AddressTooLongError,
    AlreadyExistsError,
    AnswerError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ConnectionFailed,
    ForbiddenError,
    IncompleteWarning,
    InterceptedError,
    InvalidContentError,
    JournalError,
    LockedError,
    NotFoundError,
    OutOfDateError,
    PlanError,
    QueryError,
    ReadOnlyError,
    RefusedError,
    SaveError,
    SaveWarning,
    SensenetError,
    SensenetWarning,
    ServerError,
    TrackingError,
    UnavailableError,
)
from .odata.filters import F, isof
from .odata.query import Query
from .odata.refs import Ref, ref
from .words import has_phrase, has_words

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from .applying import apply
    from .connecting import connect
    from .frames.accessor.accessor import Accessor
    from .frames.accessor.excel import read_excel
    from .frames.plots.plots import Plots
    from .frames.repository import Repository
    from .frames.writes.comparing import Conflict
    from .frames.writes.journal import Journal
    from .frames.writes.plan_files import Plan
    from .frames.writes.report import Report
    from .odata.contentqueries import Clause
    from .odata.fields import ContentType, Field, Option
    from .odata.filters import Filter
    from .odata.messages import Transport
    from .odata.retrying import Retries
    from .odata.schema import Schema
    from .odata.signin.user import NewApiKey, User
    from .rebasing import rebase
    from .recovering import journals, resume, undo
    from .widgets.grid.widget import EditGrid
    from .widgets.tree import TreeBrowser

__all__ = [
    "Accessor",
    "AddressTooLongError",
    "AlreadyExistsError",
    "AnswerError",
    "AuthenticationError",
    "BadRequestError",
    "Clause",
    "Conflict",
    "ConflictError",
    "ConnectionFailed",
    "ContentType",
    "EditGrid",
    "F",
    "Field",
    "Filter",
    "ForbiddenError",
    "IncompleteWarning",
    "InterceptedError",
    "InvalidContentError",
    "Journal",
    "JournalError",
    "LockedError",
    "NewApiKey",
    "NotFoundError",
    "Option",
    "OutOfDateError",
    "Plan",
    "PlanError",
    "Plots",
    "Q",
    "Query",
    "QueryError",
    "ReadOnlyError",
    "Ref",
    "RefusedError",
    "Report",
    "Repository",
    "Retries",
    "SaveError",
    "SaveWarning",
    "Schema",
    "SensenetError",
    "SensenetWarning",
    "ServerError",
    "TrackingError",
    "Transport",
    "TreeBrowser",
    "UnavailableError",
    "User",
    "apply",
    "connect",
    "has_phrase",
    "has_words",
    "isof",
    "journals",
    "read_excel",
    "rebase",
    "ref",
    "resume",
    "undo",
]

# Where names are that are loaded on use, so that %load_ext takes no longer than it must.
_ON_USE = {
    "apply": "applying",
    "connect": "connecting",
    "Accessor": "frames.accessor.accessor",
    "Clause": "odata.contentqueries",
    "Conflict": "frames.writes.comparing",
    "Filter": "odata.filters",
    "Journal": "frames.writes.journal",
    "Plan": "frames.writes.plan_files",
    "Plots": "frames.plots.plots",
    "Report": "frames.writes.report",
    "Repository": "frames.repository",
    "Retries": "odata.retrying",
    "Schema": "odata.schema",
    "Transport": "odata.messages",
    "EditGrid": "widgets.grid.widget",
    "TreeBrowser": "widgets.tree",
    **dict.fromkeys(["ContentType", "Field", "Option"], "odata.fields"),
    **dict.fromkeys(["NewApiKey", "User"], "odata.signin.user"),
    **dict.fromkeys(["journals", "resume", "undo"], "recovering"),
    "read_excel": "frames.accessor.excel",
    "rebase": "rebasing",
}


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Register ``%sensenet`` and ``%%sensenet``; called by ``%load_ext sn_pandas``."""
    from .notebook.magic import load

    load(shell)


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Remove the magics and everything that they installed; called by ``%unload_ext sn_pandas``."""
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
