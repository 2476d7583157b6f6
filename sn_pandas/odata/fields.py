"""Content types and their fields, with the origin of their definitions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Literal

from .errors import did_you_mean
from .field_kinds import UNKNOWN as UNKNOWN
from .field_kinds import FieldKind, field_kind

#: Where the definition of a field comes from: ``GetSchema``, the metadata of a content, the definitions that
#: this package carries, or the values of a content.
Layer = Literal["shown", "learned", "built in", "values"]
# Names that the server ignores in a write, whatever their type says.
NEVER_WRITTEN = {
    "Type": "the type of a content cannot be changed",
    "CreationDate": "only operators of the repository may change it",
    "VersionCreationDate": "only operators of the repository may change it",
}
#: What the index knows beside the fields of the schema.
INDEX_ONLY = frozenset(["InTree", "InFolder", "Type", "TypeIs", "_Text", "ParentId", "Id", "VersionId"])
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
    def kind(self) -> FieldKind:
        """The properties of the field type."""
        return field_kind(self.type)

    @property
    def is_choice(self) -> bool:
        """Whether the value is a list of options."""
        return self.kind.value == "choice"

    @property
    def is_reference(self) -> bool:
        """Whether the value is other contents."""
        return self.kind.value == "reference"

    @property
    def points_to_contents(self) -> bool:
        """Whether the value is other contents that are named by id or path."""
        return self.is_reference and not self.kind.by_name

    @property
    def is_text(self) -> bool:
        """Whether the value is a text that can be written."""
        return self.kind.value == "text"

    @property
    def is_number(self) -> bool:
        """Whether the value is a number, whole or not."""
        return self.kind.value in ("integer", "decimal")

    @property
    def is_date(self) -> bool:
        """Whether the value is a date."""
        return self.kind.value == "date"

    @property
    def is_truth(self) -> bool:
        """Whether the value is true or false."""
        return self.kind.value == "truth"

    @property
    def is_secret(self) -> bool:
        """Whether the value is never shown."""
        return self.kind.secret

    @property
    def why_not_editable(self) -> str:
        """Why a write of this field cannot work, with the way round; empty if it can."""
        if self.name in NEVER_WRITTEN:
            return NEVER_WRITTEN[self.name]
        if self.kind.why_not:
            return f"a field of type {self.type} cannot be written: {self.kind.why_not}"
        return "the field is read-only" if self.read_only else ""

    @property
    def editable(self) -> bool:
        """Whether an edit of this field can be saved."""
        return not self.why_not_editable

    @property
    def dtype(self) -> str:
        """The name of the dtype that its column has."""
        if self.is_choice:
            return "object" if self.multiple else "str" if self.extra_values else "category"
        return self.kind.dtype


#: The content types that a place allows, inherited ones included.
ALLOWED_TYPES = Field("EffectiveAllowedChildTypes", "AllowedChildTypes", multiple=True)


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


def of_some_contents(name: str) -> bool:
    """Return whether a name is that of a field of lists or aspects, which are not in the schema."""
    return name.startswith("#") or "." in name
