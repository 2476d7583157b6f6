"""What all kinds of fields have in common, and text, which they start from."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from sn_pandas.embedded.contents import Content, Value
from sn_pandas.embedded.errors import invalid_cast
from sn_pandas.embedded.schema.types import Field
from sn_pandas.embedded.wire.bodies import Date

if TYPE_CHECKING:
    from sn_pandas.embedded.session import Session

Json = Any


NET_GROUP = re.compile(r"\(\?<(?![=!])")
"""How .NET starts a group with a name."""

IGNORED = object()
"""What `Kind.coerce` returns for a value that leaves the field as it is."""


class SettingError(Exception):
    """A value that the field refuses at once: 400 with the name of the field."""

    def __init__(self, exceptiontype: str) -> None:
        super().__init__(exceptiontype)
        self.exceptiontype = exceptiontype


class Kind:
    """Text, and the base of all kinds."""

    empty: ClassVar[Value] = None
    """What stands for nothing."""
    partial: str = ""
    """What of it differs from the real server; empty = nothing that is known."""
    takes_arrays: ClassVar[bool] = False
    """Whether a JSON array is a value; otherwise it is passed over."""
    null_is_missing: ClassVar[bool] = False
    """Whether a compulsory field refuses null, though it has a value that stands for nothing."""

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        """Return the stored form of a JSON value, or `IGNORED`."""
        if value is None or isinstance(value, str):
            return value
        raise invalid_cast(net_type(value), "System.String")

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        """Return the JSON of a stored value; ``stored`` is None if the field was never set."""
        return self.empty if stored is None else stored

    def property(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        """Return the JSON that the address of the field itself answers."""
        return self.read(stored, field, content, session)

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        """Return the stored form of a default value, templates already replaced; None = nothing is stored."""
        return text

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        """Return whether the rules of the field allow the value."""
        text = "" if stored is None else str(stored)
        if field.compulsory and text == "":
            return False
        shortest, longest = field.settings.get("MinLength"), field.settings.get("MaxLength")
        length = len(text.encode("utf-16-le", "surrogatepass")) // 2
        if shortest is not None and length < shortest:
            return False
        if longest is not None and length > longest:
            return False
        pattern = field.settings.get("Regex")
        return pattern is None or matches(pattern, text)


class Empty(Kind):
    """A kind without values."""

    def __init__(self, shown: Value = None, partial: str = "") -> None:
        self.shown = shown
        self.partial = partial

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        return IGNORED

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        return self.shown

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        return None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return True


def in_range(value: Any, field: Field) -> bool:
    """Return whether a number is within the limits of its field."""
    low, high = field.settings.get("MinValue"), field.settings.get("MaxValue")
    if low is not None and value < Decimal(str(low)):
        return False
    return high is None or value <= Decimal(str(high))


def matches(pattern: str, text: str) -> bool:
    """Return whether a pattern matches the complete text; an invalid one matches everything."""
    try:
        found = re.search(NET_GROUP.sub("(?P<", pattern), text)
    except re.error:
        return True
    return found is not None and len(found.group()) == len(text)


def net_type(value: Json) -> str:
    """Return the .NET class of a JSON value, for messages."""
    if isinstance(value, bool):
        return "System.Boolean"
    if isinstance(value, int):
        return "System.Int64"
    if isinstance(value, float):
        return "System.Double"
    if isinstance(value, Date):
        return "System.DateTime"
    if isinstance(value, str):
        return "System.String"
    return "Newtonsoft.Json.Linq.JObject" if isinstance(value, dict) else "Newtonsoft.Json.Linq.JArray"
