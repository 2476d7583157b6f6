"""The two tables of field types: each type is complete in both, and a new one needs no third place."""

from __future__ import annotations

import json
from importlib import resources
from pathlib import Path

import pandas as pd
import pytest

from sn_pandas import F, Q, QueryError
from sn_pandas.embedded.fields import KINDS
from sn_pandas.frames.columns.cells import are_same_cells, are_same_json, encode
from sn_pandas.frames.columns.kinds import COLUMN_KINDS, ColumnKind, create_codec
from sn_pandas.frames.writes.checking import EMPTY, FILLED, explain_absent, find_problem
from sn_pandas.odata.field_kinds import FIELD_KINDS, UNKNOWN, FieldKind
from sn_pandas.odata.filter_rules import RULES
from sn_pandas.odata.query import Query
from sn_pandas.odata.schema import Field, Option, Schema

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "columns.md"
TYPES = sorted(FIELD_KINDS.keys() - {UNKNOWN})
EDITABLE = [name for name in TYPES if Field("F", name).editable]
OPTIONS = (Option("a", "A"), Option("b", "B"))
CHECKS = {check for rule in (*EMPTY, *FILLED) for check in rule.checks.split()}


def test_types_of_servers_are_in_the_table() -> None:
    text = resources.files("sn_pandas.odata").joinpath("types.json").read_text("utf-8")
    built_in = {field["Kind"] for raw in json.loads(text) for field in raw.get("Fields", ())}
    assert built_in | KINDS.keys() <= FIELD_KINDS.keys()
    assert COLUMN_KINDS.keys() <= FIELD_KINDS.keys()


@pytest.mark.parametrize("name", TYPES)
def test_columns_of_a_type_have_the_dtype_that_its_field_names(name: str) -> None:
    for field in (Field("F", name, options=OPTIONS), Field("F", name, multiple=True)):
        assert (
            pd.Series(create_codec(field).decode([])).dtype.name
            == pd.Series([], dtype=field.dtype).dtype.name
        )


@pytest.mark.parametrize("name", TYPES)
def test_rules_of_filters_know_the_type(name: str) -> None:
    known = {kind for rule in RULES for kind in rule.kinds.split()}
    assert FIELD_KINDS[name].filter in known | {"other"}


@pytest.mark.parametrize("name", EDITABLE)
def test_what_can_be_edited_is_checked_and_encoded(name: str) -> None:
    checks = COLUMN_KINDS[name].checks.split()
    assert checks
    assert set(checks) <= CHECKS
    cell = {"integer": 1, "decimal": 1.5, "truth": True, "date": "2026-01-31", "choice": "a"}
    field = Field("F", name, options=OPTIONS if FIELD_KINDS[name].value == "choice" else ())
    right = ["Folder"] if FIELD_KINDS[name].by_name else cell.get(FIELD_KINDS[name].value, "/Root/a")
    right = "<a/>" if name == "Xml" else right
    assert find_problem(field, right) == ""
    assert json.dumps(encode(field, right))
    assert are_same_cells(field, right, right)
    assert find_problem(field, object())


@pytest.mark.parametrize("name", sorted(set(TYPES) - set(EDITABLE)))
def test_what_cannot_be_edited_says_why(name: str) -> None:
    assert FIELD_KINDS[name].why_not in find_problem(Field("F", name), "a")


def test_the_page_of_columns_names_every_type() -> None:
    page = PAGE.read_text("utf-8")
    assert [name for name in TYPES if name not in page] == []


def test_a_new_type_is_two_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(FIELD_KINDS, "Mileage", FieldKind("decimal", "number", "scalar", "float64"))
    monkeypatch.setitem(COLUMN_KINDS, "Mileage", COLUMN_KINDS["Number"])
    raw = {"Name": "Driven", "FieldClassName": "SenseNet.ContentRepository.Fields.MileageField"}
    limits = {"MinValue": 1.0, "MaxValue": 9.0}
    schema = Schema([{"ContentTypeName": "GenericContent", "FieldSettings": [{**raw, **limits}]}])
    field = schema.fields["Driven"]

    bound = Query("/Root", filter=F("Driven") > 5, query=Q("Driven") > 5).bind(schema)
    assert bound.options()["$filter"] == "Driven gt 5m"
    assert bound.options()["query"] == "Driven:>5"
    with pytest.raises(QueryError, match="holds numbers"):
        Query("/Root", filter=F("Driven") == "far").bind(schema)

    column = pd.Series(create_codec(field).decode([1.5, None]))
    assert column.dtype == field.dtype == "float64"
    assert encode(field, "2.5") == 2.5
    assert are_same_cells(field, 2.5, "2.5")
    assert are_same_json(field, 2.5, 2.5000000000000001)
    assert find_problem(field, 0) == "0 is below 1.0"
    assert "not a number" in find_problem(field, "far")
    assert find_problem(field, None).startswith("a Mileage cannot be empty")
    assert explain_absent(field) == "is required, because 0 is outside the limits of its type"


def test_a_type_in_neither_table_is_read_as_it_comes_and_not_edited() -> None:
    field = Field("F", "Gadget")
    assert ColumnKind().checks == ""
    assert list(create_codec(field).decode([{"a": 1}, "b", None])) == [{"a": 1}, "b", None]
    assert (
        find_problem(field, "b") == "a field of type Gadget cannot be written from a frame; try repo.patch(…)"
    )
