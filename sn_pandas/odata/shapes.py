"""The shapes of answers, which are validated before they are used.

Status 200 says little: a proxy, a login page or another service answers with it, too. So each request names
the shape of its answer, and whatever has another one is an :class:`AnswerError` that says what came instead.

A sensenet server marks its JSON with ``odata=verbose`` and writes the texts that operations return without
any content type. Where the shape of a result is free, that tells its answers from those of others.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Annotated, Any, TypeVar

import msgspec

from .addresses import LARGEST_ID
from .answers import cut_short, empty_answer, kind_of, not_sensenet, parse
from .errors import AnswerError
from .field_kinds import Shape
from .messages import Response
from .schema import Field

T = TypeVar("T")
#: Makes something of the answer to a request, or raises AnswerError.
Reader = Callable[[str, Response], T]
#: A content as the server shows it, by field.
Stored = Mapping[str, Any]

LARGEST = LARGEST_ID
Id = Annotated[int, msgspec.Meta(ge=1, le=LARGEST)]
Count = Annotated[int, msgspec.Meta(ge=0, le=LARGEST)]
Path = Annotated[str, msgspec.Meta(pattern="^/")]
_Scalar = str | int | float | bool | None


class _Pointed(msgspec.Struct):
    """The target of a reference."""

    Id: Id | None = None
    Path: str | None = None
    Name: str | None = None


_Reference = list[_Pointed] | _Pointed | None
_Choice = list[str | int] | str | int | None
_SHAPES: Mapping[Shape, Any] = {"scalar": _Scalar, "choice": _Choice, "reference": _Reference}
_TOKEN = re.compile(r"\d+\*[^*]*\*(true|false)\*(true|false)", re.IGNORECASE)
#: The operations that answer with the content as it is then.
_RETURN_CONTENTS = frozenset(
    {
        "approve",
        "checkin",
        "checkout",
        "forceundocheckout",
        "publish",
        "reject",
        "restoreversion",
        "undocheckout",
    }
)
#: What a content has under these names, wherever it shows them.
_KEYS: dict[str, Any] = {
    "Id": Id,
    "ParentId": Annotated[int, msgspec.Meta(ge=0, le=LARGEST)],
    "VersionId": Annotated[int, msgspec.Meta(ge=0, le=LARGEST)],
    "Path": Path,
    "Name": str,
    "Type": str,
    "IsFolder": bool,
    "DisplayName": str,
    "Icon": str,
}


def content(*names: str, fields: Iterable[Field] = (), null: bool = False) -> Reader[Stored]:
    """Return a reader of one content, ``{"d": {...}}``.

    Parameters
    ----------
    *names : str
        The fields that it must have.
    fields : iterable of Field
        Fields whose values must be of the kind of their type, where there are any; what references point to
        has an ``Id``, or a ``Name`` if it is a content type.
    null : bool
        Whether the fields that it must have can be null.
    """
    fields = tuple(fields)
    shape = _row(names, _kinds(fields), null)

    def read(what: str, answer: Response) -> Stored:
        shown = _body(what, answer)
        _check(what, shown, shape)
        _check_references(what, [shown], fields)
        return dict(shown)

    return read


def contents(*names: str, fields: Iterable[Field] = ()) -> Reader[list[Stored]]:
    """Return a reader of a list of contents, ``{"d": {"results": [...]}}``; see :func:`content`."""
    counted = listing(*names, fields=fields)
    return lambda what, answer: counted(what, answer)[1]


def listing(*names: str, fields: Iterable[Field] = ()) -> Reader[tuple[int, list[Stored]]]:
    """Return a reader of a list of contents and of the server's total."""
    fields = tuple(fields)
    shape = _row(names, _kinds(fields), False)

    def read(what: str, answer: Response) -> tuple[int, list[Stored]]:
        shown = _body(what, answer)
        rows = shown.get("results")
        if not isinstance(rows, list):
            raise not_sensenet(what, answer, "a list of contents was expected")
        _check(what, rows, list[shape])  # type: ignore[valid-type]  # a type made just now
        _check_references(what, rows, fields)
        total = shown.get("__count", len(rows))
        _check(what, total, Count)
        return total, rows

    return read


def batch(what: str, answer: Response) -> Mapping[str, Any]:
    """Read the answer of a batch operation: the processed contents, and the errors of the others."""
    shown = _body(what, answer)
    results, errors = shown.get("results"), shown.get("errors")
    if not isinstance(results, list) or not isinstance(errors, list):
        raise not_sensenet(what, answer, "the results and errors of a batch were expected")
    for error in errors:
        words = error.get("error") if isinstance(error, dict) else None
        message = words.get("message") if isinstance(words, dict) else None
        if not isinstance(message, dict) or not isinstance(error.get("content"), dict):
            raise not_sensenet(what, answer, "an error of a batch names a content and says why")
    if not all(isinstance(item, dict) for item in results):
        raise not_sensenet(what, answer, "the results of a batch are contents")
    return dict(shown)


def types(what: str, answer: Response) -> list[Mapping[str, Any]]:
    """Read the content types of ``GetSchema``; an empty list means the Visitor."""
    shown: list[Mapping[str, Any]] = _as(what, answer, list[_ContentType])
    return shown


def entries(what: str, answer: Response) -> Mapping[str, Any]:
    """Read the access control list of ``GetAcl``."""
    shown: Mapping[str, Any] = _as(what, answer, _Entries)
    return shown


def actions(what: str, answer: Response) -> list[Mapping[str, Any]]:
    """Read the list of the actions of a content."""
    rows = _body(what, answer).get("results")
    _check(what, rows, list[_Action])
    return list(rows or ())


def document(what: str, answer: Response) -> Mapping[str, Any]:
    """Read the JSON of ``$metadata``."""
    shown: Mapping[str, Any] = _as(what, answer, _Document)
    return shown


def xml(what: str, answer: Response) -> str:
    """Read the XML of ``$metadata``."""
    if not answer.content:
        raise empty_answer(what)
    text = answer.content.decode("utf-8-sig", "replace")
    if "<edmx:Edmx" not in text[:2000]:
        raise not_sensenet(what, answer, "XML metadata was expected")
    return text


def number(what: str, answer: Response) -> int:
    """Read the number of a ``$count``."""
    if not answer.content:
        raise empty_answer(what)
    text = answer.content[:100].decode("utf-8-sig", "replace").strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= LARGEST):
        raise not_sensenet(what, answer, "a number was expected")
    return int(text)


def read_upload(what: str, answer: Response) -> Mapping[str, Any]:
    """Read the description of the file in the answer of ``Upload``: at least its ``Id`` and ``Url``."""
    shown = parse(what, answer)
    if shown is None:
        raise empty_answer(what)
    if not isinstance(shown, dict) or not {"Id", "Url"} <= shown.keys():
        raise not_sensenet(what, answer, "it does not describe the file")
    _check(what, shown, _Uploaded)
    return {**shown, "Id": int(shown["Id"])}


def upload_token(what: str, answer: Response) -> str:
    """Read the token that begins an upload in chunks: content, place, and whether the end is to finish it."""
    text = answer.content[:500].decode("utf-8-sig", "replace").strip()
    if not _TOKEN.fullmatch(text):
        raise not_sensenet(what, answer, "the token of an upload was expected")
    return text


def read_nothing(what: str, answer: Response) -> None:
    """Read the answer to an operation without a result: no body, or one of a sensenet server."""
    if answer.content:
        result(what, answer)


def result(what: str, answer: Response) -> Any:
    """Read the result of an operation: any JSON, a text, or None."""
    if not answer.content:
        return None
    kind = kind_of(answer)
    if "odata=verbose" in kind:
        shown = parse(what, answer)
        inner = shown.get("d") if isinstance(shown, dict) else None
        if isinstance(inner, dict) and "results" in inner:
            _check(what, inner["results"], list)
        elif isinstance(inner, dict):
            _check(what, inner, _row((), (), False))
        return shown
    if kind.startswith(("text/html", "application/json", "application/problem+json", "text/plain")):
        raise not_sensenet(what, answer, "the result of an operation was expected")
    try:
        return parse(what, answer)
    except AnswerError:
        return answer.content.decode("utf-8-sig", "replace")


def read_returned(operation: str) -> Reader[Any]:
    """Return a reader for the result of an operation, like :func:`result`; some must not be empty."""

    def read(what: str, answer: Response) -> Any:
        shown = result(what, answer)
        if shown is None and operation.lower() in _RETURN_CONTENTS:
            raise empty_answer(what)
        return shown

    return read


def _body(what: str, answer: Response) -> Mapping[str, Any]:
    shown = parse(what, answer)
    if shown is None:
        raise empty_answer(what)
    body = shown.get("d") if isinstance(shown, dict) else None
    if not isinstance(body, dict):
        raise not_sensenet(what, answer, "contents were expected")
    return body


def _as(what: str, answer: Response, shape: Any) -> Any:
    """Return the JSON of an answer unchanged, after validating its shape."""
    shown = parse(what, answer)
    if shown is None:
        raise empty_answer(what)
    try:
        msgspec.convert(shown, shape)
    except msgspec.ValidationError as error:
        raise not_sensenet(what, answer, str(error)) from None
    return shown


def _check(what: str, shown: Any, shape: Any) -> None:
    try:
        msgspec.convert(shown, shape)
    except (msgspec.ValidationError, RecursionError) as error:
        raise AnswerError(f"{what}: the answer is not valid: {cut_short(str(error))}") from None


def _check_references(what: str, rows: Iterable[Stored], fields: Iterable[Field]) -> None:
    for field in fields:
        if not field.is_reference:
            continue
        key = "Name" if field.kind.by_name else "Id"
        for row in rows:
            held = row.get(field.name) or []
            if isinstance(held, dict) and key == "Name":
                raise AnswerError(f"{what}: the answer is not valid: {field.name} is not a list")
            for item in held if isinstance(held, list) else [held]:
                if item.get(key) is None and (key == "Name" or "__deferred" not in item):
                    said = f"{field.name} points to something without {key}"
                    raise AnswerError(f"{what}: the answer is not valid: {said}")


def _kinds(fields: Iterable[Field]) -> tuple[tuple[str, Any], ...]:
    return tuple((field.name, _SHAPES[field.kind.shape]) for field in fields if field.kind.shape)


@lru_cache(maxsize=256)
def _row(names: tuple[str, ...], kinds: tuple[tuple[str, Any], ...], null: bool) -> Any:
    every: dict[str, Any] = {**dict.fromkeys(names, Any), **dict(kinds), **_KEYS}
    members: list[Any] = [(every[name] | None if null else every[name]) for name in dict.fromkeys(names)]
    rename = dict(zip([f"f{n}" for n in range(len(members))], dict.fromkeys(names), strict=True))
    required = [(key, kind) for key, kind in zip(rename, members, strict=True)]
    others = {f"o{n}": name for n, name in enumerate(every) if name not in names}
    optional = [(key, every[name] | None, None) for key, name in others.items()]
    return msgspec.defstruct("Row", [*required, *optional], rename={**rename, **others})


class _Uploaded(msgspec.Struct):
    Id: Id | Annotated[str, msgspec.Meta(pattern=r"^[1-9]\d{0,9}$")]
    Url: str
    Length: Annotated[int, msgspec.Meta(ge=0)] | None = None
    Name: str | None = None


class _Setting(msgspec.Struct):
    Name: str
    FieldClassName: str
    DisplayName: str | None = None
    Description: str | None = None
    Options: list[_Option] | None = None


class _Option(msgspec.Struct):
    Value: str
    Text: str | None = None


class _ContentType(msgspec.Struct):
    ContentTypeName: str
    FieldSettings: list[_Setting]
    ParentTypeName: str | None = None
    DisplayName: str | None = None
    Description: str | None = None
    AllowedChildTypes: list[str] | None = None


class _Held(msgspec.Struct):
    value: str
    source: str | None = msgspec.field(name="from", default=None)


class _Identity(msgspec.Struct):
    path: str | None
    kind: str | None = None


class _Entry(msgspec.Struct):
    identity: _Identity
    permissions: dict[str, _Held | None]
    inherited: bool = False
    propagates: bool = True


class _Entries(msgspec.Struct):
    path: str
    inherits: bool
    entries: list[_Entry]


class _Action(msgspec.Struct):
    Name: str
    OpId: str | None = None
    DisplayName: str | None = None
    Scenario: str | None = None
    Forbidden: bool | None = None
    IsODataAction: bool | None = None
    Icon: str | None = None
    Url: str | None = None


class _Property(msgspec.Struct):
    Name: str
    Type: str | None = None
    FieldType: str | None = None


class _EnumOption(msgspec.Struct):
    Name: Any
    Value: Any


class _Enum(msgspec.Struct):
    Name: str
    Options: list[_EnumOption] | None = None


class _EntityType(msgspec.Struct):
    Name: str
    Properties: list[_Property] | None = None
    NavigationProperties: list[_Property] | None = None


class _DataSchema(msgspec.Struct):
    EntityTypes: list[_EntityType] | None = None
    EnumTypes: list[_Enum] | None = None


class _Services(msgspec.Struct):
    Schemas: list[_DataSchema]


class _Document(msgspec.Struct):
    DataServices: _Services
