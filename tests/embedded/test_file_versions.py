"""Repository files: whose they are, who may read them, and what becomes of those of other versions."""

from __future__ import annotations

import logging
import os
import re
import sqlite3
from contextlib import closing
from pathlib import Path

import filelock
import httpx
import pytest

import sn_pandas as sn
from sn_pandas.embedded import Application, UnusableFileError
from sn_pandas.embedded.http.server import FileInUseError, lock_file
from sn_pandas.embedded.index.collation import collation_key

from .client import copied

TYPES = "/root/system/schema/contenttypes"
EVERYONE, OPEN = 8, 0b11111  # See, three Previews and Open
GROUP = "/Root/System/Schema/ContentTypes/GenericContent/Group"


def run(file: Path, *statements: str) -> None:
    with closing(sqlite3.connect(file)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


def rows(file: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(file)) as db:
        return db.execute(query).fetchall()


def value(file: Path, query: str) -> int:
    with closing(sqlite3.connect(file)) as db:
        return int(db.execute(query).fetchone()[0])


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of the present version, for each test to get a copy of."""
    data = tmp_path_factory.mktemp("versions") / "repo.db"
    Application(data, sample=True).close()
    return data


@pytest.fixture
def file(untouched: Path, tmp_path: Path) -> Path:
    return copied(untouched, tmp_path)


def test_a_new_file_says_what_it_is_and_is_private(file: Path) -> None:
    assert value(file, "PRAGMA application_id") == int.from_bytes(b"SNPD")
    assert value(file, "PRAGMA user_version") > 1
    if os.name == "posix":
        assert {one.stat().st_mode & 0o077 for one in file.parent.iterdir()} == {0}


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        (["CREATE TABLE mails (x)"], "SQLite database of another program"),
        (["PRAGMA application_id = 1"], "SQLite database of another program"),
        (["PRAGMA user_version = 7"], "SQLite database of another program"),
        (["CREATE TABLE contents (id)", "CREATE TABLE files (id)"], "SQLite database of another program"),
    ],
)
def test_the_database_of_another_program_is_left_as_it_is(
    tmp_path: Path, statements: list[str], words: str
) -> None:
    file = tmp_path / "mail.db"
    run(file, *statements)
    before = file.read_bytes()
    with pytest.raises(sn.ConnectionFailed, match=words):
        sn.connect(f"embedded://{file}")
    assert file.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir()] == ["mail.db"]


def test_a_file_of_a_later_version_is_refused(file: Path) -> None:
    run(file, "PRAGMA user_version = 9999")
    with pytest.raises(UnusableFileError, match=r"later version of sn_pandas.*install a newer"):
        Application(file)
    with pytest.raises(sn.ConnectionFailed, match=r"repo\.db cannot be opened.*9999"):
        sn.connect(f"embedded://{file}")


def test_an_empty_file_becomes_a_repository(tmp_path: Path) -> None:
    file = tmp_path / "new.db"
    file.touch(0o644)
    with sn.connect(f"embedded://{file}") as repo:
        assert repo.count("/Root/Content", query="TypeIs:Task") > 0
    if os.name == "posix":
        assert {one.stat().st_mode & 0o077 for one in tmp_path.iterdir()} == {0}


def test_a_file_of_the_first_version_gets_the_access_to_types(file: Path) -> None:
    below = f"(SELECT id FROM contents WHERE key > '{TYPES}/' AND key < '{TYPES}0')"
    run(
        file,
        f"DELETE FROM permission_entries WHERE content_id IN {below}",
        f"DELETE FROM permission_breaks WHERE content_id IN {below}",
        f"INSERT INTO permission_entries SELECT id, {EVERYONE}, 1, {OPEN}, 0 FROM contents"
        f" WHERE id IN {below} AND name <> 'Asset'",
        f"UPDATE contents SET holder = id WHERE id IN {below} AND name <> 'Asset'",
        # somebody has changed this one
        f"INSERT INTO permission_entries SELECT id, {EVERYONE}, 0, 1, 0 FROM contents WHERE path = '{GROUP}'",
        "PRAGMA application_id = 0",
        "PRAGMA user_version = 0",
    )
    for _ in range(2):  # a migrated file is one of this version
        application = Application(file)
        http = httpx.Client(transport=httpx.WSGITransport(app=application), base_url="http://embedded")
        answer = http.get(
            "/odata.svc/('Root')/GetSchema", headers={"apikey": application.key_of("hugo.horvath")}
        )
        application.close()
        shown = {one["ContentTypeName"] for one in answer.json()}
        assert len(shown) == 24
        assert "Group" in shown
        assert "User" not in shown
        assert value(file, "PRAGMA user_version") > 1


def test_a_file_of_the_second_version_is_indexed_anew(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "sn_pandas.embedded.migrations")
    settings = "/Root/System/Settings/Permission.settings"
    run(
        file,
        "DROP TABLE fulltext_words",
        "DROP TABLE fulltext",
        "CREATE VIRTUAL TABLE fulltext USING fts5 (name, words, description, binary, detail = column)",
        "CREATE VIRTUAL TABLE fulltext_words USING fts5vocab (fulltext, col)",
        "DELETE FROM terms",
        f"UPDATE contents SET data = json_remove(data, '$.Binary') WHERE path = '{settings}'",
        "PRAGMA user_version = 2",
    )
    application = Application(file, admin=True)
    indexed = [one.args for one in caplog.records if one.msg.startswith("Indexed")]
    assert (
        len([done for done, every in indexed if done == every]) == 1
    )  # once, though a later step does it, too
    http = httpx.Client(transport=httpx.WSGITransport(app=application), base_url="http://embedded")
    found = http.get("/odata.svc/Root?query=TypeIs:Task AND 'the budget'&metadata=no&$select=Name").json()
    whole = http.get("/odata.svc/Root?query=TypeIs:Task&metadata=no&$select=Name").json()
    assert 0 < found["d"]["__count"] < whole["d"]["__count"]
    assert http.get(settings).json()["groups"]
    application.close()
    assert value(file, "PRAGMA user_version") > 2


def requests_to(application: Application) -> httpx.Client:
    return httpx.Client(
        transport=httpx.WSGITransport(app=application),
        base_url="http://embedded/odata.svc",
        headers={"apikey": application.api_key},
    )


ADMIN_USER = "/Root/IMS/BuiltIn/Portal('Admin')"


def bytes_of(file: Path) -> bytes:
    return b"".join(one.read_bytes() for one in file.parent.glob(f"{file.name}*"))


def test_secrets_stand_in_no_file_and_are_shown(file: Path) -> None:
    application = Application(file)
    http = requests_to(application)
    made = http.post(f"{ADMIN_USER}/CreateApiKey").json()["Value"]
    assert http.get(f"{ADMIN_USER}/GetApiKeys").json()["apiKeys"][0]["Value"] == made
    clients = http.get("/('Root')/GetClients").json()["clients"]
    secrets = [one["value"] for client in clients for one in client["secrets"]]
    assert len(secrets) == 2
    assert not [one for one in [made, *secrets] if one.encode() in bytes_of(file)]
    application.close()
    again = Application(file)
    http = requests_to(again)
    assert http.get(f"{ADMIN_USER}/GetApiKeys").json()["apiKeys"][0]["Value"] == made
    http.post("/('Root')/DeleteApiKey", json={"apiKey": made})
    assert http.get(f"{ADMIN_USER}/GetApiKeys").json() == {"apiKeys": []}
    again.close()
    assert sorted(one.name for one in file.parent.iterdir()) == ["repo.db", "repo.db.key"]


def test_a_repository_in_memory_needs_no_key_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    application = Application(sample=False)
    http = requests_to(application)
    made = http.post(f"{ADMIN_USER}/CreateApiKey").json()["Value"]
    assert http.get(f"{ADMIN_USER}/GetApiKeys").json()["apiKeys"][0]["Value"] == made
    assert http.get(f"{ADMIN_USER}?$select=Id", headers={"apikey": made}).status_code == 200
    application.close()
    assert list(tmp_path.iterdir()) == []


def test_without_its_key_file_secrets_work_and_are_not_shown(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    application = Application(file)
    made = requests_to(application).post(f"{ADMIN_USER}/CreateApiKey").json()["Value"]
    application.close()
    Path(f"{file}.key").unlink()
    application = Application(file)
    assert "repo.db.key is missing" in caplog.text
    http = requests_to(application)
    assert http.get(f"{ADMIN_USER}?$select=Id", headers={"apikey": made}).status_code == 200
    for target in (f"{ADMIN_USER}/GetApiKeys", "/('Root')/GetClients"):
        answer = http.get(target)
        assert answer.status_code == 500
        assert (
            "still works: the file repo.db.key is not the one" in answer.json()["error"]["message"]["value"]
        )
    http.post(f"{ADMIN_USER}/DeleteApiKeys")
    another = http.post(f"{ADMIN_USER}/CreateApiKey").json()["Value"]
    assert http.get(f"{ADMIN_USER}/GetApiKeys").json()["apiKeys"][0]["Value"] == another
    while (answer := http.get("/('Root')/GetClients")).status_code == 500:
        words = answer.json()["error"]["message"]["value"]
        found = re.search(r"secret (\w+) of the client (\w+) .* RegenerateSecretForRepository", words)
        assert found is not None
        ids = {"secretId": found[1], "clientId": found[2]}
        assert http.post("/('Root')/RegenerateSecretForRepository", json=ids).status_code == 200
    application.close()


def test_a_key_file_that_holds_no_key_is_refused(file: Path) -> None:
    Path(f"{file}.key").write_text("something else")
    with pytest.raises(UnusableFileError, match=r"repo\.db\.key holds no key"):
        Application(file)
    with pytest.raises(sn.ConnectionFailed, match=r"repo\.db\.key holds no key"):
        sn.connect(f"embedded://{file}")


def test_a_file_of_the_third_version_gets_its_secrets_hidden(file: Path) -> None:
    stamp = "2026-01-01T00:00:00Z"
    keys = [f"{number:04}" + "k" * 79 for number in range(300)]
    run(
        file,
        "DROP TABLE api_keys",
        "DROP TABLE client_secrets",
        "CREATE TABLE api_keys (value TEXT PRIMARY KEY, user_id INTEGER, created TEXT, expires TEXT)",
        "CREATE TABLE client_secrets (id TEXT PRIMARY KEY, client_id TEXT, value TEXT, created TEXT,"
        " valid_till TEXT)",
        *(f"INSERT INTO api_keys VALUES ('{key}', 1, '{stamp}', '2999-01-01T00:00:00Z')" for key in keys),
        f"INSERT INTO client_secrets SELECT id || '1', id, 'OpenSecret', '{stamp}', '2999' FROM clients"
        " WHERE type = 'InternalClient'",
        f"DELETE FROM api_keys WHERE value = '{keys[0]}'",
        "PRAGMA user_version = 3",
    )
    Path(f"{file}.key").unlink()
    file.chmod(0o644)
    application = Application(file)
    http = requests_to(application)
    shown = [one["Value"] for one in http.get(f"{ADMIN_USER}/GetApiKeys").json()["apiKeys"]]
    assert sorted(shown) == keys[1:]
    assert http.get(f"{ADMIN_USER}?$select=Id", headers={"apikey": keys[7]}).status_code == 200
    clients = http.get("/('Root')/GetClients").json()["clients"]
    assert ["OpenSecret"] in [[one["value"] for one in client["secrets"]] for client in clients]
    application.close()
    assert not [one for one in [*keys, "OpenSecret"] if one.encode() in bytes_of(file)]
    if os.name == "posix":
        assert {one.stat().st_mode & 0o077 for one in file.parent.iterdir()} == {0}


def test_an_upload_begun_in_the_third_version_ends_in_this_one(file: Path) -> None:
    application = Application(file)
    http = requests_to(application)
    library = http.post("/Root/Content", json={"__ContentType": "DocumentLibrary", "Name": "L"})
    assert library.status_code == 200
    target = "/Root/Content('L')/Upload"
    token = http.post(
        f"{target}?create=1", json={"FileName": "a.bin", "UseChunk": True, "FileLength": 6}
    ).text
    application.close()
    run(
        file,
        "UPDATE files SET data = CAST('abc' || x'000000' AS BLOB) WHERE id = (SELECT file_id FROM uploads)",
        "PRAGMA user_version = 3",
    )
    application = Application(file)
    last = {"content-range": "bytes 3-5/6", "content-disposition": 'attachment; filename="a.bin"'}
    done = requests_to(application).post(
        target, files={"f": ("a.bin", b"def")}, data={"ChunkToken": token}, headers=last
    )
    assert done.status_code == 200, done.text
    http = requests_to(application)
    http.base_url = "http://embedded"
    assert http.get("/Root/Content/L/a.bin").content == b"abcdef"
    application.close()


def test_old_versions_in_a_file_of_the_fourth_version_have_the_index_of_now(file: Path) -> None:
    application = Application(file)
    http = requests_to(application)
    made = {"__ContentType": "Folder", "Name": "f", "VersioningMode": ["3"], "Index": 7}
    assert http.post("/Root('Content')", json=made).status_code == 200
    assert http.post("/Root/Content('f')/Publish").status_code == 200
    assert http.patch("/Root/Content('f')", json={"Index": 8}).status_code == 200
    application.close()
    run(file, "ALTER TABLE versions DROP COLUMN idx", "PRAGMA user_version = 4")
    application = Application(file)
    found = requests_to(application).get("/Root/Content?query=Index:8 .ALLVERSIONS&$select=Version").json()
    assert {row["Version"] for row in found["d"]["results"]} == {"V1.0.A", "V1.1.D"}
    application.close()


@pytest.mark.skipif(os.name != "posix", reason="links need a right of their own on Windows")
def test_a_link_to_a_file_is_that_file(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "links").mkdir()
    link = tmp_path / "links" / "repo.db"
    link.symlink_to(tmp_path / "data" / "real.db")
    Application(link, sample=False).close()
    assert sorted(one.name for one in (tmp_path / "data").iterdir()) == ["real.db", "real.db.key"]
    assert [one.name for one in (tmp_path / "links").iterdir()] == ["repo.db"]
    with lock_file(str(link)), pytest.raises(FileInUseError), lock_file(str(tmp_path / "data" / "real.db")):
        pass


def test_a_file_system_without_locks_is_not_called_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def acquire(self: object) -> None:
        raise NotImplementedError

    monkeypatch.setattr(filelock.FileLock, "acquire", acquire)
    with pytest.raises(OSError, match="its file system has no locks"), lock_file(str(tmp_path / "repo.db")):
        pass


def counts(file: Path, *queries: str) -> list[int]:
    with closing(Application(file, admin=True)) as application:
        options = "enableautofilters=false&metadata=no&$select=Id"
        http = requests_to(application)
        return [http.get(f"/Root?query={one}&{options}").json()["d"]["__count"] for one in queries]


def test_files_in_a_file_of_the_fifth_version_are_found_by_their_size(file: Path) -> None:
    queries = ("Size:>0", "PageCount:<0")
    before = counts(file, *queries)
    run(
        file,
        "DELETE FROM terms WHERE field IN (SELECT id FROM term_fields WHERE name IN ('Size', 'PageCount'))",
        "PRAGMA user_version = 5",
    )
    assert counts(file, *queries) == before
    assert min(before) > 100


def test_types_in_a_file_of_the_sixth_version_are_found_by_their_definitions(file: Path) -> None:
    queries = [f"TypeIs:ContentType AND {one}" for one in ("Icon:Folder", "Categories:*HideByDefault*")]
    before = counts(file, *queries)
    run(
        file,
        "DELETE FROM terms WHERE node IN (SELECT id FROM contents WHERE type = 'ContentType')",
        "UPDATE type_definitions SET definition = json_remove(definition, '$.Categories')",
        "PRAGMA user_version = 6",
    )
    assert counts(file, *queries) == before == [3, 46]


def test_members_of_a_file_of_the_seventh_version_are_numbered(file: Path) -> None:
    count = value(file, "SELECT count(*) FROM members")
    pairs, triggers = (
        "SELECT group_id, member_id FROM members ORDER BY 1, 2",
        ("SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' ORDER BY 1"),
    )
    before = rows(file, pairs), rows(file, triggers)
    run(
        file,
        "DROP TRIGGER members_added",
        "DROP TRIGGER members_changed",
        "CREATE TABLE before AS SELECT group_id, member_id FROM members",
        "DROP TABLE members",
        "CREATE TABLE members (group_id INTEGER NOT NULL, member_id INTEGER NOT NULL,"
        " PRIMARY KEY (member_id, group_id)) WITHOUT ROWID",
        "INSERT INTO members SELECT * FROM before",
        "DROP TABLE before",
        "PRAGMA user_version = 7",
    )
    application = Application(file)
    assert (rows(file, pairs), rows(file, triggers)) == before
    made = {"__ContentType": "Group", "Name": "late", "Members": [1]}
    assert requests_to(application).post("/Root/IMS('Public')", json=made).status_code == 200
    application.close()
    assert value(file, "SELECT max(id) FROM members") == count + 1 > 1


def test_names_in_a_file_of_the_eighth_version_are_ordered_as_now(file: Path) -> None:
    application = Application(file)
    folder = "/Root/Content('IT')"
    requests = requests_to(application)
    for name in ("a", "z", "ä", "á", "å"):
        assert requests.post(folder, json={"__ContentType": "Folder", "Name": f"n{name}"}).status_code == 200
    application.close()
    with closing(sqlite3.connect(file)) as db:
        db.create_function("collation_key", 1, lambda text: text, deterministic=True)
        db.execute("REINDEX contents_named")
        db.execute("PRAGMA user_version = 8")
        db.commit()
    application = Application(file)
    requests = requests_to(application)
    options = "?$select=Name&$orderby=Name&$filter=startswith(Name,'n')&metadata=no"
    found = requests.get(f"/Root/Content/IT{options}").json()["d"]["results"]
    assert [row["Name"] for row in found] == ["na", "ná", "nå", "nä", "nz"]
    assert requests.delete("/Root/Content/IT('nä')?permanent=true").status_code in (200, 204)
    application.close()
    with closing(sqlite3.connect(file)) as db:
        db.create_function("collation_key", 1, collation_key, deterministic=True)
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_lists_in_a_file_of_the_ninth_version_are_indexed_by_their_definitions(file: Path) -> None:
    application = Application(file)
    requests = requests_to(application)
    for name in ("new", "used"):
        options = f"<Options><Option value='{name}'>{name}!</Option></Options>"
        field = f"<ContentListField name='#State' type='Choice'><Configuration>{options}</Configuration>"
        definition = (
            f"<ContentListDefinition><Fields>{field}</ContentListField></Fields></ContentListDefinition>"
        )
        made = {"__ContentType": "CustomList", "Name": name, "ContentListDefinition": definition}
        assert requests.post("/Root/Content('IT')", json=made).status_code == 200
        item = {"__ContentType": "ListItem", "Name": "item", "#State": [name]}
        assert requests.post(f"/Root/Content/IT('{name}')", json=item).status_code == 200
    application.close()
    queries = ("%23State:$new", "%23State:$used")
    assert counts(file, *queries) == [1, 1]
    run(file, "UPDATE terms SET value = 'used' WHERE value = '$used'", "PRAGMA user_version = 9")
    assert counts(file, *queries) == [1, 1]
