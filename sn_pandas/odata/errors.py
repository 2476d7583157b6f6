"""One tree of errors; each is also the built-in that fits it.

::

    SensenetError
    ├── QueryError (ValueError)                 a query that cannot mean what it says, found before sending
    │   └── UnknownOptionError                  a condition names an option that a choice does not offer
    ├── ConnectionFailed (ConnectionError)      no answer: refused, reset, timed out, not a sensenet
    │   └── NoAnswer                            the same, of one request; ``sent``: the server may have got it
    ├── AuthenticationError (PermissionError)   the server does not know us as whom we meant to be
    ├── AnswerError                             no answer of a sensenet: an HTML page, a redirect, cut JSON
    │   └── BrokenAnswer                        the same, cut on its way
    ├── ServerError                             the server's refusal: status, code, exceptiontype, its words
    │   ├── BadRequestError (ValueError)        400
    │   │   ├── InvalidContentError             a field value was refused
    │   │   ├── OutOfDateError                  somebody saved the same content at the same moment
    │   │   └── AddressTooLongError             the web server takes shorter addresses only
    │   ├── ForbiddenError (PermissionError)    403, and the 500s that mean missing permission
    │   │   └── AlreadyExistsError              a sibling has this name
    │   ├── LockedError (PermissionError)       checked out by someone else, or an upload is unfinished
    │   ├── NotFoundError (KeyError)            missing or invisible
    │   ├── InterceptedError (AnswerError)      somebody before the server refused it: a firewall, a proxy
    │   └── UnavailableError                    429, 502, 503, 504, a 500 of a proxy: try again later
    ├── ReadOnlyError (PermissionError)         a write on a connection that is read-only; nothing was sent
    ├── TrackingError (ValueError)              a frame whose rows cannot be matched to contents
    ├── JournalError (OSError)                  a journal that cannot be read, or is not one
    ├── PlanError (ValueError)                  a plan that cannot be made, was changed, or belongs elsewhere
    └── SaveError                               a save that did not do all it was asked; carries the report
        ├── RefusedError (ValueError)           nothing was sent: the schema refuses a cell
        └── ConflictError                       nothing was sent: somebody changed the same cells
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal

from .escaping import escape_controls
from .tracebacks import render

if TYPE_CHECKING:
    from typing import Any


class SensenetError(Exception):
    """Base of every error of this package."""

    def __str__(self) -> str:  # KeyError would show its message in quotes
        return escape_controls(self.args[0]) if self.args else ""

    def _render_traceback_(self) -> list[str]:
        """Return what IPython shows: the message, the caller's own lines and the notes."""
        return render(self)


class QueryError(SensenetError, ValueError):
    """A query that is ambiguous or invalid; raised before sending, or once its types are known."""

    @classmethod
    def unknown_field(cls, name: str, fields: Iterable[str], of: str = "no content type has") -> QueryError:
        """Return the error for an unknown field, with a suggestion."""
        return cls(unknown_field(name, fields, of))


class UnknownOptionError(QueryError):
    """A condition on a choice with an option that no known type has."""


class ConnectionFailed(SensenetError, ConnectionError):  # noqa: N818 - reads as what happened
    """No answer from the server: refused, reset, timed out."""


class AuthenticationError(SensenetError, PermissionError):
    """Authentication failed, or the server treats the caller as somebody else."""


class AnswerError(SensenetError):
    """An answer that is not one of a sensenet server: an HTML page, JSON that was cut."""


class NoAnswer(ConnectionFailed):
    """A request that got no answer.

    Attributes
    ----------
    sent : bool
        Whether the server may have got it.
    lasting : bool
        Whether another try cannot help: a certificate that is not accepted, a proxy that wants a password.
    """

    def __init__(self, message: str, *, sent: bool, lasting: bool = False) -> None:
        super().__init__(message)
        self.sent = sent
        self.lasting = lasting


class BrokenAnswer(AnswerError):  # noqa: N818 - reads as what happened
    """An answer that was cut on its way."""


class ReadOnlyError(SensenetError, PermissionError):
    """A write on a read-only connection; nothing was sent."""


class TrackingError(SensenetError, ValueError):
    """A frame whose rows cannot be matched to contents."""


Doubt = Literal["", "open", "unasked", "settled"]


class ServerError(SensenetError):
    """The server refused a request.

    Attributes
    ----------
    status : int
        The HTTP status.
    code, exceptiontype : str
        ``error.code`` and ``error.exceptiontype`` of the answer, empty where it had none.
    reason : str
        The server's own words.
    doubt : {"", "open", "unasked", "settled"}
        Whether it was asked if the refusal was one to the caller: ``"settled"`` if it was, ``"open"`` if
        that is left to who sent the request (see ``Guard.leave_doubt``), ``"unasked"`` if it is, and the
        request must not be sent again.
    """

    doubt: Doubt = ""

    def __init__(
        self, message: str, *, status: int = 0, code: str = "", exceptiontype: str = "", reason: str = ""
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.exceptiontype = exceptiontype
        self.reason = reason


class BadRequestError(ServerError, ValueError):
    """The server rejected the request as invalid (400)."""


class InvalidContentError(BadRequestError):
    """The server refused the value of a field."""


class OutOfDateError(BadRequestError):
    """Somebody else saved the same content at the same moment."""


class ForbiddenError(ServerError, PermissionError):
    """A permission is missing."""


class AlreadyExistsError(ForbiddenError, FileExistsError):
    """A content of this name exists already."""


class LockedError(ServerError, PermissionError):
    """The content is checked out by someone else, or an upload is unfinished."""


class NotFoundError(ServerError, KeyError):
    """The content is missing, or we may not see it."""


class InterceptedError(AnswerError, ServerError):
    """A component before the server rejected a request: a firewall, a proxy, another web server."""


class AddressTooLongError(BadRequestError):
    """The web server, or a component before it, only accepts shorter addresses."""


class UnavailableError(ServerError):
    """The server, or a proxy before it, is temporarily unavailable."""

    def __init__(self, message: str, *, retry_after: float | None = None, **facts: Any) -> None:
        super().__init__(message, **facts)
        self.retry_after = retry_after


class JournalError(SensenetError, OSError):
    """A journal that cannot be read or continued."""


class PlanError(SensenetError, ValueError):
    """A plan that cannot be made or applied: changed, not approved, or made for another repository."""


class SaveError(SensenetError):
    """A save that is incomplete; ``report`` has the outcome of each row."""

    def __init__(self, message: str, report: Any = None) -> None:
        super().__init__(message)
        self.report = report


class RefusedError(SaveError, ValueError):
    """Nothing was sent, because the schema does not allow some values; ``report`` lists them."""


class ConflictError(SaveError):
    """Nothing was sent, because somebody else changed the same cells; ``report`` lists them."""


class SensenetWarning(UserWarning):
    """Base of the warnings of this package."""

    def __str__(self) -> str:
        return escape_controls(self.args[0]) if self.args else ""


class SaveWarning(SensenetWarning):
    """A save that had to guess the intention, or that leaves out a column."""


class IncompleteWarning(SensenetWarning):
    """A read that is incomplete, or whose rows changed while it ran."""


#: Why there is nothing at a place.
MISSING = "there is no such content, or you may not see it"


def unknown(
    what: str, name: object, candidates: Iterable[object], *, where: str = "", list_all: bool = False
) -> str:
    """Return a message for a name that does not exist, with a similar one.

    Parameters
    ----------
    what : str
        What does not exist, such as ``content type``.
    candidates : iterable
        The names that exist.
    where : str
        Where it was looked for, after the name.
    list_all : bool
        Whether to list them if none is close.

    Examples
    --------
    >>> unknown("content type", "Tsk", ["Task", "File"])
    "there is no content type 'Tsk'. Did you mean Task?"
    >>> unknown("option", "x", ["top"], list_all=True)
    "there is no option 'x'. Available: top"
    """
    hint = alternatives if list_all else did_you_mean
    return f"there is no {what} {name!r}{where}.{hint(name, candidates)}"


def unknown_field(name: str, fields: Iterable[str], of: str = "no content type has") -> str:
    """Return a message for a name that no field has, with a similar one.

    Examples
    --------
    >>> unknown_field("DueDat", ["DueDate"])
    "no content type has a field 'DueDat'. Did you mean DueDate?"
    """
    return f"{of} a field {name!r}.{did_you_mean(name, fields)}"


def alternatives(name: object, candidates: Iterable[object]) -> str:
    """Return a hint for a misspelt name, or all names if none is similar; empty if there are none.

    Examples
    --------
    >>> alternatives("x", ["top", "skip"])
    ' Available: top, skip'
    """
    names = [str(one) for one in candidates]
    return did_you_mean(name, names) or (f" Available: {', '.join(names)}" if names else "")


def did_you_mean(name: object, candidates: Iterable[object], before: str = "", after: str = "") -> str:
    """Return a hint for a misspelt name, or nothing.

    Parameters
    ----------
    before, after : str, optional
        What stands around the name in the hint, such as the rest of a path.

    Examples
    --------
    >>> did_you_mean("DueDat", ["DueDate", "Name"])
    ' Did you mean DueDate?'
    """
    name = str(name)
    names = {str(one).lower(): str(one) for one in candidates}
    composed = unicodedata.normalize("NFC", name)
    for other in () if name.isascii() else names.values():
        if other != name and unicodedata.normalize("NFC", other) == composed:
            meant = before + other + after
            return f" Did you mean {meant!a}? It has the same letters in another Unicode form."
    close = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.7)
    return f" Did you mean {before}{names[close[0]]}{after}?" if close else ""


_BY_CODE: dict[str, type[ServerError]] = {
    "ContentAlreadyExists": AlreadyExistsError,
    "CheckedOutToSomeoneElse": LockedError,
    "MultistepSaveInProgress": LockedError,
    "NotEnoughPermissions": ForbiddenError,
    "ResourceNotFound": NotFoundError,
}
_BY_EXCEPTION: dict[str, type[ServerError]] = {
    "InvalidContentException": InvalidContentError,
    "NodeIsOutOfDateException": OutOfDateError,
    "SenseNetSecurityException": ForbiddenError,
    "AccessDeniedException": ForbiddenError,
}
_BY_STATUS: dict[int, type[ServerError]] = {
    400: BadRequestError,
    403: ForbiddenError,
    404: NotFoundError,
    414: BadRequestError,
}
_BY_WORDS: dict[str, type[ServerError]] = {
    "You do not have enough permissions": ForbiddenError,
    "Invalid property access attempt on a See-only node": ForbiddenError,
}


def server_error(what: str, status: int, code: str, exceptiontype: str, reason: str) -> ServerError:
    """Create the error for the server's answer to the request ``what``."""
    kind = (
        _BY_CODE.get(code)
        or _BY_EXCEPTION.get(exceptiontype)
        or next((k for words, k in _BY_WORDS.items() if words in reason), None)
        or _BY_STATUS.get(status, ServerError)
    )
    said = f": {reason}" if reason else f" ({code})" if code and code != "NotSpecified" else ""
    message = f"{what} failed with {status}{said}"
    if kind is NotFoundError and not reason:
        message = f"{what}: {MISSING}"
    elif kind is OutOfDateError:
        message = f"{what}: somebody else saved the same content at the same time"
    return kind(message, status=status, code=code, exceptiontype=exceptiontype, reason=reason)
