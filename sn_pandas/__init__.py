"""A sensenet content repository as typed DataFrames in a notebook.

>>> import sn_pandas as sn
>>> repo = sn.connect()
"""

from __future__ import annotations

from .connecting import connect
from .odata.errors import (
    AlreadyExistsError,
    AnswerError,
    AuthenticationError,
    BadRequestError,
    ConflictError,
    ConnectionFailed,
    ForbiddenError,
    InvalidContentError,
    LockedError,
    NotFoundError,
    OutOfDateError,
    QueryError,
    RefusedError,
    SaveError,
    SensenetError,
    ServerError,
    TrackingError,
    UnavailableError,
)
from .odata.query import Query

__all__ = [
    "AlreadyExistsError",
    "AnswerError",
    "AuthenticationError",
    "BadRequestError",
    "ConflictError",
    "ConnectionFailed",
    "ForbiddenError",
    "InvalidContentError",
    "LockedError",
    "NotFoundError",
    "OutOfDateError",
    "Query",
    "QueryError",
    "RefusedError",
    "SaveError",
    "SensenetError",
    "ServerError",
    "TrackingError",
    "UnavailableError",
    "connect",
]
