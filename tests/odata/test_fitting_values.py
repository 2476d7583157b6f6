"""Values that fit their field, and fields that a query can use at all."""

from __future__ import annotations

import decimal
import enum

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sn_pandas import F, QueryError
from sn_pandas.odata.hints import hint
from sn_pandas.odata.literals import filter_literal, query_value
from sn_pandas.odata.query import Query
from sn_pandas.odata.schema import Field, Option
from sn_pandas.odata.unsearchable import NOT_INDEXED, reject_unsearchable

FIELDS = {
    "Priority": Field("Priority", "Choice", options=(Option("1", "Urgent"), Option("2", "Normal"))),
    "Status": Field("Status", "Choice", options=(Option("active", "Active"),)),
    "Index": Field("Index", "Integer"),
    "Price": Field("Price", "Currency"),
    "InUse": Field("InUse", "Boolean"),
    "Name": Field("Name", "ShortText"),
    "DueDate": Field("DueDate", "DateTime"),
}


class Level(int, enum.Enum):
    HIGH = 5


class Number(int):
    def __str__(self):
        return "1 or Id gt 0"

    __repr__ = __str__


class Fraction(float):
    def __repr__(self):
        return "1.5m or Id gt 0"


class Text(str):
    def __str__(self):
        return "' or Id gt 0"

    def replace(self, *args):
        return "' or Id gt 0"


class Amount(decimal.Decimal):
    def __format__(self, spec):
        return "1m or Id gt 0"


@pytest.mark.parametrize(
    ("value", "filtered", "searched"),
    [
        (Level.HIGH, "5", "5"),
        (Number(1), "1", "1"),
        (Fraction(1.5), "1.5", '"1.5"'),
        (Text("a"), "'a'", '"a"'),
        (Amount("1.5"), "1.5m", '"1.5"'),
    ],
)
def test_no_value_writes_itself(value, filtered, searched):
    assert filter_literal(value) == filtered
    assert query_value(value) == searched


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), decimal.Decimal("Infinity")])
@pytest.mark.parametrize("name", FIELDS)
def test_infinity_is_refused_in_our_words(name, value):
    with pytest.raises(QueryError):
        (F(name) == value).text(FIELDS)


@pytest.mark.parametrize(
    ("condition", "text"),
    [
        (F("Priority") == 1, "Priority eq '$1'"),
        (F("Priority") == 2.0, "Priority eq '$2'"),
        (F("Index") == 5.0, "Index eq 5"),
        (F("InUse") == 1, "InUse eq true"),
        (F("Price") < 5, "Price lt 5m"),
    ],
)
def test_a_number_is_written_as_the_field_holds_it(condition, text):
    assert condition.text(FIELDS) == text


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (F("Priority") == 3, "not an option of Priority"),
        (F("Index") == 4.5, "write 4 or 5"),
        (F("Index") == True, "write 1, not True"),  # noqa: E712  # it makes a filter
        (F("Price") == False, "write 0, not False"),  # noqa: E712
        (F("InUse") == 2, "True or False"),
        (F("Name") == 5, "the field holds texts: write '5', not 5"),
        (F("Name").isin(["a", 5.5]), "write '5.5'"),
        (F("DueDate") > 2026, "the field holds dates"),
        (F("Index") == 10**5000, "more than 308 digits"),
        (F("Price") > -(10**400), "more than 308 digits"),
    ],
)
def test_a_number_that_the_field_cannot_hold_is_refused(condition, words):
    with pytest.raises(QueryError, match=words):
        condition.text(FIELDS)


@pytest.mark.parametrize("name", sorted(NOT_INDEXED))
def test_fields_outside_of_the_index_are_refused_wherever_a_query_names_them(name):
    for asked in (
        {"filter": f"Index gt 1 and {name} eq 'x'"},
        {"filter": f"startswith({name},'x')"},
        {"query": f"+Type:Task +{name}:x"},
        {"query": f"Type:Task .SORT:{name}"},
        {"orderby": f"Name,{name} desc"},
    ):
        with pytest.raises(QueryError, match="search index"):
            reject_unsearchable(**{"filter": None, "query": None, "orderby": None} | asked)


@given(st.sampled_from(sorted(NOT_INDEXED)), st.sampled_from(["{}", "a {}: b", "{}s"]))
def test_their_names_in_texts_are_texts(name, text):
    text = text.format(name)
    reject_unsearchable(f"Description eq '{text}'", f'Description:"{text}"', f"{name}Other")


def test_what_is_indexed_is_let_through():
    for name in ("Size", "FullSize", "Icon", "Rate", "Domain", "PageCount"):
        reject_unsearchable(f"{name} gt 5", f"{name}:5", name)
    assert Query("/Root/Content", orderby="Size desc").orderby == "Size desc"


def test_a_word_without_quotes_is_taken_for_the_value_that_it_is():
    assert hint("Status eq active", FIELDS) == "a text must be in single quotes: write Status eq '$active'"
    assert hint("Status eq Active", FIELDS) == "a text must be in single quotes: write Status eq '$active'"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Name eq T001", "write Name eq 'T001'"),
        ("startswith(Name, T0) or Index eq 1", "write 'T0'"),
        ("not substringof(T0, Name)", "write 'T0'"),
        ("Index eq 1 and Status eq Not Begun", "write Status eq 'Not Begun'"),
        ("DueDate gt today", "DueDate is a DateTime: write DueDate gt datetime'"),
        ("AssignedTo eq Olga", "AssignedTo is a reference: write a content query"),
        ("Hidden eq yes", "write Hidden eq true or Hidden eq false"),
        ("Index eq five", "Index is an Integer: write a number"),
    ],
)
def test_a_word_without_quotes_is_answered_by_what_its_field_takes(text, words):
    more = {"Hidden": Field("Hidden", "Boolean"), "AssignedTo": Field("AssignedTo", "Reference")}
    said = hint(text, {**FIELDS, **more})
    assert words in said
    assert "no content type" not in said
