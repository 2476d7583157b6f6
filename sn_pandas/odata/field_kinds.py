"""One table of the field types, for filters, requests and messages.

What a frame makes of a type stands beside it, in ``frames/columns/kinds.py``. A type that is in neither table
is read as it comes and cannot be edited.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

#: What a value of a field is, as far as it is compared and written. A label is a text that only the server
#: writes.
Value = Literal[
    "text", "integer", "decimal", "truth", "date", "choice", "reference", "label", "unknown", "other"
]
#: What the JSON of a value has to look like; None if it can be anything.
Shape = Literal["scalar", "choice", "reference"] | None


class FieldKind(NamedTuple):
    """The properties of a field type.

    Attributes
    ----------
    value : str
        What its values are. Literals, hints, completion and the comparison of cells go by this.
    filter : str
        What the rules of filters call it.
    shape : str or None
        What its JSON has to look like.
    dtype : str
        The dtype of its column; that of a choice depends on the field.
    why_not : str
        Why its JSON cannot be written back, with the way round; empty if it can.
    patch : str
        What ``repo.patch`` takes for it where a frame does not, because it is not read as it is written.
    unread : bool
        Whether what is stored is never read, so that it cannot be verified.
    secret : bool
        Whether its values are shown nowhere.
    by_name : bool
        Whether it points to content types, by their names.
    several : bool
        Whether it always points to several contents.
    """

    value: Value = "other"
    filter: str = "other"
    shape: Shape = None
    dtype: str = "object"
    why_not: str = ""
    patch: str = ""
    unread: bool = False
    secret: bool = False
    by_name: bool = False
    several: bool = False

    @property
    def is_scalar(self) -> bool:
        """Whether its values are plain, so that a path cannot continue after them."""
        return self.value not in ("reference", "unknown", "other")


_DATE = "datetime64[us, UTC]"
_NOTHING = "nothing is stored in it"
_MEMBERS = "change the members of the groups instead"

#: The type of a field that no layer of the schema knows: the caller may not see the type that has it.
UNKNOWN = "Unknown"

#: The kinds by field type, as ``GetSchema`` names it without its suffix.
FIELD_KINDS: dict[str, FieldKind] = {
    "ShortText": FieldKind("text", "text", "scalar", "str"),
    "LongText": FieldKind("text", "words", "scalar", "str"),
    "RichText": FieldKind("text", "rich", None, "str"),  # {"text": …, "editor": …} where it has an editor
    "PageBreak": FieldKind("text", "text", "scalar", "str"),
    "Xml": FieldKind("text", "text", "scalar", "str"),
    "Captcha": FieldKind("text", "text", "scalar", "str", why_not=_NOTHING),
    "Integer": FieldKind("integer", "integer", "scalar", "Int64"),
    "Number": FieldKind("decimal", "number", "scalar", "float64"),
    "Currency": FieldKind("decimal", "number", "scalar", "float64"),
    "Boolean": FieldKind("truth", "truth", "scalar", "boolean"),
    "DateTime": FieldKind("date", "date", "scalar", _DATE),
    "Choice": FieldKind("choice", "choice", "choice"),
    "YesNo": FieldKind("choice", "choice", "choice"),
    "VersioningMode": FieldKind("choice", "other", "choice"),
    "InheritableVersioningMode": FieldKind("choice", "other", "choice"),
    "ApprovingMode": FieldKind("choice", "other", "choice"),
    "InheritableApprovingMode": FieldKind("choice", "other", "choice"),
    "PermissionChoice": FieldKind("choice", "other", "choice"),
    "Reference": FieldKind("reference", "reference", "reference"),
    "AllRoles": FieldKind("reference", "reference", "reference", why_not=_MEMBERS, several=True),
    "DirectRoles": FieldKind("reference", "reference", "reference", why_not=_MEMBERS, several=True),
    "AllowedChildTypes": FieldKind("reference", "reference", "reference", by_name=True, several=True),
    "NodeType": FieldKind("label", dtype="str", why_not="the type of a content cannot be changed"),
    "Version": FieldKind("label", dtype="str", why_not="the server counts versions"),
    "Binary": FieldKind(filter="file", why_not="upload the file instead: repo.upload(…)"),
    "HyperLink": FieldKind(
        filter="link", why_not="the server clears a hyperlink that is written; set it in the user interface"
    ),
    "Password": FieldKind(
        why_not="it is never read back; write it with repo.patch(…)",
        patch="a text",
        unread=True,
        secret=True,
    ),
    "Color": FieldKind(
        filter="color",
        why_not="write a text such as #112233 with repo.patch(…)",
        patch="a text such as '#112233' or 'red'",
    ),
    "Image": FieldKind(
        why_not="write the reference that it is bound to, or the id of an Image content with repo.patch(…)",
        patch="the id or path of an Image",
        unread=True,
    ),
    "Rating": FieldKind(why_not="the server computes it"),
    "Sharing": FieldKind(dtype="str", why_not="use the sharing operations: repo.call(…)"),
    "Lock": FieldKind(why_not="check the content out or in: repo.call(…)"),
    "Security": FieldKind(why_not="use the permission operations: repo.call(…)"),
    "TextExtractors": FieldKind(why_not=_NOTHING),
    "SiteRelativeUrl": FieldKind(why_not=_NOTHING),
    "WhoAndWhen": FieldKind(why_not="the server cannot show it"),
    UNKNOWN: FieldKind("unknown", "unknown"),
}
_OTHER = FieldKind()


def field_kind(name: str) -> FieldKind:
    """Return the kind of a field type; the default kind for an unlisted type.

    Examples
    --------
    >>> field_kind("Currency").filter, field_kind("Currency").dtype, field_kind("Gadget").value
    ('number', 'float64', 'other')
    """
    return FIELD_KINDS.get(name, _OTHER)
