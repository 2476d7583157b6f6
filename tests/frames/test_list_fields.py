"""Fields that one list has, not a type: written one content at a time as in frames, and never made up."""

from __future__ import annotations

import datetime as dt

import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas.notebook.explaining import explain

LIST = "/Root/Content/Prices"
ADMIN = "/Root/IMS/BuiltIn/Portal/Admin"
NAMESPACE = "http://schemas.sensenet.com/SenseNet/ContentRepository/ContentListDefinition"
MANY = "<Configuration><AllowMultiple>true</AllowMultiple>{}</Configuration>"
OPTIONS = "<Options><Option value='a'>Anna</Option><Option value='b'>Ben</Option></Options>"
DEFINITION = f"""<ContentListDefinition xmlns='{NAMESPACE}'><Fields>
<ContentListField name='#Price' type='Number'/><ContentListField name='#Count' type='Integer'/>
<ContentListField name='#Due' type='DateTime'/><ContentListField name='#Sold' type='Boolean'/>
<ContentListField name='#Keeper' type='Reference'/>
<ContentListField name='#Readers' type='Reference'>{MANY.format("")}</ContentListField>
<ContentListField name='#Labels' type='Choice'>{MANY.format(OPTIONS)}</ContentListField>
</Fields></ContentListDefinition>"""
#: What a cell may hold, and what is stored then.
CELLS = [
    ("#Price", "1.5", 1.5),
    ("#Price", pd.array([2])[0], 2.0),
    ("#Count", 3.0, 3),
    ("#Due", pd.Timestamp("2026-01-31", tz="UTC"), pd.Timestamp("2026-01-31", tz="UTC")),
    ("#Due", "2026-01-31T12:30Z", pd.Timestamp("2026-01-31T12:30", tz="UTC")),
    ("#Sold", "true", True),
    ("#Keeper", 1, ADMIN),
    ("#Keeper", pd.Series({"Id": 1, "Path": ADMIN}), ADMIN),
    ("#Readers", [ADMIN], [ADMIN]),
    ("#Labels", {"Ben", "a"}, ["a", "b"]),
    ("#Labels", "Anna", ["a"]),
]


@pytest.fixture
def prices(repo):
    repo.create("/Root/Content", "CustomList", "Prices", {"ContentListDefinition": DEFINITION})
    repo.create(LIST, "ListItem", "one")
    return repo


@pytest.mark.parametrize(("field", "cell", "stored"), CELLS)
def test_a_list_field_takes_what_a_cell_may_hold(prices, admin, field, cell, stored):
    assert prices.create(LIST, "ListItem", "new", {field: cell})[field] == stored
    assert prices.patch(f"{LIST}/one", {field: cell})[field] == stored
    admin.put(f"{LIST}/one", {"Name": "one", field: cell})  # to others the server refuses a PUT
    assert prices.value(f"{LIST}/one", field) == stored
    frame = prices.read(LIST, select=["Name", field], filter="Name eq 'one'")
    assert frame[field].iloc[0] == stored


def test_a_put_says_which_list_fields_it_resets(prices, admin):
    prices.patch(f"{LIST}/one", {"#Price": 2.5})
    told = admin.put(f"{LIST}/one", {"Name": "one", "#Count": 1}).set_index("field")
    assert told.loc["#Price", "before"] == 2.5
    assert told.loc["#Count", "after"] == 1


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"#Prise": 1}, r"#Prise: the list has no such field\. Did you mean #Price\?"),
        ({"#Price": "cheap"}, "#Price: 'cheap' is not a number"),
        ({"#Sold": "maybe"}, "#Sold: 'maybe' is neither True nor False"),
        ({"#Keeper": "/Root/IMS/Nobody"}, "#Keeper: there is no content /Root/IMS/Nobody"),
        ({"#Labels": "c"}, "#Labels has no option 'c'"),
    ],
)
def test_what_a_list_field_cannot_hold_is_refused(prices, fields, words):
    with pytest.raises(sn.RefusedError, match=words):
        prices.patch(f"{LIST}/one", fields)
    with pytest.raises(sn.RefusedError, match=words):
        prices.create(LIST, "ListItem", "new", fields)


def test_a_list_field_outside_of_a_list_is_refused(repo):
    with pytest.raises(sn.RefusedError, match="/Root/Content/Lab is not in a list, and there is no such"):
        repo.patch("/Root/Content/Lab", {"#Price": 1})


@pytest.mark.parametrize(
    "read",
    [
        lambda repo: repo.read(LIST, select="Name,#Prise"),
        lambda repo: repo.read(LIST, select="Name", query="TypeIs:ListItem", orderby="#Prise desc"),
        lambda repo: repo.read(LIST, select="Name", expand="#Prise"),
        lambda repo: repo.read(LIST, select="#Prise/Name"),
        lambda repo: next(repo.read_pages(LIST, select="#Prise")),
        lambda repo: repo.get(f"{LIST}/one", select="#Prise"),
        lambda repo: repo.value(f"{LIST}/one", "#Prise"),
    ],
)
def test_a_field_that_the_list_does_not_have_is_no_column_of_nothing(prices, read):
    with pytest.raises(sn.QueryError, match=r"does not have a field '#Prise'\. Did you mean '?#Price"):
        read(prices)


@pytest.mark.parametrize("name", ["#Price", "Extra.Price"])
def test_where_no_definition_is_found_a_column_of_nothing_is_said_to_be_one(prices, name):
    with pytest.warns(sn.IncompleteWarning, match=f"'{name}' could not be checked"):
        frame = prices.read("/Root/Content", select=["Name", name])
    assert frame[name].isna().all()
    with pytest.warns(sn.IncompleteWarning, match=f"'{name}' could not be checked"):
        assert prices.get("/Root/Content/Lab", select=name)[name] is None


def test_values_are_enough_to_believe_a_name(prices):
    prices.patch(f"{LIST}/one", {"#Price": 2.5})
    found = prices.read("/Root/Content", query="TypeIs:ListItem", select=["Name", "#Price"])
    assert list(found["#Price"]) == [2.5]


OTHER = "/Root/Content/Others"
SECONDS = "<Configuration><Precision>Second</Precision></Configuration>"
DIFFERENT = f"""<ContentListDefinition xmlns='{NAMESPACE}'><Fields>
<ContentListField name='#Price' type='Currency'/><ContentListField name='#Count' type='ShortText'/>
<ContentListField name='#Due' type='DateTime'>{SECONDS}</ContentListField>
<ContentListField name='#Labels' type='Choice'><Configuration><AllowMultiple>true</AllowMultiple>
<Options><Option value='c'>Carl</Option></Options></Configuration></ContentListField>
</Fields></ContentListDefinition>"""


@pytest.fixture
def others(prices):
    prices.create("/Root/Content", "CustomList", "Others", {"ContentListDefinition": DIFFERENT})
    values = {"#Price": 3, "#Count": "3", "#Due": "2026-01-31T12:30:15Z", "#Labels": ["c"]}
    prices.create(OTHER, "ListItem", "two", values)
    prices.patch(f"{LIST}/one", {"#Price": 2.5, "#Count": 3, "#Labels": ["a"]})
    return prices


COUNT = r"#Count is a field of type ShortText in \S+/Others and of type Integer in \S+/Prices"
DUE = r"#Due is a field of type DateTime by the Second in \S+/Others and of type DateTime in \S+/Prices"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"query": sn.Q("#Count") == 3}, COUNT),
        ({"query": "#Count:[1 TO 3]"}, COUNT),
        ({"query": "TypeIs:ListItem .SORT:#Count"}, COUNT),
        ({"query": "TypeIs:ListItem", "orderby": "#Count desc"}, COUNT),
        ({"query": "TypeIs:ListItem", "filter": sn.F("#Count") > 2}, COUNT),
        ({"query": "TypeIs:ListItem", "filter": "#Count eq '3'"}, COUNT),
        ({"query": sn.Q("#Due") > "2026-01-01"}, DUE),
    ],
    ids=str,
)
@pytest.mark.parametrize("how", ["read", "count", "explain"])
def test_a_search_by_a_field_that_two_lists_define_differently_is_refused(others, options, words, how):
    if how == "explain":
        names = {"query": "query", "filter": "$filter", "orderby": "$orderby"}
        told = explain(
            "/Root/Content",
            [(names[k], str(v)) for k, v in options.items()],
            others.schema,
            added_of=others.added_fields,
        )
        options, words = {}, f"(?s).*is rejected before it is sent.*{words}"
        assert pd.Series([repr(told)]).str.match(words).all()
        return
    if how == "count":
        options = {name: value for name, value in options.items() if name != "orderby"}
    if options != {"query": "TypeIs:ListItem"}:
        with pytest.raises(sn.QueryError, match=words):
            getattr(others, how)("/Root/Content", **options)


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        (sn.F("#Price") > 2, ["one", "two"]),
        (sn.F("#Price") > 2.5, ["two"]),
        (sn.F("#Labels") == "a", ["one"]),
        (sn.F("#Labels") == "c", ["two"]),
        (sn.F("#Labels") == "d", "'d' is not an option"),
        (sn.F("#Price") == "x", "write a number"),
    ],
    ids=str,
)
def test_a_search_by_a_field_of_two_lists_is_written_as_both_define_it(others, condition, names):
    options = {"query": "TypeIs:ListItem", "filter": condition, "select": "Name"}
    if isinstance(names, str):
        with pytest.raises(sn.QueryError, match=names):
            others.read("/Root/Content", **options)
    else:
        assert sorted(others.read("/Root/Content", **options)["Name"]) == names


@pytest.mark.parametrize("place", [LIST, OTHER])
def test_a_list_by_itself_is_not_compared_by_what_another_one_defines(others, place):
    for options in ({"query": sn.Q("#Count") == 3}, {"filter": "#Count eq '3'"}, {"orderby": "#Count"}):
        with pytest.raises(sn.QueryError, match=f"{COUNT}.*read the rows without it"):
            others.read(place, select="Name", **options)
    assert len(others.read(place, select=["Name", "#Count"])) == 1


def test_a_misspelt_field_of_the_lists_below_is_said(others):
    elsewhere = DEFINITION.replace("#Price", "#Prise")
    others.create("/Root/Content/Lab", "CustomList", "Prises", {"ContentListDefinition": elsewhere})
    folder = others.create("/Root/Content", "Folder", "empty")["Path"]
    others.create(folder, "CustomList", "Prices", {"ContentListDefinition": DEFINITION})
    with pytest.warns(UserWarning, match=rf"below {folder} has a field '#Prise'\. Did you mean #Price"):
        found = others.read(folder, query=sn.Q("#Prise") == 1, select="Name")
    assert found.empty


def test_the_fields_of_the_list_around_a_list_are_not_those_of_its_contents(others):
    others.call(LIST, "AddAllowedChildTypes", contentTypes=["CustomList"])
    inner = others.create(LIST, "CustomList", "inner", {"ContentListDefinition": DIFFERENT})["Path"]
    others.create(inner, "ListItem", "three", {"#Labels": ["c"]})
    found = others.read(inner, select="Name", query=sn.Q("#Labels") == "c")
    assert list(found["Name"]) == ["three"]
    with pytest.raises(sn.QueryError, match="'a' is not an option"):
        others.read(inner, query=sn.Q("#Labels") == "a")
    with pytest.raises(sn.QueryError, match=r"Integer in \S+/Prices and of type ShortText in \S+/inner"):
        others.read(LIST, query=sn.Q("#Count") == 3)


@pytest.mark.parametrize("place", ["path", "id"])
def test_a_date_of_a_list_is_compared_by_the_precision_that_the_list_defines(others, place):
    where = OTHER if place == "path" else others.get(OTHER)["Id"]
    others.create(OTHER, "ListItem", "three", {"#Due": "2026-01-31T12:30:00Z"})
    moment = dt.datetime(2026, 1, 31, 12, 30, 15)
    found = others.read(where, select="Name", filter=sn.F("#Due") == moment)
    assert list(found["Name"]) == ["two"]
