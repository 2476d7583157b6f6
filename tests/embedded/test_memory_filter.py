"""`$filter` and `$orderby` over lists in memory, with their own rules."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sn_pandas.embedded.contents import Content
from sn_pandas.embedded.languages import filters
from sn_pandas.embedded.languages.memory_filter import Reader, select

from .search_world import TYPES, refusal

JSON: dict[str, dict[str, Any]] = {
    "T1": {
        "DisplayName": "Write the plan", "Status": ["active"], "DueDate": "2026-01-05T09:30:15.5Z",
        "TaskCompletion": 10, "Description": None, "Hidden": False,
    },
    "T2": {
        "DisplayName": "about tea", "Status": ["pending"], "DueDate": "0001-01-01T00:00:00",
        "TaskCompletion": 0, "Description": "x", "Hidden": True,
    },
}  # fmt: skip


def content(name: str, type_name: str = "Task", index: int = 0) -> Content:
    made = Content(10 + index, 5, name, f"/Root/{name}", type_name, index=index)
    made.created = "2026-01-20T17:00:30.5Z"
    made.fields = {"AssignedTo": [1, 2] if name == "T1" else []}
    return made


ROWS = [content("T1", index=1), content("T2", index=2)]
READER = Reader(TYPES, lambda row, name: JSON.get(row.name, {}).get(name, row.stored_value(name)))


def names(
    text: str | None, rows: list[Content] = ROWS, ignore_case: bool = False, **options: Any
) -> list[str]:
    where = partial(filters.parse(text, TYPES).matches, ignore_case=ignore_case) if text else None
    return [row.name for row in select(rows, READER, where=where, **options)]


FOUND = [
    ("Index gt 1", ["T2"]),
    ("10 lt Id", ["T1", "T2"]),
    ("11 lt Id", ["T2"]),
    ("length(Name) eq 2", ["T1", "T2"]),
    ("tolower(DisplayName) eq 'write the plan'", ["T1"]),
    ("toupper(DisplayName) eq 'ABOUT TEA'", ["T2"]),
    ("indexof(DisplayName, 'THE') eq 6", ["T1"]),
    ("substring(DisplayName, 6) eq 'tea'", ["T2"]),
    ("substring(DisplayName, 0, 5) eq 'about'", ["T2"]),
    ("replace(DisplayName, 'tea', 'you') eq 'about you'", ["T2"]),
    ("concat(Name, 'x') eq 'T1x'", ["T1"]),
    ("trim('  a ') eq 'a'", ["T1", "T2"]),
    ("Index add 1 eq 2", ["T1"]),
    ("Index eq TaskCompletion div 10", ["T1"]),
    ("TaskCompletion mod 3 eq 1", ["T1"]),
    ("Index mul 5 sub TaskCompletion ge 10", ["T2"]),
    ("-Index eq -1", ["T1"]),
    ("round(2.5) eq 2.0", ["T1", "T2"]),
    ("floor(2.5m) eq 2m and ceiling(2.5m) eq 3m", ["T1", "T2"]),
    ("1 eq 2", []),
    ("true", ["T1", "T2"]),
    ("not (not (Name eq 'T1'))", ["T1"]),
    ("Name ne 'T1' or Index eq 1", ["T1", "T2"]),
    ("Name eq 't1'", []),
    ("startswith(Name, 't1')", ["T1"]),
    ("substringof('PLAN', DisplayName)", ["T1"]),
    ("startswith(DisplayName, 'a*')", []),
    ("isof('Task')", ["T1", "T2"]),
    ("isof('ListItem')", ["T1", "T2"]),
    ("isof('task')", []),
    ("ContentType eq 'Task'", ["T1", "T2"]),
    ("Name/Length eq 2", ["T1", "T2"]),
    ("DueDate/Year eq 2026", ["T1"]),
    ("Type/Name eq 'Task'", ["T1", "T2"]),
    ("Version/Major eq 1 and Version/IsMajor", ["T1", "T2"]),
    ("ContentHandler/Id ge 11 and not ContentHandler/Locked", ["T1", "T2"]),
    ("year(DueDate) eq 2026 and month(DueDate) eq 1 and second(DueDate) eq 15", ["T1"]),
    ("DueDate eq datetime'2026-01-05T09:30:15.5'", ["T1"]),
    ("DueDate eq datetime'2026-01-05T09:30:00'", []),
    ("CreationDate gt datetime'2026-01-20T17:00:30'", ["T1", "T2"]),
    ("Description eq null", ["T1"]),
    ("Hidden", ["T2"]),
    ("AssignedTo eq null", []),
    ("CreatedBy/Name eq 'T1'", ["T1"]),
    ("IsFolder", []),
    ("IsNew eq false", ["T1", "T2"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_found(text: str, expected: list[str]) -> None:
    assert names(text) == expected


def test_results_of_operations_pass_over_letter_case() -> None:
    assert names("Name eq 't1'", ignore_case=True) == ["T1"]
    assert names("Name ne 't1'", ignore_case=True) == ["T2"]


REFUSED = [
    ("Status eq 'active'", "InvalidCastException"),
    ("CreatedBy eq null", "InvalidCastException"),
    ("length(Description) eq 1", "NullReferenceException"),
    ("Name", "InvalidOperationException"),
    ("Domain eq 'x'", "InvalidOperationException"),
    ("Index div (Index sub 1) eq 1", "DivideByZeroException"),
    ("substring(Name, 9) eq 'x'", "ArgumentOutOfRangeException"),
]


@pytest.mark.parametrize(("text", "exceptiontype"), REFUSED)
def test_refused(text: str, exceptiontype: str) -> None:
    error = refusal(lambda: names(text))
    assert error is not None
    assert (error.status, error.exceptiontype) == (500, exceptiontype)


def test_order() -> None:
    rows = [content("B", index=2), content("a", index=1), content("C", index=2)]
    assert names(None, rows) == ["B", "a", "C"]
    assert names(None, rows, order=[("Name", False)]) == ["a", "B", "C"]
    assert names(None, rows, order=[("Index", True)]) == ["B", "C", "a"]
    assert names(None, rows, order=[("Index", True), ("Name", True)]) == ["C", "B", "a"]


@pytest.mark.parametrize("name", ["Status", "AssignedTo", "Domain"])
def test_some_fields_cannot_be_sorted(name: str) -> None:
    error = refusal(lambda: names(None, order=[(name, False)]))
    assert error is not None
    assert (error.status, error.exceptiontype) == (500, "InvalidOperationException")


def test_a_second_key_is_compared_only_where_the_first_is_equal() -> None:
    order = [("Index", True), ("Status", False)]
    assert names(None, ROWS, order=order) == ["T2", "T1"]
    same = [content(row.name, index=7) for row in ROWS]
    error = refusal(lambda: names(None, same, order=order))
    assert error is not None
    assert error.exceptiontype == "InvalidOperationException"


def test_one_row_is_never_compared() -> None:
    assert names(None, ROWS[:1], order=[("Status", False)]) == ["T1"]


WORDS = st.sampled_from(
    ["Name", "Index", "DueDate", "Hidden", "Size", "Status", "AssignedTo", "'x'",
     "1", "2m", "1.5", "0", "null", "true",
     "(", ")", "and", "or", "not", "eq", "lt", "add", "div", "mod",
     "length(Name)", "year(DueDate)", "substring(Name,1)",
     "floor(1.5)", "isof('Task')", "Name/Length", "-"]
)  # fmt: skip


@settings(max_examples=500, deadline=None)
@given(st.lists(WORDS, max_size=9).map(" ".join))
def test_no_filter_fails_but_with_an_error_of_the_server(text: str) -> None:
    error = refusal(lambda: names(text or "true"))
    assert error is None or error.status in (400, 500)
