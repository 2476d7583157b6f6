"""Concurrent jobs: adapted to the load of the server, results as they arrive, stoppable without loss."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from ...odata import flight
from ...odata.errors import AuthenticationError
from .report import Line

T = TypeVar("T")
#: Gets the number of a job and its outcome.
OnOutcome = Callable[[int, Line], None]

# How often a wait looks up by itself, in seconds: an interruption may have swallowed the bell.
_LOOKS_UP = 0.5


class Flow:
    """How many requests may be in flight: halved when the server is overloaded, then grown back.

    Parameters
    ----------
    workers : int
        How many at the most.
    overloads : callable, optional
        Gives how often the server said that it is overloaded; asked before each request.

    Attributes
    ----------
    stopped : str
        Why nothing more is begun; empty while all goes on.
    over : threading.Event
        Set when nothing is to be tried once more.
    """

    def __init__(self, workers: int, overloads: Callable[[], int] = lambda: 0) -> None:
        if workers < 1:
            raise ValueError(f"workers is the number of concurrent requests, at least 1, not {workers}")
        self.most = workers
        self.limit = float(workers)
        self.stopped = ""
        self.over = threading.Event()
        self._overloads = overloads
        self._seen = overloads()
        self._flying = 0
        self._room = threading.Condition()

    def enter(self) -> bool:
        """Wait until one more request may be sent, and return whether it still should be."""
        with self._room:
            while not self.stopped:
                self._notice()
                if self._flying < int(self.limit):
                    self._flying += 1
                    return True
                self._room.wait()
        return False

    def leave(self) -> None:
        """Record that a request has ended."""
        with self._room:
            self._flying -= 1
            if not self._notice():
                self.limit = min(self.most, self.limit + 1 / self.limit)
            self._room.notify()

    def stop(self, why: str) -> None:
        """Start no more requests, and retry none."""
        self.stopped = self.stopped or why
        self.over.set()
        with self._room:
            self._room.notify_all()

    def _notice(self) -> bool:
        """Halve the limit if the server was overloaded since the last check, once for all its answers."""
        now = self._overloads()
        overloaded = now > self._seen
        if overloaded:
            self._seen = now
            self.limit = max(1.0, self.limit / 2)
        return overloaded


def run_concurrently(
    jobs: Sequence[T],
    work: Callable[[T], Line],
    flow: Flow,
    on_outcome: OnOutcome,
    *,
    what: str = "save",
    shown: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Run all jobs and pass on the number and outcome of each, at least once, in spite of interruptions.

    After an interruption, or an error of a job, nothing more is sent, and the exception is raised once the
    running requests are reported. A second interruption does not wait: running requests are ``unknown`` then.

    Parameters
    ----------
    on_outcome : callable
        Gets the number of a job and its outcome.
    what : str
        What all of it is, for the reason of what was not sent.
    shown : callable, optional
        Gets how many jobs are done, of how many.
    """
    pool = _WorkerPool(jobs, work, flow)
    passed = 0
    try:
        pool.start()
        while passed < len(jobs):
            on_outcome(*pool.outcome(passed))
            passed += 1
            shown(passed, len(jobs))
    except BaseException:
        flow.stop(f"not sent, because the {what} was interrupted")
        with contextlib.suppress(KeyboardInterrupt):  # asked to leave at once; the first one is raised below
            pool.finish()
        _tell(pool.rest(passed), on_outcome)
        raise
    if pool.trouble is not None:
        raise pool.trouble


def _tell(outcomes: Sequence[tuple[int, Line]], on_outcome: OnOutcome) -> None:
    """Pass on outcomes, even if interrupted repeatedly: a lost outcome could not be reported."""
    passed = 0
    while passed < len(outcomes):
        with contextlib.suppress(KeyboardInterrupt):
            on_outcome(*outcomes[passed])
            passed += 1


class _WorkerPool(Generic[T]):
    """The threads that do the jobs.

    What the caller's thread asks takes no lock and takes nothing away, so it may be interrupted anywhere.
    """

    def __init__(self, jobs: Sequence[T], work: Callable[[T], Line], flow: Flow) -> None:
        self.trouble: BaseException | None = None
        self._jobs = jobs
        self._work = work
        self._flow = flow
        self._todo = iter(range(len(jobs)))
        self._taking = threading.Lock()
        self._begun: set[int] = set()
        self._done: list[tuple[int, Line]] = []
        self._wakeup: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._running = 0
        self._ended: list[None] = []

    def start(self) -> None:
        """Start."""
        for number in range(min(self._flow.most, len(self._jobs))):
            # daemons: a program that is interrupted twice does not wait for them at its end
            thread = threading.Thread(target=self._run, name=f"sn_pandas-{number}", daemon=True)
            thread.start()
            self._running += 1

    def outcome(self, position: int) -> tuple[int, Line]:
        """Wait for the outcome at this position, and return it with the number of its job."""
        while len(self._done) <= position:
            self._listen()
        return self._done[position]

    def finish(self) -> None:
        """Wait until no request is running; for a stopped flow."""
        while len(self._ended) < self._running:
            self._listen()

    def rest(self, passed: int) -> list[tuple[int, Line]]:
        """Return the outcomes after a position, and those of all jobs that were not run."""
        done = list(self._done)  # threads that nobody waits for go on
        lines = done[passed:]
        finished = {number for number, _ in done}
        for number in range(len(self._jobs)):
            if number in finished:
                continue
            if number in self._begun:
                lines.append((number, Line("unknown", "interrupted before the server answered")))
            else:
                lines.append((number, Line("unsent", self._flow.stopped)))
        return lines

    def _listen(self) -> None:
        with contextlib.suppress(queue.Empty):
            self._wakeup.get(timeout=_LOOKS_UP)

    def _run(self) -> None:
        flight.bind_cancellation(self._flow.over)
        while (number := self._take_next()) is not None:
            self._done.append((number, self._run_job(number)))
            self._wakeup.put(None)
        self._ended.append(None)
        self._wakeup.put(None)

    def _take_next(self) -> int | None:
        with self._taking:
            return next(self._todo, None)

    def _run_job(self, number: int) -> Line:
        self._begun.add(number)  # before it is, so that what is in flight never passes for unsent
        if not self._flow.enter():
            return Line("unsent", self._flow.stopped)
        try:
            line = self._work(self._jobs[number])
        except BaseException as error:
            line = Line("unknown", f"{type(error).__name__}: {error}")
            self._fail(error, f"not sent, because another row failed with {type(error).__name__}: {error}")
        finally:
            self._flow.leave()
        if isinstance(line.error, AuthenticationError):
            self._fail(line.error, line.reason)
        return line

    def _fail(self, error: BaseException, why: str) -> None:
        self.trouble = self.trouble or error
        self._flow.stop(why)
