"""Texts with a form of their own: rich text, XML, passwords, colours."""

from __future__ import annotations

import json
import re
import struct
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from sn_pandas.embedded.contents import Content, Value
from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.fields.base import IGNORED, Kind
from sn_pandas.embedded.schema.localization import localize
from sn_pandas.embedded.schema.types import Field
from sn_pandas.embedded.security import passwords
from sn_pandas.embedded.wire.bodies import Date

if TYPE_CHECKING:
    from sn_pandas.embedded.session import Session

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
        return {"text": _require_scalar(lower.get("text")), "editor": _require_scalar(lower.get("editor"))}

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        if stored is None:
            return None
        if session.wants_rich(field.name):
            return json.dumps(stored, ensure_ascii=False, separators=(",", ":"))
        return localize(stored["text"])

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
            return {"Hash": passwords.hash_password(value)}
        if isinstance(value, dict) and field.owner == "User":
            if isinstance(value.get("Hash"), str):
                return {"Hash": value["Hash"]}
            if isinstance(value.get("Text"), str) and value["Text"]:
                return {"Hash": passwords.hash_password(value["Text"])}
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
        raise server_error("NotSupportedException", "The value is not a colour.")

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        return color_parts(stored)

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return not (field.compulsory and stored is not None)


def color_parts(text: str | None) -> dict[str, Json]:
    """Return the components of a color text; black if it is empty, all zero if it is invalid."""
    if text is None:
        return {"Alpha": 255, "Red": 0, "Green": 0, "Blue": 0, "Hue": 0.0}
    alpha, digits = 255, NAMED_COLORS.get(text.replace("Color [", "").replace("]", ""), text)
    if digits == TRANSPARENT:
        alpha, digits = 0, "#ffffff"
    if len(digits) != len("#rrggbb"):  # of all other lengths three digits are read
        digits = "#" + "".join(c * 2 for c in digits[1:4]) if digits.startswith("#") else ""
    if not re.fullmatch("#[0-9a-fA-F]{6}", digits):
        return {"Alpha": 0, "Red": 0, "Green": 0, "Blue": 0, "Hue": 0.0}
    red, green, blue = (int(digits[i : i + 2], 16) for i in (1, 3, 5))
    return {"Alpha": alpha, "Red": red, "Green": green, "Blue": blue, "Hue": _hue(red, green, blue)}


TRANSPARENT = "transparent"

_WEB_COLORS = """
    aliceblue f0f8ff antiquewhite faebd7 aqua 00ffff aquamarine 7fffd4 azure f0ffff beige f5f5dc bisque
    ffe4c4 black 000000 blanchedalmond ffebcd blue 0000ff blueviolet 8a2be2 brown a52a2a burlywood
    deb887 cadetblue 5f9ea0 chartreuse 7fff00 chocolate d2691e coral ff7f50 cornflowerblue 6495ed
    cornsilk fff8dc crimson dc143c cyan 00ffff darkblue 00008b darkcyan 008b8b darkgoldenrod b8860b
    darkgray a9a9a9 darkgreen 006400 darkkhaki bdb76b darkmagenta 8b008b darkolivegreen 556b2f
    darkorange ff8c00 darkorchid 9932cc darkred 8b0000 darksalmon e9967a darkseagreen 8fbc8f
    darkslateblue 483d8b darkslategray 2f4f4f darkturquoise 00ced1 darkviolet 9400d3 deeppink ff1493
    deepskyblue 00bfff dimgray 696969 dodgerblue 1e90ff firebrick b22222 floralwhite fffaf0 forestgreen
    228b22 fuchsia ff00ff gainsboro dcdcdc ghostwhite f8f8ff gold ffd700 goldenrod daa520 gray 808080
    green 008000 greenyellow adff2f honeydew f0fff0 hotpink ff69b4 indianred cd5c5c indigo 4b0082 ivory
    fffff0 khaki f0e68c lavender e6e6fa lavenderblush fff0f5 lawngreen 7cfc00 lemonchiffon fffacd
    lightblue add8e6 lightcoral f08080 lightcyan e0ffff lightgoldenrodyellow fafad2 lightgray d3d3d3
    lightgreen 90ee90 lightpink ffb6c1 lightsalmon ffa07a lightseagreen 20b2aa lightskyblue 87cefa
    lightslategray 778899 lightsteelblue b0c4de lightyellow ffffe0 lime 00ff00 limegreen 32cd32 linen
    faf0e6 magenta ff00ff maroon 800000 mediumaquamarine 66cdaa mediumblue 0000cd mediumorchid ba55d3
    mediumpurple 9370db mediumseagreen 3cb371 mediumslateblue 7b68ee mediumspringgreen 00fa9a
    mediumturquoise 48d1cc mediumvioletred c71585 midnightblue 191970 mintcream f5fffa mistyrose ffe4e1
    moccasin ffe4b5 navajowhite ffdead navy 000080 oldlace fdf5e6 olive 808000 olivedrab 6b8e23 orange
    ffa500 orangered ff4500 orchid da70d6 palegoldenrod eee8aa palegreen 98fb98 paleturquoise afeeee
    palevioletred db7093 papayawhip ffefd5 peachpuff ffdab9 peru cd853f pink ffc0cb plum dda0dd
    powderblue b0e0e6 purple 800080 rebeccapurple 663399 red ff0000 rosybrown bc8f8f royalblue 4169e1
    saddlebrown 8b4513 salmon fa8072 sandybrown f4a460 seagreen 2e8b57 seashell fff5ee sienna a0522d
    silver c0c0c0 skyblue 87ceeb slateblue 6a5acd slategray 708090 snow fffafa springgreen 00ff7f
    steelblue 4682b4 tan d2b48c teal 008080 thistle d8bfd8 tomato ff6347 turquoise 40e0d0 violet ee82ee
    wheat f5deb3 white ffffff whitesmoke f5f5f5 yellow ffff00 yellowgreen 9acd32
""".split()
NAMED_COLORS = {name: f"#{digits}" for name, digits in zip(_WEB_COLORS[::2], _WEB_COLORS[1::2], strict=True)}
"""The names of the web -> their colours; lower case only."""


def _hue(red: int, green: int, blue: int) -> float:
    """Return the hue in degrees, computed with numbers of four bytes as the server does."""
    r, g, b = (_round_to_single(part / 255) for part in (red, green, blue))
    high, span = max(r, g, b), _round_to_single(max(r, g, b) - min(r, g, b))
    if span < 0.001:
        return 0.0
    dr, dg, db = (
        _round_to_single(
            _round_to_single(_round_to_single(_round_to_single(high - part) / 6) + _round_to_single(span / 2))
            / span
        )
        for part in (r, g, b)
    )
    if r == high:
        hue = _round_to_single(db - dg)
    elif g == high:
        hue = _round_to_single(_round_to_single(_round_to_single(1 / 3) + dr) - db)
    else:
        hue = _round_to_single(_round_to_single(_round_to_single(2 / 3) + dg) - dr)
    hue += (hue < 0) - (hue > 1)
    return _shortest_digits(_round_to_single(_round_to_single(hue) * 360))


def _round_to_single(number: float) -> float:
    """Return the nearest number that fits into four bytes."""
    rounded: float = struct.unpack("<f", struct.pack("<f", number))[0]
    return rounded


def _shortest_digits(single: float) -> float:
    """Return the number with the fewest digits for a four-byte float."""
    return next(
        n for digits in range(1, 10) if _round_to_single(n := float(f"{single:.{digits}g}")) == single
    )


def _require_scalar(value: Json) -> str | None:
    if isinstance(value, dict | list):
        raise server_error("ArgumentException", "The value is not a scalar.")
    if isinstance(value, Date):
        return value.text
    return None if value is None else str(value)
