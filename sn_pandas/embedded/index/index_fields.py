"""How each kind of field is searched: what text in a query and what value in a filter ask for."""

from __future__ import annotations

import re
from typing import Any

from sn_pandas.embedded import dates
from sn_pandas.embedded.errors import ODataError, bad_request, server_error
from sn_pandas.embedded.index.predicates import NULL_REFERENCE, Value
from sn_pandas.embedded.schema.types import Field, Types
from sn_pandas.words import lower_letters

PARSERS = {
    "Integer": "IntegerIndexHandler",
    "Number": "NumberIndexHandler",
    "Currency": "NumberIndexHandler",
    "Boolean": "BooleanIndexHandler",
    "DateTime": "DateTimeIndexHandler",
    "InFolder": "InFolderIndexHandler",
    "NotIndexed": "NotIndexedIndexFieldHandler",
    "Image": "NotIndexedIndexFieldHandler",
}
"""Kind of a field that refuses some texts -> how errors call what reads it."""

REFERENCES = frozenset({"Reference", "AllRoles", "DirectRoles"})
CHOICES = frozenset({"Choice", "YesNo"})
MODES = frozenset(
    {"VersioningMode", "InheritableVersioningMode", "ApprovingMode", "InheritableApprovingMode"}
)
NUMBERS = frozenset({"Number", "Currency"})

_TRUE, _FALSE = frozenset({"yes", "true", "1", "y"}), frozenset({"no", "false", "0", "n"})
_INTEGER = re.compile(r"\s*[+-]?\d+\s*", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)", re.ASCII)


def field_of(name: str, types: Types) -> Field | None:
    """Return the definition of a field that can be searched for."""
    return types.fields.get(name) or types.extra_fields.get(name)


def kind_of(name: str, types: Types) -> str | None:
    """Return how a field is searched: its kind, or its name if that is a kind of its own; None = unknown."""
    field = field_of(name, types)
    if field is None:
        return None
    return name if name in ("InTree", "InFolder") else field.kind


def is_indexed(name: str, types: Types) -> bool:
    """Return whether the index holds terms of a field."""
    field = field_of(name, types)
    return field is not None and field.indexed


def never_parses(kind: str) -> bool:
    """Return whether a kind of field refuses every text in a content query."""
    return PARSERS.get(kind) == "NotIndexedIndexFieldHandler"


def from_text(kind: str, text: str) -> Value | None:
    """Return the term that a text in a content query asks for, None if the kind of field cannot have it."""
    if kind == "Boolean":
        lower = text.lower()
        if lower.strip() in ("true", "false"):  # the only words around which blanks may stand
            lower = lower.strip()
        return True if lower in _TRUE else False if lower in _FALSE else None
    if kind == "Integer":
        return _int32(text)
    if kind in NUMBERS:
        return float(text) if _DECIMAL.fullmatch(text) else None
    if kind == "DateTime":
        return dates.parse(text)
    if kind in REFERENCES:
        number = _int32(text)
        return NULL_REFERENCE if number is None else number
    if kind == "InFolder":
        return text.lower() if text.lower().startswith("/root") else None
    if never_parses(kind):
        return None
    return lower_letters(text)


def from_value(kind: str, value: Any) -> Value:
    """Return the term that a constant in a filter asks for."""
    if kind in ("InTree", "InFolder"):
        if value is None:
            raise null_reference()
        if not str(value).lower().startswith("/root"):
            raise bad_request(
                "ApplicationException",
                f"Invalid path: '{value}'. It must be absolute: '/root' or '/root/...'.",
            )
        return lower_letters(str(value))
    if kind in REFERENCES:
        if value is None:
            return NULL_REFERENCE
        raise server_error("SnNotSupportedException", "A reference can be compared with null only.")
    if kind == "AllowedChildTypes" and value is None:
        raise null_reference()
    if kind in NUMBERS:
        return float(value)
    if value is None:
        return ""
    if isinstance(value, str):
        return lower_letters(value)
    if isinstance(value, bool | int | float):
        return value
    return lower_letters(str(value))


def null_reference() -> ODataError:
    """Return the error of a server that did not think of null."""
    return server_error("NullReferenceException", "Object reference not set to an instance of an object.")


def _int32(text: str) -> int | None:
    if len(text) > 1000 or not _INTEGER.fullmatch(text):
        return None
    number = int(text)
    return number if -(2**31) <= number < 2**31 else None
