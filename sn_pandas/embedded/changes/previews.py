"""What is left of previews without a service that makes them: the folders, and the number of pages."""

from __future__ import annotations

from collections.abc import Iterable

from sn_pandas.embedded.changes import saving, writes
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.session import Session

NO_PROVIDER, UNCOUNTED, IN_PROGRESS = -5, -4, -1
STATES = {
    "NoProvider": NO_PROVIDER,
    "Postponed": UNCOUNTED,
    "Error": -3,
    "NotSupported": -2,
    "InProgress": IN_PROGRESS,
    "EmptyDocument": 0,
    "Ready": 1,
}
"""State of the previews -> the number that stands in ``PageCount`` for it."""


def make_folders(session: Session, content: Content, names: Iterable[str]) -> list[Content]:
    """Make the folders in which a server keeps the pictures of versions of a file, where they are missing."""
    system = session.as_system()
    with session.store.transaction():  # nobody else makes them meanwhile
        folder = session.store.by_path(f"{content.path}/Previews")
        if folder is None:
            folder = writes.create(system, content, {"__ContentType": "SystemFolder", "Name": "Previews"})
        return [
            session.store.by_path(f"{folder.path}/{name}")
            or writes.create(system, folder, {"__ContentType": "SystemFolder", "Name": name})
            for name in names
        ]


def page_count(content: Content) -> int:
    """Return the number of pages of a file, or a negative number that says why it is not known."""
    return int(content.fields.get("PageCount", UNCOUNTED))


def set_page_count(session: Session, content: Content, count: int) -> None:
    """Store the number of pages of the present version; requires Open."""
    with session.store.transaction():
        current = session.store.load(content.id) or content
        if page_count(current) == count:
            return
        current.fields["PageCount"] = count
        saving.stamp(session, current, set())
        session.store.save(current)
    session.forget(content.id)
