"""Fields that name other contents: references, allowed child types, pictures."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar

from sn_pandas.embedded.contents import Content, Value
from sn_pandas.embedded.errors import invalid_cast, server_error
from sn_pandas.embedded.fields.base import IGNORED, Kind, SettingError, net_type
from sn_pandas.embedded.schema.types import Field

if TYPE_CHECKING:
    from sn_pandas.embedded.session import Session

Json = Any


class Reference(Kind):
    """Other contents, by their ids; those that are unknown or invisible are passed over."""

    empty: ClassVar[Value] = []
    takes_arrays = True

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if isinstance(value, dict):
            if field.compulsory:
                return []  # which is refused as a compulsory field that is empty
            raise invalid_cast(net_type(value), "SenseNet.ContentRepository.Storage.Node")
        if isinstance(value, list):
            ids = [i for item in _flatten(value) if (i := session.resolve(_id_or_path(item))) is not None]
        else:
            if isinstance(value, int) and not -(2**63) <= value < 2**63:
                raise SettingError("InvalidCastException")
            found = session.resolve(_id_or_path(value))
            ids = [] if found is None else [found]
        return ids if field.multiple else ids[:1]

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        if not text:
            return None
        ids = [i for part in re.split("[,;]", text) if (i := session.resolve(part.strip())) is not None]
        return (ids if field.multiple else ids[:1]) or None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        targets = session.store.load_many(stored or ())
        if field.compulsory and not targets:
            return False
        allowed = field.settings.get("AllowedTypes") or ()
        roots = field.settings.get("SelectionRoots") or ()
        for target in targets:
            lineage = session.types.of(target.type).lineage
            if allowed and not any(name in lineage for name in allowed):
                return False
            if roots and not any(f"{target.path}/".startswith(root.rstrip("/") + "/") for root in roots):
                return False
        query = field.settings.get("Query")
        return (
            not query
            or not targets
            or session.repository.finds(session, query, {target.id for target in targets})
        )


class AllowedChildTypes(Kind):
    """The content types that may be created below."""

    empty: ClassVar[Value] = []
    takes_arrays = True

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if value is None:
            return []
        if not isinstance(value, list):
            raise invalid_cast(net_type(value), "System.Collections.Generic.IEnumerable")
        names: list[str] = []
        for item in _flatten(value):
            name = item
            if not (isinstance(item, str) and item in session.types):
                found = session.resolve(_id_or_path(item))
                target = session.store.load(found) if found is not None else None
                name = target.name if target is not None and target.type == "ContentType" else None
            if name is not None and name not in names:
                names.append(name)
        return names

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        return None

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        return None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return True


class Image(Kind):
    """Shows the picture that another field refers to or holds: ``ImageRef`` and ``ImageData``."""

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if isinstance(value, dict):
            url = value.get("Url")
            if url is None:
                raise SettingError("NullReferenceException" if "Url" in value else "ArgumentNullException")
            if isinstance(url, dict | list):
                raise SettingError("InvalidCastException")
            if url == "":
                return IGNORED
        found = (
            session.resolve(value) if isinstance(value, int | str) and not isinstance(value, bool) else None
        )
        target = session.store.load(found) if found is not None else None
        if (
            target is None
            or not session.types.of(target.type).is_a("Image")
            or (isinstance(value, str) and not value.startswith("/"))
        ):
            raise server_error("NotSupportedException", "The value is not an image.")
        return [target.id]

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        if content.fields.get("ImageData"):
            return {"Url": f"/binaryhandler.ashx?nodeid={content.id}&propertyname=ImageData"}
        targets = session.store.load_many(content.fields.get("ImageRef") or ())
        return {"Url": targets[0].path if targets else ""}

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        return None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return True


def _flatten(items: list[Json]) -> list[Json]:
    """Return the items of an array and of the arrays in it, but no deeper ones."""
    return [part for item in items for part in (item if isinstance(item, list) else [item])]


def _id_or_path(value: Json) -> Json:
    if isinstance(value, int) and not -(2**31) <= value < 2**31:
        raise SettingError("OverflowException")
    return value
