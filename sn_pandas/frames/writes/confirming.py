"""Verify what a server reported as done, in bulk, before it counts as done.

A server may answer a creation with success and an id, and hold no such content afterwards; something before
it may answer a deletion that it never passed on. So creations, uploads, copies, moves, deletions and restores
are read back when all requests are answered: some hundred contents with one request by their ids, then one by
one what that does not show as it should be.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from ...odata.addresses import in_trash
from ...odata.errors import NotFoundError, SensenetError
from ..reads import lookup
from ..reads.lookup import Stored
from .report import Line
from .settling import looks
from .works import Create, Delete, Move, Restore, Work

if TYPE_CHECKING:
    from ..connection import Connection

#: What has to be true of a content afterwards: it is ``there``, at a certain path (``at``), or ``deleted``.
State = Literal["there", "at", "deleted"]
#: The reason while it is not read back yet.
ANSWERED = "the server reported that it was done; it was not read back"


@dataclasses.dataclass(frozen=True, slots=True)
class Expected:
    """The state that a content must have before an operation on it counts as done.

    Attributes
    ----------
    id : int
        The content.
    state : {"there", "at", "deleted"}
        See ``State``.
    done : str
        What was done, as messages say it: ``"created"``.
    path : str, optional
        Where it has to be, or where it was.
    permanent : bool
        Whether a deleted one must not be in the trash.
    """

    id: int
    state: State
    done: str
    path: str | None = None
    permanent: bool = False

    def is_met(self, stored: Stored | None) -> bool:
        """Return whether a content (None if there is none) has the expected state."""
        place = str(stored["Path"]) if stored else None
        if self.state == "deleted":
            was_in_trash = in_trash(self.path or "")
            return place is None or (in_trash(place) and not self.permanent and not was_in_trash)
        if place is None or (in_trash(place) and not in_trash(self.path or "")):
            return False
        return self.state == "there" or place.lower() == (self.path or "").lower()


def build_expected(work: Work, line: Line) -> Expected | None:
    """Return the state to verify after an outcome; None if the answer already verified it."""
    if line.outcome not in ("saved", "ignored") or line.id < 1:
        return None
    if isinstance(work, Create):
        return Expected(line.id, "there", "created", line.path or work.path)
    if isinstance(work, Delete):
        return Expected(work.id, "deleted", "deleted", work.path, work.permanent)
    if isinstance(work, Restore):
        return Expected(work.id, "there", "restored", work.path)
    if isinstance(work, Move):
        return Expected(work.id, "at", "moved", work.destination)
    return None


def confirm(repo: Connection, answered: Mapping[int, tuple[Line, Expected]]) -> dict[int, Line]:
    """Read contents back, and return the verified outcomes by the same numbers."""
    found: dict[int, Line] = {}
    left = dict(answered)
    trouble: SensenetError | None = None
    stored: dict[int, Stored] = {}
    try:
        stored = lookup.read_by_id(repo.client, {expected.id for _, expected in left.values()})
    except SensenetError as error:
        trouble = error
    if trouble is None:
        for number, (line, expected) in list(left.items()):
            if expected.is_met(stored.get(expected.id)):
                found[number] = _build_verified(line, expected, stored.get(expected.id))
                del left[number]
        try:
            for _ in looks() if left else ():
                for number, (line, expected) in list(left.items()):
                    now = _read_one(repo, expected.id)
                    stored.pop(expected.id, None)
                    if now is not None:
                        stored[expected.id] = now
                    if expected.is_met(now):
                        found[number] = _build_verified(line, expected, now)
                        del left[number]
                if not left:
                    break
        except SensenetError as error:
            trouble = error
    for number, (line, expected) in left.items():
        if trouble is not None:
            said = (
                f"the server reported that it was {expected.done}; and it could not be read back: {trouble}"
            )
            found[number] = dataclasses.replace(line, outcome="unknown", reason=said, error=trouble)
        else:
            found[number] = _build_unmet(line, expected, stored.get(expected.id))
    return found


def _read_one(repo: Connection, id_: int) -> Stored | None:
    try:
        return lookup.read_one(repo.client, id_)
    except NotFoundError:
        return None


def _build_verified(line: Line, expected: Expected, now: Stored | None) -> Line:
    """Return the outcome of a verified content, with its current path."""
    if expected.state != "deleted":
        path = str(now["Path"]) if now else line.path
        return line if path == line.path else dataclasses.replace(line, path=path)
    if now is None and not expected.permanent and not in_trash(expected.path or "") and not line.reason:
        return dataclasses.replace(line, reason="deleted for good: it is not in the trash, as far as you see")
    return line


def _build_unmet(line: Line, expected: Expected, now: Stored | None) -> Line:
    """Return the outcome of a content that is not in the reported state."""
    answered = f"the server reported that it was {expected.done}"
    if expected.state == "deleted":
        place = str(now["Path"]) if now else line.path
        said = f"{answered}, but it is still at {place}: delete it again"
        return dataclasses.replace(line, outcome="failed", reason=said, path=place)
    if now is None:
        again = "do it again" if expected.done != "created" else "save again to create it"
        said = f"{answered} (Id {expected.id}), but there is no such content: {again}"
        return dataclasses.replace(line, outcome="unknown", reason=said)
    place = str(now["Path"])
    if expected.state == "at" or expected.done == "restored":
        said = f"{answered}, but it is at {place}: look there, and do it again if it is not where you want it"
        return dataclasses.replace(line, outcome="failed", reason=said, path=place)
    said = f"{answered}, and somebody deleted it since: it is at {place}"
    return dataclasses.replace(line, outcome="conflict", reason=said, path=place)
