"""Orders, totals and places as a production server has them: what is refused, counted again, waited for."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

import sn_pandas as sn
from sn_pandas.frames import Repository
from sn_pandas.notebook.explaining import explain

from ..fakes import FakeServer
from .people import RIGHTS

PLACE = "/Root/Content/Herons"


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    server = FakeServer(sample=False)
    admin = server.connect()
    admin.create("/Root/Content", "Workspace", "Herons")
    for number in range(7):
        admin.create(PLACE, "TaskList", f"t{number}", {"Index": number % 2, "DisplayName": "same"})
    admin.create(PLACE, "TaskList", "below")
    for number in range(5):
        admin.create(f"{PLACE}/below", "Task", f"b{number}")
    server.add_user("erin", {PLACE: RIGHTS})
    yield server
    server.end()


@pytest.fixture
def erin(server: FakeServer) -> Iterator[Repository]:
    with server.connect(user="erin") as repo:
        yield repo
    server.clear()


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("Description", "greatest word of each text.*sort_values"),
        ("Index,Description desc", "greatest word"),
        ("Tags", "greatest word"),
        ("AssignedTo", "largest id.*sort_values"),
        ("InFolder", r"sort_values\('Path'\)"),
    ],
)
def test_an_order_that_is_another_one_on_a_server_is_refused(
    erin: Repository, order: str, words: str
) -> None:
    with pytest.raises(sn.QueryError, match=words):
        erin.read(PLACE, select="Name", orderby=order)
    assert "rejected before it is sent" in repr(explain(PLACE, [("$orderby", order)], erin.schema))


def test_an_order_in_the_words_of_a_query_is_refused_too(erin: Repository) -> None:
    with pytest.raises(sn.QueryError, match="greatest word"):
        erin.read(PLACE, select="Name", query="TypeIs:Task .SORT:Description")


def test_explain_says_how_servers_order_texts_and_what_is_missing(erin: Repository) -> None:
    told = explain(PLACE, [("$orderby", "DisplayName,DueDate")], erin.schema).does
    assert "orders DisplayName by the language of the server, ignoring case" in told
    exact = "df.sort_values('DisplayName', na_position='first', key=lambda s: s.str.lower())"
    assert f"is sorted exactly by pandas: {exact}" in told
    told_of_desc = explain(PLACE, [("$orderby", "DisplayName desc")], erin.schema).does
    assert any("df.sort_values('DisplayName', ascending=False, key" in line for line in told_of_desc)
    assert "sorts contents without such a number or date as 0 or the year 1" in told


@pytest.mark.parametrize("options", [{"orderby": "DisplayName"}, {"orderby": "Index desc"}, {}], ids=str)
def test_lists_of_several_answers_have_the_id_as_last_key(
    server: FakeServer, erin: Repository, options: dict[str, str]
) -> None:
    frame = erin.read(PLACE, select="Name,Index", page_size=3, **options)  # type: ignore[arg-type]
    assert len(frame) == frame.index.nunique() == 8
    pages = [entry.target for entry in server.entries("GET", r"Herons\?.*\$top=3")]
    assert len(pages) > 1
    keys = [httpx.URL(target).params["$orderby"].split(",")[-1].split()[0] for target in pages]
    assert set(keys) == {"Id"}


@pytest.mark.parametrize("order", [None, "Index"])
def test_the_total_is_counted_where_the_first_page_is_past_the_end(
    server: FakeServer, erin: Repository, order: str | None
) -> None:
    server.on("GET", r"Herons\?.*inlinecount").json({"d": {"__count": 0, "results": []}})
    frame = erin.read(PLACE, select="Name", skip=50, orderby=order)
    assert frame.empty
    assert frame.attrs["sensenet"]["total"] == 8


def test_after_a_rename_the_rows_below_are_waited_for(server: FakeServer, erin: Repository) -> None:
    folder = erin.read(PLACE, select="Name", filter="Name eq 'below'")
    folder["Name"] = "under"
    assert folder.sn.save().ok
    numbers = iter([0, 2, 5])

    def counting(request: httpx.Request, forward: object) -> httpx.Response:
        return httpx.Response(200, text=str(next(numbers, 5)))

    asked = server.on("GET", r"under/\$count").call(counting)
    assert len(erin.read(f"{PLACE}/under", select="Name")) == 5
    assert len(asked.log) == 4
    assert len(erin.read(f"{PLACE}/under", select="Name")) == 5
    assert len(asked.log) == 4, "it is waited for once"
    server.clear()
    folder["Name"] = "below"
    folder.sn.save()


def _moves(repo: Repository, how: str) -> str:
    """Let a folder with contents change its path; gives the new one."""
    if how == "patch":
        repo.patch(f"{PLACE}/below", {"Name": "elsewhere"})
        return f"{PLACE}/elsewhere"
    if how == "restore":
        assert repo.delete(f"{PLACE}/below").ok
        assert repo.restore(f"{PLACE}/below").ok
        return f"{PLACE}/below"
    folder = repo.read(PLACE, select="Name", filter="Name eq 'below'")
    folder["Name"] = "under"
    report = folder.sn.save()
    repo.read(f"{PLACE}/under", select="Name")  # waited for, and forgotten
    assert sn.undo(report).ok
    return f"{PLACE}/below"


@pytest.mark.parametrize("how", ["patch", "restore", "undo"])
@pytest.mark.parametrize("way", ["read", "count", "pages"])
def test_whatever_moves_a_folder_is_waited_for(server: FakeServer, how: str, way: str) -> None:
    with server.connect() as repo:
        place = _moves(repo, how)
        numbers = iter([0, 2, 5])
        asked = server.on("GET", rf"{place}/\$count").call(
            lambda request, forward: httpx.Response(200, text=str(next(numbers, 5)))
        )
        if way == "read":
            found = len(repo.read(place, select="Name"))
        elif way == "count":
            found = repo.count(place)
        else:
            found = sum(map(len, repo.read_pages(place, select="Name", page_size=2)))
        assert found == 5
        assert len(asked.log) >= 4
        server.clear()
        if place != f"{PLACE}/below":
            repo.patch(place, {"Name": "below"})


def test_what_never_stands_still_is_told_of(server: FakeServer, erin: Repository) -> None:
    folder = erin.read(PLACE, select="Name", filter="Name eq 'below'")
    folder["Name"] = "restless"
    assert folder.sn.save().ok
    numbers = iter(range(100))
    server.on("GET", r"restless/\$count").call(
        lambda request, forward: httpx.Response(200, text=str(next(numbers)))
    )
    with pytest.warns(sn.IncompleteWarning, match="moved, renamed or restored recently"):
        erin.read(f"{PLACE}/restless", select="Name")
    server.clear()
    folder["Name"] = "below"
    folder.sn.save()
