"""Tracebacks in a notebook: the message and the caller's own lines, without those of this package.

IPython asks an error for ``_render_traceback_``. Our errors have one; an interruption gets one on its way
out. The traceback itself stays as it is: ``%tb``, ``%debug`` and ``sys.last_value`` show all of it.
"""

from __future__ import annotations

import contextlib
import functools
import linecache
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .escaping import escape_controls

_PACKAGE = str(Path(__file__).resolve().parents[1])
_LIBRARIES = tuple(
    {str(Path(path).resolve()) for name, path in sysconfig.get_paths().items() if "lib" in name} | {"<frozen"}
)
#: Places in the caller's code that are shown.
_MOST = 6


@contextlib.contextmanager
def hide_frames_of_interruption() -> Iterator[None]:
    """Show only the caller's own lines of an interruption."""
    try:
        yield
    except KeyboardInterrupt as error:
        hide_frames(error)
        raise


def hide_frames(error: BaseException) -> None:
    """Show only the caller's own lines of an error of another package."""
    vars(error)["_render_traceback_"] = functools.partial(render, error)


def render(error: BaseException) -> list[str]:
    """Return the lines that IPython shows: the message, the caller's own lines, and the notes."""
    message = escape_controls(error)
    head = f"{type(error).__name__}: {message}" if message else type(error).__name__
    notes = [escape_controls(note) for note in getattr(error, "__notes__", [])]
    return [head, *callers(error), *notes]


def callers(error: BaseException) -> list[str]:
    """Return the locations in the caller's code, innermost last; empty for a cell of one line.

    It is plain in a cell of one line. Frames of this package and of libraries are left out.
    """
    found = [
        (frame.f_code.co_filename, line, frame.f_code.co_name)
        for frame, line in traceback.walk_tb(error.__traceback__)
        if not frame.f_code.co_filename.startswith((_PACKAGE, *_LIBRARIES))
    ]
    if len(found) == 1 and len([text for text in linecache.getlines(found[0][0]) if text.strip()]) <= 1:
        return []
    return [_place(*each) for each in found[-_MOST:]]


def _place(file: str, line: int, function: str) -> str:
    code = linecache.getline(file, line).strip()
    where = f"{_file(file)}, line {line}" + ("" if function == "<module>" else f", in {function}")
    # what IPython makes of a magic is not what stands in the cell
    return f"  {where}" + (f": {code}" if code and not code.startswith("get_ipython().") else "")


def _file(name: str) -> str:
    """Return the name of a file, or of a cell in IPython's numbering."""
    shell: Any = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    with contextlib.suppress(Exception):  # a name is not worth a second error
        if named := shell.compile.format_code_name(name):
            return " ".join(named)
    return name
