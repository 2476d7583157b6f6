"""Which answers look like those that an anonymous caller gets.

To the built-in Visitor a sensenet server shows less, with status 200: empty lists, 0, a schema without
types, and contents of which he may only know that they are there, with null in all but a few fields. What
he may not do is refused with 403 or 404. Each of these may also be true for the caller; so they are only
doubtful.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from ..errors import AlreadyExistsError, ForbiddenError, InterceptedError, NotFoundError, SensenetError
from ..messages import Response

#: The cookie in which a server repeats the token of the caller; it is empty for everybody else.
COOKIE = ".sn.auth"
#: The fields that are shown of a content that the caller may only see (wire rule V2).
HEAD_FIELDS = frozenset(
    "Id Name Path Type TypeIs InTree InFolder Index Icon CreatedBy ModifiedBy CreationDate ModificationDate "
    "VersionCreationDate VersionModificationDate".split()
)
#: A row of a list is doubtful if at least so many fields are null; with fewer, all rows have to be so.
_TELLING = 5
_EMPTY_LIST = re.compile(rb'"results"\s*:\s*\[\s*\]')
# An answer with rows is longer than this.
_SHORT = 400


def is_for_caller(answer: Response | None, used: Mapping[str, str]) -> bool | None:
    """Return whether an answer was given to the caller (True) or to the Visitor (False).

    None if the answer does not say it; only answers to requests with a token do.

    Examples
    --------
    >>> answer = Response(200, [(b"Set-Cookie", b".sn.auth=; path=/")])
    >>> is_for_caller(answer, {"Authorization": "Bearer abc"})
    False
    """
    token = used.get("Authorization")
    if not token or answer is None:
        return None
    for value in answer.headers.get_list("set-cookie"):
        name, _, rest = value.partition("=")
        if name.strip() != COOKIE:
            continue
        held = unquote(rest.partition(";")[0]).strip().strip('"')
        if not held:
            return False
        return True if held.lower().startswith("bearer ") and held[7:] == token[7:] else None
    return None


def is_doubtful_error(error: SensenetError, method: str) -> bool:
    """Return whether a refusal may have been for the Visitor; such a request was not executed.

    Pages of somebody else are none of a server. A POST that was refused with 500 may be done.
    """
    if isinstance(error, (InterceptedError, AlreadyExistsError)):
        return False
    if not isinstance(error, (ForbiddenError, NotFoundError)):
        return False
    return error.status in (403, 404) or method != "POST"


def is_doubtful(answer: Response | None, value: Any) -> bool:
    """Return whether an answer to a read may have been one to the Visitor.

    Parameters
    ----------
    answer : Response
        With its body, unless that was read piece by piece.
    value : object
        What was made of it.
    """
    if answer is None:
        return False
    if answer.is_blank:
        return True
    if not answer.is_read:
        return answer.headers.get("content-length") == "0"
    content = answer.content
    if len(content) < _SHORT:
        text = content.strip().removeprefix(b"\xef\xbb\xbf")
        if text in (b"", b"0", b"[]", b"{}", b'""', b"null") or _EMPTY_LIST.search(text):
            return True
    return _is_blank(value)


def _is_blank(value: Any) -> bool:
    """Return whether JSON contains contents without any visible field but their head."""
    if isinstance(value, Mapping) and isinstance(value.get("d"), Mapping):
        value = value["d"]
    if isinstance(value, Mapping) and isinstance(value.get("results"), list):
        value = value["results"]
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], list):
        value = value[1]  # a list with its total
    if isinstance(value, Mapping):
        return _is_blank_row(value)
    if isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
        return _have_blank_rows(value)
    return False


def _have_blank_rows(rows: Sequence[Mapping[str, Any]]) -> bool:
    blank = [row for row in rows if _is_blank_row(row)]
    return len(blank) == len(rows) or any(len(_visible_fields(row)) >= _TELLING for row in blank)


def _is_blank_row(row: Mapping[str, Any]) -> bool:
    fields = _visible_fields(row)
    return bool(fields) and not any(value is not None for value in fields.values())


def _visible_fields(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a content that the Visitor would not see."""
    return {
        name: value
        for name, value in row.items()
        if name not in HEAD_FIELDS
        and not name.startswith("__")
        and not (isinstance(value, Mapping) and "__deferred" in value)
    }


def have_blank_rows(names: Sequence[str], columns: Sequence[Sequence[Any]]) -> bool:
    """Return whether columns contain rows without any visible field but their head.

    Examples
    --------
    >>> have_blank_rows(["Id", "Name", "DueDate"], [(1, 2), ("a", "b"), (None, None)])
    True
    >>> have_blank_rows(["Id", "Name", "DueDate"], [(1, 2), ("a", "b"), (None, "2026-01-01")])
    False
    """
    fields = [
        column
        for name, column in zip(names, columns, strict=False)
        if name.partition("/")[0] not in HEAD_FIELDS
    ]
    if not fields or not columns[0] or any(None not in column for column in fields):
        return False
    left = [n for n, value in enumerate(fields[0]) if value is None]
    for column in fields[1:]:
        if not left:
            return False
        left = [n for n in left if column[n] is None]
    return bool(left) and (len(fields) >= _TELLING or len(left) == len(columns[0]))
