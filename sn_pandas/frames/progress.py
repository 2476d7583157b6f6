"""A progress bar that appears after a second, in interactive use only.

In a notebook the bar is an output that is emptied at the end. A widget would be an error there as soon as
the page is loaded again or the kernel restarts, because its model is gone.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any

from ..odata.escaping import escape_controls, escape_html

#: None shows a bar after a second where somebody may watch, True at once, False never;
#: a callable gets (done, total).
Setting = bool | Callable[[int, int | None], object] | None
_DELAY = 1.0
#: Seconds between two looks of a bar in a notebook.
INTERVAL = 0.2


class Progress:
    """A progress bar that always disappears at the end.

    Examples
    --------
    >>> with Progress(lambda done, total: print(done, "of", total)) as progress:
    ...     progress.show(5, 10)
    5 of 10
    """

    def __init__(self, setting: Setting = None, what: object = "", unit: str = "rows") -> None:
        self._setting = setting
        self._what = escape_controls(what, lines=False)
        self._unit = unit
        self._bar: Any = None
        self._silent = setting is False or (setting is None and not is_interactive())

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def show(self, done: int, total: int | None) -> None:
        """Update the progress, and the total if it is known."""
        if callable(self._setting):
            self._setting(done, total)
            return
        if self._silent:
            return
        if self._bar is None:
            delay = 0.0 if self._setting else _DELAY
            kind = _NotebookBar if _get_kernel() is not None else _create_terminal_bar
            self._bar = kind(total=total, desc=self._what, unit=f" {self._unit}", delay=delay)
        self._bar.total = total
        self._bar.update(done - self._bar.n)


def is_interactive() -> bool:
    """Return whether somebody may watch: a notebook or a terminal."""
    return _get_kernel() is not None or (sys.stderr is not None and sys.stderr.isatty())


def _get_kernel() -> Any:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None)


def _create_terminal_bar(**facts: Any) -> Any:
    from tqdm.std import tqdm

    return tqdm(leave=False, **facts)


class _NotebookBar:
    """A bar in an output of the cell."""

    def __init__(self, *, total: int | None, desc: str, unit: str, delay: float) -> None:
        self.total, self.n = total, 0
        self._desc, self._unit = desc, unit
        self._began = time.monotonic()
        self._next = self._began + delay
        self._handle: Any = None

    def update(self, count: int) -> None:
        """Update the count, and redraw the bar from time to time."""
        self.n += count
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + INTERVAL
        if self._handle is not None:
            self._handle.update(self._describe_state(now), raw=True)
        elif not _is_inside_output():
            from IPython.display import display

            self._handle = display(self._describe_state(now), raw=True, display_id=True)  # type: ignore[no-untyped-call]  # IPython's is untyped

    def close(self) -> None:
        """Remove the bar."""
        if self._handle is not None:
            self._handle.update({"text/plain": "", "text/html": ""}, raw=True)

    def _describe_state(self, now: float) -> dict[str, str]:
        from tqdm.std import tqdm

        total: Any = self.total
        facts: dict[str, Any] = {"unit": self._unit, "ncols": 80, "prefix": self._desc}
        text = tqdm.format_meter(self.n, total, now - self._began, **facts)
        numbers = tqdm.format_meter(
            self.n, total, now - self._began, **facts, bar_format="{n_fmt}/{total_fmt} {rate_fmt}"
        )
        value = f' max="{self.total}" value="{self.n}"' if self.total else ""
        name = escape_html(self._desc)
        bar = f'<label><code>{name}</code> <progress{value} aria-label="{name}"></progress></label>'
        return {"text/plain": text, "text/html": f"{bar} <small>{escape_html(numbers)}</small>"}


def _is_inside_output() -> bool:
    """Return whether outputs go to an Output widget, which displays but never updates them."""
    widget = sys.modules.get("ipywidgets.widgets.widget_output")
    kernel = _get_kernel()
    if widget is None or kernel is None:
        return False
    try:
        here = kernel.get_parent()["header"]["msg_id"]
        instances = sys.modules["ipywidgets.widgets.widget"]._instances.values()
        return any(isinstance(w, widget.Output) and w.msg_id == here for w in list(instances))
    except (AttributeError, KeyError):
        return False
