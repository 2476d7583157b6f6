"""Previews without a service that makes them: numbers of pages, and the folders."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from .client import WORKSPACE, Client, problem

PLAN = f"{WORKSPACE}/plan.pdf"


@pytest.fixture
def plan(client: Client) -> str:
    client.create(WORKSPACE, "File", "plan.pdf")
    return PLAN


@pytest.fixture
def quick_switches() -> Iterator[None]:
    """Threads take turns as often as they can."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


def test_a_number_of_pages_is_kept(client: Client, plan: str) -> None:
    def count() -> int:
        return int(client.call(plan, "GetPageCount").text)

    assert (count(), client.read(plan, "PageCount")) == (-5, {"PageCount": -4})
    assert client.call(plan, "CheckPreviews", generateMissing=False).json() == {
        "PageCount": -4,
        "PreviewCount": 0,
    }
    assert client.call(plan, "RegeneratePreviews").json() == {"PageCount": -1, "PreviewCount": 0}
    assert count() == -1
    for status, expected in (("NotSupported", -2), ("Error", -3), ("EmptyDocument", 0), ("Postponed", -5)):
        assert client.call(plan, "SetPreviewStatus", status=status).status_code == 204
        assert count() == expected
    assert client.call(plan, "SetPageCount", pageCount=12).status_code == 204
    assert (count(), client.read(plan, "PageCount,Version")) == (12, {"PageCount": 12, "Version": "V1.0.A"})
    assert problem(client.call(plan, "SetPreviewStatus", status="Ready"))[2] == "NotSupportedException"


def test_whoever_may_open_a_file_may_count_its_pages(client: Client, plan: str) -> None:
    key = client.user("reader", Open="allow")
    assert client.call(plan, "SetPageCount", key, pageCount=3).status_code == 204
    assert client.call(plan, "GetPageCount").text == "3"


def test_no_preview_is_available(client: Client, plan: str) -> None:
    answer = client.send("GET", f"/odata.svc{WORKSPACE}('plan.pdf')/PreviewAvailable?page=1")
    assert json.loads(answer.text) == {"PreviewAvailable": None, "Width": 0, "Height": 0}


def test_the_folder_of_previews_is_made_when_it_is_asked_for(client: Client, plan: str) -> None:
    first = client.call(plan, "GetPreviewsFolder", empty=False).json()
    assert first["Path"] == f"{plan}/Previews/V1.0.A"
    assert client.read(first["Path"], "Type,Id") == {"Type": "SystemFolder", "Id": first["Id"]}
    assert client.call(plan, "GetPreviewsFolder", empty=True).json() == first


def test_who_asks_at_once_gets_the_same_folder_of_previews(client: Client, quick_switches: None) -> None:
    for number in range(5):
        client.create(WORKSPACE, "File", f"{number}.pdf")

        def ask(_: int, path: str = f"{WORKSPACE}/{number}.pdf") -> tuple[int, str]:
            answer = client.call(path, "GetPreviewsFolder", empty=False)
            return answer.status_code, answer.text

        with ThreadPoolExecutor(4) as pool:
            found = set(pool.map(ask, range(4)))
        assert len(found) == 1
        assert found.pop()[0] == 200
