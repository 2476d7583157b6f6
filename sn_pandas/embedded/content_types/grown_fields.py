"""Fields that settings get when something is written under a new name.

A content of the type Settings takes any name whose value is a text, a number, a boolean or a date. The
kind of the field is that of its first value; the values stand in the JSON of the settings, too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.fields import kind_of
from sn_pandas.embedded.schema.types import Field
from sn_pandas.embedded.storage import binaries
from sn_pandas.embedded.wire.bodies import Date

if TYPE_CHECKING:
    from sn_pandas.embedded.session import Session

Json = Any

KEPT = "GrownFields"
"""Where a content keeps the names and kinds of such fields."""


def of_content(content: Content) -> dict[str, Field]:
    """Return the fields that a content got so."""
    return {name: Field(name, kind, content.type) for name, kind in content.fields.get(KEPT, {}).items()}


def grow(session: Session, content: Content, name: str, value: Json) -> Field | None:
    """Add a field for a value to a content of settings, and return it.

    None if the value does not say its kind, and for other contents.
    """
    kind = _kind(value)
    if kind is None or not session.types.of(content.type).is_a("Settings"):
        return None
    content.fields[KEPT] = {**content.fields.get(KEPT, {}), name: kind}
    return of_content(content)[name]


def keep(session: Session, content: Content, touched: set[str]) -> None:
    """Write the values of such fields that were set into the JSON of the settings."""
    written = [name for name in content.fields.get(KEPT, {}) if name in touched]
    if not written:
        return
    found = _json(session, content)
    for name in written:
        field = of_content(content)[name]
        found[name] = kind_of(field).read(content.fields.get(name), field, content, session)
    text = json.dumps(found, ensure_ascii=False, indent=2, default=float)
    content.fields["Binary"] = binaries.put(session.store, content.name, text.encode())


def _kind(value: Json) -> str | None:
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, int | float):
        return "Number"
    if isinstance(value, Date):
        return "DateTime"
    return "ShortText" if isinstance(value, str) else None


def _json(session: Session, content: Content) -> dict[str, Json]:
    """Return the JSON of settings; an empty object if it is invalid."""
    binary = content.fields.get("Binary")
    try:
        found = json.loads(session.store.file(binary["file"]).decode("utf-8-sig")) if binary else {}
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}
