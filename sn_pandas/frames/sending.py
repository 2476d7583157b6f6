"""Requests in flight: as many at once as the server bears, each answer compared with what was sent."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from ..odata.errors import NotFoundError, OutOfDateError, SensenetError, ServerError, UnavailableError
from ..odata.transport import Client, NoAnswer
from . import looking
from .cells import same_json
from .looking import Stored
from .plan import Patch
from .report import Line

T = TypeVar("T")

#: How often a PATCH is sent whose answer was lost or that met another save.
_TRIES = 4


class Flow:
    """How many requests may be in flight: halved when the server is overloaded, then grown back."""

    def __init__(self, workers: int) -> None:
        self.most = max(1, workers)
        self.limit = float(self.most)
        self.stopped = ""
        self._flying = 0
        self._room = threading.Condition()

    def enter(self) -> None:
        """Wait for room for one more request."""
        with self._room:
            while self._flying >= int(self.limit):
                self._room.wait()
            self._flying += 1

    def leave(self, *, overloaded: bool = False) -> None:
        """Say that a request is over, and whether the server was overloaded by it."""
        with self._room:
            self._flying -= 1
            self.limit = (
                max(1.0, self.limit / 2) if overloaded else min(self.most, self.limit + 1 / self.limit)
            )
            self._room.notify_all()

    def stop(self, why: str) -> None:
        """Send nothing more."""
        self.stopped = self.stopped or why


def at_once(jobs: Sequence[T], work: Callable[[T], Line], flow: Flow) -> Iterator[tuple[T, Line]]:
    """Do every job, as many at once as ``flow`` has room for, and give the outcomes as they come.

    When the caller is interrupted, what is in flight is waited for and the rest is not begun.
    """
    todo = iter(jobs)
    taking = threading.Lock()
    done: queue.SimpleQueue[tuple[T, Line | BaseException]] = queue.SimpleQueue()

    def run() -> None:
        while True:
            with taking:
                job = next(todo, None)
            if job is None:
                return
            done.put((job, _guarded(job)))

    def _guarded(job: T) -> Line | BaseException:
        if flow.stopped:
            return Line("unsent", flow.stopped)
        flow.enter()
        overloaded = False
        try:
            return work(job) if not flow.stopped else Line("unsent", flow.stopped)
        except UnavailableError as error:
            overloaded = True
            return Line("failed", str(error))
        except BaseException as error:
            return error
        finally:
            flow.leave(overloaded=overloaded)

    threads = [
        threading.Thread(target=run, name=f"sn_pandas-{n}", daemon=True)
        for n in range(min(flow.most, len(jobs)))
    ]
    for thread in threads:
        thread.start()
    left = len(jobs)
    try:
        while left:
            job, result = done.get()
            left -= 1
            if isinstance(result, BaseException):
                raise result
            yield job, result
    except BaseException:
        flow.stop("the save was interrupted")
        raise
    finally:
        for thread in threads:
            thread.join()


def patch(client: Client, work: Patch, flow: Flow) -> Line:
    """Send a PATCH and say what became of it; a lost answer is settled by reading."""
    names = tuple(work.after)
    for _ in range(_TRIES):
        lost: SensenetError
        try:
            answer = client.send("PATCH", work.target, body=work.after)["d"]
        except NotFoundError as error:
            return _line(work, "failed", str(error))
        except NoAnswer as error:
            if not error.sent:
                flow.stop(f"not sent, because {error}")
                return _line(work, "unsent", str(error))
            lost = error
        except SensenetError as error:
            lost = error
        except (KeyError, TypeError):
            lost = SensenetError("the answer is not one of a sensenet server")
        else:
            return verdict(work, answer)
        try:
            now = looking.one(client, work.id, work.fields.values())
        except NotFoundError:
            return _line(work, "failed", f"{lost}; the content is gone")
        except SensenetError as error:
            return _line(work, "unknown", f"{lost}; and it could not be read again: {error}")
        if not differing(work, work.after, now):
            return _line(work, "saved", "the answer was lost; seen by reading again", names, now)
        if isinstance(lost, ServerError) and not isinstance(lost, OutOfDateError) and lost.code:
            return _line(work, "failed", explained(work, lost))
        if changed := differing(work, work.before, now):
            return _line(
                work, "conflict", f"somebody else changed {', '.join(changed)} meanwhile", names, now
            )
    return _line(work, "failed", str(lost))


def verdict(work: Patch, answer: Stored) -> Line:
    """Compare what the server stored with what was sent."""
    wrong = differing(work, work.after, answer)
    if not wrong:
        return _line(work, "saved", "", tuple(work.after), answer)
    said = "; ".join(
        f"{name}: sent {work.after[name]!r}, the server shows {answer.get(name)!r}" for name in wrong
    )
    return _line(work, "ignored", said, tuple(wrong), answer)


def differing(work: Patch, meant: dict[str, object], stored: Stored) -> list[str]:
    """Give the fields that are stored as something else than is meant."""
    return [
        name for name, value in meant.items() if not same_json(work.fields[name], value, stored.get(name))
    ]


def explained(work: Patch, error: ServerError) -> str:
    """Give the server's words, with the fields by their names where it only shows their labels."""
    labels = {field.display_name: name for name, field in work.fields.items()}
    named = [name for label, name in labels.items() if label and label != name and label in error.reason]
    return f"{error} (that is {', '.join(named)})" if named else str(error)


def _line(
    work: Patch, outcome: str, reason: str, fields: tuple[str, ...] = (), stored: Stored | None = None
) -> Line:
    path = (stored or {}).get("Path") or work.path
    line = Line(outcome, reason, fields or tuple(work.after), work.id, path)  # type: ignore[arg-type]  # one of the words
    return line
