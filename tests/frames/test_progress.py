"""Bars: shown to people who watch, true while they show, and nothing afterwards."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import IPython.display
import ipywidgets
import pytest

from sn_pandas.frames.progress import Progress


class Handle:
    """What ``display`` gives, and a record of all that was shown."""

    def __init__(self) -> None:
        self.shown: list[dict[str, str]] = []

    def update(self, data: dict[str, str], raw: bool) -> None:
        self.shown.append(data)


class Kernel:
    message = "1"

    def get_parent(self) -> dict[str, Any]:
        return {"header": {"msg_id": self.message}}


@pytest.fixture
def handle(monkeypatch: pytest.MonkeyPatch) -> Handle:
    """Return what a notebook is shown."""
    handle = Handle()

    def display(data: dict[str, str], *, raw: bool, display_id: bool) -> Handle:
        handle.update(data, raw)
        return handle

    monkeypatch.setattr(IPython.display, "display", display)
    monkeypatch.setattr(IPython, "get_ipython", lambda: SimpleNamespace(kernel=Kernel()))
    monkeypatch.setattr("sn_pandas.frames.progress.INTERVAL", 0)
    return handle


def test_a_bar_in_a_notebook_is_emptied_at_the_end(handle: Handle) -> None:
    with Progress(True, "/Root/<b>$1\x1b[2J", "rows") as progress:
        progress.show(10, 40)
        progress.show(40, 40)
    first, *_, last = handle.shown
    assert 'max="40" value="10"' in first["text/html"]
    assert "10/40" in first["text/plain"]
    assert "<b>" not in first["text/html"]
    assert "\x1b" not in first["text/plain"]
    assert last == {"text/plain": "", "text/html": ""}


def test_a_bar_without_a_total_says_how_much(handle: Handle) -> None:
    with Progress(True, "x") as progress:
        progress.show(10, None)
    assert "10" in handle.shown[0]["text/plain"]
    assert "max=" not in handle.shown[0]["text/html"]


def test_an_error_empties_it_too(handle: Handle) -> None:
    def fail() -> None:
        with Progress(True, "x") as progress:
            progress.show(1, 2)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert handle.shown[-1]["text/html"] == ""


def test_what_is_done_within_a_second_shows_nothing(handle: Handle) -> None:
    with Progress(None, "x") as progress:
        progress.show(1, 2)
    assert handle.shown == []


def test_an_output_widget_shows_no_bar_that_would_stand_still(handle: Handle) -> None:
    output = ipywidgets.Output()
    output.msg_id = Kernel.message
    try:
        with Progress(True, "x") as progress:
            progress.show(1, 2)
    finally:
        output.close()
    assert handle.shown == []
