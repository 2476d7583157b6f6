"""The schema as frames: content types, and the fields of types or of the contents at a path."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

import pandas as pd

from ..odata.errors import QueryError

if TYPE_CHECKING:
    from ..odata.schema import ContentType, Field, Schema


def build_types_frame(schema: Schema, name: str | None = None) -> pd.DataFrame:
    """Return content types as a frame: all of them, or one with the types derived from it.

    Raises
    ------
    QueryError
        If there is no such type.
    """
    chosen = schema.derived(_find_content_type(schema, name)) if name else frozenset(schema)
    rows = [_build_type_row(schema[t]) for t in sorted(chosen, key=lambda t: (t != name, t))]
    return pd.DataFrame(
        rows, columns=["type", "display_name", "parent", "fields", "own_fields", "children", "layer"]
    ).set_index("type")


def build_fields_frame(schema: Schema, names: Iterable[str]) -> pd.DataFrame:
    """Describe the fields of some types, one row each."""
    fields: dict[str, Field] = {}
    within: dict[str, list[str]] = {}
    for name in names:
        for field_name, field in schema[_find_content_type(schema, name)].fields.items():
            fields.setdefault(field_name, field)
            within.setdefault(field_name, []).append(name)
    columns = [
        "field",
        "display_name",
        "type",
        "dtype",
        "editable",
        "compulsory",
        "options",
        "limits",
        "layer",
        "types",
    ]
    rows = [_field_row(field, within[name]) for name, field in sorted(fields.items())]
    return pd.DataFrame(rows, columns=columns).set_index("field")


def _find_content_type(schema: Schema, name: str) -> str:
    if name in schema:
        return name
    raise QueryError(f"{schema.describe_missing(name)} List them with %sensenet types")


def _build_type_row(kind: ContentType) -> tuple[str, str, str, int, str, str, str]:
    return (
        kind.name,
        kind.display_name,
        kind.parent or "",
        len(kind.fields),
        ", ".join(kind.own),
        ", ".join(kind.allowed_child_types),
        kind.layer,
    )


def _field_row(field: Field, within: list[str]) -> tuple[str, str, str, str, bool, bool, str, str, str, str]:
    several = " (several)" if field.multiple else ""
    return (
        field.name,
        field.display_name,
        field.type + several,
        field.dtype,
        field.editable,
        field.compulsory,
        ", ".join(option.value for option in field.options),
        _describe_limits(field.limits),
        field.layer,
        ", ".join(within),
    )


def _describe_limits(limits: Mapping[str, object]) -> str:
    return ", ".join(
        f"{name} {' '.join(map(str, v)) if isinstance(v, list) else v}" for name, v in limits.items()
    )
