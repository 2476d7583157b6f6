"""Several threads at once: no write is lost, nobody meets an error that the real server would not give."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from sn_pandas.embedded import Application
from sn_pandas.embedded.contents import VISITOR
from sn_pandas.embedded.errors import ODataError
from sn_pandas.embedded.security import callers

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


def test_threads_that_end_leave_no_connections_behind(application: Application) -> None:
    def work(number: int) -> None:
        application.store.by_path("/Root")

    for _ in range(30):
        thread = threading.Thread(target=work, args=(0,))
        thread.start()
        thread.join()
    assert len(application.store._connections) <= 2


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
    writer.join(5)
    assert not writer.is_alive()
    assert answered.wait(5)


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
