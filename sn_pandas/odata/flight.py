"""Several requests at once, with a bounded look-ahead, that stop when they are cancelled.

The work of a thread may be cancelled: a cancelled read sends nothing more, a cancelled write retries nothing.
Each thread is bound to the event that cancels it, and the client checks that event here.
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
    """The event that cancels the work of this thread, if any, and whether nothing is sent once it is set."""

    event: threading.Event | None = None
    suppress: bool = False


_here = _Here()


class Stopped(SensenetError):  # noqa: N818 - reads as what happened
    """Raised instead of sending a request whose answer nobody waits for any more."""


def check() -> None:
    """Raise if the work of this thread was cancelled and is to send nothing more."""
    if _here.suppress and is_ending():
        raise Stopped("the read was given up")


def is_ending() -> bool:
    """Return whether the work of this thread was cancelled, so that nothing should take long any more."""
    return _here.event is not None and _here.event.is_set()


def pause(seconds: float) -> bool:
    """Wait before the next attempt, and return whether there is one."""
    if _here.event is None:
        time.sleep(seconds)
        return True
    return not _here.event.wait(seconds)


def bind_cancellation(event: threading.Event, *, suppress: bool = False) -> None:
    """Bind this thread to an event that cancels its work.

    Parameters
    ----------
    event : threading.Event
        Once it is set, nothing is retried.
    suppress : bool
        Whether nothing at all is sent then.
    """
    _here.event, _here.suppress = event, suppress


@contextlib.contextmanager
def cancellation_scope(event: threading.Event) -> Iterator[None]:
    """Bind this thread to an event that cancels its work, until the block ends."""
    before = _here.event, _here.suppress
    bind_cancellation(event)
    try:
        yield
    finally:
        _here.event, _here.suppress = before


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
        bind_cancellation(stop, suppress=True)
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
