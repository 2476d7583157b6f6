"""Values in cells: each becomes a literal of its field, and none can change what the query asks."""

from __future__ import annotations

import datetime as dt
import decimal
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sn_pandas import F, Q, QueryError
from sn_pandas.notebook.cells import query_of
from sn_pandas.odata.query import Query
from sn_pandas.odata.schema import Field, Option

FIELDS = {
    field.name: field
    for field in [
        Field("Id", "Integer"),
        Field("Name", "ShortText"),
        Field("Index", "Integer"),
        Field("Price", "Currency"),
        Field("DueDate", "DateTime"),
        Field("InUse", "Boolean"),
        Field("Status", "Choice", options=(Option("active", "Active"), Option("done", "Done"))),
        Field("AssignedTo", "Reference", multiple=True),
    ]
}
FILTER_TOKEN = re.compile(r"\s*('(?:[^']|'')*'|datetime'[^']*'|[\w/]+|\(|\)|,)")
QUERY_TOKEN = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\w+:|\w+|\(|\)|[+-])', re.DOTALL)
HOSTILE = st.one_of(
    st.text(),
    st.text(alphabet="'\"\\{}()/*.:+-&?=#%$\n\t ANDORTPx0"),
    st.sampled_from(
        [
            "' or 1 eq 1 or '",
            "x') or startswith(Name,'",
            "a' & $top=1",
            "a\n$top=1",
            "a\n# comment",
            '" OR Id:>0 OR "',
            "buy .TOP:1 now",
            ".AUTOFILTERS:OFF",
            "http://x",
            "/* x */",
            "{{Id:1}}",
            "@@CurrentUser@@",
            "\\",
            '\\"',
            "null",
            "(",
            "POINT",
            "datetime",
            "*",
            "%27",
            "&$filter=",
            "{Name}",
        ]
    ),
)


def filled(text: str, **names: Any) -> Query:
    return query_of(text, names, lambda: FIELDS)


def tokens(pattern: re.Pattern[str], text: str) -> list[str]:
    """Split a text that must consist of tokens only."""
    found, position = [], 0
    while position < len(text):
        match = pattern.match(text, position)
        assert match, f"{text[position:]!r} is no token in {text!r}"
        found.append(match[1])
        position = match.end()
    return found


def test_a_moment_is_as_precise_as_the_index_in_a_content_query() -> None:
    moment = pd.Timestamp("2026-01-31 13:30:15.5", tz="Europe/Budapest")
    assert filled("/Root/Content\nquery=DueDate:>{v}", v=moment).query == 'DueDate:>"2026-01-31 12:30:00"'
    assert filled("/Root/Content\nquery=Index:{v}", v=5.0).query == "Index:5"


def test_values_are_written_as_fields_of_lists_and_aspects_require() -> None:
    def added(place: str, names: set[str], below: bool) -> dict[str, Field]:
        assert place == "/Root/Content"
        return {name: Field(name, "Number") for name in names}

    def text(condition: str, value: Any) -> dict[str, str]:
        return query_of(f"/Root/Content\n{condition}", {"v": value}, lambda: FIELDS, added=added).options()

    assert text("$filter=#Price gt {v}", 5) == {"$filter": "#Price gt 5m"}
    assert text("$filter=Extra/Price le {v}", 5) == {"$filter": "Extra/Price le 5m"}
    assert text("$filter={v}", F("#Price") > 5) == {"$filter": "#Price gt 5m"}
    assert text("query=#Price:>{v}", 2.5) == {"query": '#Price:>"2.5"'}
    with pytest.raises(QueryError, match="holds numbers"):
        text("$filter=#Price gt {v}", "x")


@pytest.mark.parametrize(
    ("template", "value", "expected"),
    [
        ("Name eq {v}", "it's", "Name eq 'it''s'"),
        ("{v} eq Name", "x", "Name eq 'x'"),
        ("{v} lt Index", 5, "Index gt 5"),
        ("Index gt {v}", np.int64(5), "Index gt 5"),
        ("Price lt {v}", 100, "Price lt 100m"),
        ("Price lt {v}", decimal.Decimal("9.90"), "Price lt 9.90m"),
        ("InUse eq {v}", True, "InUse eq true"),
        ("Status eq {v}", "active", "Status eq '$active'"),
        ("DueDate ge {v}", dt.date(2026, 5, 1), "DueDate ge datetime'2026-05-01T00:00:00'"),
        (
            "DueDate ge {v}",
            pd.Timestamp("2026-05-01 10:00+02:00"),
            "DueDate ge datetime'2026-05-01T08:00:00'",
        ),
        ("Id eq {v}", [1, 2, 1], "(Id eq 1 or Id eq 2)"),
        ("Id ne {v}", (1, 2), "(Id ne 1 and Id ne 2)"),
        ("Id eq {v}", pd.Index([3, 4], name="Id"), "(Id eq 3 or Id eq 4)"),
        ("Status eq {v}", pd.Series(["active", "done"]), "(Status eq '$active' or Status eq '$done')"),
        ("Index gt 1 and Id eq {v}", [], "Index gt 1 and Id lt 0"),
        ("Id ne {v}", [], "Id gt 0"),
        ("startswith(Name, {v})", "it's", "startswith(Name, 'it''s')"),
        ("Name eq 'a {v} b'", "it's", "Name eq 'a it''s b'"),
        ("Name eq '{{v}}'", "x", "Name eq '{v}'"),
        ("(Name eq {v})", "x", "(Name eq 'x')"),
    ],
)
def test_a_value_is_a_literal_of_the_field_it_is_compared_with(
    template: str, value: Any, expected: str
) -> None:
    assert filled(f"/Root/Content\n$filter={template}", v=value).filter == expected


@pytest.mark.parametrize(
    ("template", "value", "expected"),
    [
        ("Name:{v}", 'say "hi"', r'Name:"say \"hi\""'),
        ("Id:{v}", [1, 2], "Id:(1 2)"),
        ("Id:({v})", [1, 2], "Id:(1 2)"),
        ("TypeIs:Task AND Id:{v}", [], "TypeIs:Task AND Id:(0)"),
        ("-Index:{v}", [], "-Id:(0)"),
        ("Status:{v}", "active", 'Status:"$active"'),
        ("Status:<>{v}", "active", 'Status:<>"$active"'),
        ("Status:$done {v}", "active", 'Status:$done "active"'),
        ("Name:{v}~0.5 -{v}", "x", 'Name:"x"~0.5 -"x"'),
        ("Index:>{v}", 5, "Index:>5"),
        ("Index:[{a} TO {v}]", 5, "Index:[1 TO 5]"),
        ("Index:{3 TO 9} AND Name:{v}", "x", 'Index:{3 TO 9} AND Name:"x"'),
        ("Id:{{Name:{v}}}", "x", 'Id:{{Name:"x"}}'),
        ("Name:'{v}*'", "it's", r"Name:'it\'s*'"),
    ],
)
def test_a_value_in_a_content_query(template: str, value: Any, expected: str) -> None:
    assert filled(f"/Root/Content\nquery={template}", v=value, a=1).query == expected


@pytest.mark.parametrize(
    ("text", "value", "words"),
    [
        ("/Root/Content\n$filter={v} eq 5", "Index", "compared with a field"),
        ("/Root/Content\n$filter={v}", "Index gt 5", "write out fields"),
        ("/Root/Content\n$filter=Index {v} 5", "gt", "write out fields"),
        ("/Root/Content\n$filter=Nme eq {v}", "x", "Did you mean Name"),
        ("/Root/Content\n$filter=Name eq {w}", "x", "'w' is not defined"),
        ("/Root/Content\n$filter=Name eq {v.missing}", "x", "AttributeError"),
        ("/Root/Content\n$filter=Name eq {v", "x", "not a Python expression"),
        ("/Root/Content\n$filter=Index gt {v}", [1, 2], "one value"),
        ("/Root/Content\n$filter=AssignedTo eq {v}", 5, "query=AssignedTo"),
        ("/Root/Content\n$filter=startswith(Name, {v})", ["a"], "not a list"),
        ("/Root/Content\n$filter=Name eq {v}", "null", "content query"),
        ("/Root/Content\n$filter=Name eq {v}", "a*", "wildcard"),
        ("/Root/Content\n$filter=Name eq {v}", {"a": 1}, "a value of type dict"),
        ("/Root/Content\n$filter=Id eq {v}", pd.DataFrame({"a": [1]}), "a frame is not a value"),
        ("/Root/Content\n$select={v}", "Name&$top=1", "not a valid field name"),
        ("/Root/Content\n$orderby={v}", "Name sideways", "not a valid sort expression"),
        ("/Root/Content\n$top={v}", "5", "not an integer"),
        ("/Root/Content/{v}", "a/b", "not a valid content name"),
        ("/Root/Content/{v}/x", "..", "not a valid content name"),
        ("{v}", "/Root/Content?$top=1", "not a content path"),
        ("/Root/Content\nquery=Id:{v}", None, "never empty at the server, it is 0"),
        ("/Root/Content\nquery=Name:{v}", None, "$filter=Name eq null"),
        ("/Root/Content\nquery=Name:{v}", float("nan"), "$filter=Name eq null"),
        ("/Root/Content\nquery=DueDate:>{v}", pd.NaT, "DueDate eq datetime'0001-01-01'"),
        (
            "/Root/Content\nquery=AssignedTo:{v}",
            pd.NA,
            "filter in pandas: df[df['AssignedTo'].str.len() == 0]",
        ),
        ("/Root/Content\nquery={v}", None, "search for a word"),
        ("/Root/Content\n$filter=Index eq {v}5", 5, "separate it by a blank from '5'"),
        ("/Root/Content\n$filter=Name eq {v}x and Id gt 1", "a", "separate it by a blank from 'x'"),
        *(
            (
                f"/Root/Content\nquery=Name:{text}",
                "x",
                "is a whole word of a content query; separate it by blanks",
            )
            for text in (
                "a{v}",
                "*{v}*",
                "{v}*",
                "{v}a",
                "a-{v}",
                "{v}-a",
                "'a'{v}",
                "{v}'a'",
                "({v}a)",
                "a +b{v}",
            )
        ),
        ("/Root/Content\nquery=Name:{v}", Q("Index") > 5, "a query is not a value of a field"),
        ("/Root/Content\nquery=Name:({v})", Q("Index") > 5, "a query is not a value of a field"),
        ("/Root/Content\nquery={v}", [1, 2], "follow a field"),
        ("/Root/Content\nquery=Index:{v}", 2.5, "and the server cannot compare them with 2.5: write 2 or 3"),
        (
            "/Root/Content\nquery=Index:[1 TO {v}]",
            2.5,
            "and the server cannot compare them with 2.5: write 2 or 3",
        ),
        (
            "/Root/Content\nquery=Index:{v}",
            [1, 2.5],
            "and the server cannot compare them with 2.5: write 2 or 3",
        ),
        ("/Root/Content\nquery=Index:{v}", "2.5", "holds integers"),
        ("/Root/Content\nquery=Index:{v}", True, "holds numbers: write 1, not True"),
        ("/Root/Content\nquery=Index:>{v}", "five", "write a number, not the text 'five'"),
        ("/Root/Content\nquery=Index:{v}", pd.Timestamp("2026-01-31"), "holds numbers, not"),
        ("/Root/Content\nquery=InUse:{v}", 2, "write True or False, not 2"),
        ("/Root/Content\nquery=InUse:{v}", "maybe", "write True or False, not the text 'maybe'"),
        ("/Root/Content\nquery=DueDate:>{v}", 2026, "holds dates"),
        ("/Root/Content\nquery=DueDate:>{v}", True, "holds dates"),
        ("/Root/Content\nquery=DueDate:>{v}", "soon", "not the text 'soon'"),
        ("/Root/Content\nquery=Name:{v}", 2.5, "holds texts: write '2.5'"),
        ("/Root/Content\nquery=AssignedTo:{v}", 2.5, "by id, an integer"),
        ("/Root/Content\n$top={v}", True, "True is not an integer"),
        ("/Root/Content\n$skip={v}", False, "False is not an integer"),
        ("/Root/Content\n$filter=DueDate gt {v}", pd.NaT, "nothing is more or less than a missing value"),
        ("/Root/Content\n$filter=Index eq {v}", None, "never empty at the server"),
        ("/Root/Content\n$filter=Status eq {v}", {"actve"}, "Did you mean active"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_the_way_round(text: str, value: Any, words: str) -> None:
    with pytest.raises(QueryError, match=re.escape(words)):
        filled(text, v=value)


@given(HOSTILE)
def test_no_text_changes_the_structure_of_a_filter(value: str) -> None:
    try:
        query = filled("/Root/Content\n$filter=Index gt 1 and Name eq {v}\n$select=Name", v=value)
    except QueryError:
        return  # refused, never wrong
    assert query.replace(filter=None) == Query("/Root/Content", select=("Name",))
    *before, literal = tokens(FILTER_TOKEN, query.filter or "")
    assert before == ["Index", "gt", "1", "and", "Name", "eq"]
    assert literal[1:-1].replace("''", "'") == value
    assert value not in ("null", "NULL", "(", "POINT", "datetime")
    assert "*" not in value


@given(HOSTILE)
def test_no_text_leaves_the_quotes_of_a_filter(value: str) -> None:
    try:
        query = filled("/Root/Content\n$filter=Name eq 'a {v}' and Index gt 1", v=value)
    except QueryError:
        return
    found = tokens(FILTER_TOKEN, query.filter or "")
    assert [found[0], found[1], *found[3:]] == ["Name", "eq", "and", "Index", "gt", "1"]
    assert found[2][1:-1].replace("''", "'") == f"a {value}"


@given(HOSTILE)
def test_no_text_changes_the_structure_of_a_content_query(value: str) -> None:
    try:
        query = filled("/Root/Content\nquery=TypeIs:Task AND Name:{v}\n$top=3", v=value)
    except QueryError:
        return
    assert query.replace(query=None) == Query("/Root/Content", top=3)
    text = query.query or ""
    *before, literal = tokens(QUERY_TOKEN, text)
    assert before == ["TypeIs:", "Task", "AND", "Name:"]
    assert re.sub(r"\\(.)", r"\1", literal[1:-1], flags=re.DOTALL) == value
    assert not re.search(r"\.[A-Z]{3}|@@|\{\{", text.partition("Name:")[2]), (
        "the server reads these in quotes, too"
    )
    assert "//" not in text, "a comment would begin in the text"
    assert "/*" not in text


@given(HOSTILE)
def test_no_text_leaves_a_step_of_the_path(value: str) -> None:
    try:
        query = filled("/Root/Content/{v}/Tasks\n$top=3", v=value)
    except QueryError:
        return
    assert query == Query(query.path, top=3)
    assert str(query.path).split("/")[:3] == ["", "Root", "Content"]
    assert str(query.path).endswith("/Tasks")
    assert len(str(query.path).split("/")) == 5


@given(st.lists(st.one_of(HOSTILE, st.integers(-(2**31), 2**31 - 1)), max_size=5))
def test_no_list_changes_the_structure_of_a_filter(values: list[Any]) -> None:
    texts = [v for v in values if isinstance(v, str)]
    try:
        query = filled("/Root/Content\n$filter=Name eq {v} and Index gt 1", v=texts)
    except QueryError:
        return
    found = tokens(FILTER_TOKEN, query.filter or "")
    assert found[-4:] == ["and", "Index", "gt", "1"]
    if texts:
        assert found[0] == "("
        literals = [t[1:-1].replace("''", "'") for t in found if t.startswith("'")]
        assert literals == list(dict.fromkeys(texts))
