"""The content types that every sensenet has from the beginning, as ``types.json`` defines them.

The embedded repository serves the same file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import msgspec

from .fields import Field
from .type_documents import read_field


class BuiltInType(NamedTuple):
    """A type with the fields that it declares, those that it inherits left out."""

    name: str
    parent: str | None
    fields: Mapping[str, Field]
    display_name: str
    description: str
    allowed_child_types: tuple[str, ...]


def built_in_types() -> Iterator[BuiltInType]:
    """Yield each type, parents before their children."""
    yield from _definitions()


def is_ever_shown(name: str) -> bool:
    """Return whether ``GetSchema`` shows a built-in type to callers with all permissions."""
    return name in _names_in_schema()


@cache
def _raw() -> list[dict[str, Any]]:
    text = resources.files(__package__).joinpath("types.json").read_bytes()
    raw: list[dict[str, Any]] = msgspec.json.decode(text)
    return raw


@cache
def _names_in_schema() -> frozenset[str]:
    return frozenset(raw["Name"] for raw in _raw() if raw.get("InSchema", True))


@cache
def _definitions() -> tuple[BuiltInType, ...]:
    return tuple(
        BuiltInType(
            name=raw["Name"],
            parent=raw.get("Parent"),
            fields={f["Name"]: _field(f) for f in raw.get("Fields", ())},
            display_name=raw.get("DisplayName") or raw["Name"],
            description=raw.get("Description") or "",
            allowed_child_types=tuple(raw.get("AllowedChildTypes") or ()),
        )
        for raw in _raw()
    )


def _field(raw: Mapping[str, Any]) -> Field:
    """Return a field that is defined in the words of ``GetSchema``, but for its class and its query."""
    said = {**raw, "FieldClassName": f"{raw['Kind']}Field"}
    if "Query" in raw:
        said["Query"] = {"Text": raw["Query"], "Settings": _SETTINGS, "IsSafe": True}
    return read_field(said, "built in")


_SETTINGS = {
    "Top": 0,
    "Skip": 0,
    "EnableAutofilters": 0,
    "EnableLifespanFilter": 0,
    "QueryExecutionMode": 0,
    "AllVersions": False,
}
