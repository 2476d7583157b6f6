"""Several requests at once, with a bounded look-ahead, that stop at once when nobody wants them any more.

What a thread works for may be over: a read that was given up sends nothing more, a write that was stopped
tries nothing once more. The thread knows by an event, the client asks here.
"""

from __future__ import annotations

import collections
import contextlib
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

from .errors import SensenetError
from .tracebacks import hide_frames

T = TypeVar("T")
#: Gives a result, and the jobs whose results come right behind it.
Job = Callable[[], "tuple[T, Sequence[Job[T]]]"]


class _Here(threading.local):
    """What this thread works for, if anything: set when it is over, and whether nothing is sent then."""

    over: threading.Event | None = None
    silent: bool = False


_here = _Here()


class Stopped(SensenetError):  # noqa: N818 - reads as what happened
    """A request that was not sent, because nobody waits for its answer any more."""


def check() -> None:
    """Raise if what this thread works for was given up."""
    if _here.silent and ending():
        raise Stopped("the read was given up")


def ending() -> bool:
    """Return whether what this thread works for is over, so that nothing is to take long any more."""
    return _here.over is not None and _here.over.is_set()


def pause(seconds: float) -> bool:
    """Wait before the next attempt, and return whether there is one."""
    if _here.over is None:
        time.sleep(seconds)
        return True
    return not _here.over.wait(seconds)


def work_for(over: threading.Event, *, silent: bool = False) -> None:
    """Say what this thread works for from now on.

    Parameters
    ----------
    over : threading.Event
        Set when nothing is to be tried once more.
    silent : bool
        Whether nothing at all is to be sent then.
    """
    _here.over, _here.silent = over, silent


@contextlib.contextmanager
def working_for(over: threading.Event) -> Iterator[None]:
    """Bind this thread to a flight until the block ends."""
    before = _here.over, _here.silent
    work_for(over)
    try:
        yield
    finally:
        _here.over, _here.silent = before


def in_order(jobs: Iterable[Job[T]], workers: int) -> Iterator[T]:
    """Run jobs on ``workers`` threads and return their results in the order of the jobs.

    At most ``2 * workers`` jobs are begun before the caller takes their results. When the caller stops
    early, by an error, ``break`` or Ctrl-C, nothing more begins, and nobody waits for what is on its way:
    the threads are daemons, which executors of the standard library cannot offer.
    """
    todo: SimpleQueue[tuple[Future[tuple[T, Sequence[Job[T]]]], Job[T]] | None] = SimpleQueue()
    stop = threading.Event()
    waiting: collections.deque[Future[tuple[T, Sequence[Job[T]]]]] = collections.deque()
    threads: list[threading.Thread] = []

    def work() -> None:
        work_for(stop, silent=True)
        while (item := todo.get()) is not None:
            future, job = item
            del item
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(job())
            except BaseException as error:
                future.set_exception(error)
            del future, job

    def begin(job: Job[T]) -> Future[tuple[T, Sequence[Job[T]]]]:
        if len(threads) < workers:
            threads.append(threading.Thread(target=work, name="sn_pandas", daemon=True))
            threads[-1].start()
        future: Future[tuple[T, Sequence[Job[T]]]] = Future()
        todo.put((future, job))
        return future

    def take() -> T:
        result, more = waiting.popleft().result()
        waiting.extendleft(reversed([begin(job) for job in more]))
        return result

    try:
        for job in jobs:
            waiting.append(begin(job))
            while len(waiting) >= 2 * workers:
                yield take()
        while waiting:
            yield take()
    except KeyboardInterrupt as error:
        hide_frames(error)
        raise
    finally:
        stop.set()
        for future in waiting:
            future.cancel()
        for _ in threads:
            todo.put(None)
