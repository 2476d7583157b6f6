"""The untouched tree: what a repository holds before anybody wrote to it.

``initial.json`` has a line for each content: its id and path, its type, and what differs from a content of
that type whose fields were never set. ``$`` in ``acl`` names the permissions that were given there.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources
from typing import Any

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.security import entries, permissions
from sn_pandas.embedded.security.entries import Entry
from sn_pandas.embedded.storage import binaries
from sn_pandas.embedded.storage.store import Store

FILES = ("Settings", "IndexingSettings", "LoggingSettings", "Image")
"""Content types whose bytes stand in the folder ``initial_files``, under the name of the content."""


@cache
def lines() -> tuple[dict[str, Any], ...]:
    """Return the objects of ``initial.json``, parents before children."""
    text = resources.files(__package__).joinpath("initial.json").read_text(encoding="utf-8")
    return tuple(json.loads(text))


def load(store: Store) -> None:
    """Fill an empty store with the untouched tree."""
    found = lines()
    by_path = {line["Path"]: line["Id"] for line in found}
    contents = [_content(line, by_path) for line in found]
    with store.transaction() as db:
        for content in contents:
            fill(store, content)
        store.insert_many(contents)
        for content in contents:
            if "Binary" in content.fields:
                binaries.update_owners(store, content)
        for line, content in zip(found, contents, strict=True):
            if "Acl" in line:
                permit(store, content, line["Acl"])
        last = max(content.version_id for content in contents)
        db.execute("INSERT INTO counters VALUES ('version', ?)", (last,))


def _content(line: dict[str, Any], by_path: dict[str, int]) -> Content:
    path = line["Path"]
    parent, _, name = path.rpartition("/")
    created, modified = line["Created"], line["Modified"]
    owner = line.get("Owner", 1)
    return Content(
        line["Id"],
        by_path.get(parent, 0),
        name,
        path,
        line["Type"],
        version_id=line["VersionId"],
        index=line.get("Index", 0),
        created=created,
        created_by=owner,
        modified=modified,
        modified_by=line.get("ModifiedBy", 1),
        version_created=modified,
        version_created_by=owner,
        version_modified=modified,
        version_modified_by=line.get("ModifiedBy", 1),
        owner=owner,
        is_system=line.get("IsSystem", False),
        holder=2,
        fields=dict(line.get("Fields", {})),
    )


def fill(store: Store, content: Content) -> bool:
    """Store the bytes of built-in settings, and of the administrator's picture; return whether it has any."""
    if content.type not in FILES:
        return False
    file = resources.files("sn_pandas.embedded").joinpath("initial_files", content.name)
    if not file.is_file():
        return False
    content.fields["Binary"] = binaries.put(store, content.name, file.read_bytes())
    return True


def permit(store: Store, content: Content, acl: dict[str, Any]) -> None:
    """Replace the permission entries of a content by those of a line of ``initial.json``."""
    found = [
        Entry(
            entry["Identity"],
            entry.get("LocalOnly", False),
            permissions.mask(entry.get("Allow", ())),
            permissions.mask(entry.get("Deny", ())),
        )
        for entry in acl["Entries"]
    ]
    entries.save(store, content, found, broken=not acl.get("Inherits", True))
