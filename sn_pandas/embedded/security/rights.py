"""What a caller may know about a content, decided in one place for all kinds of access.

Entities, lists, filters, counts, the full text, trees, ancestors, references, copies, templates and
downloads all ask here. Whoever may see a content knows its head, whoever may preview it all fields but the
bytes. Without the right to drafts these are of its last public version; if it has none, nothing is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sn_pandas.embedded.contents import OWNERS, SOMEBODY, Caller, Content
from sn_pandas.embedded.security import entries, permissions
from sn_pandas.embedded.storage import versions

if TYPE_CHECKING:
    from sn_pandas.embedded.index.search import Visible
    from sn_pandas.embedded.storage.content_table import ContentTable


_READING = permissions.mask(("Preview", "Open"))
"""What everybody may do with the user who stands for others."""

HEAD_FIELDS = frozenset(
    ("Id", "Name", "Path", "Type", "TypeIs", "InTree", "InFolder", "Index", "Icon", "CreatedBy", "ModifiedBy",
     "CreationDate", "ModificationDate", "VersionCreationDate", "VersionModificationDate")
)  # fmt: skip
"""Fields by which a content is found by everybody who may see it."""

TEXT_FIELDS = frozenset(("Binary", "_Text"))
"""Fields by which only those find a content who may read its bytes."""


def permission_to_find(fields: Iterable[str]) -> str:
    """Return the permission without which a query on some fields must not find a content.

    Examples
    --------
    >>> permission_to_find(["Name"]), permission_to_find(["Name", "Status"]), permission_to_find(["_Text"])
    ('See', 'Preview', 'PreviewWithoutRedaction')
    """
    asked = set(fields)
    if asked & TEXT_FIELDS:
        return "PreviewWithoutRedaction"
    return "See" if asked <= HEAD_FIELDS else "Preview"


class Rights:
    """What one caller may do, and may know.

    Parameters
    ----------
    store
        The contents.
    caller
        Who asks.
    """

    def __init__(self, store: ContentTable, caller: Caller) -> None:
        self.store = store
        self.caller = caller
        self._bits: dict[tuple[int, bool, bool], int] = {}

    def forget(self) -> None:
        """Look everything up again, after something was saved."""
        self._bits.clear()

    def bits(self, content: Content) -> int:
        """Return the bits of all permissions on a content."""
        caller = self.caller
        if caller.system:
            return permissions.EVERYTHING
        key = (content.holder, content.holder == content.id, content.owner == caller.id)
        bits = self._bits.get(key) if content.holder else None
        if bits is None:
            bits = permissions.of_identities(self.store, content, caller.identities, caller.id)
            if content.holder:
                self._bits[key] = bits
        return bits

    def can(self, content: Content, permission: str) -> bool:
        """Return whether the caller has a permission on a content."""
        return self.has(content, permissions.BIT[permission])

    def has(self, content: Content, bits: int) -> bool:
        """Return whether the caller has all of some permissions, given as bits, on a content."""
        if content.id == SOMEBODY:
            bits &= ~_READING
        return bits & ~self.bits(content) == 0

    def version(self, content: Content) -> Content | None:
        """Return the version of a content that the caller reads, given the present one; None = nothing."""
        bits = self.bits(content)
        if not bits & permissions.BIT["See"]:
            return None
        if content.version.endswith(".0.A") or bits & permissions.BIT["OpenMinor"]:
            return content
        return versions.last_public(self.store, content)

    def type_names(self) -> frozenset[str]:
        """Return the names of the content types whose definitions the caller may see."""
        caller = self.caller
        if caller.system:
            return frozenset(self.store.types)
        folder = "/root/system/schema/contenttypes"
        with self.store.reading() as db:
            rows = db.execute(
                "SELECT name, id, holder, owner FROM contents"
                " WHERE key > ? AND key < ? AND type = 'ContentType'",
                (folder + "/", folder + "0"),
            ).fetchall()
            found, see = permissions.acls(self.store), permissions.BIT["See"]
            mine = caller.identities | {OWNERS}
            return frozenset(
                name
                for name, content_id, holder, owner in rows
                if see
                & found.effective(
                    db, holder, holder == content_id, mine if owner == caller.id else caller.identities
                )
            )

    # In SQL: conditions on ``contents AS c``; None = every content, "0" = none

    def visible(self, permission: str = "See", place: str | None = None) -> Visible | None:
        """Return the condition for contents whose present version the caller may find by a permission.

        With a ``place``, a path in lower case, it is good for what is there and below only: most often no
        permissions are set below, and all of it can be found or nothing.
        """
        caller = self.caller
        if caller.system:
            return None
        with self.store.reading() as db:
            holders = entries.holders_at(db, place) if place is not None else set()
            found = permissions.acls(self.store)
            return found.visible(db, caller.identities, caller.id, permission, holders)

    def visible_as_public(self, permission: str = "See") -> Visible:
        """Return the condition for contents of which he finds the last public version, not the draft."""
        caller = self.caller
        if caller.system:
            return "0", ()
        with self.store.reading() as db:
            found = permissions.acls(self.store)
            drafts = found.condition_for(db, "OpenMinor", caller.identities, caller.id)
            if drafts is None:
                return "0", ()
            seen = found.condition_for(db, permission, caller.identities, caller.id)
        return " AND ".join([f"NOT {drafts}", *([] if seen is None else [seen])]), ()
