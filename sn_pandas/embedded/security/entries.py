"""Permission entries and group memberships in the database.

Triggers in `storage.tables` keep the rest in step: a content's ``holder``, the nearest content at or above it
that has entries or breaks the inheritance; the entries of what is deleted (a content whose only entries were
those of a deleted user inherits again); the members of groups, numbered in the order in which they became
that; and the stamp by which caches see a change.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sn_pandas.embedded.contents import Content

if TYPE_CHECKING:
    from sn_pandas.embedded.storage.content_table import ContentTable


@dataclass(slots=True)
class Entry:
    """What one identity is allowed and denied at one place, as bits; ``local_only`` = not below it."""

    identity: int
    local_only: bool = False
    allow: int = 0
    deny: int = 0


@dataclass(frozen=True, slots=True)
class Holder:
    """A content that decides about permissions: its entries, whether it breaks, the next holder above."""

    own: list[Entry]
    breaks: bool
    above: int | None


@dataclass(slots=True)
class Entries:
    """All entries, by content; where the inheritance is broken; the next holder above each holder."""

    of: dict[int, list[Entry]] = field(default_factory=dict)
    breaks: set[int] = field(default_factory=set)
    above: dict[int, int | None] = field(default_factory=dict)

    @property
    def holders(self) -> set[int]:
        """The contents that have entries or break the inheritance, and the root."""
        return set(self.above)

    def holder(self, content_id: int) -> Holder:
        """Return the permission data of one content."""
        above = self.above.get(content_id)
        return Holder(self.of.get(content_id, []), content_id in self.breaks, above)


def stamp(db: sqlite3.Connection) -> int:
    """Return a number that is another after every change of an entry, a group, or a group's name."""
    return int(db.execute("SELECT value FROM permission_stamp").fetchone()[0])


def load(db: sqlite3.Connection) -> Entries:
    """Return everything that the database holds."""
    found = Entries()
    for content, identity, local_only, allow, deny in db.execute(
        "SELECT content_id, identity_id, local_only, allow, deny FROM permission_entries"
        " ORDER BY identity_id, local_only"
    ):
        entry = Entry(identity, bool(local_only), _bits(allow), _bits(deny))
        found.of.setdefault(content, []).append(entry)
    found.breaks.update(row[0] for row in db.execute("SELECT content_id FROM permission_breaks"))
    rows = db.execute(
        "SELECT c.id, p.holder FROM contents AS c LEFT JOIN contents AS p ON p.id = c.parent_id"
        " WHERE c.parent_id = 0 OR c.id IN (SELECT content_id FROM permission_entries"
        " UNION SELECT content_id FROM permission_breaks)"
    )
    found.above.update(rows.fetchall())
    return found


def load_holder(db: sqlite3.Connection, content_id: int) -> Holder:
    """Return what the database holds of one content, as `load` does of all."""
    row = db.execute(
        "SELECT p.holder FROM contents AS c JOIN contents AS p ON p.id = c.parent_id WHERE c.id = ?",
        (content_id,),
    ).fetchone()
    return Holder(_load_own(db, content_id), _load_breaks(db, content_id), row and row[0])


def own_entries(store: ContentTable, content_id: int) -> list[Entry]:
    """Return the entries that a content has itself."""
    with store.reading() as db:
        return _load_own(db, content_id)


def breaks_inheritance(store: ContentTable, content_id: int) -> bool:
    """Return whether a content breaks the inheritance of permissions."""
    with store.reading() as db:
        return _load_breaks(db, content_id)


def _load_own(db: sqlite3.Connection, content_id: int) -> list[Entry]:
    rows = db.execute(
        "SELECT identity_id, local_only, allow, deny FROM permission_entries WHERE content_id = ?"
        " ORDER BY identity_id, local_only",
        (content_id,),
    ).fetchall()
    return [Entry(identity, bool(local), _bits(allow), _bits(deny)) for identity, local, allow, deny in rows]


def _load_breaks(db: sqlite3.Connection, content_id: int) -> bool:
    row = db.execute("SELECT 1 FROM permission_breaks WHERE content_id = ?", (content_id,)).fetchone()
    return row is not None


def holder_of(store: ContentTable, content: Content) -> int:
    """Return the id of the content that decides the permissions of a content."""
    if content.holder:
        return content.holder
    with store.reading() as db:
        for content_id in (content.id, content.parent_id):
            row = db.execute("SELECT holder FROM contents WHERE id = ?", (content_id,)).fetchone()
            if row is not None:
                return int(row[0])
    return 0


def holders_at(db: sqlite3.Connection, key: str) -> set[int]:
    """Return the contents that decide the permissions of what is at and below a path in lower case."""
    rows = db.execute(
        "SELECT holder FROM contents WHERE key = ?1 UNION SELECT c.id FROM ("
        " SELECT content_id AS id FROM permission_entries UNION SELECT content_id FROM permission_breaks"
        ") AS p CROSS JOIN contents AS c ON c.id = p.id WHERE +c.key >= ?1 || '/' AND +c.key < ?1 || '0'",
        (key,),
    ).fetchall()
    return {row[0] for row in rows}


def save(store: ContentTable, content: Content, wanted: Iterable[Entry], broken: bool) -> None:
    """Replace the entries of a content, and its inheritance."""
    rows = [
        (content.id, e.identity, int(e.local_only), _to_signed(e.allow), _to_signed(e.deny))
        for e in wanted
        if e.allow or e.deny
    ]
    with store.transaction() as db:
        db.execute("DELETE FROM permission_entries WHERE content_id = ?", (content.id,))
        db.executemany("INSERT INTO permission_entries VALUES (?, ?, ?, ?, ?)", rows)
        if broken != breaks_inheritance(store, content.id):
            db.execute(
                "INSERT INTO permission_breaks VALUES (?)" if broken
                else "DELETE FROM permission_breaks WHERE content_id = ?",
                (content.id,),
            )  # fmt: skip
        _hold(db, content, bool(rows) or broken)


def copy(store: ContentTable, source: Content, target: Content) -> None:
    """Copy the entries of one content to another."""
    found, broken = own_entries(store, source.id), breaks_inheritance(store, source.id)
    if found or broken:
        save(store, target, found, broken)


def groups_of(store: ContentTable, ids: Iterable[int], directly: bool = False) -> list[int]:
    """Return the ids of the groups that have one of the contents as a member, through other groups too.

    They come in the order in which the memberships came about: a group, those above it, then the next one.
    """
    groups = set(store.types.derived_names("Group"))
    start = list(ids)
    above: dict[int, list[int]] = {}
    pending = start
    with store.reading() as db:
        while pending:
            above |= {one: [] for one in pending}
            rows = db.execute(
                "SELECT m.member_id, m.group_id, c.type FROM members AS m JOIN contents AS c"
                f" ON c.id = m.group_id WHERE m.member_id IN ({','.join('?' * len(pending))}) ORDER BY m.id",
                pending,
            ).fetchall()
            for member, group, kind in rows:
                if kind in groups:
                    above[member].append(group)
            pending = [] if directly else list({g: None for m in pending for g in above[m] if g not in above})
    found: dict[int, None] = {}
    ahead = [group for one in reversed(start) for group in reversed(above.get(one, ()))]
    while ahead:
        group = ahead.pop()
        if group not in found:
            found[group] = None
            ahead += reversed(above.get(group, ()))
    return list(found)


def units_of(store: ContentTable, user_id: int) -> list[int]:
    """Return the ids of the organizational units that somebody stands in, nearest first."""
    types = store.types.derived_names("OrganizationalUnit")
    marks = ",".join("?" * len(types))
    with store.reading() as db:
        rows = db.execute(
            "SELECT u.id FROM contents AS u JOIN contents AS c ON c.id = ?"
            f" WHERE u.type IN ({marks}) AND substr(c.key, 1, length(u.key) + 1) = u.key || '/'"
            " ORDER BY length(u.key) DESC",
            (user_id, *types),
        ).fetchall()
    return [row[0] for row in rows]


def _hold(db: sqlite3.Connection, content: Content, holds: bool) -> None:
    """Set whether a content holds permission entries."""
    row = db.execute("SELECT holder, key FROM contents WHERE id = ?", (content.id,)).fetchone()
    if row is None:
        return
    before, key = row
    after = content.id
    if not holds and content.parent_id:
        above = db.execute("SELECT holder FROM contents WHERE id = ?", (content.parent_id,)).fetchone()
        after = above[0] if above else content.id
    if after != before:
        db.execute(
            "UPDATE contents SET holder = ? WHERE holder = ? AND (key = ? OR (key >= ? AND key < ?))",
            (after, before, key, key + "/", key + "0"),
        )
    content.holder = after


def _to_signed(bits: int) -> int:
    """Return 64 bits as SQLite keeps them."""
    return bits - (1 << 64) if bits >= 1 << 63 else bits


def _bits(number: int) -> int:
    return number & ((1 << 64) - 1)
