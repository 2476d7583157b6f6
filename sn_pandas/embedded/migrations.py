"""How repository files of earlier versions become files of this one; each step when the file is opened."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sn_pandas.embedded import initial
from sn_pandas.embedded.contents import EVERYONE
from sn_pandas.embedded.index import search
from sn_pandas.embedded.schema.types import built_in_definitions
from sn_pandas.embedded.security import entries, permissions
from sn_pandas.embedded.security.entries import Entry
from sn_pandas.embedded.storage import binaries, tables
from sn_pandas.embedded.storage.file_version import VERSION
from sn_pandas.embedded.storage.rows import statements
from sn_pandas.embedded.storage.secret_texts import digest

if TYPE_CHECKING:
    from sn_pandas.embedded.storage.store import Store

TYPES = "/Root/System/Schema/ContentTypes/"
CHUNK = 5_000
log = logging.getLogger(__name__)


def migrate(store: Store, version: int) -> None:
    """Bring a store from a version to the present one, inside a transaction."""
    _order_names(store)  # the first, because the others write rows that stand in this index
    for step in dict.fromkeys(STEPS[number] for number in range(version, VERSION)):  # each of them once
        step(store)


def _order_names(store: Store) -> None:
    """Compute the order of names again.

    In version 8 accents were ordered by their code points, and the euro stood behind the letters.
    """
    with store.transaction() as db:
        db.execute("REINDEX contents_named")


def _restrict_types(store: Store) -> None:
    """Set the permissions of the built-in content types as a server has them.

    In version 1 everybody could open them. Types whose access somebody has changed keep it.
    """
    everybody = [Entry(EVERYONE, True, permissions.required_bits("Open"))]
    for line in initial.lines():
        content = store.by_path(line["Path"]) if line["Path"].startswith(TYPES) else None
        if content is None or entries.breaks_inheritance(store, content.id):
            continue
        if entries.own_entries(store, content.id) == everybody:
            initial.permit(store, content, line.get("Acl") or {"Entries": ()})


def _index_anew(store: Store) -> None:
    """Index all contents word by word, as the production search engine does; fill the built-in settings.

    In version 2 long texts were one term, and the full text was cut at every sign; in version 5 files were
    not found by their size and their number of pages; in version 9 fields of lists were indexed as the first
    list of all defines them, and the full text held hyperlinks; in version 10 files of rich text had no text.
    """
    with store.transaction() as db:
        for table in ("fulltext_words", "fulltext"):
            db.execute(f"DROP TABLE IF EXISTS {table}")
        db.execute("DELETE FROM terms")
        for statement in statements(search.TABLES):
            db.execute(statement)
        store.reload_types()
        for line in initial.lines():
            content = store.by_path(line["Path"])
            if content is not None and not content.fields.get("Binary") and initial.fill(store, content):
                binaries.update_owners(store, content)
                store.save(content)
        missing = "SELECT id FROM contents WHERE id NOT IN (SELECT rowid FROM fulltext)"
        ids = [row[0] for row in db.execute(missing)]
        for start in range(0, len(ids), CHUNK):
            search.put_many(db, store.load_many(ids[start : start + CHUNK]), store.types)
            done = min(start + CHUNK, len(ids))
            # shown without being asked for where it takes long
            level = logging.WARNING if len(ids) > CHUNK else logging.INFO
            log.log(level, "Indexed %s of %s contents anew for searches", f"{done:,}", f"{len(ids):,}")


def _hide_secrets(store: Store) -> None:
    """Encrypt API keys and the secrets of clients; keep pieces of files that are being uploaded aside.

    In version 3 they stood in the file as they are, and unfinished files among the finished ones.
    """
    with store.transaction() as db:
        keys = _drop(db, "api_keys", "value, user_id, created, expires")
        secrets = _drop(db, "client_secrets", "value, id, client_id, created, valid_till")
        for statement in statements(tables.API_KEYS + tables.CLIENTS):
            db.execute(statement)
        for value, user_id, *dates in keys:
            hidden = store.secrets.hide(value)
            db.execute(
                "INSERT INTO api_keys VALUES (?, ?, ?, ?, ?)", (digest(value), user_id, hidden, *dates)
            )
        for value, secret_id, client_id, *dates in secrets:
            row = (secret_id, client_id, digest(value), store.secrets.hide(value), *dates)
            db.execute("INSERT INTO client_secrets VALUES (?, ?, ?, ?, ?, ?)", row)
        db.execute(
            "INSERT INTO upload_pieces (token, start, data)"
            " SELECT u.token, 0, f.data FROM uploads AS u JOIN files AS f ON f.id = u.file_id"
        )
        db.execute("UPDATE files SET data = x'' WHERE id IN (SELECT file_id FROM uploads)")


def _number_versions(store: Store) -> None:
    """Index old versions by themselves; that of now is the only one that is known.

    In version 4 they were found by the index of the present version.
    """
    with store.transaction() as db:
        if "idx" not in {row[1] for row in db.execute("PRAGMA table_info(versions)")}:
            db.execute("ALTER TABLE versions ADD COLUMN idx INTEGER NOT NULL DEFAULT 0")
        db.execute(
            "UPDATE versions SET idx ="
            " coalesce((SELECT c.idx FROM contents AS c WHERE c.id = versions.content_id), 0)"
        )


def _index_types(store: Store) -> None:
    """Index content types by what their definitions say, and hide the types of fields as a server does.

    In version 6 they were found by their names alone.
    """
    with store.transaction() as db:
        store.reload_types()
        stale = [
            dict(one)
            for one in built_in_definitions()
            if (installed := store.types.get(one["Name"])) is not None
            and not installed.settings.get("Installed")
            and installed.settings.get("Categories") != one.get("Categories")
        ]
        store.put_types(stale)
        rows = db.execute("SELECT id FROM contents WHERE type = 'ContentType'").fetchall()
        for content in store.load_many([row[0] for row in rows]):
            store.index(content)


def _order_members(store: Store) -> None:
    """Number the members of groups in the order in which they became members.

    In version 7 their order was not kept; those that are there count in the order of their groups.
    """
    with store.transaction() as db:
        rows = db.execute("SELECT group_id, member_id FROM members ORDER BY group_id, member_id").fetchall()
        for trigger in ("members_added", "members_changed"):
            db.execute(f"DROP TRIGGER {trigger}")
        db.execute("DROP TABLE members")
        for statement in statements(tables.ENTRIES):
            db.execute(statement)
        db.executemany("INSERT INTO members (group_id, member_id) VALUES (?, ?)", rows)


def _drop(db: sqlite3.Connection, table: str, columns: str) -> list[tuple[Any, ...]]:
    """Drop a table with plain secrets, and return its rows."""
    named = {row[1] for row in db.execute(f"PRAGMA table_info({table})")}
    if "value" not in named:
        return []
    rows = db.execute(f"SELECT {columns} FROM {table}").fetchall()
    db.execute(f"DROP TABLE {table}")
    return rows


def tidy(store: Store) -> None:
    """Write a file anew after its migration, so that nothing is left of what it no longer holds."""
    if store.in_memory:
        return
    try:
        store.rewrite()
    except sqlite3.OperationalError as error:
        log.warning(
            "%s was not written anew (%s): deleted API keys may still be read in it. Run VACUUM on it.",
            store.path,
            error,
        )


STEPS: dict[int, Callable[[Store], None]] = {
    1: _restrict_types,
    2: _index_anew,
    3: _hide_secrets,
    4: _number_versions,
    5: _index_anew,
    6: _index_types,
    7: _order_members,
    8: _order_names,
    9: _index_anew,
    10: _index_anew,
}
"""Version -> what leads to the next one."""
