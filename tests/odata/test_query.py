"""A query means the same however it is written, and what cannot mean what it says is refused."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas.odata import idlists
from sn_pandas.odata.addresses import collection, entity, normalize
from sn_pandas.odata.controls import effective_query
from sn_pandas.odata.misread import reject_misinterpreted
from sn_pandas.odata.schema import Field

# What a name of a content may hold, and then some: the address has to bear all of it.
NAMES = st.text(
    st.sampled_from("aZ09 .()!-_'\"%+#&[]{}=,;@$~^éÜ日本\u0301\u200d🙂\u00a0")
    | st.characters(exclude_categories=["C", "Zl", "Zp"]),
    min_size=1,
    max_size=12,
).filter(
    lambda n: not set(n) & set("/\\?\n\r") and n not in (".", "..") and not ("('" in n or n.endswith("')"))
)
PATHS = st.lists(NAMES, max_size=4).map(lambda names: "/".join(["/Root", *names]))
WORDS = st.from_regex(r"[A-Z][a-zA-Z0-9]{0,8}", fullmatch=True)
FILTERS = st.sampled_from(
    [
        "Index gt 5",
        "Name eq 'a & b''s 100%'",
        "startswith(Name,'+#?=/')",
        "isof('Task') and not (Name eq 'x')",
    ]
)
QUERIES = st.builds(
    sn.Query,
    path=st.integers(1, 10**9) | PATHS.filter(lambda p: p == p.strip()),
    select=st.lists(WORDS, max_size=4).map(tuple),
    filter=st.none() | FILTERS,
    orderby=st.none() | st.just("Index desc,Name"),
    top=st.integers(0, 99),
    skip=st.integers(0, 99),
    query=st.none() | st.sampled_from(['TypeIs:Task AND Name:"a & b"', "+Index:>5 .TOP:3"]),
    autofilters=st.none() | st.booleans(),
    lifespan=st.none() | st.booleans(),
    version=st.none() | st.just("V1.0.A"),
)


@given(QUERIES)
@settings(deadline=None)
def test_an_address_is_read_back(query: sn.Query) -> None:
    assert sn.Query.parse(query.url()) == query
    assert sn.Query.parse(query.url("https://host:8080")) == query


@given(QUERIES.filter(lambda q: isinstance(q.path, int) or not set(q.path) & set("?%#")))
@settings(deadline=None)
def test_lines_are_read_back(query: sn.Query) -> None:
    assert sn.Query.parse(str(query)) == query


@given(QUERIES, st.sampled_from(["Members", "Ancestors", "Versions"]))
@settings(deadline=None)
def test_properties_and_single_contents_are_read_back(query: sn.Query, name: str) -> None:
    for other in (query.replace(property=name, query=None), query.replace(single=True)):
        assert sn.Query.parse(other.url()) == other


@given(PATHS)
def test_addresses_hold_any_name(path: str) -> None:
    assert sn.Query.parse(collection(path)).path == path
    if path != "/Root":
        assert sn.Query.parse(entity(path)) == sn.Query(path, single=True)


def test_a_query_is_immutable() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        sn.Query("/Root").top = 5  # type: ignore[misc]


@pytest.mark.parametrize(
    ("place", "meaning"),
    [
        ("/Root/Content('IT')", "/Root/Content/IT"),
        ("/OData.svc/Root/Content('IT')", "/Root/Content/IT"),
        ("/Root/Content('Folder(1)')", "/Root/Content/Folder(1)"),
        ("/Root/Content('(42)')", "/Root/Content/(42)"),
        ("/('Root')", "/Root"),
        ("content(12)", 12),
        ("/odata.svc/content( +12 )", 12),
        (12, 12),
        ("IT/Tasks", "/Root/Content/IT/Tasks"),
        ("Root/IMS", "/Root/IMS"),
        ("/Root/Content/ blanks ", "/Root/Content/ blanks "),
    ],
)
def test_ways_to_name_a_content(place: str | int, meaning: str | int) -> None:
    assert normalize(place, "/Root/Content") == meaning


@pytest.mark.parametrize("place", [0, -3, True, None, 1.5, "/", "/Root/../x", "/Root/./x"])
def test_what_names_no_content(place: object) -> None:
    with pytest.raises(sn.QueryError):
        normalize(place)  # type: ignore[arg-type]


def test_ways_to_make_a_query() -> None:
    wanted = sn.Query(
        "/Root/Content/IT", select=("Name", "AssignedTo/FullName"), expand=("AssignedTo",), top=5
    )
    ways = [
        "/Root/Content/IT?$select=Name,AssignedTo/FullName&$expand=AssignedTo&$top=5",
        "https://host/odata.svc/Root/Content/IT?%24select=Name%2CAssignedTo%2FFullName&$expand=AssignedTo&$top=5&metadata=no",
        "# a comment\n/Root/Content/IT\n$select=Name,AssignedTo/FullName\n\n$expand=AssignedTo\n$top=5\n",
        {"path": "/Root/Content/IT", "$select": "Name,AssignedTo/FullName", "$top": "5"},
        {"path": "/Root/Content/IT", "select": ["Name", "AssignedTo/FullName"], "top": 5},
    ]
    for way in ways:
        assert sn.Query.make(way) == wanted
    assert sn.Query.make("IT", "/Root/Content", select="Name,AssignedTo/FullName", top=5) == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty"),
        ("/Root\n$filtre=x", "Did you mean .filter"),
        ("/Root\n$top=-1", "negative"),
        ("/Root\n$top=x", "number"),
        ("/Root\n$orderby=Name DESCENDING", "asc or desc"),
        ("/Root\n$orderby=CreatedBy/Name", "order by"),
        ("/Root\n$select=Name Path", "valid field name"),
        ("/Root\nenableautofilters=yes", "true or false"),
        ("/Root/$count", "repo.count"),
        ("/Root('IMS')/DisplayName/$value", "repo.value"),
        ("/Root\njust words", "not an option"),
    ],
)
def test_texts_that_are_no_query(text: str, words: str) -> None:
    with pytest.raises(sn.QueryError, match=words):
        sn.Query.parse(text)


def test_an_address_out_of_a_browser_may_hold_what_the_server_ignores() -> None:
    with pytest.warns(UserWarning, match=r"ignores '\$top3'.*Did you mean"):
        query = sn.Query.parse("/odata.svc/Root?$top3&apikey=secret&metadata=no")
    assert query == sn.Query("/Root")


@pytest.mark.parametrize(
    ("select", "expand", "selected"),
    [
        ("Name", "AssignedTo", ("Name", "AssignedTo")),
        ("Name,AssignedTo", "AssignedTo", ("Name", "AssignedTo")),
        ("Name,AssignedTo/FullName", "AssignedTo", ("Name", "AssignedTo/FullName")),
        ("AssignedTo", "AssignedTo/Manager", ("AssignedTo", "AssignedTo/Manager")),
        ("AssignedTo/Manager/Name", "AssignedTo,AssignedTo/Manager", ("AssignedTo/Manager/Name",)),
        ("", "AssignedTo", ()),
    ],
)
def test_what_is_expanded_is_selected(select: str, expand: str, selected: tuple[str, ...]) -> None:
    assert sn.Query("/Root", select=select, expand=expand).select == selected


FIELDS = {
    "Name": Field("Name", "ShortText"),
    "Index": Field("Index", "Integer"),
    "Hidden": Field("Hidden", "Boolean"),
    "Keeper": Field("Keeper", "Reference"),
}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("CreatedBy/Name eq 'x'", r"query='CreatedBy:\{\{Name:\"x\"\}\}'"),
        ("Index gt 1 and Keeper/Name eq 'x'", r"Keeper:\{\{Name:\"x\"\}\}"),
        ("true", "names no field"),
        ("1 eq 2", "names no field"),
        ("null eq null", "names no field"),
        ("startswith('a','x')", "names no field"),
        ("not (1 eq 2)", "names no field"),
        ("Name", "only Name"),
        ("10 lt Id", "Id gt"),
        ("Name ne 'a' or Index eq 1", r"query='\(\(\+Id:>0 -Name:\"a\"\) Index:1\)'"),
        ("Index eq 1 or not (Name eq 'a')", "negation inside or"),
        ("(Name ne 'a' and Name ne 'b') or Index eq 1", "negation inside or"),
        ("Index gt 1 and (Name ne 'a' or Name ne 'b')", "negation inside or"),
        ("not (Name ne 'a')", r"query='Name:\"a\"'"),
        ("not (not (Name eq 'a'))", "double negation"),
        ("not (not (startswith(Name,'a')))", r"query='Name:\"a\*\"'"),
    ],
)
def test_filters_that_the_server_reads_as_something_else(text: str, words: str) -> None:
    with pytest.raises(sn.QueryError, match=words):
        reject_misinterpreted(text, FIELDS)


@pytest.mark.parametrize(
    "text",
    [
        "Name ne 'a'",
        "not (Name eq 'a')",
        "Index gt 1 and Name ne 'a' and not startswith(Name,'x')",
        "not Hidden or Index eq 1",
        "Hidden ne true or Index eq 1",
        "Hidden",
        "not (Hidden ne true)",
        "(Name ne 'a' and Index eq 1) or Index eq 2",
        "Aspect/Field eq 'x'",
        "Id lt (9 sub 2)",
        "5 eq Index",
        "isof('Task')",
        "CreationDate lt System.DateTime/UtcNow",
        "#Extra eq 'x'",
        "Name eq 'not (1 eq 1) or'",
        "this is ( no filter",
    ],
)
def test_filters_that_are_the_servers_to_judge(text: str) -> None:
    reject_misinterpreted(text, FIELDS)


def test_lists_in_memory_know_negations() -> None:
    reject_misinterpreted("Name ne 'a' or Index eq 1", FIELDS, in_memory=True)
    with pytest.raises(sn.QueryError):
        reject_misinterpreted("CreatedBy/Name eq 'x'", FIELDS, in_memory=True)


@pytest.mark.parametrize(
    ("query", "meaning"),
    [
        ("TypeIs:Task .TOP:5 .SKIP:2", {"query": "TypeIs:Task", "top": 5, "skip": 2}),
        ("TypeIs:Task .SORT:Name .REVERSESORT:Index", {"query": "TypeIs:Task", "orderby": "Name,Index desc"}),
        ("TypeIs:Task .SORT: Name .TOP : 5", {"query": "TypeIs:Task", "orderby": "Name", "top": 5}),
        ("TypeIs:Task .AUTOFILTERS:OFF", {}),
        ('Name:"a .TOP:5"', {}),
        ("ParentId:{{Name:Tasks .TOP:1}}", {}),
        (".TOP:3", {}),
        (".TOP:x Name:a", {}),
        ('Url:"http://x" .TOP:5', {}),
    ],
)
def test_control_words_become_options(query: str, meaning: dict[str, object]) -> None:
    asked = sn.Query("/Root", query=query)
    assert effective_query(asked) == asked.replace(**meaning)


@pytest.mark.parametrize(
    ("given_", "meaning"),
    [
        (
            {"lifespan": True},
            {"query": 'InFolder:"/Root/x" .LIFESPAN:ON', "autofilters": False, "lifespan": None},
        ),
        ({"lifespan": True, "autofilters": True}, {}),
        ({"lifespan": False, "autofilters": True}, {"lifespan": None}),
        ({"lifespan": True, "query": "Name:a"}, {"query": "Name:a .LIFESPAN:ON", "lifespan": None}),
    ],
)
def test_the_lifespan_switch_does_what_it_says(given_: dict[str, object], meaning: dict[str, object]) -> None:
    asked = sn.Query("/Root/x", **given_)  # type: ignore[arg-type]
    assert effective_query(asked) == asked.replace(**meaning)


@pytest.mark.parametrize("option", ["select", "expand", "orderby"])
def test_names_are_texts(option: str) -> None:
    with pytest.raises(sn.QueryError, match=f"{option} must be a text or a list of texts, not 5"):
        sn.Query("/Root", **{option: 5})  # type: ignore[arg-type]  # what people write
    with pytest.raises(sn.QueryError):
        sn.Query("/Root", **{option: [5]})  # type: ignore[arg-type]  # what people write


def test_what_stands_before_a_path_and_line_ends_are_none_of_it() -> None:
    assert sn.Query("  /Root/Content\n").path == "/Root/Content"
    assert normalize("\tIT\n", "/Root/Content") == "/Root/Content/IT"


@pytest.mark.parametrize(
    "text", ["Name eq '({})'", "Name eq 'it''s ({})' and Index gt 1", "not ({})", "({}) or Index eq 1"]
)
def test_a_list_of_ids_in_a_text_is_text_and_one_that_widens_is_no_bound(text: str) -> None:
    filter_ = text.format(" or ".join(f"Id eq {n}" for n in range(100, 140)))
    query = sn.Query("/Root", filter=filter_)
    assert not idlists.has_id_list(query)
    assert idlists.cut(query) == [query]
    if "'" in text:
        assert idlists.shorter(query) == query


def test_the_former_name_of_replace_still_works_and_warns() -> None:
    query = sn.Query("/Root/Content")
    with pytest.warns(DeprecationWarning, match=r"use Query\.replace"):
        assert query.varied(top=5) == query.replace(top=5)
