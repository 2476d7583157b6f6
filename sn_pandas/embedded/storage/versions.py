"""The versions of contents before the current one, as the table ``versions`` keeps them.

The fields, the index and the dates are those of a version; name, place, owner and lock belong to the content
and are those of now. Display name and index are read as those of now, too, but found by those of then.
"""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from typing import TYPE_CHECKING

from sn_pandas.embedded import versioning
from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.versioning import Version

if TYPE_CHECKING:
    from sn_pandas.embedded.storage.content_table import ContentTable

IS_PUBLIC = "(c.version = 'V1.0.A' OR substr(c.version, -4) = '.0.A')"
"""SQL condition on ``contents AS c``: everybody may read the present version (the usual one first)."""


def history(store: ContentTable, content: Content) -> list[Version]:
    """Return the version numbers of a content, oldest first."""
    with store.reading() as db:
        rows = db.execute(
            "SELECT version FROM versions WHERE content_id = ? ORDER BY major, minor", (content.id,)
        ).fetchall()
    return [version_of(text) for (text,) in rows] + [version_of(content.version)]


def last_public(store: ContentTable, content: Content) -> Content | None:
    """Return the last public version of a content, given its present one; None if there is none."""
    found = as_published(store, content)
    return found if found is None or found is content else as_named_now(found, content)


def as_published(store: ContentTable, content: Content) -> Content | None:
    """Return the last public version of a content as it is indexed: with its display name and index then."""
    if content.version.endswith(".0.A"):
        return content
    public = [one for one in load_archived(store, content) if version_of(one.version).public]
    return public[-1] if public else None


def as_named_now(old: Content, current: Content) -> Content:
    """Return an old version with display name and index of now: they belong to the content, as its name."""
    old.index = current.index
    old.fields.pop("DisplayName", None)
    if "DisplayName" in current.fields:
        old.fields["DisplayName"] = current.fields["DisplayName"]
    return old


def archive(db: sqlite3.Connection, content: Content) -> None:
    """Keep the current version of a content as an old one."""
    version = version_of(content.version)
    db.execute(
        "INSERT OR REPLACE INTO versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            content.version_id, content.id, version.major, version.minor, content.version,
            content.version_created, content.version_created_by, content.version_modified,
            content.version_modified_by,
            json.dumps(content.fields, ensure_ascii=False, separators=(",", ":")), content.index,
        ),
    )  # fmt: skip


def load_archived(store: ContentTable, current: Content) -> list[Content]:
    """Return the versions of a content before the present one, oldest first."""
    with store.reading() as db:
        rows = db.execute(
            "SELECT version, version_id, created, created_by, modified, modified_by, data, idx FROM versions"
            " WHERE content_id = ? ORDER BY major, minor",
            (current.id,),
        ).fetchall()
    return [
        replace(
            current, version=version, version_id=version_id,
            version_created=created, version_created_by=created_by,
            version_modified=modified, version_modified_by=modified_by, fields=json.loads(data), index=index,
        )
        for version, version_id, created, created_by, modified, modified_by, data, index in rows
    ]  # fmt: skip


def version_of(text: str) -> Version:
    """Return the version for a text; the first one for an invalid text."""
    return versioning.parse(text) or Version(1, 0)
