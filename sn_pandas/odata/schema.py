"""Content types and their fields, as ``GetSchema`` describes them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

from .errors import did_you_mean

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

    def __getitem__(self, name: str) -> Field:
        """Give a field by its name."""
        try:
            return self.fields[name]
        except KeyError:
            raise KeyError(
                f"the type {self.name} has no field {name!r}.{did_you_mean(name, self.fields)}"
            ) from None


class Schema(Mapping[str, ContentType]):
    """The content types of a repository, by name, as far as the caller may see them.

    Parameters
    ----------
    answer : list of dict
        What ``GetSchema`` answered.
    """

    def __init__(self, answer: Iterable[Mapping[str, Any]]) -> None:
        self._types: dict[str, ContentType] = {}
        self._merged: dict[tuple[str, frozenset[str]], Field | None] = {}
        for raw in answer:
            parent = self._types.get(raw.get("ParentTypeName") or "")
            own = {f["Name"]: _field(f) for f in raw["FieldSettings"]}
            self._types[raw["ContentTypeName"]] = ContentType(
                name=raw["ContentTypeName"],
                parent=parent.name if parent else None,
                fields={**(parent.fields if parent else {}), **own},
                own=tuple(own),
                display_name=raw.get("DisplayName") or raw["ContentTypeName"],
                description=raw.get("Description") or "",
                allowed_child_types=tuple(raw.get("AllowedChildTypes") or ()),
            )

    def __getitem__(self, name: str) -> ContentType:
        """Give a type by its name."""
        try:
            return self._types[name]
        except KeyError:
            raise KeyError(f"there is no content type {name!r}.{did_you_mean(name, self._types)}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._types

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)

    def __repr__(self) -> str:
        return f"<Schema of {len(self)} content types>"

    def bases(self, name: str) -> Iterator[str]:
        """Give the type and its bases, nearest first; nothing for an unknown one."""
        current: str | None = name
        while current is not None and current in self._types:
            yield current
            current = self._types[current].parent

    def derived(self, name: str) -> frozenset[str]:
        """Give the type and all types derived from it."""
        return frozenset(t for t in self._types if name in self.bases(t))

    def field(self, name: str, types: Iterable[str] = ()) -> Field | None:
        """Give a field as all of some types have it; of all types if none is named or none of them has it.

        Where types differ, options are joined, and a kind of text or anything stands for different kinds.
        """
        key = (name, frozenset(types))
        if key not in self._merged:
            known = [self._types[t] for t in key[1] if t in self._types]
            chosen = [t.fields[name] for t in known if name in t.fields]
            found = chosen or [t.fields[name] for t in self._types.values() if name in t.fields]
            self._merged[key] = _merged({id(field): field for field in found}.values()) if found else None
        return self._merged[key]

    @cached_property
    def fields(self) -> Mapping[str, Field]:
        """Every field name of the system with one of its definitions, that of the most general type.

        Choices have the options of all types.
        """
        found: dict[str, Field] = {}
        options: dict[str, dict[str, Option]] = {}
        for content_type in self._types.values():
            for name, field in content_type.fields.items():
                found.setdefault(name, field)
                for option in field.options:
                    options.setdefault(name, {}).setdefault(option.value, option)
        for name, known in options.items():
            if len(known) > len(found[name].options):
                found[name] = dataclasses.replace(found[name], options=tuple(known.values()))
        return found


def _merged(fields: Iterable[Field]) -> Field:
    first, *others = fields
    if not others:
        return first
    every = [first, *others]
    kinds = {field.type for field in every}
    kind = first.type
    if len(kinds) > 1:
        kind = "LongText" if kinds <= TEXTS else "Choice" if kinds <= CHOICES else "Object"
    return dataclasses.replace(
        first,
        type=kind,
        read_only=all(field.read_only for field in every),
        compulsory=all(field.compulsory for field in every),
        multiple=any(field.multiple for field in every),
        extra_values=any(field.extra_values for field in every),
        options=tuple({option.value: option for field in every for option in field.options}.values()),
        limits={k: v for k, v in first.limits.items() if all(field.limits.get(k) == v for field in others)},
    )


_LIMITS = [
    "MinLength",
    "MaxLength",
    "Regex",
    "MinValue",
    "MaxValue",
    "Digits",
    "Precision",
    "DateTimeMode",
    "AllowedTypes",
    "SelectionRoots",
    "Query",
]


def _field(raw: Mapping[str, Any]) -> Field:
    return Field(
        name=raw["Name"],
        type=raw["FieldClassName"].rpartition(".")[2].removesuffix("Field"),
        display_name=raw.get("DisplayName") or raw["Name"],
        description=raw.get("Description") or "",
        read_only=bool(raw.get("ReadOnly")),
        compulsory=bool(raw.get("Compulsory")),
        multiple=bool(raw.get("AllowMultiple")),
        extra_values=bool(raw.get("AllowExtraValue")),
        options=tuple(
            Option(o["Value"], o.get("Text") or o["Value"], o.get("Enabled", True), o.get("Selected", False))
            for o in raw.get("Options") or ()
        ),
        limits={k: raw[k] for k in _LIMITS if raw.get(k) is not None},
        default=raw.get("DefaultValue"),
    )
