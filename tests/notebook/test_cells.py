"""The text of a cell, and the words after the magic."""

from __future__ import annotations

import pytest
from IPython.core.error import UsageError

from sn_pandas import QueryError
from sn_pandas.notebook import arguments
from sn_pandas.notebook.cells import join_lines, mark, query_of
from sn_pandas.odata.query import Query


def test_a_cell_is_a_path_and_options() -> None:
    text = """
        # the tasks
        /Root/Content/IT/Tasks

        $select=Name,DueDate
        $filter=Index gt 5
            and Index lt 9
        $top=3
    """
    lines = "\n".join(line.removeprefix("        ") for line in text.splitlines())
    expected = Query(
        "/Root/Content/IT/Tasks", select=("Name", "DueDate"), filter="Index gt 5 and Index lt 9", top=3
    )
    assert query_of(lines, {}, dict) == expected


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("/Root/Content/IT?$select=Name&$top=5", Query("/Root/Content/IT", select=("Name",), top=5)),
        ("Content/IT", Query("/Root/Content/IT")),
        (
            "https://x.example/odata.svc/Root/Content?$filter=Name%20eq%20'a%26b'",
            Query("/Root/Content", filter="Name eq 'a&b'"),
        ),
        (
            "/Root/Content\nquery=TypeIs:Task .AUTOFILTERS:OFF",
            Query("/Root/Content", query="TypeIs:Task .AUTOFILTERS:OFF"),
        ),
        ("/Root/Content\n$filter=#Extra eq 'x'", Query("/Root/Content", filter="#Extra eq 'x'")),
    ],
)
def test_forms_of_a_query(text: str, query: Query) -> None:
    assert query_of(text, {}, dict) == query


def test_an_unknown_option_is_refused_with_a_hint() -> None:
    with pytest.raises(QueryError, match=r"Did you mean \$select"):
        query_of("/Root/Content\n$selct=Name", {}, dict)


def test_the_schema_is_not_asked_without_values() -> None:
    def fields() -> dict[str, object]:
        raise AssertionError("the schema was asked for")

    query_of("/Root/Content\n$filter=Index gt 5", {}, fields)  # type: ignore[arg-type]  # it only raises


def test_indented_comments_and_options_do_not_go_on_with_the_line_before() -> None:
    assert join_lines("/Root\n  $top=5\n  $skip=2") == "/Root\n$top=5\n$skip=2"
    assert join_lines("/Root\n# a\n\n$top=5") == "/Root\n$top=5"


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("query=TypeIs:Task\n    # done\n    AND Status:x", "query=TypeIs:Task AND Status:x"),
        ("query=TypeIs:Task\n    #done\n    AND Status:x", "query=TypeIs:Task AND Status:x"),
        ("query=TypeIs:Task  # done", "query=TypeIs:Task"),
        ("query=TypeIs:Task #", "query=TypeIs:Task"),
        ("query=Name:'a # b' # it's", "query=Name:'a # b'"),
        ('query=Name:"a # \\" # b" # c', 'query=Name:"a # \\" # b"'),
        ("query=it's # c", "query=it's"),
        ("query=#Price:>5", "query=#Price:>5"),
        ("query=TypeIs:C#", "query=TypeIs:C#"),
        ("$filter=Name eq 'it''s # x'  # c", "$filter=Name eq 'it''s # x'"),
        ("$filter=Index gt 5\n    #and Index lt 9", "$filter=Index gt 5"),
        ("$select=Name,\n    # the price\n    #Price,\n    Index", "$select=Name, #Price, Index"),
        ("$orderby=Name,\n    #Price desc", "$orderby=Name, #Price desc"),
        ("#$top=5\n$skip=2 # two", "$skip=2"),
    ],
)
def test_a_comment_takes_no_part_in_a_query(text: str, means: str) -> None:
    assert join_lines(f"/Root/Content  # all\n{text}") == f"/Root/Content\n{means}"


@pytest.mark.parametrize(
    "text",
    ["query=TypeIs:Task\n    #Status:done", "query=TypeIs:Task #done", "$filter=Index gt 5\n    #Price lt 9"],
)
def test_what_may_be_a_comment_or_a_condition_is_refused(text: str) -> None:
    with pytest.raises(QueryError, match="blank after the #"):
        join_lines(f"/Root/Content\n{text}")


@pytest.mark.parametrize("end", [";", " ; # quiet", ";\n# quiet", ";\n\n  # a\n"])
def test_a_semicolon_before_a_comment_is_the_end(end: str) -> None:
    asked = arguments.parse("tasks  # why", f"/Root/Content\n$select=Name{end}")
    assert (asked.quiet, asked.name) == (True, "tasks")
    assert join_lines(asked.text) == "/Root/Content\n$select=Name"


@pytest.mark.parametrize(
    "text",
    [
        "{a " * 12_000 + "}" * 12_000,
        "{" * 40_000,
        "{" + "-" * 49_000 + "1}",
        "{" + "(" * 20_000 + ")" * 20_000 + "}",
        "{'" * 20_000,
        '{"a": [' * 5_000,
        "{\x00}",
    ],
)
def test_pasted_braces_take_no_time(text: str) -> None:
    mark(text)


def test_a_cell_has_a_bound() -> None:
    with pytest.raises(QueryError, match="a query has at most 50,000"):
        query_of(f"/Root/Content\nquery=Name:({'x ' * 30_000})", {}, dict)


@pytest.mark.parametrize(
    ("text", "expressions"),
    [
        ("{a}", ["a"]),
        ("{d['}']} {f(x={})}", ["d['}']", "f(x={})"]),
        ("{3 TO 5}", []),
        ("{{Name:x}}", []),
        ("{{Name:{n}}}", ["n"]),
        ("{a[1:2]}", ["a[1:2]"]),
        ("{ b }", ["b"]),
    ],
)
def test_what_counts_as_an_expression(text: str, expressions: list[str]) -> None:
    assert mark(text)[1] == expressions


@pytest.mark.parametrize(
    ("line", "cell", "name", "text"),
    [
        ("tasks", "/Root", "tasks", "\n/Root"),
        ("tasks <<", "/Root", "tasks", "\n/Root"),
        ("tasks << /Root", "$top=5", "tasks", "/Root\n$top=5"),
        ("tasks /Root", "$top=5", "tasks", "/Root\n$top=5"),
        ("--name tasks", "/Root", "tasks", "\n/Root"),
        ("tasks --limit 5", "/Root", "tasks", "\n/Root"),
        ("--limit=5 tasks", "/Root", "tasks", "\n/Root"),
        ("", "/Root", None, "\n/Root"),
        ("tasks << /Root?$filter=Name eq 'a  b'", None, "tasks", "/Root?$filter=Name eq 'a  b'"),
        ("/Root/My docs --limit 5", None, None, "/Root/My docs"),
    ],
)
def test_the_words_after_the_magic(line: str, cell: str | None, name: str | None, text: str) -> None:
    asked = arguments.parse(line, cell)
    assert (asked.name, asked.text, asked.quiet) == (name, text, False)
    assert asked.limit == (5 if "limit" in line else None)


def test_a_semicolon_at_the_end_is_quiet() -> None:
    assert arguments.parse("tasks", "/Root\n$top=5;\n").quiet
    assert arguments.parse("/Root?$top=5;", None) == arguments.Asked("/Root?$top=5", quiet=True)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("/Root --limt 5", "Did you mean --limit"),
        ("/Root --limit many", "invalid int"),
        ("/Root --limit -5", "negative"),
        ("/Root --limit", "expected one argument"),
        ("--name a-b /Root", "valid variable name"),
    ],
)
def test_wrong_options_are_refused(line: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        arguments.parse(line, None)


def test_an_option_in_quotes_is_text() -> None:
    assert (
        arguments.parse("/Root?$filter=Name eq ' --limit 5'", None).text
        == "/Root?$filter=Name eq ' --limit 5'"
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("/Root\nfilter: Name eq {n}", "'filter: Name eq {n}' is not an option"),
        ("/Root?filter {n}", "'filter {n}' is not an option"),
        ("/Root\n{n}=Name", "{n} is in the name of an option"),
    ],
)
def test_errors_show_values_as_they_were_written(text: str, words: str) -> None:
    with pytest.raises(QueryError) as error:
        query_of(text, {"n": "O'Brien"}, dict)
    assert words in str(error.value)
    assert "ue00" not in ascii(error.value)


@pytest.mark.parametrize("name", ["class", "None", "lambda"])
def test_a_keyword_is_no_name_of_a_result(name: str) -> None:
    for line, cell in ((f"{name} << /Root", None), (name, "/Root"), (f"/Root --name {name}", None)):
        with pytest.raises(UsageError, match="is not a valid variable name"):
            arguments.parse(line, cell)
