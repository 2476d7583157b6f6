"""One request that writes, until it is known what became of it: what was lost is settled by looking."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial

from ...odata.addresses import entity
from ...odata.errors import (
    AlreadyExistsError,
    AnswerError,
    AuthenticationError,
    ForbiddenError,
    NoAnswer,
    NotFoundError,
    OutOfDateError,
    SensenetError,
    ServerError,
    UnavailableError,
)
from ...odata.transport import Client
from . import looking
from .cells import Json, same_json, told, without_passwords
from .flow import Flow
from .looking import Stored
from .report import Line, Outcome
from .settling import SEEN, TRIES, looks
from .works import Create, Delete, Move, Patch, Restore, Work

#: When to look for what was created or deleted by a request that was not answered, in seconds.
_LOOKS = (0.0, 0.3, 1.0)


def send(client: Client, flow: Flow, work: Work, ourselves: Callable[[], object] = lambda: None) -> Line:
    """Do what is to be done to one content and say what became of it.

    Parameters
    ----------
    ourselves : callable, optional
        Raises AuthenticationError if the server takes us for somebody else, to whom contents are missing
        that are there; asked before it is believed that one is missing or forbidden.
    """
    one = _Sending(client, flow, ourselves)
    if isinstance(work, Patch):
        return one.patch(work)
    if isinstance(work, Create):
        return one.create(work)
    return one.move(work)


def differing(work: Patch | Create, meant: Mapping[str, Json], stored: Stored) -> list[str]:
    """Give the fields that are stored as something else than is meant."""
    return [
        name for name, value in meant.items() if not same_json(work.fields[name], value, stored.get(name))
    ]


class _Sending:
    """What sends the work of one content."""

    def __init__(self, client: Client, flow: Flow, ourselves: Callable[[], object]) -> None:
        self._client = client
        self._flow = flow
        self._ourselves = ourselves
        self._tried = 0

    def patch(self, work: Patch) -> Line:
        trouble = SensenetError("not tried")
        for _ in self._tries():
            try:
                return _verdict(work, self._answer(work))
            except SensenetError as error:
                trouble = error
            if line := self._not_taken(work, trouble):
                return line
            if isinstance(trouble, NotFoundError):
                return _line(work, "failed", str(trouble), error=trouble)
            try:
                now = self._seen(work, work.id)
            except SensenetError as error:
                return _unread(work, trouble, error)
            if now is None:
                return _line(work, "failed", f"{trouble}; the content is gone", error=trouble)
            if not differing(work, work.after, now):
                return _line(work, "saved", "the answer was lost; seen by reading again", stored=now)
            if _is_refusal(trouble):
                return _line(work, "failed", _explained(work, trouble), error=trouble)
            if changed := differing(work, work.before, now):
                seen = "; ".join(
                    f"{name} is {told(work.fields[name], now.get(name))} now" for name in changed
                )
                return _line(work, "conflict", f"somebody else changed it meanwhile: {seen}", stored=now)
        return self._given_up(work, trouble)

    def create(self, work: Create) -> Line:
        """Create: sent once and never again by itself, a second POST could make a second content."""
        try:
            return _verdict(work, self._answer(work))
        except SensenetError as error:
            trouble = error
        if line := self._not_taken(work, trouble):
            return line
        if isinstance(trouble, NotFoundError):
            return _line(work, "failed", f"there is no {work.parent}, or you may not see it", error=trouble)
        taken = isinstance(trouble, AlreadyExistsError)
        for _ in _looks(trouble):
            try:
                now = self._seen(work, work.path)
            except SensenetError as error:
                return _unread(work, trouble, error)
            if now is None:
                continue
            if taken or now.get("Type") != work.type:
                said = "a content of this name is there, which was not before"
                return _line(work, "conflict", said, stored=now, error=trouble)
            line = _verdict(work, now)
            reason = line.reason or SEEN
            return _line(work, line.outcome, reason, line.fields, now, trouble)
        if _is_refusal(trouble) and not taken:
            return _line(work, "failed", _explained(work, trouble), error=trouble)
        if self._flow.stopped:
            return self._given_up(work, trouble)
        said = f"{trouble}; it is not there, so save again to create it"
        return _line(work, "unsent", said, error=trouble)

    def move(self, work: Delete | Restore | Move) -> Line:
        """Delete, restore or move: done when the content is not where it was."""
        method, address, body = work.request
        trouble = SensenetError("not tried")
        for _ in self._tries():
            try:
                if isinstance(work, Move):
                    return _moved(work, self._answer(work))
                answer = self._client.request(method, address, body=body)
                if answer.content.lstrip()[:1] == b"<":
                    said = f"{method} {address}: the answer is a page, and not one of a sensenet"
                    raise AnswerError(said)
            except SensenetError as error:
                trouble = error
                if line := self._not_taken(work, trouble):
                    return line
            else:
                if self._tried == 1:
                    return _line(work, "saved", "")
            place: str | None = None
            for _ in _looks(trouble):
                try:
                    now = self._seen(work, work.id)
                except SensenetError as error:
                    return _unread(work, trouble, error)
                place = str(now["Path"]) if now else None
                if work.is_done(place):
                    seen = now if isinstance(work, Move) else None
                    return _line(work, "saved", SEEN, stored=seen)
            if _is_refusal(trouble):
                return _line(work, "failed", str(trouble), error=trouble)
            if isinstance(work, Delete) and not work.permanent and place:
                # By id, it would be found in the trash and deleted there, if the first DELETE is only late.
                address = entity(place)
        return self._given_up(work, trouble)

    def _answer(self, work: Patch | Create | Move) -> Stored:
        method, address, body = work.request
        answer = self._client.send(method, address, body=body)
        try:
            return dict(answer["d"])
        except (KeyError, TypeError, ValueError):
            raise SensenetError(f"{method} {address}: the answer shows no content") from None

    def _seen(self, work: Work, place: int | str) -> Stored | None:
        """Read the content again; None if it is missing, and that not only to a stranger."""
        try:
            return looking.one(self._client, place, work.fields.values())
        except NotFoundError:
            self._ourselves()
            return None

    def _tries(self) -> Iterator[None]:
        """Go on as long as there is to be another try."""
        end = time.monotonic() + self._client.retries.deadline
        while self._tried < TRIES:
            if self._tried and (self._flow.stopped or time.monotonic() > end):
                return
            self._tried += 1
            yield

    def _not_taken(self, work: Work, error: SensenetError) -> Line | None:
        """Give the outcome of what the server certainly has not taken; that of the others is open."""
        if isinstance(error, (NotFoundError, ForbiddenError)):
            try:
                self._ourselves()
            except AuthenticationError as stranger:
                error = stranger
            except SensenetError:
                pass  # who we are cannot be asked now, so what was said holds
        if isinstance(error, AuthenticationError):
            return _line(work, "unsent", f"not sent, because {error}; connect again and resume", error=error)
        if isinstance(error, NoAnswer) and not error.sent:
            self._flow.stop(f"not sent, because {error}")
            return _line(work, "unsent", str(error), error=error)
        if isinstance(error, UnavailableError) and error.status in (429, 503):
            if self._flow.stopped:
                return _line(work, "unsent", self._flow.stopped, error=error)
            return _line(work, "failed", str(error), error=error)
        return None

    def _given_up(self, work: Work, trouble: SensenetError) -> Line:
        if not self._flow.stopped:
            tries = "tries" if self._tried > 1 else "try"
            return _line(work, "failed", f"after {self._tried} {tries}: {trouble}", error=trouble)
        # what was lost may still be done; what the server refused is not
        outcome: Outcome = "unsent" if isinstance(trouble, OutOfDateError) else "unknown"
        return _line(work, outcome, f"{self._flow.stopped}; {trouble}", error=trouble)


def _looks(trouble: SensenetError) -> Iterator[None]:
    """Say when to look: once at once, and, if the server may still be at it, some more times."""
    return looks(_LOOKS[:1] if _is_refusal(trouble) else _LOOKS)


def _verdict(work: Patch | Create, answer: Stored) -> Line:
    """Compare what the server stored with what was sent."""
    wrong = differing(work, work.after, answer)
    said = [
        f"{name}: sent {told(work.fields[name], work.after[name])}, "
        f"the server shows {told(work.fields[name], answer.get(name))}"
        for name in wrong
    ]
    if isinstance(work, Create) and work.name and answer.get("Name") != work.name:
        said.append(f"Name: sent {work.name!r}, the server made {answer.get('Name')!r}")
        wrong.append("Name")
    if wrong:
        return _line(work, "ignored", "; ".join(said), tuple(wrong), answer)
    return _line(work, "saved", "", stored=answer)


def _moved(work: Move, answer: Mapping[str, Json]) -> Line:
    """Read the answer of a batch operation with one content."""
    try:
        if answer["errors"]:
            return _line(work, "failed", str(answer["errors"][0]["error"]["message"]["value"]))
        answer["results"][0]
    except (KeyError, IndexError, TypeError):
        raise AnswerError(f"the answer does not say what became of {work.path}") from None
    return _line(work, "saved", f"was {work.path}", stored={"Id": work.id, "Path": work.destination})


def _unread(work: Work, trouble: SensenetError, error: SensenetError) -> Line:
    """Give the outcome of what was lost and cannot be looked at."""
    what = "read again" if isinstance(work, Patch) else "looked for"
    first = error if isinstance(error, AuthenticationError) else trouble
    return _line(work, "unknown", f"{trouble}; and it could not be {what}: {error}", error=first)


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
    after = work.after if isinstance(work, (Patch, Create)) else {}
    hidden = partial(without_passwords, work.fields, after)
    if error is not None:
        error.args = (hidden(str(error)), *error.args[1:])
        if isinstance(error, ServerError):
            error.reason = hidden(error.reason)
    return Line(
        outcome,
        hidden(reason),
        fields or work.names,
        seen.get("Id") or work.id,
        seen.get("Path") or work.path,
        stored,
        error,
    )
