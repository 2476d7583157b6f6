"""One request that writes, until it is known what became of it: what was lost is settled by looking."""

from __future__ import annotations

import time
from collections.abc import Mapping

from ...odata.errors import (
    AlreadyExistsError,
    NotFoundError,
    OutOfDateError,
    SensenetError,
    ServerError,
    UnavailableError,
)
from ...odata.transport import Client, NoAnswer
from . import looking
from .cells import Json, same_json, told
from .flow import Flow
from .looking import Stored
from .report import Line, Outcome
from .works import Create, Delete, Patch, Restore, Work

#: How often a PATCH is sent whose answer was lost or that met another save.
_TRIES = 4
#: When to look for a content whose creation was not answered, in seconds.
_LOOKS = (0.0, 0.3, 1.0)
_TRASH = "/root/trash/"


def send(client: Client, flow: Flow, work: Work) -> Line:
    """Do what is to be done to one content and say what became of it."""
    if isinstance(work, Patch):
        return _patch(client, work, flow)
    if isinstance(work, Create):
        return _create(client, work, flow)
    return _move(client, work, flow)


def differing(work: Patch | Create, meant: Mapping[str, Json], stored: Stored) -> list[str]:
    """Give the fields that are stored as something else than is meant."""
    return [
        name for name, value in meant.items() if not same_json(work.fields[name], value, stored.get(name))
    ]


def in_trash(path: str) -> bool:
    """Whether a path is in the trash."""
    return path.lower().startswith(_TRASH)


def _patch(client: Client, work: Patch, flow: Flow) -> Line:
    trouble = SensenetError("not tried")
    for _ in range(_TRIES):
        try:
            return _verdict(work, _entity(client, work))
        except NotFoundError as error:
            return _line(work, "failed", str(error), error=error)
        except SensenetError as error:
            if unsent := _unsent(work, error, flow):
                return unsent
            trouble = error
        try:
            now = looking.one(client, work.id, work.fields.values())
        except NotFoundError:
            return _line(work, "failed", f"{trouble}; the content is gone")
        except SensenetError as error:
            return _line(
                work, "unknown", f"{trouble}; and it could not be read again: {error}", error=trouble
            )
        if not differing(work, work.after, now):
            return _line(work, "saved", "the answer was lost; seen by reading again", stored=now)
        if _is_refusal(trouble):
            return _line(work, "failed", _explained(work, trouble), error=trouble)
        if changed := differing(work, work.before, now):
            seen = "; ".join(f"{name} is {told(work.fields[name], now.get(name))} now" for name in changed)
            return _line(work, "conflict", f"somebody else changed it meanwhile: {seen}", stored=now)
    return _line(work, "failed", f"after {_TRIES} tries: {trouble}", error=trouble)


def _create(client: Client, work: Create, flow: Flow) -> Line:
    try:
        return _verdict(work, _entity(client, work))
    except NotFoundError as error:
        return _line(work, "failed", f"there is no {work.parent}, or you may not see it", error=error)
    except SensenetError as error:
        if unsent := _unsent(work, error, flow):
            return unsent
        trouble = error
    if _is_refusal(trouble) and not isinstance(trouble, AlreadyExistsError):
        return _line(work, "failed", _explained(work, trouble), error=trouble)
    # Sent once and never again by itself: a second POST could make a second content of another name.
    for wait in _LOOKS if not isinstance(trouble, AlreadyExistsError) else (0.0,):
        time.sleep(wait)
        try:
            now = looking.one(client, work.path, work.fields.values())
        except NotFoundError:
            continue
        except SensenetError as error:
            return _line(
                work, "unknown", f"{trouble}; and it could not be looked for: {error}", error=trouble
            )
        if isinstance(trouble, AlreadyExistsError) or now.get("Type") != work.type:
            said = "a content of this name is there, which was not before"
            return _line(work, "conflict", said, stored=now, error=trouble)
        line = _verdict(work, now)
        return _line(work, line.outcome, line.reason or "the answer was lost; seen by reading", stored=now)
    return _line(work, "unsent", f"{trouble}; it is not there, so save again to create it", error=trouble)


def _move(client: Client, work: Delete | Restore, flow: Flow) -> Line:
    """Delete or restore: done when the content is not where it was."""
    trouble = SensenetError("not tried")
    for _ in range(_TRIES):
        method, target, body = work.request
        try:
            client.request(method, target, body=body)
        except SensenetError as error:
            if unsent := _unsent(work, error, flow):
                return unsent
            trouble = error
        else:
            return _line(work, "saved", "")
        try:
            place = looking.place_of(client, work.id)
        except SensenetError as error:
            return _line(
                work, "unknown", f"{trouble}; and it could not be looked for: {error}", error=trouble
            )
        if is_done(work, place):
            return _line(work, "saved", "the answer was lost; seen by reading")
        if _is_refusal(trouble):
            return _line(work, "failed", str(trouble), error=trouble)
    return _line(work, "failed", f"after {_TRIES} tries: {trouble}", error=trouble)


def is_done(work: Delete | Restore, place: str | None) -> bool:
    """Whether a content that is now at ``place`` was deleted or restored already."""
    if isinstance(work, Restore):
        return place is not None and not in_trash(place)
    return place is None or (in_trash(place) and not work.permanent and not in_trash(work.path or ""))


def _entity(client: Client, work: Work) -> Stored:
    method, target, body = work.request
    answer = client.send(method, target, body=body)
    try:
        return dict(answer["d"])
    except (KeyError, TypeError, ValueError):
        raise SensenetError(f"{method} {target}: the answer shows no content") from None


def _verdict(work: Patch | Create, answer: Stored) -> Line:
    """Compare what the server stored with what was sent."""
    said = [
        f"{name}: sent {told(work.fields[name], work.after[name])}, "
        f"the server shows {told(work.fields[name], answer.get(name))}"
        for name in differing(work, work.after, answer)
    ]
    wrong = differing(work, work.after, answer)
    if isinstance(work, Create) and work.name and answer.get("Name") != work.name:
        said.append(f"Name: sent {work.name!r}, the server made {answer.get('Name')!r}")
        wrong.append("Name")
    if wrong:
        return _line(work, "ignored", "; ".join(said), tuple(wrong), answer)
    return _line(work, "saved", "", stored=answer)


def _unsent(work: Work, error: SensenetError, flow: Flow) -> Line | None:
    """Give the outcome of a request that the server certainly has not taken; that of the others is open."""
    if isinstance(error, NoAnswer) and not error.sent:
        flow.stop(f"not sent, because {error}")
        return _line(work, "unsent", str(error), error=error)
    if isinstance(error, UnavailableError) and error.status in (429, 503):
        return _line(work, "failed", str(error), error=error)
    return None


def _is_refusal(error: SensenetError) -> bool:
    """Whether the server itself said no; what a proxy says leaves open what the server did."""
    return isinstance(error, ServerError) and bool(error.code) and not isinstance(error, OutOfDateError)


def _explained(work: Patch | Create, error: SensenetError) -> str:
    """Give the server's words, with the fields by their names where it shows their labels only."""
    labels = {field.display_name: name for name, field in work.fields.items()}
    named = [name for label, name in labels.items() if label and label != name and label in str(error)]
    return f"{error} (that is {', '.join(named)})" if named else str(error)


def _line(
    work: Work,
    outcome: Outcome,
    reason: str,
    fields: tuple[str, ...] = (),
    stored: Stored | None = None,
    error: SensenetError | None = None,
) -> Line:
    seen = stored or {}
    names = fields or tuple(getattr(work, "after", ()))
    return Line(
        outcome, reason, names, seen.get("Id") or work.id, seen.get("Path") or work.path, stored, error
    )
