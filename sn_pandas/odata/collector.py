"""A pause of Python's garbage collector while a page is decoded.

The rows of a page hold no cycles, but there are so many that the collector looks through them again and
again, which takes as long as half the decoding.
"""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Iterator

_lock = threading.Lock()
_inside = 0
_was_on = False


@contextlib.contextmanager
def pause_collector() -> Iterator[None]:
    """Disable the collector; the last thread to leave enables it again if it was enabled."""
    global _inside, _was_on
    with _lock:
        if _inside == 0:
            _was_on = gc.isenabled()
            gc.disable()
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0 and _was_on:
                gc.enable()
