"""Warnings that point to the code of the user."""

from __future__ import annotations

import contextlib
import os
import sys
import warnings

_PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep


def warn_user(message: str, category: type[Warning] = UserWarning) -> None:
    """Issue a warning at the line outside this package that called it, however deep the call is.

    Parameters
    ----------
    message : str
        What is to be said.
    category : type
        The class of the warning.
    """
    level, frame = 1, sys._getframe()
    while frame.f_back is not None and _is_inside(frame.f_code.co_filename):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, category, stacklevel=level)


def _is_inside(filename: str) -> bool:
    """Return whether a file is one of this package, or the one that runs its context managers."""
    return filename.startswith(_PACKAGE) or filename == contextlib.__file__
