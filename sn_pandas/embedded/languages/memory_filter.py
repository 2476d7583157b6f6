"""`$filter` and `$orderby` over lists in memory: references, actions, results of operations.

Other rules than for a search: every function and all arithmetic work, nothing stands for any text, dates
count to the last digit, and a value of the wrong type is an error instead of no hit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from functools import cmp_to_key
from operator import itemgetter
from typing import Any

from sn_pandas.embedded import dates
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.errors import ODataError, invalid_cast, server_error
from sn_pandas.embedded.index.collation import collation_key
from sn_pandas.embedded.index.index_fields import CHOICES, NUMBERS, REFERENCES, kind_of, null_reference
from sn_pandas.embedded.languages.filter_expressions import Call, Constant, Expression, FieldValue, Member
from sn_pandas.embedded.languages.filter_values import value_of
from sn_pandas.embedded.schema.types import Types

Read = Callable[[Content, str], Any]
"""Returns the JSON of a field of a content, as an entity shows it."""


class Reader:
    """Reads the fields of contents as .NET values.

    Parameters
    ----------
    types
        The content types.
    read
        Returns the JSON of a field that the type of the content has.
    """

    def __init__(self, types: Types, read: Read) -> None:
        self.types = types
        self._read = read

    def field(self, content: Content, name: str) -> Any:
        """Return a field: text, number, boolean, moment, list, or None.

        Raises
        ------
        ODataError
            If the type of the content has no such field.
        """
        content_type = self.types.get(content.type)
        has_field = content_type is not None and name in content_type.fields
        if not has_field and not name.startswith("#") and name not in self.types.extra_fields:
            path = content_type.path if content_type else content.type
            raise server_error(
                "InvalidOperationException",
                f"Field not found. Content {content.path} of type {path}, field name: {name}",
            )
        kind = kind_of(name, self.types)
        if kind == "NodeType":
            lineage = content_type.lineage if content_type else ()
            return {"Name": content.type, "NodeTypePath": "/".join(reversed(lineage))}
        if kind in ("InTree", "InFolder"):
            return content.stored_value(name) or content.type
        value = self._read(content, name)
        if kind in REFERENCES:
            return content.stored_value(name)
        if kind in NUMBERS:
            return Decimal(0) if value is None else Decimal(str(value))
        if kind == "DateTime":
            return 0 if not value else dates.from_iso(str(value))
        return value

    def property(self, content: Content, name: str) -> Any:
        """Return a .NET property of a content."""
        if name in ("CreationDate", "ModificationDate"):
            return dates.from_iso(content.created if name == "CreationDate" else content.modified)
        if name in ("Id", "Name", "Path", "Index"):
            return content.stored_value(name)
        content_type = self.types.get(content.type)
        if name == "ContentType":
            return {"Name": content.type, "Path": content_type.path if content_type else None}
        if name == "ContentHandler":
            return {
                **{name: content.stored_value(name) for name in _OF_NODE},
                "DisplayName": content.display_name,
                "CreationDate": dates.from_iso(content.created),
                "ModificationDate": dates.from_iso(content.modified),
                "Locked": content.locked_by != 0,
                "IsSystem": content.is_system,
            }
        if name in _TYPE_TESTS:
            return content_type is not None and content_type.is_a(_TYPE_TESTS[name])
        if name in ("IsValid", "IsLatestVersion"):
            return True
        if content_type is not None and name in content_type.fields:
            return self.field(content, name)
        return False if name.startswith("Is") or name.endswith("able") else None


_OF_NODE = (
    "Name", "Path", "Id", "ParentId", "Index", "VersionId", "CreatedById", "ModifiedById", "OwnerId",
)  # fmt: skip
_TYPE_TESTS = {"IsFolder": "Folder", "IsContentList": "ContentList", "IsContentListItem": "ListItem"}
_LISTS = (
    *CHOICES,
    "VersioningMode",
    "InheritableVersioningMode",
    "ApprovingMode",
    "InheritableApprovingMode",
)


def matches(expression: Expression, content: Content, reader: Reader, *, ignore_case: bool = False) -> bool:
    """Return whether a content of a list fits a filter.

    Parameters
    ----------
    ignore_case
        Whether ``eq`` and ``ne`` between texts pass over letter case: so for results of operations, not for
        references.

    Raises
    ------
    ODataError
        The 500 of a value that the filter cannot work with.
    """

    def lookup(part: FieldValue | Member | Call) -> Any:
        if isinstance(part, Call):
            name = part.arguments[1]
            content_type = reader.types.get(content.type)
            wanted = name.value if isinstance(name, Constant) else value_of(name, lookup)
            return content_type is not None and content_type.is_a(wanted)
        if isinstance(part, Member):
            return reader.property(content, part.name)
        return _check_type(part, reader.field(content, part.name), reader.types)

    if expression.type != "Boolean":
        raise server_error(
            "InvalidOperationException", "Invalid filterExpression: return value must be bool."
        )
    return bool(value_of(expression, lookup, ignore_case=ignore_case))


def _check_type(part: FieldValue, value: Any, types: Types) -> Any:
    """Return the value of a field if it is of the type that the filter was parsed for."""
    kind = kind_of(part.name, types)
    if kind in _LISTS:
        raise invalid_cast("System.Collections.Generic.List`1[System.String]", "System.String")
    if kind in REFERENCES:
        field = types.fields.get(part.name) or types.extra_fields.get(part.name)
        if field is not None and not field.multiple and kind == "Reference":
            raise invalid_cast(
                "SenseNet.ContentRepository.User", "System.Collections.Generic.IEnumerable`1[Node]"
            )
        return value
    if value is None and part.type in ("Int32", "Decimal", "Boolean", "DateTime"):
        raise null_reference()
    return value


def select(
    contents: Iterable[Content],
    reader: Reader,
    *,
    where: Callable[[Content, Reader], bool] | None = None,
    order: Sequence[tuple[str, bool]] = (),
) -> list[Content]:
    """Return those contents of a list that fit a filter, in order; without one the list keeps its own."""
    rows = [c for c in contents if where is None or where(c, reader)]
    if not order:
        return rows
    # A key is compared only where those before it are equal: what cannot be compared may stand there.
    keyed = [
        ([(_downwards if down else _upwards)(reader.field(content, name)) for name, down in order], content)
        for content in rows
    ]
    keyed.sort(key=itemgetter(0))
    return [content for _, content in keyed]


def _compare(a: Any, b: Any) -> int:
    if a is None or b is None:
        return (a is not None) - (b is not None)
    if isinstance(a, str) and isinstance(b, str):
        first, second = (collation_key(a) or "", a.swapcase()), (collation_key(b) or "", b.swapcase())
        return (first > second) - (first < second)
    if isinstance(a, list | dict) or isinstance(b, list | dict) or type(a) is not type(b):
        raise _incomparable()
    return int(a > b) - int(a < b)


def _incomparable() -> ODataError:
    return server_error("InvalidOperationException", "Failed to compare two elements in the array.")


_upwards, _downwards = cmp_to_key(_compare), cmp_to_key(lambda a, b: _compare(b, a))
