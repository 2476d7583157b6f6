"""One write request, until its outcome is known: lost answers are resolved by a lookup."""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from ...odata import shapes
from ...odata.addresses import entity
from ...odata.errors import (
    AlreadyExistsError,
    AnswerError,
    AuthenticationError,
    ForbiddenError,
    InterceptedError,
    NoAnswer,
    NotFoundError,
    SensenetError,
    ServerError,
    UnavailableError,
    server_error,
)
from ...odata.schema import Field
from ..columns.cells import Json, format_value, remove_passwords
from ..reads import lookup, not_found
from ..reads.lookup import Stored
from .authorship import MADE, is_ours
from .differing import list_differing, list_unverified
from .flow import Flow
from .hidden_refusals import explain_refusal
from .permitting import build_own_entry
from .report import Line, Outcome
from .settling import SEEN, Attempts, classify_unexecuted, collides, looks
from .works import Create, Delete, Move, Patch, Permit, Restore, Work

if TYPE_CHECKING:
    from ..connection import Connection
    from .comparing import Comparison


def send(
    repo: Connection,
    flow: Flow,
    work: Work,
    comparison: Comparison | None = None,
    *,
    leave_doubt: bool = False,
) -> Line:
    """Send one operation and return its outcome.

    Before it counts that something is missing or forbidden, the identity is verified: to others the
    server shows less, without an error.

    Parameters
    ----------
    comparison : Comparison, optional
        Compares a PATCH with what the server holds before each try; without one, what is sent is meant
        whatever is there.
    leave_doubt : bool
        Whether a refusal of the first request is left open for the caller to settle.
    """
    one = _Sending(repo, flow, comparison, leave_doubt)
    if isinstance(work, Patch):
        return one.patch(work)
    if isinstance(work, Create):
        return one.create(work)
    if isinstance(work, Permit):
        return one.permit(work)
    return one.move(work)


class _Settled(SensenetError):  # noqa: N818 - reads as what happened
    """Raised if a comparison before a retry shows that the row must not be sent any more."""

    def __init__(self, line: Line) -> None:
        super().__init__(line.reason)
        self.line = line


class _Sending:
    """Sends the operation of one content."""

    def __init__(
        self, repo: Connection, flow: Flow, comparison: Comparison | None, leave_doubt: bool
    ) -> None:
        self._repo = repo
        self._client = repo.client
        self._flow = flow
        self._comparison = comparison
        self._leave_doubt = leave_doubt
        self._attempts = Attempts(self._client.retries.deadline)
        self._may_be_late = False

    def patch(self, work: Patch) -> Line:
        """Change some fields, compared with the current values before each attempt."""
        try:
            if self._comparison and (line := self._comparison.compare_waiting(work)):
                return line
        except SensenetError as error:
            return _build_line(work, "unsent", f"it could not be compared again: {error}", error=error)
        while True:
            self._attempts.tried += 1
            try:
                return _compare_stored(work, self._answer(work, lambda: self._compare_again(work)))
            except _Settled as settled:
                return settled.line
            except SensenetError as error:
                trouble = self._note_attempt(error)
            if line := self._find_unexecuted(work, trouble):
                return line
            if isinstance(trouble, NotFoundError) or _is_open(trouble):
                return _build_line(work, "failed", _explain_error(work, trouble), error=trouble)
            if collides(trouble):
                if not self._attempts.again(trouble):
                    return self._give_up(work, trouble)
                try:
                    self._compare_again(work)
                except _Settled as settled:
                    return settled.line
                except SensenetError as error:
                    return _build_line(
                        work, "unsent", f"{trouble}; and it could not be compared again: {error}", error=error
                    )
                continue
            try:
                now = self._read_again(work, work.id)
            except SensenetError as error:
                return _build_unread(work, trouble, error)
            if now is None:
                return _build_line(work, "failed", f"{trouble}; the content is gone", error=trouble)
            if not list_differing(work, work.after, now):
                return _build_line(
                    work, "saved", "the answer was lost; verified by reading again", stored=now
                )
            if _is_refusal(trouble):
                return _build_line(
                    work, _classify_refusal(trouble), _explain_error(work, trouble), error=trouble
                )
            if later := _find_changed_later(work, now):
                said = f"{SEEN}; somebody else changed {', '.join(later)} after that"
                return _build_line(work, "saved", said, stored=now)
            if self._comparison and (settled_line := self._comparison.compare_with(work, now)):
                return settled_line
            if not self._attempts.again(trouble):
                return self._give_up(work, trouble)

    def _compare_again(self, work: Patch) -> None:
        """Raise the outcome of a row that somebody else changed before a retry."""
        if self._comparison and (line := self._comparison.again(work)):
            raise _Settled(line)

    def create(self, work: Create) -> Line:
        """Create a content; the POST is not repeated blindly, to avoid a second content."""
        began = min(dt.datetime.now(dt.UTC), self._client.now)
        while True:
            self._attempts.tried += 1
            try:
                return _compare_stored(work, self._answer(work))
            except SensenetError as error:
                trouble = self._note_attempt(error)
            if not collides(trouble) or not self._attempts.again(trouble):
                break
        if line := self._find_unexecuted(work, trouble):
            return line
        if isinstance(trouble, NotFoundError):
            return _build_line(work, "failed", not_found.describe_missing(work.parent), error=trouble)
        if _is_open(trouble):
            return _build_line(work, "failed", _explain_error(work, trouble), error=trouble)
        taken = isinstance(trouble, AlreadyExistsError)
        for _ in _looks(trouble):
            try:
                now = self._read_again(work, work.path, (*work.fields.values(), *MADE))
            except SensenetError as error:
                return _build_unread(work, trouble, error)
            if now is None:
                continue
            if taken or not is_ours(work, now, self._repo.user, began):
                said = (
                    f"{trouble}; a content of this name is there, which somebody else created in the meantime"
                )
                return _build_line(work, "conflict", said, stored=now, error=trouble)
            line = _compare_stored(work, now)
            reason = line.reason or SEEN
            return _build_line(work, line.outcome, reason, line.fields, now, trouble)
        if _is_refusal(trouble) and not taken:
            return _build_line(work, _classify_refusal(trouble), _explain_error(work, trouble), error=trouble)
        if self._flow.stopped:
            return self._give_up(work, trouble)
        said = f"{trouble}; it does not exist, so save again to create it"
        return _build_line(work, "unsent", said, error=trouble)

    def permit(self, work: Permit) -> Line:
        """Set permissions; repeating it is harmless, and the entries of the content itself are verified."""
        method, address, body = work.request
        while True:
            self._attempts.tried += 1
            trouble: SensenetError | None = None
            try:
                self._client.send(method, address, body=body, read=shapes.read_nothing)
            except SensenetError as error:
                trouble = self._note_attempt(error)
                if line := self._find_unexecuted(work, trouble):
                    return line
                if isinstance(trouble, NotFoundError):
                    return _build_line(work, "failed", not_found.MISSING, error=trouble)
            if trouble is None or not collides(trouble):
                try:
                    held = build_own_entry(self._client, work.id, work.identity, local=work.local)
                except SensenetError as error:
                    return _build_unread(work, trouble or SensenetError("it was answered"), error)
                wrong = work.list_wrong(held)
                if not wrong:
                    return _build_line(work, "saved", _describe_implicit(work, held))
                if trouble is None:
                    said = ", ".join(f"{n} is {held.get(n, 'undefined')}" for n in wrong)
                    return _build_line(work, "ignored", f"on the content itself, {said}", tuple(wrong))
                if _is_refusal(trouble):
                    return _build_line(work, _classify_refusal(trouble), str(trouble), error=trouble)
            if not self._attempts.again(trouble):
                return self._give_up(work, trouble)

    def move(self, work: Delete | Restore | Move) -> Line:
        """Delete, restore or move: done when the content is not where it was."""
        method, address, body = work.request
        while True:
            self._attempts.tried += 1
            try:
                if isinstance(work, Move):
                    return self._read_moved(work, self._answer(work))
                with self._defer_doubts(ForbiddenError):
                    self._client.send(method, address, body=body, read=shapes.read_nothing)
                if self._attempts.tried == 1:
                    return _build_line(work, "saved", "")
                trouble: SensenetError = SensenetError("it was done by an earlier request")
            except SensenetError as error:
                trouble = self._note_attempt(error)
                if line := self._find_unexecuted(work, trouble):
                    return line
                if _is_open(trouble):
                    return _build_line(work, "failed", self._explain_refusal(work, trouble), error=trouble)
            if not collides(trouble):
                place: str | None = None
                for _ in _looks(trouble):
                    try:
                        now = self._read_again(work, work.id)
                    except SensenetError as error:
                        return _build_unread(work, trouble, error)
                    place = str(now["Path"]) if now else None
                    if work.is_done(place):
                        seen = now if isinstance(work, Move) else None
                        return _build_line(work, "saved", SEEN, stored=seen)
                if _is_refusal(trouble):
                    why = self._explain_refusal(work, trouble)
                    return _build_line(work, _classify_refusal(trouble), why, error=trouble)
                if isinstance(work, Delete) and not work.permanent and place:
                    # by id, it would be deleted in the trash if the first DELETE is only late
                    address = entity(place)
            if not self._attempts.again(trouble):
                return self._give_up(work, trouble)

    def _explain_refusal(self, work: Delete | Restore | Move, trouble: SensenetError) -> str:
        if isinstance(work, Delete):
            return str(trouble)
        return explain_refusal(self._repo, work.id, work.below, trouble)

    def _read_moved(self, work: Move, answer: Mapping[str, Json]) -> Line:
        """Read the answer of a batch operation with one content."""
        if answer["errors"]:
            error = create_item_error(f"moving {work.path}", answer["errors"][0])
            if collides(error):
                raise error
            said = error.reason or str(error)
            return _build_line(work, "failed", explain_refusal(self._repo, work.id, work.below, said))
        if not answer["results"]:
            raise AnswerError(f"the answer does not say what became of {work.path}")
        return _build_line(
            work, "saved", f"was {work.path}", stored={"Id": work.id, "Path": work.destination}
        )

    def _answer(self, work: Patch | Create | Move, before_retry: Callable[[], None] | None = None) -> Stored:
        method, address, body = work.request
        shape: shapes.Reader[Any] = shapes.batch
        if not isinstance(work, Move):
            shape = shapes.content(*lookup.ALWAYS, fields=list(work.fields.values()))
        with self._defer_doubts(ForbiddenError if isinstance(work, Move) else ServerError):
            answer: Stored = self._client.send(
                method, address, body=body, read=shape, before_retry=before_retry
            )
        if isinstance(work, Patch) and answer["Id"] != work.id:
            raise AnswerError(f"{method} {address}: the answer shows the content {answer['Id']}")
        return answer

    def _defer_doubts(self, of: type[ServerError]) -> contextlib.AbstractContextManager[None]:
        """Defer doubts about a refusal of the first request, which was not executed, to the caller."""
        if self._leave_doubt and self._attempts.tried == 1:
            return self._client.guard.leave_doubt(of)
        return contextlib.nullcontext()

    def _read_again(
        self, work: Work, place: int | str, fields: Iterable[Field] | None = None
    ) -> Stored | None:
        """Read the content again; None if it is missing also for the verified caller."""
        try:
            return lookup.read_one(self._client, place, work.fields.values() if fields is None else fields)
        except NotFoundError:
            return None

    def _find_unexecuted(self, work: Work, error: SensenetError) -> Line | None:
        """Return the outcome of a request that was certainly not executed; None if that is uncertain."""
        if isinstance(error, (NotFoundError, ForbiddenError)) and not error.doubt:
            try:
                self._repo.verify_identity()
            except AuthenticationError as stranger:
                error = stranger
            except SensenetError:
                pass  # the identity cannot be verified now, so what was said holds
        if isinstance(error, AuthenticationError):
            return _build_line(
                work, "unsent", f"not sent, because {error}; connect again and resume", error=error
            )
        if isinstance(error, NoAnswer) and not error.sent:
            self._flow.stop(f"not sent, because {error}")
            return _build_line(work, "unsent", str(error), error=error)
        if isinstance(error, UnavailableError) and error.status in (429, 503):
            if self._flow.stopped:
                return _build_line(work, "unsent", self._flow.stopped, error=error)
            return _build_line(work, "failed", str(error), error=error)
        return None

    def _note_attempt(self, trouble: SensenetError) -> SensenetError:
        """Remember whether a request of this work may still be carried out."""
        if not (collides(trouble) or _is_ended(trouble) or classify_unexecuted(trouble)):
            self._may_be_late = True
        return trouble

    def _give_up(self, work: Work, trouble: SensenetError) -> Line:
        if not self._flow.stopped:
            tried = self._attempts.tried
            tries = "tries" if tried > 1 else "try"
            said = f"after {tried} {tries}: {trouble}"
            # the server has ended each request, and none was done
            if not self._may_be_late and (collides(trouble) or _is_ended(trouble)):
                return _build_line(work, "failed", said, error=trouble)
            # a request whose answer was lost may be carried out late
            said += "; it was not done when last checked. Check again, or save again"
            return _build_line(work, "unknown", said, error=trouble)
        # what was lost may still be done; what the server refused is not
        outcome: Outcome = "unsent" if collides(trouble) else "unknown"
        return _build_line(work, outcome, f"{self._flow.stopped}; {trouble}", error=trouble)


def _is_ended(error: SensenetError) -> bool:
    """Return whether the server itself reported the failure, so that it has ended the request."""
    return isinstance(error, ServerError) and not isinstance(error, UnavailableError)


def _is_open(error: SensenetError) -> bool:
    """Return whether a refusal was not done, and may have been one to the Visitor."""
    return isinstance(error, ServerError) and error.doubt == "open"


def _looks(trouble: SensenetError) -> Iterator[None]:
    """Yield the times to check: immediately, and later if the server may still be processing."""
    return looks((0.0,) if _is_refusal(trouble) else ())


def _find_changed_later(work: Patch, now: Stored) -> list[str]:
    """Return the fields that somebody else changed after our write; empty if ours were not written.

    A PATCH is written as a whole: where one field shows what was sent, and no field what was there before,
    it was written, and the others are edits of what we wrote.
    """
    others = list_differing(work, work.after, now)
    changed = list_differing(work, work.before, now)
    ours = set(changed).difference(others)
    return others if ours and set(others) <= set(changed) else []


def _compare_stored(work: Patch | Create, answer: Stored) -> Line:
    """Compare what the server stored with what was sent."""
    unseen = list_unverified(work)
    wrong = [name for name in list_differing(work, work.after, answer) if name not in unseen]
    said = [
        f"{name}: sent {format_value(work.fields[name], work.after[name])}, "
        f"the server shows {format_value(work.fields[name], answer.get(name))}"
        for name in wrong
    ]
    if isinstance(work, Create) and work.name and answer.get("Name") != work.name:
        said.append(
            f"Name: sent {work.name!r}, the server made {answer.get('Name')!r}{_why_renamed(work, answer)}"
        )
        wrong.append("Name")
    if wrong:
        return _build_line(work, "ignored", "; ".join(said), tuple(wrong), answer)
    said_too = f"{', '.join(unseen)} is not read as it is written, so it was not verified" if unseen else ""
    return _build_line(work, "saved", said_too, stored=answer)


def _why_renamed(work: Create, answer: Stored) -> str:
    """Explain a number in the name of a new content, such as ``report(1).txt``."""
    if re.sub(r"\(\d+\)(?=$|\.)", "", str(answer.get("Name"))) != work.name:
        return ""
    return ", because another content has this name (created in the meantime, or hidden from you)"


def create_item_error(what: str, item: Mapping[str, Any]) -> ServerError:
    """Return the error of one item of a batch operation."""
    error = item["error"]
    kind, reason = str(error.get("exceptiontype") or ""), str(error["message"].get("value") or "")
    return server_error(what, 400, str(error.get("code") or ""), kind, reason)


def _describe_implicit(work: Permit, held: Mapping[str, str]) -> str:
    """Describe permissions that were set implicitly, and those that remain after an unset."""
    if work.whole:
        return ""
    along = [
        name for name, value in held.items() if name not in work.after and work.before.get(name) != value
    ]
    if along:
        return f"along with that: {', '.join(along)}"
    taken = [name for name, value in work.after.items() if value == "undefined"]
    values = {work.before[name] for name in taken if name in work.before}
    stay = [name for name, value in held.items() if value in values]
    if not stay:
        return ""
    least = ["See"] if values == {"allow"} and "See" in stay else stay
    names = ", ".join(map(repr, least))
    return (
        f"{', '.join(stay)} stay as they are, which may have come along; to take them back, too: "
        f"repo.unset({work.path!r}, {work.identity!r}, {names})"
    )


def _build_unread(work: Work, trouble: SensenetError, error: SensenetError) -> Line:
    """Return the outcome of a lost request whose content cannot be read."""
    what = "read again" if isinstance(work, Patch) else "looked for"
    first = error if isinstance(error, AuthenticationError) else trouble
    return _build_line(work, "unknown", f"{trouble}; and it could not be {what}: {error}", error=first)


def _is_refusal(error: SensenetError) -> bool:
    """Return whether the server or a firewall refused; a timeout of a proxy leaves the outcome open."""
    if isinstance(error, InterceptedError):
        return True
    if isinstance(error, UnavailableError) and error.status == 500:
        return False  # it broke off in the middle
    return isinstance(error, ServerError) and bool(error.code) and not collides(error)


def _classify_refusal(refusal: SensenetError) -> Outcome:
    """Return the outcome of a refused request; one refused by a firewall never reached the server."""
    return classify_unexecuted(refusal) or "failed"


def _explain_error(work: Patch | Create, error: SensenetError) -> str:
    """Return the server's words, with field names in place of labels."""
    labels = {field.display_name: name for name, field in work.fields.items()}
    named = [name for label, name in labels.items() if label and label != name and label in str(error)]
    return f"{error} (that is {', '.join(named)})" if named else str(error)


def _build_line(
    work: Work,
    outcome: Outcome,
    reason: str,
    fields: tuple[str, ...] = (),
    stored: Stored | None = None,
    error: SensenetError | None = None,
) -> Line:
    seen = stored or {}
    after = work.after if isinstance(work, (Patch, Create)) else {}
    hidden = partial(remove_passwords, work.fields, after)
    if error is not None:
        error.args = (hidden(str(error)), *error.args[1:])
        if isinstance(error, ServerError):
            error.reason = hidden(error.reason)
    return Line(
        outcome,
        hidden(_without_request(work, reason)),
        fields or work.names,
        seen.get("Id") or work.id,
        seen.get("Path") or work.path,
        stored,
        error,
    )


def _without_request(work: Work, reason: str) -> str:
    """Return a reason without the request, so that rows that failed alike have the same one."""
    method, address, _ = work.request
    request = f"{method} {address}"
    return reason.replace(f"{request} failed with", "it was answered with").replace(f"{request}: ", "")
