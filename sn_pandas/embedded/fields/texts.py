"""Texts with a form of their own: rich text, XML, passwords, colours."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from sn_pandas.embedded import passwords
from sn_pandas.embedded.bodies import Date
from sn_pandas.embedded.contents import Content, Value
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.fields.base import IGNORED, Kind
from sn_pandas.embedded.localization import localized
from sn_pandas.embedded.types import Field

if TYPE_CHECKING:
    from sn_pandas.embedded.repository import Session

Json = Any


class LongText(Kind):
    """Text of any length; has no pattern."""


class RichText(Kind):
    """Text with the state of its editor."""

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if isinstance(value, str):
            return {"text": value, "editor": None}
        if not isinstance(value, dict):
            return None
        lower = {name.lower(): part for name, part in value.items()}
        return {"text": _scalar(lower.get("text")), "editor": _scalar(lower.get("editor"))}

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        if stored is None:
            return None
        if session.wants_rich(field.name):
            return json.dumps(stored, ensure_ascii=False, separators=(",", ":"))
        return localized(stored["text"])

    def property(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        return stored

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        return None if text is None else {"text": text, "editor": None}

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return not field.compulsory or bool(stored and stored["text"])


class Xml(Kind):
    """Well-formed XML."""

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        if not stored:
            return not field.compulsory
        try:
            ET.fromstring(stored)
        except ET.ParseError:
            return False
        return True


class Password(Kind):
    """A secret of which only the hash is kept."""

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if isinstance(value, str) and value:
            return {"Hash": passwords.hashed(value)}
        if isinstance(value, dict) and field.owner == "User":
            if isinstance(value.get("Hash"), str):
                return {"Hash": value["Hash"]}
            if isinstance(value.get("Text"), str) and value["Text"]:
                return {"Hash": passwords.hashed(value["Text"])}
            return IGNORED
        return {"Hash": ""}

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        return None

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        return None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return bool(stored["Hash"]) if stored else not field.compulsory


class Color(Kind):
    """A colour, read as its parts."""

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if value is None or isinstance(value, str):
            return value
        raise server_error("NotSupportedException", "The value is no colour.")

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        return color_parts(stored)

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return not (field.compulsory and stored is not None)


def color_parts(text: str | None) -> dict[str, Json]:
    """Return the parts of a colour text; black if there is none, all zero if it is no colour."""
    if text is None:
        return {"Alpha": 255, "Red": 0, "Green": 0, "Blue": 0, "Hue": 0.0}
    digits = NAMED_COLORS.get(text, text)
    match = re.fullmatch("#([0-9a-fA-F]{6}|[0-9a-fA-F]{3})", digits)
    if match is None:
        return {"Alpha": 0, "Red": 0, "Green": 0, "Blue": 0, "Hue": 0.0}
    hexed = match.group(1)
    if len(hexed) == 3:
        hexed = "".join(c * 2 for c in hexed)
    red, green, blue = (int(hexed[i : i + 2], 16) for i in (0, 2, 4))
    return {"Alpha": 255, "Red": red, "Green": green, "Blue": blue, "Hue": _hue(red, green, blue)}


NAMED_COLORS = {
    "black": "#000000", "white": "#ffffff", "red": "#ff0000", "lime": "#00ff00", "green": "#008000",
    "blue": "#0000ff", "yellow": "#ffff00", "cyan": "#00ffff", "aqua": "#00ffff", "magenta": "#ff00ff",
    "fuchsia": "#ff00ff", "gray": "#808080", "silver": "#c0c0c0", "maroon": "#800000", "olive": "#808000",
    "navy": "#000080", "purple": "#800080", "teal": "#008080", "orange": "#ffa500", "pink": "#ffc0cb",
    "brown": "#a52a2a", "gold": "#ffd700", "violet": "#ee82ee", "indigo": "#4b0082", "salmon": "#fa8072",
}  # fmt: skip


def _hue(red: int, green: int, blue: int) -> float:
    high, low = max(red, green, blue), min(red, green, blue)
    if high == low:
        return 0.0
    span = high - low
    if high == red:
        hue = (green - blue) / span
    elif high == green:
        hue = 2 + (blue - red) / span
    else:
        hue = 4 + (red - green) / span
    return (hue * 60) % 360


def _scalar(value: Json) -> str | None:
    if isinstance(value, dict | list):
        raise server_error("ArgumentException", "The value is no scalar.")
    if isinstance(value, Date):
        return value.text
    return None if value is None else str(value)
