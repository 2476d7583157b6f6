"""The tables of a repository's database, but for those of the index, which are its own."""

from __future__ import annotations

#: The contents themselves.
CONTENTS = """
CREATE TABLE IF NOT EXISTS contents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    parent_id INTEGER NOT NULL,
    name TEXT NOT NULL,
    path TEXT NOT NULL,
    key TEXT NOT NULL,
    type TEXT NOT NULL,
    version TEXT NOT NULL,
    version_id INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    created TEXT NOT NULL,
    created_by INTEGER NOT NULL,
    modified TEXT NOT NULL,
    modified_by INTEGER NOT NULL,
    version_created TEXT NOT NULL,
    version_created_by INTEGER NOT NULL,
    version_modified TEXT NOT NULL,
    version_modified_by INTEGER NOT NULL,
    owner INTEGER NOT NULL,
    locked_by INTEGER NOT NULL,
    saving_state INTEGER NOT NULL,
    is_system INTEGER NOT NULL,
    holder INTEGER NOT NULL,
    stamp INTEGER NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS contents_drafts ON contents (id, stamp, key, holder, owner, idx)
    WHERE substr(version, -4) <> '.0.A';
"""

#: Counters, content types and the bytes of files.
BASE = """
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS type_definitions (
    position INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE NOT NULL, definition TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS files (id INTEGER PRIMARY KEY AUTOINCREMENT, data BLOB NOT NULL);
"""

#: Whose files are, and uploads that are not finished.
BINARIES = """
CREATE TABLE IF NOT EXISTS file_owners (file_id INTEGER PRIMARY KEY, content_id INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS file_owners_content ON file_owners (content_id);
CREATE TRIGGER IF NOT EXISTS files_gone AFTER DELETE ON contents
BEGIN
    DELETE FROM files WHERE id IN (SELECT file_id FROM file_owners WHERE content_id = OLD.id);
    DELETE FROM file_owners WHERE content_id = OLD.id;
END;
CREATE TABLE IF NOT EXISTS uploads (
    token TEXT PRIMARY KEY,
    content_id INTEGER NOT NULL,
    field TEXT NOT NULL,
    file_id INTEGER NOT NULL,
    size INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS upload_pieces (
    id INTEGER PRIMARY KEY, token TEXT NOT NULL, start INTEGER NOT NULL, data BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS upload_pieces_token ON upload_pieces (token);
CREATE TRIGGER IF NOT EXISTS upload_pieces_gone AFTER DELETE ON uploads
BEGIN
    DELETE FROM upload_pieces WHERE token = OLD.token;
END;
CREATE TRIGGER IF NOT EXISTS uploads_gone AFTER DELETE ON contents
BEGIN
    DELETE FROM files WHERE id IN (SELECT file_id FROM uploads WHERE content_id = OLD.id);
    DELETE FROM uploads WHERE content_id = OLD.id;
END;
"""

#: The versions of contents before the current one.
VERSIONS = """
CREATE TABLE IF NOT EXISTS versions (
    version_id INTEGER PRIMARY KEY,
    content_id INTEGER NOT NULL,
    major INTEGER NOT NULL,
    minor INTEGER NOT NULL,
    version TEXT NOT NULL,
    created TEXT NOT NULL,
    created_by INTEGER NOT NULL,
    modified TEXT NOT NULL,
    modified_by INTEGER NOT NULL,
    data TEXT NOT NULL,
    idx INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS versions_content ON versions (content_id, major, minor);
CREATE TRIGGER IF NOT EXISTS versions_gone AFTER DELETE ON contents
BEGIN
    DELETE FROM versions WHERE content_id = OLD.id;
END;
"""

#: Permissions and the members of groups, with the triggers that keep them in step.
ENTRIES = """
CREATE TABLE IF NOT EXISTS permission_entries (
    content_id INTEGER NOT NULL,
    identity_id INTEGER NOT NULL,
    local_only INTEGER NOT NULL,
    allow INTEGER NOT NULL,
    deny INTEGER NOT NULL,
    PRIMARY KEY (content_id, identity_id, local_only)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS permission_entries_identity ON permission_entries (identity_id);
CREATE TABLE IF NOT EXISTS permission_breaks (content_id INTEGER PRIMARY KEY);
CREATE TABLE IF NOT EXISTS permission_stamp (value INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS members (
    id INTEGER PRIMARY KEY, group_id INTEGER NOT NULL, member_id INTEGER NOT NULL,
    UNIQUE (member_id, group_id)
);
CREATE INDEX IF NOT EXISTS members_group ON members (group_id);

CREATE TRIGGER IF NOT EXISTS contents_added AFTER INSERT ON contents WHEN NEW.holder = 0 BEGIN
    UPDATE contents SET holder = coalesce((SELECT holder FROM contents WHERE id = NEW.parent_id), NEW.id)
    WHERE id = NEW.id;
END;
CREATE TRIGGER IF NOT EXISTS contents_moved AFTER UPDATE OF parent_id ON contents
WHEN NEW.parent_id <> OLD.parent_id BEGIN
    UPDATE contents SET holder = (SELECT holder FROM contents WHERE id = NEW.parent_id)
    WHERE holder = OLD.holder AND OLD.holder <> OLD.id
        AND (id = NEW.id OR (key >= OLD.key || '/' AND key < OLD.key || '0'));
    UPDATE permission_stamp SET value = random();
END;
CREATE TRIGGER IF NOT EXISTS contents_removed AFTER DELETE ON contents BEGIN
    DELETE FROM permission_entries WHERE content_id = OLD.id OR identity_id = OLD.id;
    DELETE FROM permission_breaks WHERE content_id = OLD.id;
    DELETE FROM members WHERE group_id = OLD.id OR member_id = OLD.id;
END;
CREATE TRIGGER IF NOT EXISTS members_added AFTER INSERT ON contents
WHEN instr(NEW.data, '"Members"') BEGIN
    INSERT OR IGNORE INTO members (group_id, member_id)
    SELECT NEW.id, value FROM json_each(NEW.data, '$.Members') WHERE type = 'integer';
END;
CREATE TRIGGER IF NOT EXISTS members_changed AFTER UPDATE OF data ON contents
WHEN instr(NEW.data, '"Members"') OR instr(OLD.data, '"Members"') BEGIN
    DELETE FROM members WHERE group_id = NEW.id AND member_id NOT IN (
        SELECT value FROM json_each(NEW.data, '$.Members') WHERE type = 'integer'
    );
    INSERT OR IGNORE INTO members (group_id, member_id)
    SELECT NEW.id, value FROM json_each(NEW.data, '$.Members') WHERE type = 'integer';
END;
CREATE TRIGGER IF NOT EXISTS member_added AFTER INSERT ON members BEGIN
    UPDATE permission_stamp SET value = random();
END;
CREATE TRIGGER IF NOT EXISTS member_removed AFTER DELETE ON members BEGIN
    UPDATE permission_stamp SET value = random();
END;
CREATE TRIGGER IF NOT EXISTS identity_renamed AFTER UPDATE OF key ON contents
WHEN NEW.key <> OLD.key AND substr(OLD.key, 1, 10) = '/root/ims/' BEGIN
    UPDATE permission_stamp SET value = random();
END;
CREATE TRIGGER IF NOT EXISTS entries_added AFTER INSERT ON permission_entries BEGIN
    UPDATE permission_stamp SET value = random();
END;
CREATE TRIGGER IF NOT EXISTS entries_removed AFTER DELETE ON permission_entries BEGIN
    UPDATE permission_stamp SET value = random();
END;
CREATE TRIGGER IF NOT EXISTS identities_removed AFTER DELETE ON permission_entries
WHEN NOT EXISTS (SELECT 1 FROM contents WHERE id = OLD.identity_id)
    AND NOT EXISTS (SELECT 1 FROM permission_entries WHERE content_id = OLD.content_id)
    AND NOT EXISTS (SELECT 1 FROM permission_breaks WHERE content_id = OLD.content_id) BEGIN
    UPDATE contents SET holder = coalesce(
        (SELECT p.holder FROM contents AS c JOIN contents AS p ON p.id = c.parent_id
         WHERE c.id = OLD.content_id),
        holder
    )
    WHERE holder = OLD.content_id AND (
        id = OLD.content_id
        OR key >= (SELECT key || '/' FROM contents WHERE id = OLD.content_id)
        AND key < (SELECT key || '0' FROM contents WHERE id = OLD.content_id)
    );
END;
CREATE TRIGGER IF NOT EXISTS breaks_added AFTER INSERT ON permission_breaks BEGIN
    UPDATE permission_stamp SET value = random();
END;
CREATE TRIGGER IF NOT EXISTS breaks_removed AFTER DELETE ON permission_breaks BEGIN
    UPDATE permission_stamp SET value = random();
END;
INSERT INTO permission_stamp SELECT random() WHERE NOT EXISTS (SELECT 1 FROM permission_stamp);
"""

#: The fields that lists and aspects add.
FIELD_DEFINITIONS = """
CREATE TABLE IF NOT EXISTS field_definitions (
    content_id INTEGER PRIMARY KEY, aspect TEXT NOT NULL, text TEXT NOT NULL
);
CREATE TRIGGER IF NOT EXISTS field_definitions_added AFTER INSERT ON contents
WHEN instr(NEW.data, 'ListDefinition":"') OR instr(NEW.data, 'AspectDefinition":"')
BEGIN
    INSERT OR REPLACE INTO field_definitions VALUES (
        NEW.id,
        CASE WHEN NEW.data ->> '$.AspectDefinition' IS NULL THEN '' ELSE NEW.name END,
        coalesce(NEW.data ->> '$.AspectDefinition', NEW.data ->> '$.ContentListDefinition', '')
    );
END;
CREATE TRIGGER IF NOT EXISTS field_definitions_changed AFTER UPDATE OF data, name ON contents
WHEN instr(NEW.data, 'ListDefinition":"') OR instr(NEW.data, 'AspectDefinition":"')
BEGIN
    INSERT OR REPLACE INTO field_definitions VALUES (
        NEW.id,
        CASE WHEN NEW.data ->> '$.AspectDefinition' IS NULL THEN '' ELSE NEW.name END,
        coalesce(NEW.data ->> '$.AspectDefinition', NEW.data ->> '$.ContentListDefinition', '')
    );
END;
CREATE TRIGGER IF NOT EXISTS field_definitions_gone AFTER DELETE ON contents
BEGIN
    DELETE FROM field_definitions WHERE content_id = OLD.id;
END;
"""

#: API keys, by their digests.
API_KEYS = """
CREATE TABLE IF NOT EXISTS api_keys (
    digest TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL,
    hidden TEXT NOT NULL,
    created TEXT NOT NULL,
    expires TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS api_keys_user ON api_keys (user_id);
CREATE TRIGGER IF NOT EXISTS keys_of_disabled AFTER UPDATE OF data ON contents
WHEN json_extract(OLD.data, '$.Enabled') = 1 AND json_extract(NEW.data, '$.Enabled') IS NOT 1 BEGIN
    DELETE FROM api_keys WHERE user_id = NEW.id;
END;
CREATE TRIGGER IF NOT EXISTS keys_of_removed AFTER DELETE ON contents BEGIN
    DELETE FROM api_keys WHERE user_id = OLD.id;
END;
"""

#: Clients that sign in, and their secrets.
CLIENTS = """
CREATE TABLE IF NOT EXISTS clients (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL, user_name TEXT
);
CREATE TABLE IF NOT EXISTS client_secrets (
    id TEXT PRIMARY KEY,
    client_id TEXT NOT NULL,
    digest TEXT UNIQUE NOT NULL,
    hidden TEXT NOT NULL,
    created TEXT NOT NULL,
    valid_till TEXT NOT NULL
);
"""

#: Everything that a store creates.
ALL = (CONTENTS, BASE, ENTRIES, BINARIES, VERSIONS, FIELD_DEFINITIONS, API_KEYS, CLIENTS)
