"""Parameters of a call: taken from query and body, and turned into what an operation expects.

Types of parameters: ``string``, ``int``, ``long``, ``number``, ``bool``, ``string[]``, ``int[]``,
``object[]`` (an array of anything), ``list`` (texts, also as one text with commas), ``array``, ``object``
(anything), and the words of an enumeration, ``A|B|C``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from sn_pandas.embedded.errors import server_error
from sn_pandas.embedded.wire import bodies
from sn_pandas.embedded.wire.bodies import Date

Json = Any

MISMATCH = object()
"""What `convert` returns for a value that the type does not take: another overload may."""

NO_PARAMETERS = frozenset(
    ("$top", "$skip", "$orderby", "$inlinecount", "$select", "$expand", "$filter", "$format", "metadata",
     "enableautofilters", "enablelifespanfilter", "queryexecutionmode", "multistepsave")
)  # fmt: skip
"""Options that are never offered to an operation as parameters; others are, in exactly this letter case."""

INT32, INT64 = 2**31, 2**63
SEPARATORS = ",;:|"
WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*", re.ASCII)
LONGEST_NUMBER = 1000
"""Letters of a number that are read; longer ones are not numbers."""


def merge_parameters(pairs: Iterable[tuple[str, str]], model: Mapping[str, Json] | None) -> dict[str, Json]:
    """Return the parameters of a request: those of the body, overridden by those of the query string.

    Parameters
    ----------
    pairs
        Names and values of the query string.
    model
        The object in the body.

    Raises
    ------
    ODataError
        If query and body spell a name in different letter case, or a value would break a JSON string.
    """
    asked: dict[str, Json] = {}
    for name, text in pairs:
        if name in NO_PARAMETERS:
            continue
        value = _inside_of_a_string(text)
        spelling = _spelling(name, asked)
        if spelling is None:
            asked[name] = value
        elif isinstance(asked[spelling], list):
            asked[spelling].append(value)
        else:
            asked[spelling] = [asked[spelling], value]
    found = dict(model or {})
    for name, value in asked.items():
        spelling = _spelling(name, found)
        if spelling is not None and spelling != name:
            raise server_error(
                "ArgumentException", f"An item with the same key has already been added. Key: {spelling}"
            )
        found[name] = value
    return found


def find_parameter(name: str, parameters: Mapping[str, Json]) -> tuple[bool, Json]:
    """Return whether a parameter is given, ignoring case, and its value."""
    spelling = _spelling(name, parameters)
    return (False, None) if spelling is None else (True, parameters[spelling])


def convert(value: Json, kind: str, strict: bool = False) -> Json:
    """Return the value as the type of a parameter, or `MISMATCH`.

    Parameters
    ----------
    strict
        Take only the JSON type of the parameter; otherwise texts are read as numbers and booleans.
    """
    if value is None:
        return None
    if "|" in kind:
        return _member(value, kind, strict)
    return _CONVERTERS[kind](value, strict)


def default_of(kind: str) -> Json:
    """Return what null becomes where a parameter cannot be null.

    Examples
    --------
    >>> default_of("int"), default_of("bool"), default_of("Open|Edit"), default_of("string")
    (0, False, 'Open', None)
    """
    if "|" in kind:
        return kind.partition("|")[0]
    return {"int": 0, "long": 0, "number": 0.0, "bool": False}.get(kind)


def format_date(value: Date) -> str:
    """Return the text that an operation sees of a date: the server has turned it into a moment and back."""
    year, month, day = value.text[:10].split("-")
    return f"{month}/{day}/{year} {value.text[11:19]}"


def _string(value: Json, strict: bool) -> Json:
    if isinstance(value, str):
        return value
    if isinstance(value, Date):
        return format_date(value)
    if isinstance(value, dict):
        raise server_error("JsonReaderException", "Error reading string. Unexpected token: StartObject.")
    return MISMATCH


def _integer_converter(limit: int) -> Any:
    def convert_whole(value: Json, strict: bool) -> Json:
        if isinstance(value, str) and not strict and len(value) <= LONGEST_NUMBER and WHOLE.fullmatch(value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int):
            return MISMATCH
        return value if -limit <= value < limit else MISMATCH

    return convert_whole


def _number(value: Json, strict: bool) -> Json:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and not strict:
        try:
            return float(value)
        except ValueError:
            return MISMATCH
    return MISMATCH


def _bool(value: Json, strict: bool) -> Json:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and not strict and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    return MISMATCH


def _member(value: Json, kind: str, strict: bool) -> Json:
    """Read a word of an enumeration: by name in any case, or by number."""
    words = kind.split("|")
    if isinstance(value, str):
        if len(value) <= LONGEST_NUMBER and WHOLE.fullmatch(value):
            value = int(value)
        else:
            return next((word for word in words if word.lower() == value.strip().lower()), MISMATCH)
    if isinstance(value, bool) or not isinstance(value, int):
        return MISMATCH
    return words[value] if 0 <= value < len(words) else MISMATCH


def _array_of(kind: str) -> Any:
    def convert_array(value: Json, strict: bool) -> Json:
        items = [value] if isinstance(value, str | Date) and not strict else value
        if not isinstance(items, list):
            return MISMATCH
        converted = [convert(item, kind, strict) for item in items]
        return MISMATCH if any(item is MISMATCH for item in converted) else converted

    return convert_array


def _objects(value: Json, strict: bool) -> Json:
    return value if isinstance(value, list) else MISMATCH


def _list(value: Json, strict: bool) -> Json:
    if isinstance(value, str):
        separator = ","
        if value[:1] and value[0] in SEPARATORS:
            separator, value = value[0], value[1:]
        return [item.strip() for item in value.split(separator)] if value else []
    return _array_of("string")(value, strict)


def _array(value: Json, strict: bool) -> Json:
    if not isinstance(value, list):
        raise server_error("JsonSerializationException", "An array is expected.")
    return value


def _object(value: Json, strict: bool) -> Json:
    return value


_CONVERTERS = {
    "string": _string,
    "int": _integer_converter(INT32),
    "long": _integer_converter(INT64),
    "number": _number,
    "bool": _bool,
    "string[]": _array_of("string"),
    "int[]": _array_of("int"),
    "object[]": _objects,
    "list": _list,
    "array": _array,
    "object": _object,
}


def _spelling(name: str, names: Iterable[str]) -> str | None:
    lower = name.lower()
    return next((spelling for spelling in names if spelling.lower() == lower), None)


def _inside_of_a_string(text: str) -> Json:
    """Read a query value as the server does, between two quotes of a JSON text."""
    if re.search(r'(?<!\\)(?:\\\\)*"', text):
        raise server_error("JsonReaderException", "A quote ends the value too early.")
    if re.search(r"(?:^|[^\\])(?:\\\\)*\\$", text):
        raise server_error("JsonReaderException", "Unterminated string.")
    return bodies.parse(f'"{text}"')
