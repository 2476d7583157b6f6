"""A sensenet-compatible repository on SQLite that runs in the user's process."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sn_pandas.embedded.callers import UnknownUserError as UnknownUserError
    from sn_pandas.embedded.faults import Faults as Faults
    from sn_pandas.embedded.http.application import Application as Application
    from sn_pandas.embedded.http.server import serve as serve
    from sn_pandas.embedded.populating import populate as populate
    from sn_pandas.embedded.storage.file_version import UnusableFileError as UnusableFileError

__all__ = ["Application", "Faults", "UnknownUserError", "UnusableFileError", "populate", "serve"]

_PLACES = {
    "Application": "http.application",
    "Faults": "faults",
    "UnknownUserError": "callers",
    "UnusableFileError": "storage.file_version",
    "populate": "populating",
    "serve": "http.server",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is asked for."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
