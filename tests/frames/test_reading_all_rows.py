"""Law 1: all rows, or a loud word."""

from __future__ import annotations

import random
import re
import warnings
from typing import Any

import httpx
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sn_pandas as sn

from ..fakes import FakeServer
from .lists import Server

PATH = "/Root/Content/Tasks"
IDS = st.lists(st.integers(1, 400) | st.integers(10**6, 10**9), unique=True, max_size=120)


def rows_of(ids: list[int], seed: int = 0) -> list[dict[str, Any]]:
    chance = random.Random(seed)
    return [{"Id": i, "Name": f"n{i}", "Index": chance.randrange(7), "DueDate": None} for i in ids]


def read(server: Server, **options: Any) -> pd.DataFrame:
    with server.connect() as repo:
        frame: pd.DataFrame = repo.read(PATH, select="Name,Index", progress=False, **options)
        return frame


@settings(deadline=None)
@given(
    ids=IDS,
    size=st.integers(1, 40),
    workers=st.integers(1, 5),
    top=st.integers(0, 60),
    skip=st.integers(0, 40),
)
def test_every_row_once_by_id(ids: list[int], size: int, workers: int, top: int, skip: int) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".* cut by top=.*", category=sn.IncompleteWarning)
        frame = read(Server(rows_of(ids)), page_size=size, workers=workers, top=top, skip=skip)
    wanted = sorted(ids)[skip:]
    assert list(frame.index) == (wanted[:top] if top else wanted)
    assert list(frame["Name"]) == [f"n{i}" for i in frame.index]
    provenance = frame.attrs["sensenet"]
    assert provenance["total"] == len(ids)
    assert provenance["cut"] is bool(top and len(wanted) > top)


@settings(deadline=None)
@given(ids=IDS, size=st.integers(1, 40), seed=st.integers(0, 5), down=st.booleans())
def test_every_row_once_in_an_order(ids: list[int], size: int, seed: int, down: bool) -> None:
    server = Server(rows_of(ids, seed))
    frame = read(server, page_size=size, orderby="Index desc" if down else "Index")
    by_id = sorted(server.rows, key=lambda row: row["Id"])
    wanted = sorted(by_id, key=lambda row: row["Index"], reverse=down)
    assert list(frame.index) == [row["Id"] for row in wanted]


@settings(deadline=None)
@given(ids=IDS.filter(lambda ids: len(ids) > 3), size=st.integers(2, 30), largest=st.integers(1, 30))
@pytest.mark.parametrize("orderby", [None, "Index"])
def test_answers_that_are_too_large_make_the_pages_smaller(
    orderby: str | None, ids: list[int], size: int, largest: int
) -> None:
    server = Server(rows_of(ids))
    server.largest = largest + 1
    assert sorted(read(server, page_size=size, orderby=orderby).index) == sorted(ids)


@settings(deadline=None)
@given(
    ids=IDS.filter(lambda ids: len(ids) > 6),
    gone=st.sets(st.integers(0, 119), max_size=4),
    new=st.sets(st.integers(2 * 10**9, 2**31 - 1), max_size=4),
    at=st.integers(2, 6),
    size=st.integers(1, 12),
)
def test_rows_that_come_and_go_meanwhile_are_said_and_no_other_is_lost(
    ids: list[int], gone: set[int], new: set[int], at: int, size: int
) -> None:
    ids = sorted(ids)
    lost = {ids[n] for n in gone if n < len(ids)}
    server = Server(rows_of(ids))

    def change(number: int) -> None:
        if number == at:
            server.rows = [row for row in server.rows if row["Id"] not in lost] + rows_of(sorted(new))

    server.before = change
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        frame = read(server, page_size=size, workers=2)
    assert frame.index.is_unique
    assert set(ids) - lost <= set(frame.index)
    assert set(frame.index) <= set(ids) | new
    changed = server.pages >= at and len(new) != len(lost)
    assert bool(said) is changed
    if changed:
        assert frame.attrs["sensenet"]["after"] == len(ids) - len(lost) + len(new)


@settings(deadline=None)
@given(
    ids=IDS.filter(lambda ids: len(ids) > 6),
    size=st.integers(1, 10),
    at=st.integers(2, 6),
    which=st.integers(0, 119),
)
def test_a_row_that_changes_its_place_meanwhile_is_said(
    ids: list[int], size: int, at: int, which: int
) -> None:
    server = Server(rows_of(ids))

    def change(number: int) -> None:
        if number == at:
            server.rows[which % len(ids)]["Index"] = -5

    server.before = change
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        frame = read(server, page_size=size, orderby="Index", workers=1)
    assert frame.index.is_unique
    if set(frame.index) != set(ids):
        assert any(issubclass(w.category, sn.IncompleteWarning) for w in said)


def test_a_cut_is_said_with_the_total() -> None:
    with pytest.warns(sn.IncompleteWarning, match=r"5 of 20 rows: cut by top=5"):
        frame = read(Server(rows_of(list(range(1, 21)))), top=5)
    assert len(frame) == 5


def test_the_order_of_a_smart_folder_does_not_cost_rows() -> None:
    server = Server(rows_of(list(range(1, 51))))
    server.own_order = "Index,Name"
    assert sorted(read(server, page_size=7).index) == list(range(1, 51))


def test_the_limit_of_a_smart_folder_is_said() -> None:
    server = Server(rows_of(list(range(1, 51))))
    server.own_top = 4
    with pytest.warns(sn.IncompleteWarning, match="4 of 50 rows"):
        frame = read(server)
    assert frame.attrs["sensenet"]["cut"]


def test_pages_one_after_another_hold_all_rows() -> None:
    with Server(rows_of(list(range(1, 51)))).connect() as repo:
        parts = list(repo.read_pages(PATH, select="Name", page_size=8))
    assert [i for part in parts for i in part.index] == list(range(1, 51))
    assert max(map(len, parts)) <= 8


@settings(deadline=None, max_examples=10)
@given(number=st.integers(500, 2500), seed=st.integers(0, 99), as_filter=st.booleans(), runs=st.booleans())
def test_long_lists_of_ids_are_sent_in_parts(number: int, seed: int, as_filter: bool, runs: bool) -> None:
    ids = set(random.Random(seed).sample(range(10**7, 10**7 + 2 * number if runs else 10**8), number))
    server = Server(rows_of([*ids, 5, 6, 7]))
    asked = {"filter": sn.F("Id").isin(ids)} if as_filter else {"query": sn.Q("Id").isin(ids)}
    frame = read(server, **asked)
    assert set(frame.index) == ids
    assert max(map(len, server.targets)) < 8192
    with server.connect() as repo:
        assert repo.count(PATH, **asked) == number
    assert max(map(len, server.targets)) < 8192


def test_a_server_that_takes_less_gets_shorter_lists() -> None:
    ids = list(range(10**7, 10**7 + 600))
    server = Server(rows_of(ids))
    server.longest = 4000
    assert list(read(server, query=sn.Q("Id").isin(ids)).index) == ids


def test_a_folder_of_a_hundred_thousand() -> None:
    total = 100_000

    def answer(request: httpx.Request) -> httpx.Response:
        asked = dict(request.url.params)
        if "GetSchema" in request.url.path or "GetCurrentUser" in request.url.path:
            return Server([])(request)
        if request.url.path.endswith("/$count"):
            return httpx.Response(200, text=str(total))
        bounds = asked.get("$filter", "")
        low = int((re.findall(r"Id gt (\d+)", bounds) or [0])[0])
        high = int((re.findall(r"Id le (\d+)", bounds) or [total])[0])
        if asked["$orderby"] == "Id desc":
            low = total - 1
        high = min(high, low + int(asked["$top"]))
        row = '{"Id":%d,"Path":"/Root/Content/Tasks/t%d","Index":%d}'
        rows = ",".join(row % (n, n, n % 7) for n in range(low + 1, high + 1))
        return httpx.Response(200, text=f'{{"d":{{"__count":{total},"results":[{rows}]}}}}')

    with sn.connect("https://many.example", api_key="k", transport=FakeServer(answer)) as repo:
        frame = repo.read(PATH, select="Index", page_size=5000, progress=False)
        parts = [len(part) for part in repo.read_pages(PATH, select="Index", page_size=5000, progress=False)]
    assert frame.index.equals(pd.RangeIndex(1, total + 1))
    assert frame["Index"].tolist() == [n % 7 for n in range(1, total + 1)]
    assert sum(parts) == total
    assert frame.attrs["sensenet"] == {**frame.attrs["sensenet"], "total": total, "rows": total, "cut": False}


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b'\xef\xbb\xbf{"d":{"__count":1,"results":[{"Id":1,"Name":"a"}]}}', ["a"]),
        (b'{"d":{"__count":1,"results":[{"Name":"a \\ud83d b","Id":1}]}}', ["a ? b"]),
        (b'{"d":{"results":[{"Extra":{"x":[1e400]},"Name":"a","Id":1,"__count":5}],"__count":1}}', ["a"]),
        (b'{"d":{"__count":2,"results":[{"Id":1},{"Name":"b","Id":2}]}}', [None, "b"]),
    ],
)
def test_answers_of_all_forms_are_rows(body: bytes, names: list[str | None]) -> None:
    """What the quick decoder does not take is read by the patient one; a page that was cut comes again."""
    cut = [body[: len(body) // 2 or 1] or b"{"]

    def answer(request: httpx.Request) -> httpx.Response:
        if "GetSchema" in request.url.path or "GetCurrentUser" in request.url.path:
            return Server([])(request)
        return httpx.Response(200, content=cut.pop() if cut else body)

    swift = sn.Retries(first_wait=0.001)
    transport = FakeServer(answer)
    with sn.connect("https://forms.example", api_key="k", transport=transport, retries=swift) as repo:
        found = repo.read(PATH, select="Name")["Name"]
    assert [None if pd.isna(name) else name for name in found] == names
    assert not cut


def test_a_query_that_cannot_be_cut_is_refused() -> None:
    with pytest.raises(sn.QueryError, match="select fewer fields"):
        read(Server([]), filter="Name eq '" + "x" * 9000 + "'")
