"""Copies of contents with everything below them, stored many at a time."""

from __future__ import annotations

from sn_pandas.embedded.changes import naming, saving, versions
from sn_pandas.embedded.content_types.content_fields import fields_of
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.index.sharing_search import STORED as SHARINGS
from sn_pandas.embedded.security import accounts, entries
from sn_pandas.embedded.session import Session
from sn_pandas.embedded.storage import binaries

MOST_WAITING = 1000
"""Copies that wait until they are stored together."""


def copy_tree(session: Session, content: Content, target: Content, name: str) -> Content:
    """Copy a content below another one with all that the caller may read below it, and return the copy.

    Raises
    ------
    ODataError
        If a type is not allowed in its new place, a path is too long, or a user has a name of somebody else.
    """
    copier = _Copier(session)
    made = copier.add(content, target, name)
    copier.add_children(content, made)
    copier.store()
    accounts.check_all_unique(session.store, made.path)
    return made


def is_readable(session: Session, content: Content) -> bool:
    """Return whether the caller may read all that a copy would hold: without bytes, Preview is enough."""
    fields = fields_of(session, content)
    holds_bytes = any(
        value and name in fields and fields[name].kind == "Binary" for name, value in content.fields.items()
    )
    return session.can(content, "Open") if holds_bytes else session.can_open(content)


class _Copier:
    """Makes copies, parents before what is below them; they wait until many are stored together."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self._waiting: list[tuple[Content, Content]] = []
        self._last_id = session.store.last_id()
        self._allowed: set[tuple[int, str]] = set()

    def add(self, content: Content, target: Content, name: str) -> Content:
        """Make the copy of a content alone, below a stored one."""
        session, now, me = self.session, self.session.now(), self.session.caller.id
        made = content.copy()
        made.fields.pop(SHARINGS, None)  # they are of the original, as are the groups of its links
        self._last_id += 1
        made.id = self._last_id
        made.stamp = made.locked_by = made.saving_state = 0
        made.holder = target.holder
        made.parent_id, made.name, made.path = target.id, name, f"{target.path}/{name}"
        made.created = made.modified = made.version_created = made.version_modified = now
        made.created_by = made.modified_by = made.version_created_by = made.version_modified_by = me
        made.owner = me
        made.is_system = target.is_system or session.types.of(content.type).is_a("SystemFolder")
        naming.check_path(made.path)
        if (target.id, made.type) not in self._allowed:
            saving.check_allowed(session, made, target)
            self._allowed.add((target.id, made.type))
        versions.begin(session, made)
        binaries.separate(session.store, made)
        self._waiting.append((content, made))
        if len(self._waiting) == MOST_WAITING:
            self.store()
        return made

    def add_children(self, content: Content, made: Content) -> None:
        """Copy what is below a content to below its copy."""
        self.store()
        target = self.session.store.load(made.id) or made  # with the permissions that it got
        parents = self.session.store.parents_below(content.id)
        for child in self.session.children(content):
            if is_readable(self.session, child):
                copy = self.add(child, target, child.name)
                if child.id in parents:
                    self.add_children(child, copy)

    def store(self) -> None:
        """Store the copies that wait, with their files and permissions."""
        store, waiting = self.session.store, self._waiting
        if not waiting:
            return
        store.keep_time()
        self._waiting = []
        last = store.next_number("version", len(waiting))
        for number, (_, made) in enumerate(waiting, last - len(waiting) + 1):
            made.version_id = number
        store.insert_many(made for _, made in waiting)
        for content, made in waiting:
            if binaries.files_of(made.fields):
                binaries.update_owners(store, made)
            if content.holder == content.id:
                entries.copy(store, content, made)
