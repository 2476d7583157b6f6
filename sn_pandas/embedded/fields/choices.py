"""Values out of a list of options."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from sn_pandas.embedded.contents import Content, Value
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.fields.base import Kind, SettingError
from sn_pandas.embedded.schema.permission_names import NAMES
from sn_pandas.embedded.schema.types import Field
from sn_pandas.embedded.wire.bodies import Date

if TYPE_CHECKING:
    from sn_pandas.embedded.session import Session

Json = Any

EXTRA = "~other."
"""How a value starts that is none of the options."""


class Choice(Kind):
    """Values out of a list of options."""

    empty: ClassVar[Value] = []
    takes_arrays = True

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if value is None:
            return []
        if isinstance(value, list):
            return [_choice_item(item) for item in value]
        if isinstance(value, Date):
            return [value.text]
        if isinstance(value, dict):
            return [f"{name}: {part}" for name, part in value.items()]
        return [_choice_item(value)]

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        if stored is None and field.settings.get("EnumTypeName"):
            return ["0"]
        return _restore_values(stored or [])

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        return [item.strip() for item in re.split("[,;]", text)] if text else None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        values = stored or []
        if field.compulsory and not values:
            return False
        if len(values) > 1 and not field.multiple:
            return False
        extra = next((value for value in values if value not in field.options), None)
        return extra is None or (extra.startswith(EXTRA) and super().valid(extra, field, session))


class PermissionChoice(Choice):
    """Names of permissions; null until it is set."""

    empty = None

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        return list(stored) if stored is not None else None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return all(value in NAMES for value in stored or ())


class Mode(Choice):
    """A versioning or approving mode."""

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        values = super().coerce(value, field, session)
        bare = isinstance(value, int | float) and not isinstance(value, bool)
        if not values or (bare and self.valid(values, field, session)):
            raise server_error("ArgumentException", "The mode must be given as text or in an array.")
        return values

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        return list(stored) if stored else ["0"]

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        return [text] if text else None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return len(stored or ()) < 2 and all(value in field.options for value in stored or ())


def _choice_item(item: Json) -> str:
    if isinstance(item, bool):
        return str(item)
    if isinstance(item, str):
        return item
    if isinstance(item, int):
        return str(item)
    if isinstance(item, float):
        return repr(item).removesuffix(".0")
    if isinstance(item, Date):
        return item.text
    raise SettingError("Exception" if item is not None else "NullReferenceException")


def _restore_values(values: list[str]) -> list[str]:
    """Return values as they are restored from one text: an extra value includes everything after it."""
    if not values:
        return []
    options, extra, rest = ";".join(values).partition(EXTRA)
    found = [option for option in options.replace(",", ";").split(";") if option]
    return [*found, extra + rest] if extra else found
