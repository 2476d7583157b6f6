"""`$filter`: what is understood, what is refused, and how."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sn_pandas.embedded.errors import ODataError
from sn_pandas.embedded.index.predicates import Clause, Group, Range, Term, none_of
from sn_pandas.embedded.languages import filters

from .search_world import TYPES, refusal

SYNTAX = "ODataParserException"
TYPING = "InvalidOperationException"

REFUSED = [
    # no operand, no end
    ("Name eq 'T01' and", SYNTAX, 17),
    ("not", SYNTAX, 3),
    ('Name eq "x"', SYNTAX, 8),
    ("Id eq .5", SYNTAX, 6),
    ("Name eq 'T01", SYNTAX, 8),
    ("(Name eq 'x'", SYNTAX, 12),
    ("length Name", SYNTAX, 7),
    ("Year eq 2026", SYNTAX, 5),
    ("length2 eq 1", SYNTAX, 6),
    ("startswith(Name,)", SYNTAX, 16),
    ("contains(Name,'x')", SYNTAX, 9),
    ("any(Name)", SYNTAX, 4),
    ("Name/", SYNTAX, 5),
    ("System.DateTime", SYNTAX, 15),
    ("A.B/C eq 1", SYNTAX, None),
    # operators that are none
    ("Name EQ 'x'", SYNTAX, 5),
    ("Name = 'x'", SYNTAX, 5),
    ("Id in (1,2)", SYNTAX, 3),
    ("Id eq 5l", SYNTAX, 7),
    ("Name eq 'x'\nand Id eq 1", SYNTAX, 11),
    ("Id eq 1.", SYNTAX, 8),
    ("Id eq 1e", SYNTAX, 8),
    ("null5 eq 1", SYNTAX, 4),
    # texts that are taken for something else
    ("Name eq '('", SYNTAX, 11),
    ("Name eq 'POINT'", SYNTAX, 15),
    ("Name eq 'datetime'", SYNTAX, 18),
    # dates
    ("DueDate gt datetime'nonsense'", SYNTAX, 19),
    ("DueDate gt datetime'20260505'", SYNTAX, 19),
    ("DueDate gt datetime'2026-02-30'", SYNTAX, 19),
    ("DueDate gt datetime''", SYNTAX, 19),
    # functions
    ("startswith(Name, 5)", SYNTAX, None),
    ("startswith(Name, null)", SYNTAX, None),
    ("length()", SYNTAX, None),
    ("isof(5)", SYNTAX, None),
    ("round(1) eq 1", "ArgumentException", None),
    ("POINT(1 2) eq null", "ArgumentException", None),
    # names
    ("Nope eq 1", TYPING, None),
    ("name eq 'x'", TYPING, None),
    ("eq 'x'", TYPING, None),
    ("Name eq T01", TYPING, None),
    ("CreatedBy/Nope eq 'x'", TYPING, None),
    ("Summarizable/Summary eq 'x'", TYPING, None),
    ("guid'1' eq 1", TYPING, None),
    ("isof(Task)", TYPING, None),
    ("_Text eq 'x'", TYPING, None),
    # types
    ("Index eq 5L", TYPING, None),
    ("Index eq 5.0", TYPING, None),
    ("Index eq 5m", TYPING, None),
    ("Index eq '5'", TYPING, None),
    ("Index eq null", TYPING, None),
    ("Name gt 'a'", TYPING, None),
    ("Name eq 1", TYPING, None),
    ("DueDate eq null", TYPING, None),
    ("DueDate gt 2026-03-05", TYPING, None),
    ("IsFolder eq 1", TYPING, None),
    ("IsFolder gt true", TYPING, None),
    ("AssignedTo eq 1", TYPING, None),
    ("Type eq 'Task'", TYPING, None),
    ("VersioningMode eq 1", TYPING, None),
    ("1 lt 2 lt 3", TYPING, None),
    ("not Name eq 'x'", TYPING, None),
    ("Name eq 'x' and 'y'", TYPING, None),
    ("round(1.5) eq 2", TYPING, None),
    ("-Name eq 'x'", TYPING, None),
    # numbers
    ("Index eq 99999999999", "OverflowException", None),
    ("Index eq 99999999999999999999L", "OverflowException", None),
    ("Index eq 1.5e2m", "FormatException", None),
    # nothing at all, and letters that the lexer does not know
    ("", "ArgumentNullException", None),
    ("  ", "ArgumentNullException", None),
    ("()", "ArgumentNullException", None),
    ("Näme eq 'x'", "SnNotSupportedException", None),
    ("{", "SnNotSupportedException", None),
]


@pytest.mark.parametrize(("text", "exceptiontype", "position"), REFUSED)
def test_refused_while_parsing(text: str, exceptiontype: str, position: int | None) -> None:
    with pytest.raises(ODataError) as caught:
        filters.parse(text, TYPES)
    assert (caught.value.code, caught.value.status) == ("RequestError", 400)
    assert caught.value.exceptiontype == exceptiontype
    if position is not None:
        assert f"char {position}." in caught.value.message


FAILING = [
    ("Index add 1 eq 5", "SnNotSupportedException"),
    ("Index eq Id", "NotSupportedException"),
    ("tolower(Name) eq 'x'", "NotSupportedException"),
    ("length(Name) eq 3", "NotSupportedException"),
    ("startswith(Name,'x') eq false", "NotSupportedException"),
    ("startswith(Name,'x') ne true", "NotSupportedException"),
    ("startswith(Name, DisplayName)", "NotSupportedException"),
    ("startswith('abc', Name)", "SnNotSupportedException"),
    ("(Id eq 1) eq true", "NotSupportedException"),
    ("Name/Length eq 3", "NotSupportedException"),
    ("CreationDate/Year eq 2026", "NotSupportedException"),
    ("ContentType/DisplayName eq 'x'", "NotSupportedException"),
    ("Type/Name eq 'Task'", "NotSupportedException"),
    ("Version/Major eq 1", "NotSupportedException"),
    ("Url/Length eq 1", "NotSupportedException"),
    ("TaskCompletion eq Index", "InvalidCastException"),
    ("not Index gt 5", "InvalidOperationException"),
    ("Name eq 'x' and true", "InvalidOperationException"),
    ("Name eq 'x' or 1 eq 2", "InvalidOperationException"),
    ("IsNew eq true", "InvalidOperationException"),
    ("WorkspaceName eq 'x'", "InvalidOperationException"),
    ("AssignedTo eq '/Root'", "SnNotSupportedException"),
    ("AllowedChildTypes eq null", "NullReferenceException"),
    ("Index eq 1 div 0", "DivideByZeroException"),
]


@pytest.mark.parametrize(("text", "exceptiontype"), FAILING)
def test_refused_when_it_runs(text: str, exceptiontype: str) -> None:
    parsed = filters.parse(text, TYPES)
    with pytest.raises(ODataError) as caught:
        parsed.predicate()
    assert (caught.value.code, caught.value.status) == ("NotSpecified", 500)
    assert caught.value.exceptiontype == exceptiontype


def test_a_path_is_needed_below_a_place() -> None:
    with pytest.raises(ODataError) as caught:
        filters.parse("InTree eq 'x'", TYPES).predicate()
    assert (caught.value.status, caught.value.exceptiontype) == (400, "ApplicationException")


@pytest.mark.parametrize(
    "text",
    ["true", "1 eq 2", "null eq null", "Name", "Index", "''", "startswith('a','x')", "CreatedBy", "1 add 2"],
)
def test_constants_and_bare_names_say_nothing(text: str) -> None:
    assert filters.parse(text, TYPES).predicate() is None


UNDERSTOOD = [
    ("Index eq 4", Term("Index", 4)),
    ("4 eq Index", Term("Index", 4)),
    ("Index eq -5", Term("Index", -5)),
    ("Index eq - 5", Term("Index", -5)),
    ("Index eq +5", Term("Index", 5)),
    ("Index eq --5", Term("Index", 5)),
    ("10 lt Id", Range("Id", None, 10, includes_high=False)),
    ("Index ge 5", Range("Index", 5, None)),
    ("Index lt 10 sub 3 sub 2", Range("Index", None, 9, includes_high=False)),
    ("Index eq 8 div 4 div 2", Term("Index", 4)),
    ("Index eq -7 div 2", Term("Index", -3)),
    ("Index eq -7 mod 3", Term("Index", -1)),
    ("Name eq concat('T','01')", Term("Name", "t01")),
    ("Name eq 'O''Neill'", Term("Name", "o'neill")),
    ("Name eq'x'", Term("Name", "x")),
    ("Name() eq 'x'", Term("Name", "x")),
    ("() Name eq 'x'", Term("Name", "x")),
    ("Name eq null", Term("Name", "")),
    ("Name eq NULL", Term("Name", "")),
    ("Name eq 'null'", Term("Name", "")),
    ("Name eq 'true'", Term("Name", "true")),
    ("AssignedTo eq null", Term("AssignedTo", "null")),
    ("Index eq 2147483647 add 1", Term("Index", -(2**31))),
    ("CreatedBy/Name eq 'x'", Term("Name", "x")),
    ("Id/Name eq 'x'", Term("Name", "x")),
    ("CreatedBy/Manager/Name eq 'x'", Term("Name", "x")),
    ("ContentType eq 'Task'", Term("Type", "task")),
    ("ContentType/Name eq 'Task'", Term("Type", "task")),
    ("isof('Task')", Term("TypeIs", "task")),
    ("ISOF('Task') eq true", Term("TypeIs", "task")),
    ("true eq startswith(Name,'T')", Term("Name", "t*")),
    ("endswith(Name, tolower('T'))", Term("Name", "*t")),
    ("substringof('a', Name)", Term("Name", "*a*")),
    ("Locked", Term("Locked", True)),
    ("not Locked", Term("Locked", False)),
    ("Locked ne true", Term("Locked", False)),
    ("not (not (Locked eq true))", Term("Locked", True)),
    ("Name ne 'a'", none_of(Term("Name", "a"))),
    ("not (Name eq 'a')", none_of(Term("Name", "a"))),
    ("(((Name eq 'a')))", Term("Name", "a")),
    (
        "Name eq 'a' 'or' Name eq 'b'",
        Group((Clause("should", Term("Name", "b")), Clause("should", Term("Name", "a")))),
    ),
]


@pytest.mark.parametrize(("text", "predicate"), UNDERSTOOD)
def test_understood(text: str, predicate: object) -> None:
    assert filters.parse(text, TYPES).predicate() == predicate


def test_a_moment_of_now() -> None:
    predicate = filters.parse("CreationDate lt System.DateTime/UtcNow", TYPES).predicate()
    assert isinstance(predicate, Range)
    assert predicate.field == "CreationDate"


def test_parentheses_and_signs_of_any_depth() -> None:
    deep = "(" * 3000 + "Index gt 1" + ")" * 3000
    assert filters.parse(deep, TYPES).predicate() == Range("Index", 1, None, includes_low=False)
    assert filters.parse("Index eq " + "-" * 3000 + "1", TYPES)


def test_too_deep_a_tree_is_an_error_of_its_own() -> None:
    with pytest.raises(ODataError) as caught:
        filters.parse("not " * 5000 + "(Index eq 1)", TYPES).predicate()
    assert caught.value.exceptiontype == "InsufficientExecutionStackException"


PIECES = st.sampled_from(
    [
        "Name", "Index", "Locked", "DueDate", "Weight", "CreatedBy", "CreatedBy/Name", "AssignedTo", "Status",
        "null", "true",
        "'x'", "'null'", "'('", "''", "1", "-5", "5L", "1.5", "1.5m", "2e3",
        "datetime'2026-01-05'",
        "datetime", "(", ")", ",", "-", "+", "not", "and", "or", "eq", "ne", "lt", "ge", "add", "div",
        "mod", "/",
        ".", "startswith(Name,'a')", "startswith(", "isof('Task')", "isof(", "length(",
        "round(", "POINT(", "#a",
        "_", "substringof('a',", "tolower(", "concat('a','b')", "year(DueDate)", "System.DateTime/UtcNow",
    ]
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(
    st.one_of(
        st.lists(PIECES, max_size=12).map(" ".join), st.lists(PIECES, max_size=12).map("".join), st.text()
    )
)
def test_no_text_does_anything_but_fail_cleanly_or_mean_something(text: str) -> None:
    error = refusal(lambda: filters.parse(text, TYPES).predicate())
    assert error is None or (error.status in (400, 500) and error.exceptiontype)
