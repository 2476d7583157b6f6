"""The shape of a content in memory, and of the caller of a request.

The stored form of a field (`Content.fields`, and the JSON of the database) by kind:

============================================  ==========================================================
kind                                          stored form (a field that was never set is absent)
============================================  ==========================================================
ShortText, LongText, Xml, PageBreak, Captcha  ``str`` or None
RichText                                      ``{"text": str | None, "editor": str | None}`` or None
Integer                                       ``int``
Number, Currency                              canonical decimal text without exponent and
                                              trailing zeros: "12.5"
Boolean                                       ``bool``
DateTime                                      UTC, as it is answered: "2026-01-20T17:00:00.25Z",
                                              at most seven digits after the point;
                                              "0001-01-01T00:00:00Z" was cleared
Choice, YesNo, …Mode, PermissionChoice        ``list[str]`` of option values
Reference                                     ``list[int]`` of content ids in written order,
                                              also for a single one; readers pass over the ids
                                              of deleted contents
AllowedChildTypes                             ``list[str]`` of type names
Binary                                        ``{"file": int, "name": str, "type": str, "size":
                                              int}``; ``file`` is the id of the bytes, absent if
                                              nothing was ever written
HyperLink                                     ``{"Href": …, "Text": …, "Title": …, "Target": …}``
Color                                         the text that was written
Password                                      ``{"Hash": str}``
Image                                         nothing: it shows the fields that the type binds
                                              it to
============================================  ==========================================================

Values that belong to every content (id, name, dates, creator, version, lock …) are attributes of `Content`,
never in `fields`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

Value = Any
"""A stored field value: anything that JSON holds."""

UNSET_DATE = "0001-01-01T00:00:00"
"""How a date that was never set is answered (a cleared one ends in Z)."""

ADMIN, ROOT, VISITOR, ADMINISTRATORS, EVERYONE, OWNERS, SOMEBODY, OPERATORS, STARTUP = (
    1,
    2,
    6,
    7,
    8,
    9,
    10,
    11,
    12,
)
"""Ids of the built-in contents that the code names."""


@dataclass(slots=True)
class Content:
    """One content: its head, and the fields that are set."""

    id: int
    parent_id: int
    name: str
    path: str
    type: str
    version: str = "V1.0.A"
    version_id: int = 0
    index: int = 0
    created: str = UNSET_DATE
    created_by: int = ADMIN
    modified: str = UNSET_DATE
    modified_by: int = ADMIN
    version_created: str = UNSET_DATE
    version_created_by: int = ADMIN
    version_modified: str = UNSET_DATE
    version_modified_by: int = ADMIN
    owner: int = ADMIN
    locked_by: int = 0
    saving_state: int = 0
    is_system: bool = False
    holder: int = 0
    """Id of the nearest content at or above this one that has permission entries of its own."""
    stamp: int = 0
    """Counts saves: a save that finds another stamp than it loaded is out of date."""
    fields: dict[str, Value] = field(default_factory=dict)

    @property
    def parent_path(self) -> str:
        """Path of the parent; empty for the root."""
        return self.path.rpartition("/")[0]

    @property
    def depth(self) -> int:
        """Number of steps below the root."""
        return self.path.count("/") - 1

    @property
    def display_name(self) -> str:
        """The display name of the content; for a user the full name."""
        return self.fields.get("DisplayName") or self.fields.get("FullName") or self.name

    def copy(self) -> Content:
        """Return a content that can be changed without touching this one."""
        return replace(self, fields=dict(self.fields))

    def stored_value(self, name: str) -> Value:
        """Return the stored form of a field, of the head or not; None if it was never set."""
        head = HEAD.get(name)
        if head is not None:
            return getattr(self, head)
        reference = HEAD_REFERENCES.get(name)
        if reference is not None:
            target = getattr(self, reference)
            return [target] if target else []
        if name == "DisplayName":
            return self.display_name
        return self.fields.get(name)


HEAD = {
    "Id": "id",
    "ParentId": "parent_id",
    "VersionId": "version_id",
    "Name": "name",
    "Path": "path",
    "Type": "type",
    "Version": "version",
    "Index": "index",
    "Depth": "depth",
    "InFolder": "parent_path",
    "InTree": "path",
    "IsSystemContent": "is_system",
    "OwnerId": "owner",
    "CreatedById": "created_by",
    "ModifiedById": "modified_by",
    "CreationDate": "created",
    "ModificationDate": "modified",
    "VersionCreationDate": "version_created",
    "VersionModificationDate": "version_modified",
}
"""Field name -> attribute of `Content` that holds it."""

HEAD_REFERENCES = {
    "Owner": "owner",
    "CreatedBy": "created_by",
    "ModifiedBy": "modified_by",
    "VersionCreatedBy": "version_created_by",
    "VersionModifiedBy": "version_modified_by",
    "CheckedOutTo": "locked_by",
}
"""Reference field -> attribute of `Content` that holds the id of its only target (0 = none)."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sends a request.

    ``identities`` are the ids that permissions may name: the user, every group he is in (through groups too)
    and Everyone. ``system`` callers are the repository itself: nothing is refused to them.
    """

    id: int
    path: str
    name: str
    identities: frozenset[int]
    system: bool = False

    @property
    def is_operator(self) -> bool:
        """Whether the caller may write what is reserved for operators (creation dates, PUT)."""
        return (
            self.system
            or ADMINISTRATORS in self.identities
            or OPERATORS in self.identities
            or self.id == ADMIN
        )


SYSTEM = Caller(ADMIN, "/Root/IMS/BuiltIn/Portal/Admin", "Admin", frozenset({ADMIN}), system=True)
"""The repository itself."""
