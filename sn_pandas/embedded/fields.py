"""One class for each kind of field: what may be written to it, what a new content gets, what is read, what is refused.

`KINDS` maps the short name of a kind to its class; the stored forms stand in `contents`. A kind that is not there
behaves as text. A value that cannot be taken ends in one of three ways, as at the real server: ``SettingError`` (400,
found while the values are set, the first one wins), an `ODataError` (500, found when the content is saved, before it
is validated), or a stored value that `Kind.valid` refuses.
"""

from __future__ import annotations

import json
import math
import re
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from sn_pandas.embedded import passwords
from sn_pandas.embedded.bodies import Date
from sn_pandas.embedded.contents import UNSET_DATE, Content, Value
from sn_pandas.embedded.errors import invalid_cast, server_error
from sn_pandas.embedded.types import Field

if TYPE_CHECKING:
    from sn_pandas.embedded.repository import Session

Json = Any

IGNORED = object()
"""What `Kind.coerce` returns for a value that leaves the field as it is."""

INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
DECIMAL_LIMIT = Decimal("79228162514264337593543950335")


class SettingError(Exception):
    """A value that the field refuses at once: 400 with the name of the field."""

    def __init__(self, exceptiontype: str) -> None:
        super().__init__(exceptiontype)
        self.exceptiontype = exceptiontype


class Kind:
    """Text, and the base of all kinds."""

    empty: Value = None
    takes_arrays = False

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        """Return the stored form of a JSON value, or `IGNORED`."""
        if value is None or isinstance(value, str):
            return value
        raise invalid_cast(_net_type(value), "System.String")

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
        """Whether the rules of the field allow the value."""
        text = "" if stored is None else str(stored)
        if field.compulsory and text == "":
            return False
        shortest, longest = field.settings.get("MinLength"), field.settings.get("MaxLength")
        if shortest is not None and len(text) < shortest:
            return False
        if longest is not None and len(text) > longest:
            return False
        pattern = field.settings.get("Regex")
        return pattern is None or _matches(pattern, text)


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
        return stored["text"]

    def property(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        return stored

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        return None if text is None else {"text": text, "editor": None}

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return not field.compulsory or bool(stored and stored["text"])


class Integer(Kind):
    """A whole number of 32 bits; never null."""

    empty = 0

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if value is None:
            return 0
        if isinstance(value, bool):
            return int(value)
        if isinstance(value, float):
            if math.isnan(value) or math.isinf(value):
                raise SettingError("OverflowException")
            value = round(value)
        elif isinstance(value, str):
            if not re.fullmatch(r"[\s\0]*[+-]?[0-9]+[\s\0]*", value):
                raise SettingError("FormatException")
            value = int(value.strip("\0 \t\r\n"))
        elif isinstance(value, Date):
            raise SettingError("InvalidCastException")
        elif not isinstance(value, int):
            raise invalid_cast(_net_type(value), "System.IConvertible")
        if not INT32_MIN <= value <= INT32_MAX:
            raise SettingError("OverflowException")
        return value

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        return int(text) if text and re.fullmatch("[+-]?[0-9]+", text) else None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return _in_range(stored or 0, field)


class Number(Kind):
    """A decimal number."""

    empty = 0.0

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if value is None:
            return "0"
        if isinstance(value, bool):
            return str(int(value))
        if isinstance(value, int):
            if not -(2**63) <= value < 2**63:
                raise server_error("InvalidCastException", "The number has more than 64 bits.")
            return str(value)
        if isinstance(value, float):
            if math.isnan(value) or math.isinf(value):
                raise server_error("OverflowException", "The value is no decimal number.")
            return canonical(Decimal(f"{value:.15g}"))
        if isinstance(value, str):
            text = value.strip()
            if not re.fullmatch(r"[+-]?(?:[0-9][0-9,]*(?:\.[0-9]*)?|\.[0-9]+)[+-]?", text):
                raise server_error("FormatException", "The text is no decimal number.")
            sign = "-" if "-" in text else ""
            return canonical(Decimal(sign + text.strip("+-").replace(",", "")))
        raise invalid_cast(_net_type(value), "System.IConvertible")

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        return 0.0 if stored is None else number(stored)

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        try:
            return canonical(Decimal(text)) if text else None
        except InvalidOperation:
            return None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return _in_range(Decimal(stored or "0"), field)


class Boolean(Kind):
    """True or false; whatever is not true is false."""

    empty = False

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        return value is True

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        return (text or "").lower() == "true" or None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return True


class DateTime(Kind):
    """A moment; null leaves it as it is, year 1 clears it."""

    empty = UNSET_DATE

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if isinstance(value, Date):
            return value.text
        if value is None:
            return IGNORED
        raise invalid_cast(_net_type(value), "System.DateTime")

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        return moment(text) if text else None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        for setting, sign in (("MinValue", 1), ("MaxValue", -1)):
            limit = field.settings.get(setting)
            text = moment(session.evaluated(limit)) if isinstance(limit, str) else None
            if text and stored and (stored > text) - (stored < text) == -sign:
                return False
        return True


class Choice(Kind):
    """Values out of a list of options."""

    empty: Value = []
    takes_arrays = True

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if value is None:
            return []
        if isinstance(value, list):
            return _merged_extras([_choice_item(item) for item in value])
        if isinstance(value, Date):
            return [value.text]
        if isinstance(value, dict):
            return ["{}"]
        return [_choice_item(value)]

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        if stored is None and field.settings.get("EnumTypeName"):
            return ["0"]
        return list(stored or ())

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        return [item.strip() for item in re.split("[,;]", text)] if text else None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        values = stored or []
        if field.compulsory and not values:
            return False
        if len(values) > 1 and not field.multiple:
            return False
        return all(value in field.options or value.startswith("~other") for value in values)


class PermissionChoice(Choice):
    """Names of permissions; null until it is set."""

    empty = None

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        return list(stored) if stored is not None else []


class Mode(Choice):
    """A versioning or approving mode."""

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if value is None or value == [] or (isinstance(value, int | float) and not isinstance(value, bool)):
            raise server_error("ArgumentException", "The mode must be given as text or in an array.")
        return super().coerce(value, field, session)

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        return list(stored) if stored else ["0"]

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        return [text] if text else None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return all(value in field.options for value in stored or ())


class Reference(Kind):
    """Other contents, by their ids; those that are unknown or invisible are passed over."""

    empty: Value = []
    takes_arrays = True

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if isinstance(value, dict):
            raise invalid_cast(_net_type(value), "SenseNet.ContentRepository.Storage.Node")
        if isinstance(value, list):
            ids = [i for item in _flat(value) if (i := session.resolve(item)) is not None]
        else:
            found = session.resolve(value)
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
        roots = [root.lower() for root in field.settings.get("SelectionRoots") or () if root != "."]
        for target in targets:
            lineage = session.types.of(target.type).lineage
            if allowed and not any(name in lineage for name in allowed):
                return False
            key = target.path.lower()
            if roots and not any(key == root or key.startswith(root + "/") for root in roots):
                return False
        return True


class AllowedChildTypes(Kind):
    """The content types that may be created below."""

    empty: Value = []
    takes_arrays = True

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if value is None:
            return []
        if not isinstance(value, list):
            raise invalid_cast(_net_type(value), "System.Collections.Generic.IEnumerable")
        names: list[str] = []
        for item in value:
            name = item
            if not (isinstance(item, str) and item in session.types):
                found = session.resolve(item)
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


class Binary(Kind):
    """Bytes with a name and a content type."""

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if value is None:
            return None
        if isinstance(value, dict):
            return IGNORED
        raise invalid_cast(_net_type(value), "SenseNet.ContentRepository.Storage.BinaryData")

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        source = f"/binaryhandler.ashx?nodeid={content.id}&propertyname={field.name.replace('#', '$')}"
        kind = stored["type"] if stored else ""
        if content.saving_state:
            kind = None
        return {
            "__mediaresource": {
                "edit_media": None,
                "media_src": source,
                "content_type": kind,
                "media_etag": None,
            }
        }

    def property(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        stored = stored or {"file": 0, "name": "", "type": "", "size": -1}
        stem, dot, extension = stored["name"].rpartition(".")
        return {
            "IsEmpty": stored["size"] < 0,
            "IsModified": False,
            "Id": stored["file"],
            "FileId": stored["file"],
            "Size": stored["size"],
            "FileName": {
                "IsValid": bool(stored["name"]),
                "FullFileName": stored["name"] if dot else f"{stored['name']}.",
                "FileNameWithoutExtension": stem if dot else extension,
                "Extension": extension if dot else "",
            },
            "ContentType": stored["type"],
            "Checksum": None,
            "Timestamp": 0,
            "BlobProvider": None,
            "BlobProviderData": None,
        }

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        return None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return not field.compulsory or bool(stored)


class HyperLink(Kind):
    """A link; nothing that JSON can say fills it."""

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        return None

    def read(self, stored: Value, field: Field, content: Content, session: Session) -> Json:
        return stored or {"Href": None, "Text": None, "Title": None, "Target": None}

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        match = re.match(r"<a\s+([^>]*)>(.*?)</a>", text or "", re.DOTALL)
        if match is None:
            return None
        attributes = dict(re.findall(r"""(\w+)=["']([^"']*)["']""", match.group(1)))
        return {
            "Href": attributes.get("href"),
            "Text": match.group(2),
            "Title": attributes.get("title"),
            "Target": attributes.get("target"),
        }

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return True


class Password(Kind):
    """A secret of which only the hash is kept."""

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if isinstance(value, str) and value:
            return {"Hash": passwords.hashed(value)}
        if isinstance(value, dict):
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


class Image(Kind):
    """Shows the picture that another field refers to or holds: ``ImageRef`` and ``ImageData``."""

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        if isinstance(value, dict):
            if "Url" not in value:
                raise SettingError("NullReferenceException")
            if value["Url"] == "":
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
            raise server_error("NotSupportedException", "The value is no image.")
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


class Xml(Kind):
    """Well-formed XML."""

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        if not stored:
            return not field.compulsory
        from xml.etree import ElementTree

        try:
            ElementTree.fromstring(stored)
        except ElementTree.ParseError:
            return False
        return True


class Empty(Kind):
    """A kind that shows nothing and takes nothing."""

    def __init__(self, empty: Value = None) -> None:
        self.empty = empty

    def coerce(self, value: Json, field: Field, session: Session) -> Value:
        return IGNORED

    def default(self, text: str | None, field: Field, session: Session) -> Value:
        return None

    def valid(self, stored: Value, field: Field, session: Session) -> bool:
        return True


NO_RATING = {
    "Success": False, "Split": 1, "MaxVotes": 5, "AverageRate": 0.0, "SumVotes": 0,
    "PercentageVotes": [0.0] * 5, "CountVotes": [0] * 5,
    "HoverPanelData": [{"Index": n, "Value": 0.0} for n in range(1, 6)],
    "EnableGrouping": False, "ErrorMessage": None, "SelectedValue": None, "OldValue": None,
}  # fmt: skip

_TEXT = Kind()
KINDS: dict[str, Kind] = {
    "ShortText": _TEXT,
    "LongText": LongText(),
    "RichText": RichText(),
    "Integer": Integer(),
    "Number": Number(),
    "Currency": Number(),
    "Boolean": Boolean(),
    "DateTime": DateTime(),
    "Choice": Choice(),
    "YesNo": Choice(),
    "PermissionChoice": PermissionChoice(),
    "VersioningMode": Mode(),
    "InheritableVersioningMode": Mode(),
    "ApprovingMode": Mode(),
    "InheritableApprovingMode": Mode(),
    "Reference": Reference(),
    "AllRoles": Reference(),
    "DirectRoles": Reference(),
    "AllowedChildTypes": AllowedChildTypes(),
    "Binary": Binary(),
    "HyperLink": HyperLink(),
    "Password": Password(),
    "Image": Image(),
    "Color": Color(),
    "Xml": Xml(),
    "Captcha": Empty(),
    "SiteRelativeUrl": Empty(),
    "Sharing": Empty(""),
    "Rating": Empty(NO_RATING),
    "Version": Empty(),
    "NodeType": Empty(),
    "TextExtractors": Empty(),
}
"""Short name of a kind -> its class."""


def kind_of(field: Field) -> Kind:
    """Return the kind of a field."""
    return KINDS.get(field.kind, _TEXT)


def canonical(value: Decimal) -> str:
    """Return a decimal without exponent and trailing zeros.

    Raises
    ------
    ODataError
        If it is too large for the server's decimals.
    """
    if abs(value) > DECIMAL_LIMIT:
        raise server_error("OverflowException", "Value was either too large or too small for a Decimal.")
    text = f"{value:f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def number(stored: str) -> float | Decimal:
    """Return what JSON shows of a stored decimal: a float if that writes the same digits."""
    as_float = float(stored)
    shown = repr(as_float)
    if shown == stored or shown == stored + ".0":
        return as_float
    return Decimal(stored)


def moment(text: str) -> str | None:
    """Return the stored form of a date that a definition or a template wrote."""
    for form in ("%m/%d/%Y %H:%M:%S", "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d",
                 "%m/%d/%Y"):  # fmt: skip
        try:
            return datetime.strptime(text, form).strftime("%Y-%m-%dT%H:%M:%SZ")
        except ValueError:
            continue
    return None


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
    raise SettingError("InvalidCastException" if item is not None else "NullReferenceException")


def _merged_extras(values: list[str]) -> list[str]:
    """Join several ``~other.`` values into one, as the real server stores them."""
    extras = [value for value in values if value.startswith("~other")]
    if len(extras) < 2:
        return values
    merged, done = [], False
    for value in values:
        if not value.startswith("~other"):
            merged.append(value)
        elif not done:
            merged.append(";".join(extras))
            done = True
    return merged


def _flat(items: list[Json]) -> list[Json]:
    flat: list[Json] = []
    for item in items:
        flat += _flat(item) if isinstance(item, list) else [item]
    return flat


def _in_range(value: Any, field: Field) -> bool:
    low, high = field.settings.get("MinValue"), field.settings.get("MaxValue")
    if low is not None and value < Decimal(str(low)):
        return False
    return high is None or value <= Decimal(str(high))


def _matches(pattern: str, text: str) -> bool:
    """Whether the whole text matches a pattern of a definition; one that cannot be run matches everything."""
    try:
        return re.fullmatch(pattern, text) is not None
    except re.error:
        return True


def _net_type(value: Json) -> str:
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
