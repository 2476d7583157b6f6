"""One table of the field types: how a frame reads the values of each, writes them, and checks them before.

What the wire, filters and messages know of a type stands in ``odata/field_kinds.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ...odata.schema import UNKNOWN, Field
from . import codecs
from .encoders import (
    Encoder,
    encode_as_is,
    encode_choice,
    encode_date,
    encode_integer,
    encode_number,
    encode_reference,
    encode_text,
    encode_truth,
)


class ColumnKind(NamedTuple):
    """How a field type is read into and written from a frame.

    Attributes
    ----------
    codec : callable
        Makes the codec of a field: server values to a column.
    encode : callable
        Makes JSON of a cell.
    checks : str
        Which rules of ``writes/checking.py`` are for its cells, with blanks between; none if a frame cannot
        write it.
    """

    codec: Callable[[Field], codecs.Codec] = codecs.Codec
    encode: Encoder = encode_as_is
    checks: str = ""


_LABEL = ColumnKind(codecs.Text)

#: What frames make of the field types, by their names without their suffix.
COLUMN_KINDS: dict[str, ColumnKind] = {
    "ShortText": ColumnKind(codecs.Text, encode_text, "text length"),
    "LongText": ColumnKind(codecs.Text, encode_text, "text length"),
    "RichText": ColumnKind(codecs.Text, encode_text, "text"),
    "PageBreak": ColumnKind(codecs.Text, encode_text, "text"),
    "Xml": ColumnKind(codecs.Text, encode_text, "text xml"),
    "Captcha": ColumnKind(codecs.Text, encode_text, "text"),
    "Integer": ColumnKind(codecs.Integer, encode_integer, "integer"),
    "Number": ColumnKind(codecs.Number, encode_number, "decimal"),
    "Currency": ColumnKind(codecs.Number, encode_number, "decimal"),
    "Boolean": ColumnKind(codecs.Boolean, encode_truth, "truth"),
    "DateTime": ColumnKind(codecs.DateTime, encode_date, "date"),
    "Choice": ColumnKind(codecs.choose_choice_codec, encode_choice, "choice"),
    "YesNo": ColumnKind(codecs.choose_choice_codec, encode_choice, "choice"),
    "VersioningMode": ColumnKind(codecs.choose_choice_codec, encode_choice, "choice mode"),
    "InheritableVersioningMode": ColumnKind(codecs.choose_choice_codec, encode_choice, "choice mode"),
    "ApprovingMode": ColumnKind(codecs.choose_choice_codec, encode_choice, "choice mode"),
    "InheritableApprovingMode": ColumnKind(codecs.choose_choice_codec, encode_choice, "choice mode"),
    "PermissionChoice": ColumnKind(codecs.choose_choice_codec, encode_choice, "choice"),
    "Reference": ColumnKind(codecs.References, encode_reference, "reference contents"),
    "AllRoles": ColumnKind(codecs.References, encode_reference, "reference"),
    "DirectRoles": ColumnKind(codecs.References, encode_reference, "reference"),
    "AllowedChildTypes": ColumnKind(codecs.References, encode_reference, "reference types"),
    "NodeType": _LABEL,
    "Version": _LABEL,
    "Sharing": _LABEL,
    UNKNOWN: ColumnKind(codecs.Unknown),
}
_OTHER = ColumnKind()


def get_column_kind(field: Field) -> ColumnKind:
    """Return the column kind of a field; the default kind for an unlisted type."""
    return COLUMN_KINDS.get(field.type, _OTHER)


def create_codec(field: Field) -> codecs.Codec:
    """Return the codec of a field."""
    return get_column_kind(field).codec(field)
