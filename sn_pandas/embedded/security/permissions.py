"""Who may do what: the permissions, what each needs, and what a caller has on a content.

A content takes its permissions from its *holder*, the nearest content at or above it that has entries of
its own (or breaks the inheritance), and from the holders above that one up to a break. A denial anywhere
beats every allowance. What a caller may see is thus a short list of holders, by which `visible` cuts rows
in SQL.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from functools import cache
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sn_pandas.embedded.contents import EVERYONE, OWNERS, VISITOR, Content
from sn_pandas.embedded.schema.permission_names import NAMES
from sn_pandas.embedded.security import entries
from sn_pandas.embedded.security.entries import Entries, Entry, Holder
from sn_pandas.embedded.storage import versions

if TYPE_CHECKING:
    from sn_pandas.embedded.schema.types import Types
    from sn_pandas.embedded.storage.content_table import ContentTable

NEEDS = {
    "Preview": ("See",),
    "PreviewWithoutWatermark": ("Preview",),
    "PreviewWithoutRedaction": ("Preview",),
    "Open": ("PreviewWithoutWatermark", "PreviewWithoutRedaction"),
    "OpenMinor": ("Open",),
    "Save": ("OpenMinor",),
    "Publish": ("OpenMinor",),
    "ForceCheckin": ("OpenMinor",),
    "AddNew": ("OpenMinor",),
    "Approve": ("OpenMinor",),
    "Delete": ("OpenMinor",),
    "RecallOldVersion": ("OpenMinor",),
    "DeleteOldVersion": ("OpenMinor",),
    "SetPermissions": ("SeePermissions",),
    "ManageListsAndWorkspaces": ("Save", "AddNew", "DeleteOldVersion"),
    "TakeOwnership": ("See",),
}
"""What a permission makes no sense without."""

EVERYTHING = (1 << len(NAMES)) - 1

BIT = {name: 1 << place for place, name in enumerate(NAMES)}
"""Name of a permission -> its bit."""


def mask(names: Iterable[str]) -> int:
    """Return the bits of named permissions."""
    found = 0
    for name in names:
        found |= BIT[name]
    return found


def names(bits: int) -> list[str]:
    """Return the permissions for bits, in the usual order."""
    return [name for name in NAMES if bits & BIT[name]]


@cache
def required_bits(name: str) -> int:
    """Return the bits of a permission and of those that it requires; allowed together."""
    found = BIT[name]
    for other in NEEDS.get(name, ()):
        found |= required_bits(other)
    return found


@cache
def dependent_bits(name: str) -> int:
    """Return the bits of a permission and of those that require it; denied together."""
    found = 0
    for other in NAMES:
        if required_bits(other) & BIT[name]:
            found |= BIT[other]
    return found


def set_permission(entry: Entry, name: str, value: str) -> None:
    """Set a permission in an entry to allow, deny or undefined, with those that depend on it."""
    if value == "allow":
        entry.allow |= required_bits(name)
        entry.deny &= ~required_bits(name)
    elif value == "deny":
        entry.deny |= dependent_bits(name)
        entry.allow &= ~dependent_bits(name)
    else:
        entry.allow &= ~dependent_bits(name)
        entry.deny &= ~required_bits(name)


def of_identities(store: ContentTable, content: Content, identities: frozenset[int], user_id: int) -> int:
    """Return the bits of all permissions that some identities have on a content."""
    if content.owner == user_id:
        identities |= {OWNERS}
    with store.reading() as db:
        holder = entries.holder_of(store, content)
        return acls(store).effective(db, holder, holder == content.id, identities)


def is_public(store: ContentTable, content: Content) -> bool:
    """Return whether the Visitor may open a content."""
    return bool(of_identities(store, content, frozenset({VISITOR}), 0) & BIT["Open"])


def identities_of(store: ContentTable, user_id: int) -> frozenset[int]:
    """Return the ids that permissions of a user may name: himself, his groups and Everyone."""
    identities = acls(store).identities
    if user_id not in identities:
        units = entries.units_of(store, user_id)
        everyone = [EVERYONE] if user_id != VISITOR else []
        identities[user_id] = frozenset(
            (user_id, *units, *entries.groups_of(store, [user_id, *units]), *everyone)
        )
    return identities[user_id]


class Acls:
    """The entries of a repository in one state, with cached results.

    Entries are read when they are asked for: those of a few holders one by one, then all at once. So a write
    that changes permissions does not make the next request read all that there are. The methods take a
    connection that is in this state.
    """

    def __init__(self) -> None:
        self.identities: dict[int, frozenset[int]] = {}
        """Id of a user -> what permissions of his may name; filled by `identities_of`."""
        self.roles: dict[frozenset[int], frozenset[str]] = {}
        """Ids of groups -> their names; filled by `roles`."""
        self._all: Entries | None = None
        self._holders: dict[int, Holder] = {}
        self._effective: dict[tuple[int, bool, frozenset[int]], int] = {}
        self._definitions_of: dict[tuple[frozenset[int], int, str], str | None] = {}

    def all(self, db: sqlite3.Connection) -> Entries:
        """Return every entry."""
        if self._all is None:
            self._all = entries.load(db)
        return self._all

    def chain(self, db: sqlite3.Connection, holder: int) -> list[tuple[int, list[Entry]]]:
        """Return a holder and the ancestors that it inherits permissions from, nearest first."""
        found = []
        current: int | None = holder
        while current is not None:
            here = self._holder(db, current)
            found.append((current, here.own))
            current = None if here.breaks else here.above
        return found

    def _holder(self, db: sqlite3.Connection, content_id: int) -> Holder:
        if self._all is None and len(self._holders) >= _FEW:
            self.all(db)
        if self._all is not None:
            return self._all.holder(content_id)
        if content_id not in self._holders:
            self._holders[content_id] = entries.load_holder(db, content_id)
        return self._holders[content_id]

    def effective(self, db: sqlite3.Connection, holder: int, own: bool, identities: frozenset[int]) -> int:
        """Return the bits that identities have on a holder (``own``), or on the contents below it."""
        key = (holder, own, identities)
        if key not in self._effective:
            allow = deny = 0
            for place, found in self.chain(db, holder):
                for entry in found:
                    if entry.identity in identities and (not entry.local_only or (own and place == holder)):
                        allow |= entry.allow
                        deny |= entry.deny
            self._effective[key] = allow & ~deny
        return self._effective[key]

    def visible(
        self,
        db: sqlite3.Connection,
        identities: frozenset[int],
        user_id: int,
        permission: str,
        holders: Collection[int] = (),
    ) -> tuple[str, list[object]] | None:
        """Return the SQL condition for contents that identities find in their present version.

        ``holders`` decide the permissions of all contents in question, if they are known.
        """
        if holders:
            build = self._build_condition
            seen = build(db, permission, identities, user_id, holders)
            drafts = build(db, "OpenMinor", identities, user_id, holders)
        else:
            seen = self.condition_for(db, permission, identities, user_id)
            drafts = self.condition_for(db, "OpenMinor", identities, user_id)
        present = None if drafts is None else f"({versions.IS_PUBLIC} OR {drafts})"
        parts = [part for part in (seen, present) if part is not None]
        return (" AND ".join(parts), []) if parts else None

    def condition_for(
        self, db: sqlite3.Connection, permission: str, identities: frozenset[int], user_id: int
    ) -> str | None:
        """Return the SQL condition for the contents on which identities have a permission; None = all."""
        key = (identities, user_id, permission)
        if key not in self._definitions_of:
            holders = self.all(db).holders
            self._definitions_of[key] = self._build_condition(db, permission, identities, user_id, holders)
        return self._definitions_of[key]

    def _build_condition(
        self,
        db: sqlite3.Connection,
        permission: str,
        identities: frozenset[int],
        user_id: int,
        holders: Collection[int],
    ) -> str | None:
        bit = BIT[permission]
        own = [h for h in holders if self.effective(db, h, True, identities) & bit]
        below = [h for h in holders if self.effective(db, h, False, identities) & bit]
        if len(own) == len(below) == len(holders):
            return None
        owner = identities | {OWNERS}
        as_owner = [h for h in holders if self.effective(db, h, False, owner) & bit]
        own_as_owner = [h for h in holders if self.effective(db, h, True, owner) & bit]
        parts = [_holder_condition(own, below)]
        if as_owner != below or own_as_owner != own:
            parts.append(f"(c.owner = {int(user_id)} AND ({_holder_condition(own_as_owner, as_owner)}))")
        return f"({' OR '.join(parts)})"


_FEW = 50
"""How many holders are read one by one before all are."""

_CACHE: WeakKeyDictionary[ContentTable, tuple[int, Types, Acls]] = WeakKeyDictionary()


def acls(store: ContentTable) -> Acls:
    """Return the entries of a repository in the state that the thread reads; new ones only after a change."""
    with store.reading() as db:
        kept = store.kept
        if kept is not None and Acls in kept:
            found: Acls = kept[Acls]
            return found
        stamp = entries.stamp(db)
        cached = _CACHE.get(store)
        if cached is None or cached[0] != stamp or cached[1] is not store.types:
            cached = _CACHE[store] = (stamp, store.types, Acls())
        if kept is not None:
            kept[Acls] = cached[2]
    return cached[2]


def all_entries(store: ContentTable) -> Entries:
    """Return every entry of a repository, to look at."""
    with store.reading() as db:
        return acls(store).all(db)


def roles(store: ContentTable, identities: frozenset[int]) -> frozenset[str]:
    """Return the names of the built-in groups among identities, as operations name them."""
    roles_ = acls(store).roles
    if identities not in roles_:
        found = {ROLE_OF_PATH.get(one.path.lower()) for one in store.load_many(identities)}
        roles_[identities] = frozenset(name for name in found if name is not None)
    return roles_[identities]


_PORTAL = "/root/ims/builtin/portal"
ROLE_OF_PATH = {
    **{
        f"{_PORTAL}/{name.lower()}": name
        for name in ("Administrators", "Developers", "Editors", "Everyone", "IdentifiedUsers", "Operators",
                     "Visitor", "HR", "AITextUsers", "AIVisionUsers")
    },
    "/root/ims/public/administrators": "PublicAdministrators",
}  # fmt: skip
"""Path of a group -> the name by which operations admit its members."""


def _holder_condition(own: list[int], below: list[int]) -> str:
    """Return the SQL condition: a holder is judged by its own entries, any other content by its holder."""
    parts = []
    for test, ids in (
        ("c.holder IN", set(own) & set(below)),
        ("c.id <> c.holder AND c.holder IN", set(below) - set(own)),
        ("c.id = c.holder AND c.id IN", set(own) - set(below)),
    ):
        if ids:
            parts.append(f"({test} ({','.join(map(str, sorted(ids)))}))")
    return " OR ".join(parts) or "0"
