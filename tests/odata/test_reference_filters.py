"""Filters on fields of references: a content query finds the rows that such a filter means."""

from __future__ import annotations

import datetime as dt
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

import sn_pandas as sn
from sn_pandas.frames import Repository
from sn_pandas.notebook.explaining import explain
from sn_pandas.odata.query import Query

from ..fakes import open_sample

TASKS = "/Root/Content/IT/Tasks"
SELECT = [
    "Name",
    "Status",
    "AssignedTo/FullName",
    "AssignedTo/CreationDate",
    "CreatedBy/Name",
    "Index",
    "CreatedBy/CreationDate",
]
OLGA = 'AssignedTo:{{FullName:"Olga Okafor"}}'


@pytest.fixture(scope="module")
def repo() -> Iterator[Repository]:
    with open_sample() as repo:
        yield repo


@pytest.mark.filterwarnings("ignore:.filter=:UserWarning")
@pytest.mark.parametrize(
    "condition",
    [
        sn.F("AssignedTo/FullName") == "Olga Okafor",
        sn.F("AssignedTo/FullName") != "Olga Okafor",
        (sn.F("AssignedTo/FullName") == "Olga Okafor") & (sn.F("Status") == "active"),
        (sn.F("AssignedTo/FullName") == "Olga Okafor") | (sn.F("AssignedTo/FullName") == "Anna Ács"),
        ~sn.F("AssignedTo/FullName").startswith("O") & (sn.F("Index") > 20),
        sn.F("AssignedTo/FullName").isin(["Olga Okafor", "Hugo Horváth"]),
        sn.F("AssignedTo/FullName").endswith("th") & ~(sn.F("Name") == "T001"),
        sn.F("AssignedTo/CreationDate") >= dt.date(2000, 1, 1),
        sn.F("CreatedBy/CreationDate") < dt.date(2000, 1, 1),
        sn.F("CreatedBy/Name").contains("adm"),
        "AssignedTo/FullName eq 'Olga Okafor'",
        "'Olga Okafor' eq AssignedTo/FullName and Index gt 3",
        "(substringof('kaf',AssignedTo/FullName) and Index gt 3)",
        "not (AssignedTo/FullName ne 'Olga Okafor' and AssignedTo/FullName ne 'Anna Ács')",
        "Name ne 'and' and AssignedTo/FullName ne 'Olga and Okafor'",
    ],
    ids=str,
)
def test_the_rows_of_the_expression_are_found(repo: Repository, condition: Any) -> None:
    everything = repo.read(TASKS, select=[*SELECT, "Type"])
    words = explain(TASKS, [("$filter", str(condition))], repo.schema).does
    expression = next(line.partition("with ")[2] for line in words if line.startswith("finds what pandas"))
    expected = eval(expression, {"df": everything, "sn": sn})
    assert set(repo.read(TASKS, select=["Name"], filter=condition).index) == set(expected.index)
    assert repo.count(TASKS, filter=condition) == len(expected)


def test_fields_of_references_of_references_are_tested(repo: Repository) -> None:
    with pytest.warns(UserWarning, match="AssignedTo/Manager/FullName"):
        found = repo.read(
            TASKS,
            select=["Name", "AssignedTo/Manager/FullName"],
            filter=sn.F("AssignedTo/Manager/FullName") == "Anna Ács",
        )
    assert len(found)
    assert all("Anna Ács" in managers for managers in found["AssignedTo/Manager/FullName"])


@pytest.mark.filterwarnings("ignore:.filter=:UserWarning")
def test_a_content_query_beside_it_searches_on(repo: Repository) -> None:
    condition = sn.F("AssignedTo/FullName") == "Olga Okafor"
    found = repo.read("/Root/Content", query="TypeIs:Task", select=["Name"], filter=condition)
    assert len(found)
    assert set(found.index) == set(
        repo.read("/Root/Content", query=f"TypeIs:Task AND {OLGA}", select=["Name"]).index
    )
    clause = sn.Q("TypeIs") == "Task"
    assert set(found.index) == set(
        repo.read("/Root/Content", query=clause, select=["Name"], filter=condition).index
    )


def test_a_place_by_id_is_listed_too(repo: Repository) -> None:
    place = int(repo.get(TASKS, select=["Id"])["Id"])
    with pytest.warns(UserWarning, match=f"query=.+ParentId:{place} .AssignedTo"):
        assert len(repo.read(place, select=["Name"], filter="AssignedTo/FullName eq 'Olga Okafor'")) == 3


def test_a_warning_and_explain_tell(repo: Repository) -> None:
    text = "AssignedTo/FullName eq 'Olga  Okafor' and Index gt 1"
    with pytest.warns(UserWarning, match="Olga  Okafor") as said:
        repo.read(TASKS, select=["Name"], filter=text)
    told = "the server cannot test AssignedTo/FullName in a filter, so it is sent as a content query: "
    words = f'query=(+InFolder:"{TASKS}" +AssignedTo:{{{{FullName:"Olga  Okafor"}}}})'
    assert [str(one.message) for one in said] == [f"$filter={text}: {told}{words}"]
    explained = explain(TASKS, [("$filter", text)], repo.schema)
    assert explained.does[0] == f"lists the direct children of {TASKS}"
    assert (
        "AssignedTo/FullName is 'Olga  Okafor', ignoring case and Index is more than 1" in explained.does[1]
    )
    assert explained.traps == (told + words,)


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("Index gt 1 or AssignedTo/FullName eq 'x'", r"query='AssignedTo:\{\{FullName:\"x\"\}\}'"),
        ("AssignedTo/FullName eq null", "rows themselves"),
        ("Name/FullName eq 'x'", "Name is a field of type ShortText"),
        (sn.F("Name/FullName") == "x", "Name is a field of type ShortText"),
        (sn.F("AssignedTo/Email") > 5, "Email"),
        (sn.F("AssignedTo/CreationDate") > "yesterday", "is not a date"),
        (sn.F("AssignedTo/RemainingDays") > 5, "not in the search index"),
    ],
    ids=str,
)
def test_what_has_no_such_query_is_refused(repo: Repository, condition: Any, words: str) -> None:
    with pytest.raises(sn.QueryError, match=words):
        repo.read(TASKS, select=["Name"], filter=condition)


def test_a_list_behind_a_reference_has_no_content_query(repo: Repository) -> None:
    with pytest.raises(sn.QueryError, match="rows themselves"):
        Query("/Root/IMS/Public/IT-team", property="Members", filter="CreatedBy/Name eq 'x'")
    with pytest.raises(sn.QueryError, match="rows themselves"):
        repo.read("/Root/IMS/Public/IT-team", property="Members", filter=sn.F("CreatedBy/Name") == "x")


def test_a_smart_folder_lists_what_no_search_below_it_finds(repo: Repository) -> None:
    place, name = "/Root/Content/Marketing/Active-tasks", sn.F("AssignedTo/FullName") == "Uma Ujvári"
    listed = repo.read(place, select=["Name", "AssignedTo/FullName"])
    expected = listed.index[["Uma Ujvári" in names for names in listed["AssignedTo/FullName"]]]
    for way in (repo.read, repo.count):
        with pytest.raises(sn.QueryError, match="smart folder /Root/Content/Marketing/Active-tasks") as error:
            way(place, filter=name)
    line = str(error.value).rpartition("Search with both: ")[2]
    found = eval(line, {"repo": repo})
    assert len(expected)
    assert set(found.index) == set(expected)
    with pytest.warns(UserWarning, match="cannot test AssignedTo/FullName in a filter"):
        beside = repo.read("/Root/Content/Marketing", select=["Type"], filter=~name)
    assert "SmartFolder" in set(beside["Type"]), "one in the branch is a row like others"


def test_a_warning_of_a_condition_is_issued_once_for_each_connection(repo: Repository) -> None:
    reads = [
        {"filter": "AssignedTo/FullName eq 'Once Only'"},
        {"filter": "DueDate lt datetime'2026-01-01'"},
        {"query": "DueDate:<'2026-01-01'"},
    ]
    for options in reads:
        issued = []
        for _ in range(3):
            with warnings.catch_warnings(record=True) as said:  # which resets what Python remembers
                warnings.simplefilter("always")
                repo.count(TASKS, **options)
            issued += said
        assert [one.filename for one in issued] == [__file__], options
