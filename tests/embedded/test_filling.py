"""New repositories in one process are alike, and none sees what is done in another."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

import sn_pandas as sn
from sn_pandas.embedded import Application

TASKS = "/Root/Content/IT/Tasks"


def names(repo: sn.Repository) -> list[tuple[int, str]]:
    frame = repo.read("/Root/Content", select=["Name"], query="Id:>0")
    return list(zip(frame.index, frame["Name"], strict=True))


def test_a_change_stays_in_its_repository(tmp_path: Path) -> None:
    with ExitStack() as opened:
        first, second = (opened.enter_context(sn.connect("embedded://")) for _ in range(2))
        before = names(second)
        assert names(first) == before
        first.delete(f"{TASKS}/T001")
        first.create("/Root/Content/IT", "Folder", "New")
        third = opened.enter_context(sn.connect("embedded://"))
        in_file = opened.enter_context(sn.connect(f"embedded://{tmp_path}/repo.db"))
        assert names(second) == names(third) == names(in_file) == before


def test_types_stay_in_their_repository() -> None:
    with ExitStack() as opened:
        bare, company = (opened.enter_context(closing(Application(sample=one))) for one in (False, True))
        assert ("Asset" in bare.store.types, "Asset" in company.store.types) == (False, True)
        assert "Asset" not in opened.enter_context(closing(Application(sample=False))).store.types


@pytest.mark.parametrize("sample", [True, False])
def test_threads_open_repositories_at_once(sample: bool) -> None:
    with ThreadPoolExecutor(4) as threads:
        opened = list(threads.map(lambda _: Application(sample=sample), range(8)))
    assert len({one.store.last_id() for one in opened}) == 1
    assert len({one.api_key for one in opened}) == 8
    for one in opened:
        one.close()


def test_each_repository_has_clients_of_its_own() -> None:
    with closing(Application()) as one, closing(Application()) as other:
        found = [_clients(application) for application in (one, other)]
        assert len(found[0]) == len(found[1]) == 4
        assert not found[0] & found[1]


def _clients(application: Application) -> set[str]:
    with application.store.reading() as db:
        return {row[0] for row in db.execute("SELECT id FROM clients")}
