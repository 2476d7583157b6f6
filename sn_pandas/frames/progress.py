"""How far something is: a bar after a second, for people who watch."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

#: None shows a bar after a second where somebody may watch, True at once, False never;
#: a callable gets (done, total).
Setting = bool | Callable[[int, int | None], object] | None


class Progress:
    """A bar of ``tqdm.auto`` that is closed in every case.

    Examples
    --------
    >>> with Progress(lambda done, total: print(done, "of", total)) as progress:
    ...     progress.show(5, 10)
    5 of 10
    """

    def __init__(self, setting: Setting = None, what: object = "", unit: str = "rows") -> None:
        self._setting = setting
        self._what = str(what)
        self._unit = unit
        self._bar: Any = None
        self._silent = setting is False or (setting is None and not interactive())

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def show(self, done: int, total: int | None) -> None:
        """Say how much is done, of how much if that is known."""
        if callable(self._setting):
            self._setting(done, total)
            return
        if self._silent:
            return
        if self._bar is None:
            from tqdm.auto import tqdm

            delay = 0.0 if self._setting else 1.0
            self._bar = tqdm(total=total, desc=self._what, unit=f" {self._unit}", delay=delay, leave=False)
        self._bar.total = total
        self._bar.update(done - self._bar.n)


def interactive() -> bool:
    """Whether somebody may watch: a notebook or a terminal."""
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return hasattr(shell, "kernel") or (sys.stderr is not None and sys.stderr.isatty())
