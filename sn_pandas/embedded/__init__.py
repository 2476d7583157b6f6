"""A sensenet-compatible repository on SQLite that runs in the user's process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sn_pandas.embedded.faults import Faults as Faults
    from sn_pandas.embedded.http.application import Application as Application
    from sn_pandas.embedded.http.server import serve as serve
    from sn_pandas.embedded.sample import populate as populate

__all__ = ["Application", "Faults", "populate", "serve"]

_PLACES = {
    "Application": "http.application",
    "Faults": "faults",
    "populate": "sample",
    "serve": "http.server",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
