"""Filters as people write them who come from elsewhere: what is refused says what to write."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas import F, Q
from sn_pandas.frames import Repository

from ..fakes import open_sample

TASKS = "/Root/Content/IT/Tasks"


@pytest.fixture(scope="module")
def repo() -> Iterator[Repository]:
    with open_sample() as repo:
        yield repo


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Status eq active", "a text must be in single quotes: write Status eq '$active'"),
        ("Status == 'active'", "write eq for =="),
        ("Status eq 'actve'", "Status eq '$active'"),
        ("Name eq 'it's'", "a quote inside a text must be doubled: write 'it''s'"),
        ("Name eq ‘x’", "straight single quotes"),
        ("DueDate gt 2026-01-01", "write DueDate gt datetime'2026-01-01'"),
        ("DueDate gt '2026-02-01'", "write DueDate gt datetime'2026-02-01'"),
        ("DueDate gt 'soon'", "write DueDate gt datetime'2026-01-31T12:30:00'"),
        ("DueDate gt @@Today@@", "only content queries have templates"),
        ("Index gt '7'", "the field holds numbers, not '7'; write Index gt 7"),
        ("Name eq 'a' AND Index gt 5", "write and for AND"),
        ("Name like 'x%'", "write startswith(Field,'text')"),
        ("Name contains 'x'", "write substringof('text',Field) for contains"),
        ("Name in ('a','b')", "write Field eq 'a' or Field eq 'b' for in"),
        ("Index between 1 and 5", "write Field ge 1 and Field le 5 for between"),
        ("Name neq 'x'", "write ne for neq"),
        ("(Index gt 5", "close the parenthesis"),
        ("TypeIs:Task", "this is a content query: pass it as query="),
        ("+Status:active -Name:x", "this is a content query"),
        ("isof(Task)", "write isof('Task')"),
        ("startswith('a',Name)", "write startswith(Name,'text')"),
        ("substringof(Name,'a')", "write substringof('text',Name)"),
        ("substringof('a',Name) eq false", "write not (substringof(…))"),
        ("tolower(Name) eq 'x'", "cannot compute tolower of a field: compare Name itself"),
        ("year(DueDate) eq 2026", "cannot compute year of a field"),
        ("Index add 1 eq 2", "cannot compute a sum of a field"),
        ("not (length(Name) gt 3) and Index gt 5", "cannot compute length"),
        ("Index eq Id", "not Index with Id; read both and compare in pandas"),
    ],
)
def test_a_typed_filter_that_cannot_be_meant_so_says_what_to_write(
    repo: Repository, text: str, words: str
) -> None:
    with pytest.raises((sn.QueryError, sn.BadRequestError), match=re.escape(words)) as caught:
        repo.read(TASKS, select="Name", filter=text)
    assert not str(caught.value).startswith("GET ")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: F("Index") > 5 & (F("Name") == "a"), "each comparison in parentheses"),
        (lambda: (F("Index") > 5) | "Name eq 'a'", "all as one text"),
        (lambda: ~F("Hidden"), r"F\('Hidden'\) is a field, not a condition.*F\('Hidden'\) == False"),
        (lambda: F("Hidden") & (F("Index") > 5), r"F\('Hidden'\) == True"),
        (lambda: (F("Index") > 5) & F("Hidden"), r"F\('Hidden'\) == True"),
        (lambda: F("Name") == F("DisplayName"), "read both fields and compare in pandas"),
        (lambda: F("Name"), r"F\('Name'\) is a field, not a condition"),
        (lambda: Q("Name") == "x", "pass a content query as query="),
        (lambda: {"Status": "active"}, r"\(F\('Status'\) == 'active'\) &"),
        (lambda: [F("Index") > 5], "join the conditions with &"),
        (lambda: pd.Series([True]), "selected in pandas after reading"),
        (lambda: F("Na me") == 1, "'Na me' is not a field name"),
        (lambda: F("DueDate") > "tomorrow", "'tomorrow' is not a date; write"),
    ],
)
def test_a_condition_that_cannot_be_one_says_what_to_write(
    repo: Repository, make: Callable[[], object], words: str
) -> None:
    with pytest.raises((sn.QueryError, TypeError), match=words):
        repo.read(TASKS, select="Name", filter=make())  # type: ignore[arg-type]


def test_what_the_server_computes_of_constants_is_let_through(repo: Repository) -> None:
    found = repo.read(
        TASKS, select="Name", filter="Name eq concat('T0','01') or startswith(Name,'T002') eq true"
    )
    assert sorted(found["Name"]) == ["T001", "T002"]
    assert len(repo.read(TASKS, select="Name", filter="Index le (2 add 1)")) == 3
