"""Bodies of writes: converted to a JSON object, as tolerantly as by a real server.

Text that looks like an ISO date-time with seconds becomes a `Date` before any field sees it, as there.
"""

from __future__ import annotations

import codecs
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from sn_pandas.embedded.errors import ODataError, server_error

Json = Any

ISO_DATE = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,7}))?(Z|[+-]\d\d:?\d\d|[+-]\d\d)?\Z", re.ASCII
)
FIRST_MOMENT = (datetime(1, 1, 1), "")
LAST_MOMENT = (datetime(9999, 12, 31, 23, 59, 59), "9999999")
"""The ends of the calendar; with the digits after the second."""
SURROGATE = re.compile("[\ud800-\udfff]")
DEEPEST = 64
"""Levels of brackets in a body; more are refused."""
EPOCH_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Date:
    """A date in a body, in stored form: UTC text that ends in Z."""

    text: str


def read(data: bytes) -> dict[str, Json]:
    """Return the object that a body holds.

    Raises
    ------
    ODataError
        If there is none.
    """
    model = _document(data)
    if isinstance(model, list):
        if not model:
            raise server_error("ArgumentOutOfRangeException", "The array in the body is empty.")
        model = model[0]
        if not isinstance(model, dict):
            raise server_error("NullReferenceException", "The first item of the body is not an object.")
    if not isinstance(model, dict):
        raise server_error("SnNotSupportedException", "Not supported in this version.")
    return model


def _document(data: bytes) -> Json:
    """Return what a body holds: JSON, or the object that is made of a form."""
    text = decode(data)
    if text == "":
        raise server_error("ArgumentNullException", "Value cannot be null. (Parameter 'model')")
    text = _skip_to_model(text)
    return parse(_form(text) or text)


def of_request(headers: Mapping[str, str], data: bytes, *, creating: bool = False) -> dict[str, Json]:
    """Return the object that the body of a write holds; the fields of a multipart form are texts."""
    if headers.get("content-type", "").lower().startswith("multipart/"):
        return {
            name: parse_date(value) for name, value in parts(headers, data).items() if isinstance(value, str)
        }
    if not decode(data) and creating:
        raise server_error("NullReferenceException", "Object reference not set to an instance of an object.")
    return read(data)


def of_call(headers: Mapping[str, str], data: bytes) -> dict[str, Json]:
    """Return the parameters in the body of a call: of an array its first item counts.

    A body without an object has none; the .NET client says so by ``models=[null]``.
    """
    if headers.get("content-type", "").lower().startswith("multipart/"):
        return dict(parts(headers, data))
    model = _document(data) if decode(data).strip() else None
    if isinstance(model, list):
        model = model[0] if model else None
    return model if isinstance(model, dict) else {}


@dataclass(frozen=True, slots=True)
class Upload:
    """A file in a multipart body."""

    filename: str
    content_type: str
    data: bytes


def parts(headers: Mapping[str, str], data: bytes) -> dict[str, str | Upload]:
    """Return the parts of a multipart body by name."""
    from werkzeug.formparser import FormDataParser  # on use: it loads all of Werkzeug, a third of our start

    environ = {
        "wsgi.input": io.BytesIO(data),
        "CONTENT_LENGTH": str(len(data)),
        "CONTENT_TYPE": headers.get("content-type", ""),
        "REQUEST_METHOD": "POST",
    }
    # the body is in memory already: no part needs a file that somebody has to close
    parser = FormDataParser(stream_factory=lambda *_, **__: io.BytesIO(), silent=True)
    _, form, files = parser.parse_from_environ(environ)
    found: dict[str | None, str | Upload] = dict(form.items())
    for name, file in files.items():
        found[name] = Upload(file.filename or "", file.content_type or "", file.read())
    return {name: part for name, part in found.items() if name is not None}  # a part may lack its name


def decode(data: bytes) -> str:
    """Return the text of a body: UTF-8 unless a byte order mark says something else."""
    for mark, encoding in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            return data[2:].decode(encoding, "replace")
    return data.decode("utf-8-sig", "replace")


def parse(text: str) -> Json:
    """Read JSON as Newtonsoft does: single quotes, bare keys, comments and trailing commas are fine."""
    if text.count("[") + text.count("{") <= DEEPEST:
        try:
            return _parse_dates(json.loads(text, strict=False))
        except ValueError:
            pass
    return _parse_dates(_Tolerant(text).document())


def parse_date(text: str) -> str | Date:
    """Return a `Date` for text that looks like one, else the text."""
    match = ISO_DATE.match(text)
    if match is not None:
        return _iso_date(match) or text
    match = EPOCH_DATE.match(text)
    if match is not None:
        if len(match.group(1)) > 20:
            return text
        try:
            moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(match.group(1)))
        except OverflowError:
            return text
        return Date(stored_date(moment))
    return text


def stored_date(moment: datetime, fraction: str | None = None) -> str:
    """Return the stored form of a moment; ``fraction`` holds more digits than a datetime can."""
    digits = (f"{moment.microsecond:06}" if fraction is None else fraction[:7]).rstrip("0")
    text = f"{moment.year:04}" + moment.strftime("-%m-%dT%H:%M:%S")
    return f"{text}.{digits}Z" if digits else f"{text}Z"


def _iso_date(match: re.Match[str]) -> Date | None:
    year, month, day, hour, minute, second = (int(g) for g in match.groups()[:6])
    fraction, zone = match.group(7) or "", match.group(8)
    days = 0
    if hour == 24 and minute == second == 0:
        hour, days = 0, 1
    try:
        moment = datetime(year, month, day, hour, minute, second) + timedelta(days=days)
    except (ValueError, OverflowError):
        return None
    if zone and zone != "Z":
        digits = zone[1:].replace(":", "").ljust(4, "0")
        offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        try:
            moment += -offset if zone[0] == "+" else offset
        except OverflowError:  # the zone leads out of the calendar, but not the date
            return Date(stored_date(*(FIRST_MOMENT if zone[0] == "+" else LAST_MOMENT)))
    return Date(stored_date(moment, fraction))


def _parse_dates(value: Json) -> Json:
    if isinstance(value, str):
        return parse_date(_replace_surrogates(value))
    if isinstance(value, list):
        return [_parse_dates(item) for item in value]
    if isinstance(value, dict):
        return {_replace_surrogates(name): _parse_dates(item) for name, item in value.items()}
    return value


def _replace_surrogates(text: str) -> str:
    """Return a text without halves of characters."""
    if SURROGATE.search(text):
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _skip_to_model(text: str) -> str:
    """Drop everything before the first bracket that opens the model."""
    start = text.find("[") if text.endswith("]") else text.find("{")
    return text[start:] if start > 0 else text


def _form(text: str) -> str | None:
    """Return a form as JSON, without unescaping; None for anything else."""
    if (text.startswith("{") and text.endswith("}")) or (text.startswith("[{") and text.endswith("}]")):
        return None
    pairs = [pair.split("=") for pair in text.split("&")]
    if any(len(pair) != 2 for pair in pairs):
        return None
    return "{" + ",".join(f'"{name}":"{value}"' for name, value in pairs) + "}"


def _not_json(early: bool = False) -> ODataError:
    return server_error(
        "JsonSerializationException" if early else "JsonReaderException", "The body is not JSON."
    )


class _Tolerant:
    """A reader of lax JSON."""

    SPACE = re.compile(r"(?:\s++|/\*.*?\*/|//[^\n\r]*+)*+", re.DOTALL)  # possessive: nothing is remembered
    NUMBER = re.compile(r"0[xX][0-9a-fA-F]+|-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?")
    LONGEST_INTEGER = 380
    WORD = re.compile(r"[\w$\-]+")
    CONSTANTS: ClassVar[dict[str, Json]] = {
        "true": True, "false": False, "null": None, "undefined": None,
        "NaN": float("nan"), "Infinity": float("inf"), "-Infinity": float("-inf"),
    }  # fmt: skip
    ESCAPES: ClassVar[dict[str, str]] = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0

    def document(self) -> Json:
        self.space()
        if self.at >= len(self.text):
            raise server_error("SnNotSupportedException", "Not supported in this version.")
        return self.value()

    def space(self) -> None:
        match = self.SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def peek(self) -> str:
        self.space()
        if self.at >= len(self.text):
            raise _not_json(early=True)
        return self.text[self.at]

    def value(self) -> Json:
        char = self.peek()
        if char in "{[":
            self.depth += 1
            if self.depth > DEEPEST:
                raise _not_json()
            result = self.object() if char == "{" else self.array()
            self.depth -= 1
            return result
        if char in "\"'":
            return self.string()
        if char == "," and self.depth:
            return None  # nothing stands before a comma: undefined
        for word, constant in self.CONSTANTS.items():
            if self.text.startswith(word, self.at):
                self.at += len(word)
                return constant
        match = self.NUMBER.match(self.text, self.at)
        if match is None:
            raise _not_json()
        self.at = match.end()
        number = match.group()
        if re.fullmatch("0[0-9xX].*", number) and "." not in number:
            try:
                return int(number, 16 if number[1] in "xX" else 8)
            except ValueError:
                raise _not_json() from None
        if re.search("[.eE]", number):
            return float(number)
        if len(number) > self.LONGEST_INTEGER:
            raise _not_json()
        return int(number)

    def object(self) -> dict[str, Json]:
        self.at += 1
        result: dict[str, Json] = {}
        while self.peek() != "}":
            name = self.string() if self.peek() in "\"'" else self.word()
            if self.peek() != ":":
                raise _not_json()
            self.at += 1
            result[name] = self.value()
            if self.peek() == ",":
                self.at += 1
            elif self.peek() != "}":
                raise _not_json()
        self.at += 1
        return result

    def array(self) -> list[Json]:
        self.at += 1
        result: list[Json] = []
        while self.peek() != "]":
            result.append(self.value())
            if self.peek() == ",":
                self.at += 1
            elif self.peek() != "]":
                raise _not_json()
        self.at += 1
        return result

    def word(self) -> str:
        match = self.WORD.match(self.text, self.at)
        if match is None:
            raise _not_json()
        self.at = match.end()
        return match.group()

    def string(self) -> str:
        quote = self.text[self.at]
        self.at += 1
        parts: list[str] = []
        while True:
            if self.at >= len(self.text):
                raise _not_json()
            char = self.text[self.at]
            self.at += 1
            if char == quote:
                return "".join(parts)
            if char == "\\":
                parts.append(self.escape())
            else:
                parts.append(char)

    def escape(self) -> str:
        char = self.text[self.at : self.at + 1]
        self.at += 1
        if char == "u":
            digits = self.text[self.at : self.at + 4]
            if not re.fullmatch("[0-9a-fA-F]{4}", digits):
                raise _not_json()
            self.at += 4
            return chr(int(digits, 16))
        if char in self.ESCAPES:
            return self.ESCAPES[char]
        if char and char in "\"'\\/":
            return char
        raise _not_json()
