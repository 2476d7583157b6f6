"""Reading an embedded repository as a user does."""

from __future__ import annotations

import importlib.util
import json
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas import AnswerError
from sn_pandas.frames import Repository
from sn_pandas.frames.reads.arrow import build_table
from sn_pandas.odata.messages import Response
from sn_pandas.odata.rows import RowReader

from ..fakes import EDITOR, FakeServer, open_sample
from .lists import Server

PLACE = "/Root/Content/reading"
HUGO = "/Root/IMS/Public/hugo.horvath"


@pytest.fixture(scope="module")
def repo() -> Iterator[Repository]:
    with open_sample() as repo:
        repo.create("/Root/Content", "Workspace", "reading")
        repo.client.send(
            "POST",
            "/odata.svc/Root/Content('reading')/AddAllowedChildTypes",
            body={"contentTypes": ["Task", "Folder", "Memo", "SystemFolder"]},
        )
        for number in range(12):
            repo.create(
                PLACE,
                "Task",
                f"t{number:02}",
                {"Index": number, "AssignedTo": [HUGO][: number % 2]},
            )
        repo.create(PLACE, "Folder", "empty")
        yield repo


def test_a_typed_frame_on_its_ids(repo: Repository) -> None:
    frame = repo.read(
        PLACE, select="Name,Index,Status,DueDate,IsFolder", filter=sn.isof("Task"), orderby="Name"
    )
    assert list(frame["Name"]) == [f"t{n:02}" for n in range(12)]
    assert list(frame.columns) == ["Name", "Index", "Status", "DueDate", "IsFolder"]
    assert [str(t) for t in frame.dtypes] == ["str", "Int64", "category", "datetime64[us, UTC]", "boolean"]
    assert frame["DueDate"].isna().all()
    assert frame.index.name == "Id"
    assert {"origin", "query", "total", "rows", "cut", "token"} <= set(frame.attrs["sensenet"])


def test_an_empty_folder_has_the_dtypes_of_a_full_one(repo: Repository) -> None:
    for select in ([], ["Name", "Index", "Status", "AssignedTo", "AssignedTo/Name"]):
        full = repo.read(PLACE, select=select, filter=sn.isof("Task"))
        none = repo.read(f"{PLACE}/empty", select=select, filter=sn.isof("Task"))
        assert len(none) == 0
        assert list(none.dtypes) == list(full.dtypes)
        assert list(none.columns) == list(full.columns)


def test_a_row_whose_type_lacks_a_field_has_nothing_there(repo: Repository) -> None:
    frame = repo.read(PLACE, select="Name,TaskCompletion", orderby="Name").set_index("Name")
    assert frame.loc["empty", "TaskCompletion"] is pd.NA
    assert frame.loc["t00", "TaskCompletion"] == 0


def test_references_are_paths_and_chains_are_columns(repo: Repository) -> None:
    frame = repo.read(
        PLACE,
        select="Name,AssignedTo,AssignedTo/FullName,CreatedBy/Name,CreatedBy",
        filter="isof('Task')",
        orderby="Name",
    )
    assert frame["AssignedTo"].iloc[1] == [HUGO]
    assert frame["AssignedTo/FullName"].iloc[1] == ["Hugo Horváth"]
    assert frame["AssignedTo"].iloc[0] == frame["AssignedTo/FullName"].iloc[0] == []
    assert set(frame["CreatedBy/Name"]) == {EDITOR}
    assert set(frame["CreatedBy"]) == {repo.user}


def test_lists_behind_properties(repo: Repository) -> None:
    up = repo.read(f"{PLACE}/t00", property="Ancestors", select="Name")
    assert list(up["Name"]) == ["reading", "Content", "Root"]
    members = repo.read("/Root/IMS/Public/IT-team", property="Members", select="Name")
    assert "anna.acs" in set(members["Name"])
    versions = repo.read(f"{PLACE}/t00", property="Versions", select="Name,Version")
    assert list(versions["Version"]) == ["V1.0.A"]
    assert repo.count("/Root/IMS/Public/IT-team", property="Members") == len(members)


def test_counts_and_single_contents(repo: Repository) -> None:
    assert repo.count(PLACE) == 13
    assert repo.count(PLACE, filter=sn.F("Index") >= 6, query=None) == repo.count(PLACE, filter="Index ge 6")
    assert repo.count(PLACE, query=sn.Q(TypeIs="Task")) == 12
    task = repo.get(f"{PLACE}/t05")
    assert (task["Name"], task["Index"], task["Type"], task["DueDate"]) == ("t05", 5, "Task", None)
    assert "AssignedTo" not in task
    assert repo.get(int(task["Id"]), select="Name,AssignedTo/Name")["AssignedTo/Name"] == ["hugo.horvath"]
    assert repo.value(f"{PLACE}/t05", "Index") == 5
    assert repo.value(f"{PLACE}/t05", "AssignedTo") == [HUGO]
    assert isinstance(repo.value(f"{PLACE}/t05", "CreationDate"), pd.Timestamp)
    assert "Browse" in set(repo.actions(f"{PLACE}/t05")["Name"])


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("t033", rf"Did you mean {PLACE}/t03"),
        ("emptyy", rf"Did you mean {PLACE}/empty\?$"),
        ("EMTPY", rf"Did you mean {PLACE}/empty\?$"),
        ("q", "see it$"),
    ],
)
@pytest.mark.parametrize("how", ["read", "get", "count", "value"])
def test_a_misspelt_path_is_named_first_with_what_may_be_meant(
    repo: Repository, how: str, name: str, meant: str
) -> None:
    asks = {
        "read": lambda place: repo.read(place),
        "get": lambda place: repo.get(place, select="Name"),
        "count": lambda place: repo.count(place),
        "value": lambda place: repo.value(place, "Name"),
    }
    before = repo.client.requests
    with pytest.raises(sn.NotFoundError, match=rf"^{PLACE}/{name}: .* or you may not .*{meant}"):
        asks[how](f"{PLACE}/{name}")
    assert repo.client.requests - before <= 4  # the question, who we are, the question, and the siblings
    with pytest.raises(sn.NotFoundError, match=rf"^{PLACE}/no/{name}: .* not see {PLACE}/no either\.$"):
        asks[how](f"{PLACE}/no/{name}")
    with pytest.raises(sn.NotFoundError, match=r"^99999999: there is no content with this id"):
        asks[how](99999999)


@pytest.mark.parametrize("status", [200, 403, 500])
def test_the_look_for_siblings_is_no_error_of_its_own(status: int) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "GetCurrentUser" in request.url.path:
            return httpx.Response(200, json={"d": {"Id": 1, "Path": "/Root/IMS/BuiltIn/Portal/Admin"}})
        found = request.url.path.endswith("/Tasks")
        return httpx.Response(status, text="no JSON") if found else httpx.Response(404)

    swift = sn.Retries(first_wait=0.001)
    transport = FakeServer(answer)
    repo = sn.connect("https://x.example", api_key="k", transport=transport, retries=swift)
    with repo, pytest.raises(sn.NotFoundError, match=r"^/Root/Tasks/t: .* may not see it$"):
        repo.get("/Root/Tasks/t", select="Name")


def test_a_version_that_is_not_there(repo: Repository) -> None:
    with pytest.raises(sn.NotFoundError, match=r"or it has no version V9\.0\.A"):
        repo.get(f"{PLACE}/t00", version="V9.0.A")


@pytest.mark.parametrize("version", ["nonsense", "V1", "1", "1.0.X", 1.0, "V1.0.A,V2.0.A", "latest"])
def test_what_is_not_a_version_is_not_taken_for_the_latest(repo: Repository, version: object) -> None:
    for read in (repo.get, repo.read):
        with pytest.raises(sn.QueryError, match=r"is not a version.*write 'V1"):
            read(f"{PLACE}/t00", select="Name", version=version)


@pytest.mark.parametrize("version", ["V1.0.A", "v1.0", "1.0", "1.0.a", "LastMajor", "lastminor"])
def test_a_version_has_several_forms(repo: Repository, version: str) -> None:
    assert repo.get(f"{PLACE}/t00", select="Version", version=version)["Version"] == "V1.0.A"


@pytest.mark.parametrize("option", ["top", "skip", "page_size"])
@pytest.mark.parametrize("number", [2.0, 2.5, True, "two"])
def test_numbers_of_rows_are_whole(repo: Repository, option: str, number: object) -> None:
    with pytest.raises(sn.QueryError, match=f"{option} must be an"):
        repo.read(PLACE, select="Name", **{option: number})


def test_what_is_not_there(repo: Repository) -> None:
    with pytest.raises(KeyError, match="no such content"):
        repo.get(f"{PLACE}/nothing")
    with pytest.raises(sn.NotFoundError, match="paths begin with /Root"):
        repo.read("/workspaces", select="Name")
    with pytest.raises(sn.QueryError, match="Did you mean DueDate"):
        repo.read(PLACE, select="DueDat")
    with pytest.raises(sn.QueryError, match="no content type has a field 'Nope'"):
        repo.value(f"{PLACE}/t00", "Nope")
    with pytest.raises(sn.BadRequestError, match=r"hint: write eq for =; write and for &&"):
        repo.read(PLACE, select="Name", filter="Status = 'active' && Name = 'a != b'")
    with pytest.raises(sn.BadRequestError, match=r"hint: Index is an Integer: write Index gt 5"):
        repo.read(PLACE, select="Name", filter="Index gt 5m")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"orderby": "DueDat desc"}, "ignores an order by 'DueDat'.*Did you mean DueDate"),
        ({"orderby": "duedate"}, "Did you mean DueDate"),
        ({"query": "TypeIs:Task .SORT:DueDat"}, "Did you mean DueDate"),
        ({"query": "TypeIs:Task .REVERSESORT:Indx"}, "Did you mean Index"),
        ({"expand": "AssignedT"}, "Did you mean AssignedTo"),
        ({"expand": "AssignedTo/Managr"}, "Did you mean Manager"),
        ({"expand": "DueDate"}, "DueDate is a field of type DateTime, so it has no fields of its own"),
        ({"select": "Status/FullName"}, "Status is a field of type Choice, so it has no fields of its own"),
    ],
)
def test_names_that_the_server_ignores_are_refused(
    repo: Repository, asked: dict[str, str], said: str
) -> None:
    with pytest.raises(sn.QueryError, match=said):
        repo.read(PLACE, **{"select": "Name", **asked})


@pytest.mark.parametrize("how", ["read", "get", "count"])
def test_an_address_of_another_server_is_refused(repo: Repository, how: str) -> None:
    with pytest.raises(sn.QueryError, match=r"of https://other\.example\.com, this repository is"):
        getattr(repo, how)(f"https://k:secret@other.example.com{PLACE}")
    with pytest.raises(sn.QueryError, match=r"other\.example\.com"):
        repo.query({"path": f"http://OTHER.example.com/odata.svc{PLACE}"})
    assert len(repo.read(f"{repo.url.upper()}{PLACE}?$select=Name")) >= 12


def test_orders_that_the_server_knows_are_not_refused(repo: Repository) -> None:
    for order in ("Id", "ParentId", "Type", "Path desc", "#Own", "Aspect.Field"):
        assert len(repo.read(PLACE, select="Name", orderby=order)) >= 12
    found = repo.read(PLACE, select="Name", query='TypeIs:Task -Name:".SORT:Nope"', filter="Index lt 3")
    assert len(found) == 3
    with pytest.warns(UserWarning, match="ignores an order by 'Category'"):
        repo.read(f"/odata.svc{PLACE}?$orderby=Index,Category&$select=Name")


def test_filters_in_python_find_what_they_say(repo: Repository) -> None:
    f = sn.F
    names = {
        r"t0[0-4]": f("Index") < 5,
        r"t03|t0[5-9]|t1.": (f("Index") == 3) | ~(f("Index") < 5),
        r"t0[01]": f("Name").isin(["t00", "t01"]),
        r"t.[^1]|empty": ~f("Name").endswith("1"),
        r"empty": f("Type") == "Folder",
    }
    everything = repo.read(PLACE, select="Name")["Name"]
    for pattern, condition in names.items():
        found = repo.read(PLACE, select="Name", filter=condition & (f("Path") != "x"))
        assert set(found["Name"]) == set(everything[everything.str.fullmatch(pattern)]) | (
            {"empty"} & set(found["Name"])
        ), pattern


def test_content_queries_in_python(repo: Repository) -> None:
    found = repo.read(
        PLACE, select="Name", query=(sn.Q("Index") > 9) | ~(sn.Q("Name") >= "t01"), autofilters=False
    )
    assert {"t10", "t11"} <= set(found["Name"])
    with pytest.warns(sn.IncompleteWarning, match="3 of 12 rows"):
        found = repo.read(PLACE, select="Name", query="TypeIs:Task .SORT:Index .TOP:3")
    assert list(found["Name"]) == ["t00", "t01", "t02"]


@pytest.mark.parametrize(
    "name", ["ü (1) 日本", "é and e\u0301", "🙂 smile", "a.b!c_d-e", "x\u00a0y", "((x))"]
)
def test_names_with_all_that_a_name_may_have(repo: Repository, name: str) -> None:
    made = repo.create(PLACE, "Memo", name)
    assert repo.get(made["Path"], select="Name")["Name"] == made["Name"]
    assert list(repo.read(made["Path"], select="Name").index) == []
    repo.delete(made["Path"], permanent=True)


@pytest.mark.parametrize("name", ["it's", "50%", "a+b", "c#", "d&e", "x ", " y", "q?z", "[s]", "semi;colon"])
def test_names_that_no_content_has_find_nothing(repo: Repository, name: str) -> None:
    with pytest.raises((sn.NotFoundError, sn.QueryError)):
        repo.get(f"{PLACE}/{name}")


TEXTS = [
    "it's", 'say "hi"', "50%", "100%25", "a+b", "c#", "d&e", "(f) [g] {h}", "🙂", "e\u0301 and é", " y", "x ",
    "q?z", "semi;colon", "back\\slash", "a/b", "9007199254740993", "null", "~t^$", "日本 \u00a0", "=1+1",
]  # fmt: skip


def test_texts_with_all_that_breaks_addresses_are_read_and_found(repo: Repository) -> None:
    made = repo.create(PLACE, "Folder", "texts")["Path"]
    for number, text in enumerate(TEXTS):
        repo.create(made, "Folder", f"m{number:02}", {"DisplayName": text})
    frame = repo.read(made, select="Name,DisplayName", orderby="Name")
    assert list(frame["DisplayName"]) == TEXTS
    for number, text in enumerate(TEXTS):
        if "?" in text:
            with pytest.raises(sn.QueryError, match="wildcard"):
                repo.read(made, filter=sn.F("DisplayName") == text)
            continue
        by_query = text == "null" or number % 2  # a filter takes it for nothing
        asked = (
            {"query": sn.Q("DisplayName") == text} if by_query else {"filter": sn.F("DisplayName") == text}
        )
        found = repo.read(made, select="Name", **asked)
        assert f"m{number:02}" in set(found["Name"]), (text, asked)
        assert len(found) <= 2  # the index does not tell some letters and blanks apart
    repo.delete(made, permanent=True)


def test_tables_and_parquet_keep_where_they_came_from(repo: Repository, tmp_path: Path) -> None:
    frame = repo.read(PLACE, select="Name,Index,Status,DueDate,AssignedTo")
    table = repo.read(PLACE, select="Name,Index,Status,DueDate,AssignedTo", output="arrow")
    assert table.num_rows == len(frame)
    assert str(table.schema.field("AssignedTo").type) == "list<item: string>" or "list<" in str(
        table.schema.field("AssignedTo").type
    )
    back = table.to_pandas()
    assert back.index.name == "Id"
    assert b"sensenet" in table.schema.metadata
    frame.sn.to_parquet(tmp_path / "tasks.parquet")
    again = pd.read_parquet(tmp_path / "tasks.parquet")
    assert list(again["Name"]) == list(frame["Name"])
    assert again.attrs["sensenet"]["query"] == frame.attrs["sensenet"]["query"]
    again.loc[again.index[0], "Index"] = 77
    sn.rebase(again, repo)
    assert list(again.sn.changes()["Id"]) == [again.index[0]]
    with pytest.raises(sn.QueryError, match="arrow"):
        repo.read(PLACE, output="polars")
    assert (
        build_table(frame.iloc[:0]).schema.field("AssignedTo").type == table.schema.field("AssignedTo").type
    )


def test_progress_is_told_and_closed() -> None:
    server = Server([{"Id": n, "Name": "x"} for n in range(1, 101)])
    told: list[tuple[int, int | None]] = []
    with server.connect() as repo:
        repo.read(
            "/Root/x", select="Name", page_size=10, progress=lambda done, total: told.append((done, total))
        )
    assert told[-1] == (100, 100)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


@pytest.mark.parametrize("stop", [False, True])
def test_a_bar_is_closed_in_every_case(monkeypatch: pytest.MonkeyPatch, stop: bool) -> None:
    import tqdm.std

    bars = []

    class Bar(tqdm.std.tqdm):  # type: ignore[type-arg,misc]  # the stubs are generic
        def __init__(self, *given: object, **options: object) -> None:
            super().__init__(*given, **options)  # type: ignore[arg-type]
            self.closed = 0
            bars.append(self)

        def close(self) -> None:
            self.closed = getattr(self, "closed", 0) + 1
            super().close()

    monkeypatch.setattr(tqdm.std, "tqdm", Bar)
    server = Server([{"Id": n, "Name": "x"} for n in range(1, 101)])
    if stop:
        server.before = lambda number: 1 // 0 if number == 4 else None
    with server.connect() as repo:
        if stop:
            with pytest.raises(ZeroDivisionError):
                repo.read("/Root/x", select="Name", page_size=10, progress=True)
        else:
            repo.read("/Root/x", select="Name", page_size=10, progress=True)
    assert len(bars) == 1
    assert bars[0].closed
    with server.connect() as repo:
        server.before = lambda number: None
        repo.read("/Root/x", select="Name", page_size=10)  # nobody watches
    assert len(bars) == 1


def test_more_fields_than_a_request_line_holds() -> None:
    fields = {f"AFieldWithQuiteALongName{n:04}": "Integer" for n in range(400)}
    fields |= dict.fromkeys(["Name", "DisplayName"], "ShortText")
    server = Server([{"Id": 1}], fields)
    with server.connect() as repo:
        plan = sn.frames.reads.planning.Plan(sn.Query("/Root/x"), repo.schema, ["Task"])
    assert plan.query.select == ()
    answer = Response(200, content=b'{"d": {"results": [{"Id": 1, "AFieldWithQuiteALongName0399": 7}]}}')
    _, _, chunks = RowReader(plan.names).read("GET /Root/x", answer, plan.take_chunks)
    frame = plan.build_frame([chunks], lambda: 1)
    assert set(frame["AFieldWithQuiteALongName0399"]) == {7}


@pytest.mark.parametrize(
    "answer",
    [
        {"d": {}},
        {"d": {"results": [{"Name": "a"}]}},
        {"d": {"results": [1]}},
        {"d": {"results": None}},
        {"d": {"results": [], "__count": "5"}},
        {"d": {"results": [{"Id": "1"}]}},
        {"d": {"results": [{"Id": 0}]}},
        {"d": {"results": [{"Id": 10**25}]}},
        {"d": {"results": [{"Id": 1.5}]}},
        {"d": {"results": [], "__count": 10**12}},
        {"d": {"results": [], "__count": -1}},
        {"d": {"Id": 1, "Name": "one content"}},
        {"d": None},
        {"d": []},
        {"error": {"message": {"value": "no"}}},
        [],
    ],
    ids=str,
)
def test_an_answer_of_another_shape_is_said_to_be_one(answer: object) -> None:
    reader = RowReader(["Id", "Name"])
    with pytest.raises(AnswerError, match="GET /Root/x: the answer"):
        reader.read("GET /Root/x", Response(200, content=json.dumps(answer).encode()), lambda rows: rows)


@pytest.mark.parametrize(("kind", "value"), [("Integer", 2**70), ("Number", 10**400), ("DateTime", "\ud800")])
def test_a_value_that_is_none_of_its_type_is_named_with_its_field(kind: str, value: object) -> None:
    server = Server([{"Id": 1}], {"Odd": kind})
    with server.connect() as repo:
        plan = sn.frames.reads.planning.Plan(sn.Query("/Root/x", select="Odd"), repo.schema, ["Task"])
    content = json.dumps({"d": {"results": [{"Id": 1, "Odd": value}]}}).encode()
    answer = Response(200, content=content)
    with pytest.raises(AnswerError, match="Odd"):
        plan.build_frame([RowReader(plan.names).read("GET /Root/x", answer, plan.take_chunks)[2]], lambda: 1)


@pytest.mark.parametrize(
    "option",
    [{"page_size": 2.0}, {"page_size": "2"}, {"page_size": 0}, {"workers": 1.5}, {"page_size": True}],
)
def test_numbers_of_rows_and_requests_are_whole(repo: Repository, option: dict[str, Any]) -> None:
    with pytest.raises(sn.QueryError, match=f"{next(iter(option))} must be an integer of at least 1, not"):
        repo.read(PLACE, select="Name", **option)


@pytest.mark.parametrize(
    "place", [2**31, 2**40, 10**30, "content(99999999999)", "content(" + "9" * 5000 + ")"]
)
def test_ids_are_as_large_as_the_server_counts(repo: Repository, place: int | str) -> None:
    for read in (repo.read, repo.get, repo.count):
        with pytest.raises(sn.QueryError, match="ids go up to 2147483647"):
            read(place)


def test_a_property_that_points_to_nothing_is_refused_before_it_is_read(repo: Repository) -> None:
    for read in (repo.read, repo.count):
        with pytest.raises(sn.QueryError, match=r"Name is a field of type ShortText.*repo\.value"):
            read(f"{PLACE}/t00", property="Name")
        with pytest.raises(sn.QueryError, match=r"has no reference 'CreatedBi'. Did you mean CreatedBy\?"):
            read(f"{PLACE}/t00", property="CreatedBi")


def test_the_one_content_of_a_reference_is_one_page(repo: Repository) -> None:
    frame = repo.read(f"{PLACE}/t00", property="CreatedBy", select="Name", page_size=1)
    assert len(frame) == repo.count(f"{PLACE}/t00", property="CreatedBy") == 1


def test_an_empty_body_is_an_empty_reference_only_if_there_is_none(fake: Callable[..., FakeServer]) -> None:
    server = fake()
    repo = server.connect()
    task = "/Root/Content/IT/Tasks/" + repo.read("/Root/Content/IT/Tasks", select="Name")["Name"].iloc[0]
    server.on("GET", r"/CreatedBy\?").empty()
    with pytest.raises(sn.AnswerError, match="refers to a content"):
        repo.read(task, property="CreatedBy", select="Name")
    assert len(repo.read(task, property="CheckedOutTo", select="Name")) == 0


@pytest.mark.parametrize(
    "query", ["TypeIs:Task .SKIP:5", "(TypeIs:Task .SKIP:5)", "TypeIs:Task .SKIP:5 .ALLVERSIONS"]
)
def test_rows_that_the_query_skips_are_not_lost(repo: Repository, query: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (
            len(repo.read("/Root", query=query, select="Name"))
            == repo.count("/Root", query="TypeIs:Task") - 5
        )


def test_text_that_cannot_be_sent_is_said_to_be_so(repo: Repository) -> None:
    for filter in (sn.F("Name") == "a\ud800", "Name eq '\ud800'"):
        with pytest.raises(sn.QueryError, match="half of a character"):
            repo.read(PLACE, select="Name", filter=filter)
    with pytest.raises(sn.QueryError, match="half of a character"):
        repo.read(f"{PLACE}/\ud800", select="Name")


def test_a_table_is_not_read_where_pyarrow_is_missing(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = repo.client.requests
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ImportError, match=r"pip install"):
        repo.read(PLACE, select="Name", output="arrow")
    assert repo.client.requests == sent
