"""Jobs at once: as many as the server bears, outcomes as they come, and a stop that loses nothing."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from .report import Line

T = TypeVar("T")


class Flow:
    """How many requests may be in flight: halved when the server is overloaded, then grown back.

    Parameters
    ----------
    workers : int
        How many at the most.
    overloads : callable, optional
        Gives how often the server said that it is overloaded; asked before each request.
    """

    def __init__(self, workers: int, overloads: Callable[[], int] = lambda: 0) -> None:
        if workers < 1:
            raise ValueError(f"workers is how many requests are in flight, at least 1, not {workers}")
        self.most = workers
        self.limit = float(workers)
        self.stopped = ""
        self._overloads = overloads
        self._seen = overloads()
        self._flying = 0
        self._room = threading.Condition()

    def enter(self) -> None:
        """Wait for room for one more request."""
        with self._room:
            while True:
                self._notice()
                if self._flying < int(self.limit):
                    break
                self._room.wait()
            self._flying += 1

    def leave(self) -> None:
        """Say that a request is over."""
        with self._room:
            self._flying -= 1
            if not self._notice():
                self.limit = min(self.most, self.limit + 1 / self.limit)
            self._room.notify()

    def stop(self, why: str) -> None:
        """Begin nothing more."""
        self.stopped = self.stopped or why

    def _notice(self) -> bool:
        """Halve the limit if the server was overloaded since the last look, once for all that it said."""
        now = self._overloads()
        overloaded = now > self._seen
        if overloaded:
            self._seen = now
            self.limit = max(1.0, self.limit / 2)
        return overloaded


def at_once(jobs: Sequence[T], work: Callable[[T], Line], flow: Flow) -> Iterator[tuple[int, Line]]:
    """Do every job and give the number and outcome of each as they come.

    An error of a job stops the rest. When the caller is interrupted, what is in flight is waited for and
    still given, and the rest is not begun.
    """
    todo = iter(enumerate(jobs))
    taking = threading.Lock()
    done: queue.SimpleQueue[tuple[int, Line | BaseException]] = queue.SimpleQueue()

    def run() -> None:
        while True:
            with taking:
                number, job = next(todo, (-1, None))
            if job is None:
                return
            done.put((number, _guarded(job)))

    def _guarded(job: T) -> Line | BaseException:
        if flow.stopped:
            return Line("unsent", flow.stopped)
        flow.enter()
        try:
            return work(job) if not flow.stopped else Line("unsent", flow.stopped)
        except BaseException as error:
            flow.stop(f"another row ran into {type(error).__name__}")
            return error
        finally:
            flow.leave()

    threads = [
        threading.Thread(target=run, name=f"sn_pandas-{n}", daemon=True)
        for n in range(min(flow.most, len(jobs)))
    ]
    for thread in threads:
        thread.start()
    trouble: BaseException | None = None
    left = len(jobs)
    while left:
        try:
            number, result = done.get()
        except KeyboardInterrupt as error:
            flow.stop("the save was interrupted")
            trouble = error
            continue
        left -= 1
        if isinstance(result, BaseException):
            trouble = trouble or result
        else:
            yield number, result
    for thread in threads:
        thread.join()
    if trouble is not None:
        raise trouble
