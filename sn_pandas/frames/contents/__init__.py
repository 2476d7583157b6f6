"""Single contents and their files, permissions and members.

What writes is loaded when it is used: ``connect`` and reading do without.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from . import (
        access,
        calls,
        downloads,
        importing,
        move_copy,
        permissions,
        rows,
        single,
        trash,
        uploads,
        versions,
    )

__all__ = [
    "access",
    "calls",
    "downloads",
    "importing",
    "move_copy",
    "permissions",
    "rows",
    "single",
    "trash",
    "uploads",
    "versions",
]

_ON_USE = frozenset(__all__)


def __getattr__(name: str) -> Any:
    if name in _ON_USE:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
