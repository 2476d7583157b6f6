"""One call of an operation, until its outcome is known: a lost answer is resolved by a lookup.

Check-outs, check-ins, publications and the like leave traces in the version of a content: its status, who
holds the lock, who changed it last and when. The restoring of a version shows only beside the state before,
which is read first. Other operations leave no traces that are known, so a lost answer stays open.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import decimal
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ...odata import shapes
from ...odata.addresses import entity
from ...odata.errors import (
    AuthenticationError,
    QueryError,
    SensenetError,
    ServerError,
    UnavailableError,
)
from ...odata.schema import Field
from ..columns.encoders import Json, parse_moment
from ..columns.normalizing import is_list, is_missing, to_plain
from ..reads import lookup
from ..reads.lookup import Stored
from .authorship import SKEW
from .report import Outcome
from .settling import SEEN, Attempts, classify_unexecuted, collides, looks

if TYPE_CHECKING:
    from ..connection import Connection

Verdict = Literal["done", "not done", "open"]

#: What says which state a content is in, who put it there, and when.
_STATE = (
    Field("Version", "ShortText"),
    Field("CheckedOutTo", "Reference"),
    Field("VersionModifiedBy", "Reference"),
    Field("VersionModificationDate", "DateTime"),
)
#: The status of a version is the last letter of its name: V1.0.A.
_LOCKED = "L"
#: The operations that can be settled, and the status of the version after each; None for any but locked.
_ENDS: dict[str, str | None] = {
    "checkout": _LOCKED,
    "checkin": None,
    "undocheckout": None,
    "forceundocheckout": None,
    "publish": "AP",
    "approve": "A",
    "reject": "R",
}
#: It makes a new version, or rewrites the one that is there; neither has a status of its own.
_RESTORING = "restoreversion"
#: Servers cut their stamps to so much at the most.
_RESOLUTION = dt.timedelta(seconds=1)
#: They bring an earlier version back, with the stamps of then.
_UNDOING = frozenset(["undocheckout", "forceundocheckout"])


@dataclasses.dataclass(frozen=True, slots=True)
class Called:
    """The outcome of a call.

    Attributes
    ----------
    outcome : str
        ``saved``, ``failed``, ``unsent`` or ``unknown``.
    reason : str
        Why, or how it was seen; empty for an answer.
    answer : object
        What the server answered.
    stored : mapping, optional
        The state of the content, if the answer was lost and the content shows that it was done.
    error : SensenetError, optional
        What kept it from being done, or from being known.
    """

    outcome: Outcome
    reason: str = ""
    answer: Any = None
    stored: Stored | None = None
    error: SensenetError | None = None


def encode_parameters(operation: str, parameters: Mapping[str, Any]) -> dict[str, Json]:
    """Return the parameters of an operation as JSON.

    Raises
    ------
    QueryError
        If one has no JSON, or the operation is not a name: an address would be made of it.
    """
    if not isinstance(operation, str) or not re.fullmatch(r"\w+", operation):
        raise QueryError(f"{operation!r} is not the name of an operation; repo.actions(path) lists them")
    encoded = {}
    for name, value in parameters.items():
        try:
            encoded[name] = _to_json(value)
        except (TypeError, RecursionError):
            kind = type(value).__name__
            raise QueryError(
                f"{operation}: the parameter {name} cannot be sent, because a {kind} has no JSON or holds "
                "something that has none"
            ) from None
    return encoded


def _to_json(value: Any) -> Json:
    if isinstance(value, Mapping):
        return {str(key): _to_json(one) for key, one in value.items()}
    if is_list(value) or isinstance(value, (pd.Series, pd.Index)):
        return [_to_json(one) for one in value]
    value = to_plain(value)
    if is_missing(value):
        return None
    if isinstance(value, (str, bool, int)) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, decimal.Decimal) and value.is_finite():
        return float(value)
    if isinstance(value, np.datetime64):
        value = pd.Timestamp(value)
    if isinstance(value, (dt.date, dt.time)):
        return value.isoformat()
    raise TypeError


def call(repo: Connection, place: int | str, operation: str, parameters: Mapping[str, Any]) -> Called:
    """Call an operation of a content and return the outcome.

    It is sent again where the server did nothing, because others wrote the content at that moment, and where
    the content shows that it was not done.
    """
    client = repo.client
    address = f"{entity(place)}/{operation}?metadata=no"
    attempts = Attempts(client.retries.deadline)
    began = client.now - _RESOLUTION
    before = _read_state(repo, place) if operation.lower() == _RESTORING else None
    lost: SensenetError | None = None
    while True:
        try:
            # a refusal after a lost answer is not simply the refusal of a call that was not done
            with contextlib.nullcontext() if lost is None else client.guard.settle_doubt():
                answer = client.send("POST", address, body=parameters, read=shapes.read_returned(operation))
            return Called("saved", answer=answer)
        except SensenetError as error:
            trouble = error
        if classify_unexecuted(trouble) is None and not collides(trouble):
            lost = trouble
        if collides(trouble) and attempts.again(trouble):
            continue
        if lost is None or (before is None and operation.lower() not in _ENDS):
            if outcome := classify_unexecuted(trouble):
                return Called(outcome, str(trouble), error=trouble)
            return _build_unknown(operation, str(trouble), trouble)
        try:
            with client.guard.settle_doubt():
                verdict, said, now = _look(repo, place, operation, began, trouble, before)
        except SensenetError as error:
            first = error if isinstance(error, AuthenticationError) else lost
            return _build_unknown(operation, f"{lost}; and looking it up failed: {error}", first)
        if verdict == "done":
            return Called("saved", f"{SEEN}: {said}", stored=now)
        if verdict == "open":
            return _build_unknown(operation, f"{lost}; {said}", lost)
        if _is_refusal(trouble):
            return Called("failed", str(trouble), error=trouble)
        if not attempts.again(trouble):
            said = f"after {attempts.lost} tries: {lost}; it was not done when it was last looked at"
            return _build_unknown(operation, said, lost)


def _build_unknown(operation: str, said: str, error: SensenetError) -> Called:
    hint = f"{operation} may have been done: check before you call it again"
    return Called("unknown", f"{said}; {hint}", error=error)


def _read_state(repo: Connection, place: int | str) -> Stored | None:
    """Return the state of a content before a call; None if it cannot be read, as the call will say."""
    try:
        return lookup.read_one(repo.client, place, _STATE)
    except SensenetError:
        return None


def _look(
    repo: Connection,
    place: int | str,
    operation: str,
    began: dt.datetime,
    trouble: SensenetError,
    before: Stored | None,
) -> tuple[Verdict, str, Stored]:
    """Look up the content, repeatedly while the server may still be working, and interpret its state.

    Raises
    ------
    SensenetError
        If it cannot be read.
    """
    shown: tuple[Verdict, str, Stored] = "open", "it was interrupted", {}
    is_refused = _is_refusal(trouble)
    for _ in looks((0.0,) if is_refused else ()):
        now = lookup.read_one(repo.client, place, _STATE)
        verdict = (
            _compare_state(repo.user, operation.lower(), now, began, is_refused)
            if before is None
            else _compare_states(repo.user, before, now)
        )
        shown = (*verdict, now)
        if shown[0] != "not done":
            break
    return shown


def _compare_state(
    user: str, operation: str, now: Stored, began: dt.datetime, is_refused: bool
) -> tuple[Verdict, str]:
    """Compare the state of a content with the one that the operation should result in.

    A content that is as it has to be, and was not touched since the call began, was so before; the server
    refuses another call then. Where its clock may be behind, that does not tell why. A content that somebody
    else changed since does not tell what was done before that; nor may a call that was done be repeated on
    what somebody else wrote after it.
    """
    version = str(now.get("Version") or "")
    status = version[-1:]
    holder, writer = _get_path(now.get("CheckedOutTo")), _get_path(now.get("VersionModifiedBy"))
    is_mine = writer.lower() == user.lower()
    stamp = now.get("VersionModificationDate")
    at = parse_moment(stamp) if stamp else None
    wanted = _ENDS[operation]
    if not version or at is None:
        return "open", "the server does not show its version"
    if operation == "checkout":
        is_there = status == _LOCKED and holder.lower() == user.lower()
    else:
        is_there = status in wanted if wanted else status != _LOCKED
    if operation != "checkout" and not is_mine and at >= began:
        return "open", f"{writer} changed it since, to {version} at {stamp}"
    if is_there and (operation in _UNDOING or (is_mine and at >= began)):
        return "done", version
    if is_there and is_refused and is_mine and at >= began - SKEW:
        return "open", f"it is {version} since {stamp}, which may have been before the call"
    return "not done", version


def _compare_states(user: str, before: Stored, now: Stored) -> tuple[Verdict, str]:
    """Compare the states of a content before and after the restoring of a version by a user."""
    version, stamp = str(now.get("Version") or ""), now.get("VersionModificationDate")
    writer = _get_path(now.get("VersionModifiedBy"))
    if not version or not stamp:
        return "open", "the server does not show its version"
    if all(now.get(name) == before.get(name) for name in ("Version", "VersionModificationDate")):
        return "not done", version
    if writer.lower() != user.lower():
        return "open", f"{writer} changed it since, to {version} at {stamp}"
    return "done", version


def _get_path(reference: Any) -> str:
    return str(reference.get("Path") or "") if isinstance(reference, Mapping) else ""


def _is_refusal(error: SensenetError) -> bool:
    """Return whether the server itself refused the request and has finished with it."""
    return (
        isinstance(error, ServerError)
        and not isinstance(error, UnavailableError)
        and classify_unexecuted(error) == "failed"
        and not collides(error)
    )
