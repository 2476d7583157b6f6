"""The content query language: its grammar, its errors, and what is done with its text before."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sn_pandas.embedded.errors import ODataError
from sn_pandas.embedded.index.predicates import Clause, Group, Nothing, Predicate, Range, Term, optimize
from sn_pandas.embedded.languages.cql_parser import EMPTY, parse
from sn_pandas.embedded.reads import contentquery

from .search_world import TYPES, refusal


def read(text: str) -> Predicate | None:
    return parse(text, TYPES)[0]


def should(*parts: Predicate) -> Group:
    return Group(tuple(Clause("should", p) for p in parts))


def must(*parts: Predicate) -> Group:
    return Group(tuple(Clause("must", p) for p in parts))


def word(text: str) -> Term:
    return Term("_Text", text)


N = Term("Name", "a")
M = Term("Name", "b")

UNDERSTOOD = [
    ("Name:A", N),
    ("Name: A", N),
    ("Name:'A'", N),
    ('Name:"a b"', Term("Name", "a b")),
    (r"Name:a\ b", Term("Name", "a b")),
    (r"Index:\-5", Term("Index", -5)),
    ("Index:' +5 '", Term("Index", 5)),
    ("hello", word("hello")),
    ("'two words'", word("two words")),
    ("Name:a*", Term("Name", "a*")),
    ("Name:'a*'", Term("Name", "a*")),
    ("Index:[1 TO 3}", Range("Index", 1, 3, True, False)),
    ("Index:{1 TO ]", Range("Index", 1, None, False, True)),
    ("Index:[ TO 5]", Range("Index", None, 5)),
    ("Name:[a TO b]", Range("Name", "a", "b")),
    ("Index:>5", Range("Index", 5, None, includes_low=False)),
    ("Index:>= 5", Range("Index", 5, None)),
    ("Index:<5", Range("Index", None, 5, includes_high=False)),
    ("Index:<>5", Group((Clause("not", Term("Index", 5)),))),
    ("Index>5", word("index>5")),
    ("Name:(a b)", should(N, M)),
    ("Name:(a OR b)", should(N, M)),
    ("Name:(a AND b)", must(N, M)),
    ("Name:(+a -b)", Group((Clause("must", N), Clause("not", M)))),
    ("Name:(a)", N),
    ("Name:a Name:b", should(N, M)),
    ("Name:a OR Name:b", should(N, M)),
    ("Name:a || Name:b", should(N, M)),
    ("Name:a AND Name:b", must(N, M)),
    ("Name:a && Name:b", must(N, M)),
    ("+Name:a -Name:b", Group((Clause("must", N), Clause("not", M)))),
    ("Name:a AND NOT Name:b", Group((Clause("must", N), Clause("not", M)))),
    ("Name:a OR NOT Name:b", Group((Clause("should", N), Clause("not", M)))),
    ("Name:a !Name:b", Group((Clause("should", N), Clause("not", M)))),
    ("NOT (NOT Name:a)", Group((Clause("not", N),))),
    ("+(-Name:a)", Group((Clause("not", N),))),
    ("Name:a AND Name:b OR hello", should(must(N, M), word("hello"))),
    ("+Name:a +Name:b AND hello", Group((Clause("must", N), Clause("should", must(M, word("hello")))))),
    ("Name:a and Name:b", should(N, word("and"), M)),
    ("Name:a-b", Group((Clause("should", N), Clause("not", word("b"))))),
    ("Name:a () ", N),
    ("(((Name:a)))", N),
    ("Name:a~ Name:b~0.25", should(replace(N, distance=0.5), replace(M, distance=0.25))),
    ("'a b'~3", Term("_Text", "a b", distance=3.0)),
    ("Name:'/A/'", Term("Name", "/a/", typed="/A/")),
    ("Name:a^2", N),
    ("(Name:a)^2.5", N),
    ("/* Name:x */ Name:a // and so on", N),
    (r"Name:'it\'s'", Term("Name", "it's")),
    ("Locked:YES", Term("Locked", True)),
    ("Locked:0", Term("Locked", False)),
    ("PageCount:3", Term("PageCount", 3)),
    ("Size:1.50", Term("Size", 1.5)),
    ("AssignedTo:12", Term("AssignedTo", 12)),
    ("AssignedTo:/Root/IMS", Term("AssignedTo", "null")),
    ("Status:$active", Term("Status", "$active")),
    ("InFolder:/Root/X", Term("InFolder", "/root/x")),
    (f"Name:{EMPTY}", Nothing()),
    (f"Index:>{EMPTY}", Nothing()),
    ("DueDate:'2026.05.05'", read("DueDate:'2026-05-05'")),
    ("Name:1.2.3", should(Term("Name", "1.2"), word("3"))),
    ("DueDate:5/5/2026", read("DueDate:'2026-05-05'")),
]  # fmt: skip


@pytest.mark.parametrize(("text", "predicate"), UNDERSTOOD)
def test_understood(text: str, predicate: Predicate) -> None:
    assert read(text) == predicate


REFUSED = [
    ("Nope:1", "Unknown field"),
    ("name:a", "Unknown field"),
    ("Password:x", "Cannot search by"),
    ("PasswordHash:x", "Cannot search by"),
    (":1", "Unexpected ':'"),
    ("Name :x", "Unexpected ':'"),
    ("Name:", "Unexpected"),
    ("'Name':x", "Missing field name"),
    ("(Name:a", "Missing ')'"),
    ("Name:a)", "Unexpected ')'"),
    ("Index:-5", "Unexpected '-'"),
    ("Index:>-5", "Unexpected Minus"),
    ("Name:()", "Empty clause list"),
    ("Name:([a TO b])", "Empty clause list"),
    ("Index:[1 TO 2", "Unterminated"),
    ("Index:[1 to 2]", "Syntax error"),
    ("Index:[* TO 2]", "Syntax error"),
    ("Index:[ TO ]", "Invalid range"),
    ("Name:a & Name:b", "Invalid operator"),
    ("Name:a | Name:b", "Invalid operator"),
    ('Name:"a', "Unclosed string"),
    ("NOT NOT Name:a", "Unexpected"),
    ("Name:a~2", "Invalid fuzzy value"),
    ("'a b'~", "Missing proximity"),
    ("Name:a^", "Syntax error"),
    ("Name:a .top:3", "Unknown control keyword"),
    ("Name:.5", "Unknown control keyword"),
    ("Name:a .TOP:x", "Expected: Number"),
    ("Name:a .TOP:-1", "Expected: Number"),
    ("Name:a .TOP 3", "Expected: Colon"),
    ("Name:a .AUTOFILTERS:on", "Invalid parameter"),
    ("Index:abc", "Cannot parse the value"),
    ("Index:3.0", "Cannot parse the value"),
    ("Index:*", "Cannot parse the value"),
    ("Index:99999999999", "Cannot parse the value"),
    ("Size:1e3", "Cannot parse the value"),
    ("DueDate:nonsense", "Cannot parse the value"),
    ("DueDate:2026-03-05", "Cannot parse the value"),
    ("Locked:maybe", "Cannot parse the value"),
    ("Locked:' yes'", "Cannot parse the value"),
    ("InFolder:x", "Cannot parse the value"),
    ("", "Empty query"),
    (".TOP:3", "Empty query"),
]


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_refused(text: str, reason: str) -> None:
    with pytest.raises(ODataError) as caught:
        read(text)
    assert (caught.value.code, caught.value.status, caught.value.exceptiontype) == (
        "RequestError",
        400,
        "ParserException",
    )
    assert reason in caught.value.message


@pytest.mark.parametrize(
    ("text", "exceptiontype"),
    [("+()", "InvalidOperationException"), ("() OR Name:a", "InvalidOperationException"),
     ("Name:a .TOP:2.5", "FormatException"), ("Name:a .TOP:9999999999", "OverflowException")],
)  # fmt: skip
def test_refused_when_it_runs(text: str, exceptiontype: str) -> None:
    with pytest.raises(ODataError) as caught:
        read(text)
    assert (caught.value.status, caught.value.exceptiontype) == (500, exceptiontype)


def test_control_keywords() -> None:
    _, controls = parse(
        ".TOP:5 .SKIP:2 Name:a .SORT:Name .REVERSESORT:Index .AUTOFILTERS:OFF .LIFESPAN:ON .QUICK .COUNTONLY"
        " .ALLVERSIONS .SELECT:Id",
        TYPES,
    )
    assert (controls.top, controls.skip) == (5, 2)
    assert controls.sort == [("Name", False), ("Index", True)]
    assert (controls.autofilters, controls.lifespan, controls.all_versions) == (False, True, True)
    assert controls.select == "Id"


def test_a_top_of_nothing_is_no_limit_and_the_last_wins() -> None:
    assert parse("Name:a .TOP:0", TYPES)[1].top is None
    assert parse("Name:a .TOP:3 .TOP:4", TYPES)[1].top == 4


PLACED = [
    ("Name:a .TOP:3", "+(Name:a ) +(InTree:'/Root/X') .TOP:3"),
    (".SORT:Name .TOP:3 Name:a", "+(  Name:a) +(InTree:'/Root/X') .SORT:Name .TOP:3"),
    ("Name:a .QUICK", "+(Name:a ) +(InTree:'/Root/X') .QUICK"),
    ("Name:'buy .TOP:1 now'", "+(Name:'buy  now') +(InTree:'/Root/X') .TOP:1"),
    ("Name:'buy .NOPE now'", "+(Name:'buy .NOPE now') +(InTree:'/Root/X')"),
    ("Id:{{Name:a .TOP:1}}", "+(Id:{{Name:a }}) +(InTree:'/Root/X') .TOP:1"),
    ("Name:a /* .TOP:1 */", "+(Name:a /* .TOP:1 */) +(InTree:'/Root/X')"),
    ("Name:'http://x' .TOP:1", "+(Name:'http://x' .TOP:1) +(InTree:'/Root/X')"),
    ("Name:a /* open", "+(Name:a /* open*/) +(InTree:'/Root/X')"),
    ("Path:/Root/X/*", "+(Path:/Root/X/*) +(InTree:'/Root/X')"),
    ("+InFolder:/Root/X/* -Name:a", "+(+InFolder:/Root/X/* -Name:a) +(InTree:'/Root/X')"),
    ("Name:'/* b'", "+(Name:'/* b') +(InTree:'/Root/X')"),
    ('Path:"/Root/X/*" /* open', "+(Path:\"/Root/X/*\" /* open*/) +(InTree:'/Root/X')"),
    ("Path:/Root/X/* /* open", "+(Path:/Root/X/* /* open*/) +(InTree:'/Root/X')"),
    ("(/* open", "+((/* open*/) +(InTree:'/Root/X')"),
]


@pytest.mark.parametrize(("text", "placed"), PLACED)
def test_the_place_is_added_and_keywords_go_to_the_end(text: str, placed: str) -> None:
    assert contentquery.restrict(text, "/Root/X") == placed


def test_a_comment_to_the_end_swallows_the_place() -> None:
    with pytest.raises(ODataError, match="Missing"):
        read(contentquery.restrict("Name:a // all", "/Root/X"))


def test_a_quote_that_is_left_open_takes_the_place_in() -> None:
    assert read(contentquery.restrict("Name:'a", "/Root/X")) is not None
    with pytest.raises(ODataError, match="Unclosed string"):
        read(contentquery.restrict('Name:"a', "/Root/X"))


def test_groups_melt_where_the_server_melts_them() -> None:
    placed = read("+(-Name:a -Name:b) +Name:c")
    assert placed is not None
    assert optimize(placed) == Group((Clause("not", N), Clause("not", M), Clause("must", Term("Name", "c"))))
    kept = read("(-Name:a -Name:b) Name:c")
    assert kept is not None
    assert optimize(kept) == kept


PIECES = st.sampled_from(
    [
        "Name:", "Index:", "DueDate:", "Locked:", "Nope:", "a", "'b c'", "1", "-", "+", "(", ")", "[", "]",
        "{", "}",
        "TO", "AND", "OR", "NOT", "&&", "||", "!", "<", ">=", "<>", "~", "^", "*", "?", "'", '"', "\\",
        "/*", "*/",
        "//", "\n", ".TOP:3", ".SORT:Name", ".NOPE", ".", ":", ",", "{{", "}}", "@@Today@@", EMPTY,
    ]
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(
    st.one_of(
        st.lists(PIECES, max_size=14).map(" ".join), st.lists(PIECES, max_size=14).map("".join), st.text()
    )
)
def test_no_text_does_anything_but_fail_cleanly_or_mean_something(text: str) -> None:
    for given_text in (text, contentquery.restrict(text, "/Root/X")):
        error = refusal(partial(understood, given_text))
        assert error is None or error.status in (400, 500)


def understood(text: str) -> Predicate:
    return optimize(read(text) or Nothing())


def test_any_depth_of_parentheses() -> None:
    assert read("(" * 3000 + "Name:a" + ")" * 3000) == N
