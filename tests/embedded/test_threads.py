"""Several threads at once: no write is lost, nobody meets an error that the real server would not give."""

from __future__ import annotations

import gc
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

import sn_pandas as sn
from sn_pandas.embedded import Application, callers
from sn_pandas.embedded.contents import VISITOR
from sn_pandas.embedded.errors import ODataError

ADDRESS = "/odata.svc/Root/Content"


@pytest.fixture(params=["memory", "file"])
def application(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Application]:
    data = ":memory:" if request.param == "memory" else str(tmp_path / "repository.db")
    application = Application(data, sample=False, admin=True)
    with client(application) as http:
        http.post(f"{ADDRESS}", json={"__ContentType": "TaskList", "Name": "list"}).raise_for_status()
    yield application
    application.close()


def client(application: Application) -> httpx.Client:
    return httpx.Client(transport=httpx.WSGITransport(app=application), base_url="http://embedded")


def together(workers: int, work: Callable[[int], None]) -> None:
    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(work, number) for number in range(workers)]:
            done.result()


def test_writes_to_different_contents_are_all_kept(application: Application) -> None:
    def work(number: int) -> None:
        with client(application) as http:
            for step in range(8):
                name = f"t{number}-{step}"
                body = {"__ContentType": "Task", "Name": name, "DueDate": "2026-01-05T08:00:00Z"}
                assert http.post(f"{ADDRESS}('list')", json=body).status_code == 200
                for index in (1, 2, 3):
                    answer = http.patch(f"{ADDRESS}/list('{name}')", json={"Index": index})
                    assert answer.status_code == 200, answer.text
                listed = http.get(f"{ADDRESS}/list?$select=Name&metadata=no&$filter=Index eq 3")
                assert name in [row["Name"] for row in listed.json()["d"]["results"]]

    together(6, work)
    with client(application) as http:
        count = http.get(f"{ADDRESS}/list/$count?$filter=Index eq 3").text
    assert count == "48"


def test_of_two_saves_at_the_same_moment_one_is_out_of_date(application: Application) -> None:
    store = application.store
    first, second = store.by_path("/Root/Content/list"), store.by_path("/Root/Content/list")
    assert first is not None
    assert second is not None
    first.index, second.index = 1, 2
    store.save(first)
    with pytest.raises(ODataError) as refused:
        store.save(second)
    assert (refused.value.status, refused.value.exceptiontype) == (400, "NodeIsOutOfDateException")
    kept = store.by_path("/Root/Content/list")
    assert kept is not None
    assert kept.index == 1


def test_patches_of_one_content_are_saved_or_out_of_date(application: Application) -> None:
    outcomes: list[tuple[int, str]] = []

    def work(number: int) -> None:
        with client(application) as http:
            for step in range(10):
                value = number * 100 + step
                answer = http.patch(f"{ADDRESS}('list')?$select=Index&metadata=no", json={"Index": value})
                if answer.status_code == 200:
                    outcomes.append((200, ""))
                    assert answer.json()["d"]["Index"] == value
                else:
                    outcomes.append((answer.status_code, answer.json()["error"]["exceptiontype"]))

    together(6, work)
    assert set(outcomes) <= {(200, ""), (400, "NodeIsOutOfDateException")}
    assert (200, "") in outcomes


def test_one_name_is_created_once(application: Application) -> None:
    statuses: list[int] = []
    start = threading.Barrier(6)

    def work(number: int) -> None:
        with client(application) as http:
            start.wait()
            body = {"__ContentType": "Folder", "Name": "only"}
            statuses.append(http.post(ADDRESS, json=body).status_code)

    together(6, work)
    assert sorted(statuses) == [200, 403, 403, 403, 403, 403]
    with client(application) as http:
        assert http.get(f"{ADDRESS}/$count?$filter=Name eq 'only'").text == "1"


def test_a_write_while_reading_is_kept(application: Application) -> None:
    store = application.store
    with store.reading():
        content = store.by_path("/Root/Content/list")
        assert content is not None
        content.index = 7
        store.save(content)
        seen = store.by_path("/Root/Content/list")
        assert seen is not None
        assert seen.index == 7
    kept = store.by_path("/Root/Content/list")
    assert kept is not None
    assert kept.index == 7


def test_what_fails_half_way_leaves_nothing(application: Application) -> None:
    store = application.store
    content = store.by_path("/Root/Content/list")
    assert content is not None

    def fail() -> None:
        with store.transaction():
            store.put_types([{"Name": "Half", "Parent": "GenericContent", "Handler": "x", "Installed": True}])
            content.index = 8
            store.save(content)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert "Half" not in store.types
    kept = store.by_path("/Root/Content/list")
    assert kept is not None
    assert kept.index == 0


def test_threads_that_end_leave_no_connections_behind(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, connect = [], sqlite3.connect

    def counted(*args: Any, **options: Any) -> sqlite3.Connection:
        opened.append(args)
        return connect(*args, **options)

    monkeypatch.setattr(sqlite3, "connect", counted)

    def work(number: int) -> None:
        application.store.by_path("/Root")

    with closing(Application(sample=False)):
        assert opened, "what is opened is counted"
    opened.clear()
    for _ in range(30):
        thread = threading.Thread(target=work, args=(0,))
        thread.start()
        thread.join()
    assert len(opened) <= 1


def test_who_asks_for_roles_does_not_wait_for_who_writes_and_asks_too(application: Application) -> None:
    asked, answered = threading.Event(), threading.Event()

    def ask() -> None:
        asked.set()
        assert application.repository.session().roles is not None
        answered.set()

    def write() -> None:
        with application.store.transaction():
            threading.Thread(target=ask, daemon=True).start()
            asked.wait()
            answered.wait(0.05)  # in memory it waits for us
            assert application.repository.session().roles is not None

    writer = threading.Thread(target=write, daemon=True)
    writer.start()
    writer.join(60)
    assert not writer.is_alive()
    assert answered.wait(60)


def test_who_loses_a_group_is_not_remembered_in_it(tmp_path: Path) -> None:
    """Not by another application on the same file either."""
    path = str(tmp_path / "shared.db")
    one, other = Application(path, sample=False), Application(path, sample=False)
    members = "/odata.svc/Root/IMS/BuiltIn/Portal('Editors')"
    try:
        group = one.store.by_path("/Root/IMS/BuiltIn/Portal/Editors")
        for change, expected in (("AddMembers", True), ("RemoveMembers", False)):
            body = {"contentIds": [VISITOR]}
            with client(one) as http:
                http.post(
                    f"{members}/{change}", json=body, headers={"apikey": one.api_key}
                ).raise_for_status()
            for application in (one, other):
                assert (group.id in callers.load(application.repository, VISITOR).identities) is expected
    finally:
        one.close()
        other.close()


def test_a_repository_that_nobody_closed_leaves_no_file_open(tmp_path: Path) -> None:
    def opened() -> list[str]:
        gc.collect()
        return [place for fd in Path("/proc/self/fd").iterdir() if "left.db" in (place := _target(fd))]

    repo = sn.connect(f"embedded://{tmp_path}/left.db")
    repo.read("/Root/Content", select="Name")
    assert opened()
    del repo
    assert not opened()


def _target(fd: Path) -> str:
    try:
        return str(fd.readlink())
    except OSError:
        return ""


# Nothing that was answered with 200 is lost

MANY = 20


def at_once(
    application: Application, send: Callable[[httpx.Client, int], httpx.Response]
) -> list[httpx.Response]:
    """Send requests at the same moment and return their answers, by number."""
    start = threading.Barrier(MANY)
    answers: dict[int, httpx.Response] = {}

    def work(number: int) -> None:
        with client(application) as http:
            start.wait()
            answers[number] = send(http, number)

    together(MANY, work)
    return [answers[number] for number in range(MANY)]


def kept(answers: list[httpx.Response]) -> set[int]:
    """The numbers that were answered with success; the others must have got an error of the server."""
    refused = {(a.status_code, a.json()["error"]["exceptiontype"]) for a in answers if a.status_code >= 400}
    assert refused <= {
        (400, "NodeIsOutOfDateException"), (400, "LockedTreeException"), (400, "ApplicationException"),
        (403, "NodeAlreadyExistsException"), (500, "InvalidContentActionException"),
    }  # fmt: skip
    found = {number for number, answer in enumerate(answers) if answer.status_code < 300}
    assert found
    return found


@pytest.fixture
def users(application: Application) -> list[str]:
    paths = []
    with client(application) as http:
        for number in range(MANY):
            body = {"__ContentType": "User", "LoginName": f"u{number}", "FullName": f"U {number}"}
            body |= {"Name": f"u{number}", "Email": f"u{number}@example.com", "Password": "secret-1"}
            http.post("/odata.svc/Root/IMS('Public')", json=body).raise_for_status()
            paths.append(f"/Root/IMS/Public/u{number}")
    return paths


def test_no_permission_is_lost(application: Application, users: list[str]) -> None:
    answers = at_once(
        application,
        lambda http, n: http.post(
            f"{ADDRESS}('list')/SetPermissions", json={"r": [{"identity": users[n], "Open": "allow"}]}
        ),
    )
    assert kept(answers) == set(range(MANY))
    with client(application) as http:
        entries = http.get(f"{ADDRESS}('list')/GetPermissions").json()["entries"]
    assert {one["identity"]["path"] for one in entries} >= set(users)


def test_no_member_is_lost(application: Application, users: list[str]) -> None:
    editors = "/odata.svc/Root/IMS/BuiltIn/Portal('Editors')"
    with client(application) as http:
        ids = [
            http.get(f"/odata.svc/Root/IMS/Public('u{n}')?$select=Id&metadata=no").json()["d"]["Id"]
            for n in range(MANY)
        ]
    answers = at_once(
        application, lambda http, n: http.post(f"{editors}/AddMembers", json={"contentIds": [ids[n]]})
    )
    with client(application) as http:
        found = http.get(f"{editors}/Members?$select=Id&metadata=no").json()["d"]["results"]
    assert {row["Id"] for row in found} >= {ids[n] for n in kept(answers)}


def test_no_list_field_is_lost(application: Application) -> None:
    with client(application) as http:
        http.post(ADDRESS, json={"__ContentType": "CustomList", "Name": "fields"}).raise_for_status()
    answers = at_once(
        application,
        lambda http, n: http.post(
            f"{ADDRESS}('fields')", json={"__ContentType": "IntegerFieldSetting", "Name": f"F{n}"}
        ),
    )
    with client(application) as http:
        definition = http.get(f"{ADDRESS}('fields')?$select=ContentListDefinition&metadata=no").text
    assert not [n for n in kept(answers) if f"#F{n}'" not in definition and f'#F{n}\\"' not in definition]


def test_no_allowed_type_is_lost(application: Application) -> None:
    names = [
        "Task",
        "Memo",
        "File",
        "Image",
        "Link",
        "Folder",
        "Workspace",
        "TaskList",
        "MemoList",
        "LinkList",
    ] * 2
    answers = at_once(
        application,
        lambda http, n: http.post(
            f"{ADDRESS}('list')/AddAllowedChildTypes", json={"contentTypes": [names[n]]}
        ),
    )
    with client(application) as http:
        found = http.get(f"{ADDRESS}('list')/AllowedChildTypes?$select=Name&metadata=no").json()["d"][
            "results"
        ]
    assert {row["Name"] for row in found} >= {names[n] for n in kept(answers)}


def test_no_content_type_is_lost(application: Application) -> None:
    definition = (
        '<ContentType name="{}" parentType="GenericContent"'
        ' handler="SenseNet.ContentRepository.GenericContent"'
        ' xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition">'
        "<Fields/></ContentType>"
    )
    answers = at_once(
        application,
        lambda http, n: http.post(
            "/odata.svc/Root/System/Schema('ContentTypes')/Upload",
            json={"FileName": f"T{n}", "FileText": definition.format(f"T{n}"), "ContentType": "ContentType"},
        ),
    )
    assert kept(answers) == set(range(MANY))
    with client(application) as http:
        shown = {one["ContentTypeName"] for one in http.get("/odata.svc/('Root')/GetSchema").json()}
    assert shown >= {f"T{n}" for n in range(MANY)}


def test_of_many_renames_onto_one_name_one_wins(application: Application) -> None:
    with client(application) as http:
        for number in range(MANY):
            http.post(ADDRESS, json={"__ContentType": "Folder", "Name": f"f{number}"}).raise_for_status()
    answers = at_once(application, lambda http, n: http.patch(f"{ADDRESS}('f{n}')", json={"Name": "same"}))
    assert len(kept(answers)) == 1
    with client(application) as http:
        assert http.get(f"{ADDRESS}/$count?$filter=Name eq 'same'").text.endswith("1")


def test_of_many_checkouts_one_wins(application: Application) -> None:
    with client(application) as http:
        body = {"__ContentType": "Task", "Name": "a", "DueDate": "2026-01-05T08:00:00Z"}
        http.patch(f"{ADDRESS}('list')", json={"InheritableVersioningMode": ["3"]}).raise_for_status()
        http.post(f"{ADDRESS}('list')", json=body).raise_for_status()
    answers = at_once(application, lambda http, n: http.post(f"{ADDRESS}/list('a')/CheckOut"))
    assert len(kept(answers)) == 1


def test_a_version_is_made_for_each_save_that_succeeds(application: Application) -> None:
    with client(application) as http:
        http.patch(f"{ADDRESS}('list')", json={"VersioningMode": ["2"]}).raise_for_status()

        def count() -> int:
            rows = http.get(f"{ADDRESS}('list')/Versions?$select=Version&metadata=no").json()["d"]["results"]
            return len(rows)

        before = count()
        answers = at_once(application, lambda one, n: one.patch(f"{ADDRESS}('list')", json={"Index": n + 1}))
        assert count() == before + len(kept(answers))


def test_saves_of_different_fields_are_kept_or_out_of_date(application: Application) -> None:
    fields = ("Description", "DisplayName", "Index", "Hidden")
    values: tuple[Any, ...] = ("words", "Tasks", 7, True)
    answers = at_once(
        application, lambda http, n: http.patch(f"{ADDRESS}('list')", json={fields[n % 4]: values[n % 4]})
    )
    saved = {n % 4 for n in kept(answers)}
    with client(application) as http:
        shown = http.get(f"{ADDRESS}('list')?$select={','.join(fields)}&metadata=no").json()["d"]
    assert {n for n in range(4) if shown[fields[n]] == values[n]} == saved


def test_who_repeats_what_was_out_of_date_is_saved_in_the_end(application: Application) -> None:
    def send(http: httpx.Client, number: int) -> httpx.Response:
        for _ in range(200):
            answer = http.patch(f"{ADDRESS}('list')", json={"Index": number})
            if answer.status_code == 200:
                break
        return answer

    assert len(kept(at_once(application, send))) == MANY


def test_numbered_names_are_all_different(application: Application) -> None:
    with client(application) as http:
        http.post(ADDRESS, json={"__ContentType": "MemoList", "Name": "memos"}).raise_for_status()
    body = {"__ContentType": "Memo", "Name": "note", "Date": "2026-01-05T08:00:00Z"}
    answers = at_once(
        application, lambda http, n: http.post(f"{ADDRESS}('memos')?$select=Name&metadata=no", json=body)
    )
    names = [answers[n].json()["d"]["Name"] for n in kept(answers)]
    assert len(set(names)) == len(names) == MANY


def test_what_is_deleted_for_good_many_times_is_gone_for_everybody(application: Application) -> None:
    answers = at_once(application, lambda http, n: http.delete(f"{ADDRESS}('list')?permanent=true"))
    assert {answer.status_code for answer in answers} <= {200, 404}
    with client(application) as http:
        assert http.get(f"{ADDRESS}('list')").status_code == 404
        assert http.get("/odata.svc/Root/Trash/$count").text.endswith("0")


def test_many_deletions_make_one_bag(application: Application) -> None:
    answers = at_once(application, lambda http, n: http.delete(f"{ADDRESS}('list')"))
    kept([answer for answer in answers if answer.status_code != 404])
    with client(application) as http:
        assert http.get("/odata.svc/Root/Trash/$count").text.endswith("1")


def test_a_content_whose_container_is_renamed_is_not_brought_back(application: Application) -> None:
    with client(application) as http:
        for name in ("a", "b"):
            body = {"__ContentType": "Task", "Name": name, "DueDate": "2026-01-05T08:00:00Z"}
            http.post(f"{ADDRESS}('list')", json=body).raise_for_status()

    def send(http: httpx.Client, number: int) -> httpx.Response:
        if number == 0:
            return http.patch(f"{ADDRESS}('list')", json={"Name": "moved"})
        return http.patch(f"{ADDRESS}/list('a')", json={"Index": number})

    at_once(application, send)
    with client(application) as http:
        rows = http.get("/odata.svc/Root?query=TypeIs:Task&$select=Path&metadata=no").json()["d"]["results"]
    assert {row["Path"].rpartition("/")[0] for row in rows} == {"/Root/Content/moved"}


def test_a_block_that_fails_inside_another_undoes_only_itself(application: Application) -> None:
    store = application.store

    def fail() -> None:
        with store.transaction():
            store.put_types([{"Name": "Lost", "Parent": "GenericContent", "Handler": "x", "Installed": True}])
            raise RuntimeError

    with store.transaction():
        store.put_types([{"Name": "Kept", "Parent": "GenericContent", "Handler": "x", "Installed": True}])
        with pytest.raises(RuntimeError):
            fail()
        assert "Lost" not in store.types
    assert "Kept" in store.types


WAITING = """
import atexit, sys, threading

def end():  # the first that is registered runs last, when the connections have ended
    ended.set()
    for thread in threads:
        thread.join(0.2)  # it waits for ever
    with store.transaction() as db:
        print(db.execute("SELECT count(*) FROM clients").fetchone()[0])

atexit.register(end)

from sn_pandas.embedded import Application

store = Application(sys.argv[1], sample=False).store
snapshot = store.snapshot()
ended = threading.Event()

def sort():
    with store.sorting_in_files():
        pass

def after(work):
    ended.wait()
    work()

works = {"rewrite": store.rewrite, "restore": lambda: store.restore(snapshot), "sort": sort}
threads = [threading.Thread(target=after, args=(works[sys.argv[2]],), daemon=True)]
threads[0].start()
"""


@pytest.mark.parametrize("work", ["rewrite", "restore", "sort"])
def test_a_thread_that_is_kept_waiting_at_the_end_keeps_nobody_waiting(tmp_path: Path, work: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WAITING, str(tmp_path / "repository.db"), work],
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stderr) == (0, "")
    assert int(ended.stdout) > 0


EXIT = """
import http.client, itertools, json, sys, threading
from sn_pandas.embedded import Application
from sn_pandas.embedded.http.server import serve
from tests.wsgi import request

application = Application(sys.argv[1], sample=False, admin=True)
server = serve(application)
threading.Thread(target=server.serve_forever, daemon=True).start()
enough, answered = threading.Event(), itertools.count()

def count():
    if next(answered) == 60:
        enough.set()

def over_http(number):
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port)
    for n in itertools.count():
        body = json.dumps({"__ContentType": "Folder", "Name": f"f{number}-{n}"})
        connection.request("POST", "/odata.svc/Root('Content')", body)
        connection.getresponse().read()
        connection.request("GET", "/odata.svc/Root?query=TypeIs:Folder&$top=50")
        connection.getresponse().read()
        count()

def in_process(number):
    while True:
        request(application, "GET", "/odata.svc/Root/System?query=Name:*a*&enableautofilters=false")
        count()

for number in range(3):
    for work in (over_http, in_process):
        threading.Thread(target=work, args=(number,), daemon=True).start()
enough.wait()
"""


@pytest.mark.slow
@pytest.mark.parametrize("place", ["file", "memory"])
def test_a_process_ends_in_silence_whatever_its_threads_are_doing(
    prepared: Path, tmp_path: Path, place: str
) -> None:
    for number in range(10):
        data = tmp_path / f"{number}.db"
        if place == "file":
            shutil.copy(prepared, data)
            shutil.copy(f"{prepared}.key", f"{data}.key")
        ended = subprocess.run(
            [sys.executable, "-c", EXIT, str(data) if place == "file" else ":memory:"],
            capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        assert (ended.returncode, ended.stderr) == (0, "")
        if place == "file":
            with closing(Application(data)) as application, application.store.reading() as db:
                assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
