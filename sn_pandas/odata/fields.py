"""Content types and their fields, and where what is said about them comes from."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from .errors import did_you_mean

#: Where the definition of a field comes from: ``GetSchema``, the metadata of a content, the definitions that
#: this package carries, or the values of a content.
Layer = Literal["shown", "learned", "built in", "values"]
CHOICES = frozenset(
    [
        "Choice",
        "YesNo",
        "VersioningMode",
        "InheritableVersioningMode",
        "ApprovingMode",
        "InheritableApprovingMode",
        "PermissionChoice",
    ]
)
REFERENCES = frozenset(["Reference", "AllRoles", "DirectRoles", "AllowedChildTypes"])
TEXTS = frozenset(["ShortText", "LongText", "RichText", "PageBreak", "Xml", "Captcha"])

# Field types of one plain value, behind which a chain leads to nothing.
SCALARS = TEXTS | CHOICES | {"Integer", "Number", "Currency", "Boolean", "DateTime", "NodeType", "Version"}

# Field types whose JSON cannot be written back, with the way round.
NOT_WRITABLE = {
    "HyperLink": "the server clears a hyperlink that is written; set it in the user interface",
    "Binary": "upload the file instead: repo.upload(…)",
    "Image": "write the reference that it is bound to, or the id of an Image content with repo.patch(…)",
    "Color": "write a text such as #112233 with repo.patch(…)",
    "Password": "it is never read back; write it with repo.patch(…)",
    "Rating": "the server computes it",
    "Sharing": "use the sharing operations: repo.call(…)",
    "NodeType": "the type of a content cannot be changed",
    "Version": "the server counts versions",
    "AllRoles": "change the members of the groups instead",
    "DirectRoles": "change the members of the groups instead",
    "Captcha": "nothing is stored in it",
    "TextExtractors": "nothing is stored in it",
    "SiteRelativeUrl": "nothing is stored in it",
    "WhoAndWhen": "the server cannot show it",
    "Lock": "check the content out or in: repo.call(…)",
    "Security": "use the permission operations: repo.call(…)",
}
# Names that the server ignores in a write, whatever their type says.
NEVER_WRITTEN = {
    "Type": "the type of a content cannot be changed",
    "CreationDate": "only operators of the repository may change it",
    "VersionCreationDate": "only operators of the repository may change it",
}
#: The type of a field that no layer of the schema knows: the caller may not see the type that has it.
UNKNOWN = "Unknown"
# Names that rows carry beside the fields of their type.
PSEUDO_FIELDS = ("Actions", "Children", "IsFile")


@dataclasses.dataclass(frozen=True)
class Option:
    """One option of a choice: ``value`` is stored, ``text`` is shown."""

    value: str
    text: str
    enabled: bool = True
    selected: bool = False


@dataclasses.dataclass(frozen=True)
class Field:
    """A field of a content type.

    Attributes
    ----------
    name, type : str
        The key in a row, and the field type without its suffix: ``ShortText``, ``Integer``, ``Reference`` …
    read_only, compulsory : bool
        As the type says.
    options : tuple of Option
        What a choice offers.
    limits : mapping
        ``MinLength``, ``MaxLength``, ``Regex``, ``MinValue``, ``MaxValue``, ``AllowedTypes``,
        ``SelectionRoots`` … as far as set.
    layer : str
        Where the definition comes from: ``shown`` by the server, ``learned`` from a content of a type that
        the caller may not see, ``built in``, or the shape of the ``values``.
    untold : frozenset of str
        What the layer does not say, in the words of ``GetSchema``; nothing is checked against it.
    """

    name: str
    type: str
    display_name: str = ""
    description: str = ""
    read_only: bool = False
    compulsory: bool = False
    multiple: bool = False
    extra_values: bool = False
    options: tuple[Option, ...] = ()
    limits: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    default: str | None = None
    layer: Layer = "shown"
    untold: frozenset[str] = frozenset()

    @property
    def is_choice(self) -> bool:
        """Whether the value is a list of options."""
        return self.type in CHOICES

    @property
    def is_reference(self) -> bool:
        """Whether the value is other contents."""
        return self.type in REFERENCES

    @property
    def is_scalar(self) -> bool:
        """Whether the value is plain, so that nothing can be selected of it."""
        return self.type in SCALARS

    @property
    def why_not_editable(self) -> str:
        """Why a write of this field cannot work, with the way round; empty if it can."""
        if self.name in NEVER_WRITTEN:
            return NEVER_WRITTEN[self.name]
        if self.type in NOT_WRITABLE:
            return f"a field of type {self.type} cannot be written: {NOT_WRITABLE[self.type]}"
        return "the field is read-only" if self.read_only else ""

    @property
    def editable(self) -> bool:
        """Whether an edit of this field can be saved."""
        return not self.why_not_editable

    @property
    def dtype(self) -> str:
        """The name of the dtype that its column has."""
        if self.type == "Integer":
            return "Int64"
        if self.type in ("Number", "Currency"):
            return "float64"
        if self.type == "Boolean":
            return "boolean"
        if self.type == "DateTime":
            return "datetime64[us, UTC]"
        if self.is_choice:
            return "object" if self.multiple else "str" if self.extra_values else "category"
        if self.type in TEXTS or self.type in ("NodeType", "Version", "Sharing"):
            return "str"
        return "object"


@dataclasses.dataclass(frozen=True)
class ContentType:
    """A content type with all its fields, inherited ones included."""

    name: str
    parent: str | None
    fields: Mapping[str, Field]
    own: tuple[str, ...]
    display_name: str = ""
    description: str = ""
    allowed_child_types: tuple[str, ...] = ()
    layer: Layer = "shown"

    def __getitem__(self, name: str) -> Field:
        """Return a field by its name."""
        try:
            return self.fields[name]
        except KeyError:
            raise KeyError(
                f"the type {self.name} has no field {name!r}.{did_you_mean(name, self.fields)}"
            ) from None
