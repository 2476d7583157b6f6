"""Filters and content queries in Python: the literal of the field, and nothing that the server misreads."""

from __future__ import annotations

import datetime as dt
import decimal
import re
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas.odata.filter_syntax import Call, Compare, Join, Literal, Member, Node, Not, parse
from sn_pandas.odata.filters import Filter
from sn_pandas.odata.idlists import shorter
from sn_pandas.odata.misread import reject_misinterpreted
from sn_pandas.odata.schema import Field, Option

FIELDS = {
    name: Field(name, kind, options=(Option("a", "A"),) if kind == "Choice" else ())
    for name, kind in {
        "Id": "Integer", "Name": "ShortText", "Index": "Integer", "Price": "Currency", "Hidden": "Boolean",
        "Due": "DateTime",
        "Status": "Choice", "Keeper": "Reference", "Story": "RichText", "Type": "NodeType",
    }.items()
}  # fmt: skip
MINUTE = dt.datetime(2026, 1, 31, 12, 30)


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (sn.F("Index") > 5, "Index gt 5"),
        (sn.F("Index") == np.int64(5), "Index eq 5"),
        (sn.F("Price") < 100, "Price lt 100m"),
        (sn.F("Price") >= decimal.Decimal("0.10"), "Price ge 0.10m"),
        (sn.F("Price") > np.float64(1e-7), "Price gt 0.0000001m"),
        (sn.F("Status") == "a", "Status eq '$a'"),
        (sn.F("Hidden") == True, "Hidden eq true"),  # noqa: E712 - a condition, not a comparison
        (sn.F("Name") != "it's", "not (Name eq 'it''s')"),
        (sn.F("Name") == None, "Name eq null"),  # noqa: E711 - a condition, not a comparison
        (sn.F("Due") == None, "Due eq datetime'0001-01-01T00:00:00'"),  # noqa: E711 - a condition, not a comparison
        (sn.F("Due") > dt.date(2026, 1, 31), "Due gt datetime'2026-01-31T00:00:00'"),
        (sn.F("Due") > pd.Timestamp("2026-01-31 14:30:15.5+02:00"), "Due gt datetime'2026-01-31T12:30:00'"),
        (sn.F("Due") == np.datetime64("2026-01-31T12:30:15"), "Due eq datetime'2026-01-31T12:30:00'"),
        (sn.F("Due") > "2026-11-01", "Due gt datetime'2026-11-01T00:00:00'"),
        (sn.F("Due") == "2026-11-01T12:30:59", "Due eq datetime'2026-11-01T12:30:00'"),
        (sn.F("Due") == pd.NaT, "Due eq datetime'0001-01-01T00:00:00'"),
        (sn.F("Status").isin(["a", "A"]), "Status eq '$a' or Status eq '$A'"),
        (sn.F("Type") == "Task", "ContentType eq 'Task'"),
        (sn.isof("Task") & (sn.F("Index") > 5), "isof('Task') and Index gt 5"),
        (
            sn.F("Name").startswith("a") | sn.F("Name").contains("b"),
            "startswith(Name,'a') or substringof('b',Name)",
        ),
        (
            (sn.F("Index") > 5) & ((sn.F("Index") < 3) | sn.isof("X")),
            "Index gt 5 and (Index lt 3 or isof('X'))",
        ),
        ((sn.F("Name") != "a") | (sn.F("Index") == 1), "not (Name eq 'a' and not (Index eq 1))"),
        (~(sn.F("Name") != "a"), "Name eq 'a'"),
        (~~sn.isof("Task"), "isof('Task')"),
        (sn.F("Index").isin([3, 1, 3]), "Index eq 3 or Index eq 1"),
        (sn.F("Index").isin([]), "Id lt 0"),
        (sn.F("Index").between(1, 3), "Index ge 1 and Index le 3"),
        (sn.F("Aspect.Weight") > 5, "Aspect/Weight gt 5"),
        (sn.F("#Extra") == "x", "#Extra eq 'x'"),
    ],
)
def test_literals_and_joins(made: Filter, text: str) -> None:
    assert made.text(FIELDS) == text


@pytest.mark.parametrize(
    "made",
    [
        lambda: sn.F("CreatedBy//Name"),
        lambda: (sn.F("Nmae") == "x").text(FIELDS),
        lambda: (sn.F("Name") > "x").text(FIELDS),
        lambda: (sn.F("Name") == "a*").text(FIELDS),
        lambda: (sn.F("Name") == "null").text(FIELDS),
        lambda: (sn.F("Index") == None).text(FIELDS),  # noqa: E711 - a condition, not a comparison
        lambda: (sn.F("Index") == 2**31).text(FIELDS),
        lambda: (sn.F("Price") == float("inf")).text(FIELDS),
        lambda: (sn.F("Keeper") == 12).text(FIELDS),
        lambda: (sn.F("Story") == "x").text(FIELDS),
        lambda: (sn.F("Status") == None).text(FIELDS),  # noqa: E711 - a condition, not a comparison
        lambda: sn.F("Name").startswith("").text(FIELDS),
        lambda: sn.F("Index").startswith("1").text(FIELDS),
        lambda: sn.F("Name").isin("abc"),
        lambda: (sn.Q("Keeper") == "/Root/x").text(FIELDS),
        lambda: (sn.Q("Name") == None).text(FIELDS),  # noqa: E711 - a condition, not a comparison
        lambda: (sn.Q("Name") == "a*").text(FIELDS),
        lambda: sn.Q(""),
        lambda: sn.Query("/Root", filter=sn.Q("Name") == "x"),
        lambda: sn.Query("/Root", query=sn.F("Name") == "x"),
    ],
)
def test_what_the_server_would_misread_is_refused(made: Any) -> None:
    with pytest.raises(sn.QueryError):
        made()


@pytest.mark.parametrize(
    ("made", "said"),
    [
        *(
            (condition, "nothing is more or less than a missing value")
            for missing in (None, pd.NaT, pd.NA, float("nan"))
            for condition in (
                sn.F("Due") > missing,
                sn.F("Due") <= missing,
                sn.F("Index") < missing,
                sn.F("Name") >= missing,
                sn.F("Due").between(missing, MINUTE),
            )
        ),
        (sn.F("Due") > "November", "Due: 'November' is not a date"),
        (sn.F("Index") == "55", "Index: the field holds numbers"),
        (sn.F("Price").isin(["1"]), "Price: the field holds numbers"),
        (sn.F("Hidden") == "true", "Hidden: the field holds booleans"),
        (sn.F("Status") == "b", "'b' is not an option of Status, which has 'a'"),
        (sn.F("Level") == "actve", "not an option of Level.*Did you mean active"),
        (sn.F("Level") == "on the go", "not an option of Level.*Did you mean active"),
        (sn.Q("Level") == "actve", "not an option of Level.*Did you mean active"),
        (sn.Q("Level").isin(["active", "done"]), "'done' is not an option of Level"),
        (sn.F("Status") == ["a"], r"one value, not with a list; write F\('Status'\).isin"),
        (sn.F("Name") == "null", "query='Name:\"null\"'"),
    ],
)
def test_what_no_row_can_be_is_refused(made: Any, said: str) -> None:
    level = Field("Level", "Choice", options=(Option("active", "On the go"), Option("late", "Late")))
    with pytest.raises(sn.QueryError, match=said):
        made.text({**FIELDS, "Level": level})


def test_a_choice_with_values_of_ones_own_takes_any() -> None:
    field = Field("Level", "Choice", options=(Option("a", "A"),), extra_values=True)
    assert (sn.F("Level") == "other").text({"Level": field}) == "Level eq '$other'"


def test_a_filter_has_no_truth() -> None:
    with pytest.raises(TypeError, match="&"):
        bool((sn.F("Index") > 5) and sn.isof("Task"))
    with pytest.raises(TypeError):
        sn.isof("Task") & True  # type: ignore[operator]


CONDITIONS = st.recursive(
    st.builds(lambda v: sn.F("Index") == v, st.integers(0, 3))
    | st.builds(lambda v: sn.F("Index") > v, st.integers(0, 3))
    | st.builds(lambda v: sn.F("Name") != v, st.sampled_from("ab"))
    | st.builds(lambda v: sn.F("Name").startswith(v), st.sampled_from("ab")),
    lambda inner: st.builds(lambda a, b: a & b, inner, inner)
    | st.builds(lambda a, b: a | b, inner, inner)
    | inner.map(lambda a: ~a),
    max_leaves=8,
)  # fmt: skip
ROWS = [{"Index": i, "Name": n} for i in range(4) for n in ("a", "b", "ab", "c")]


def meant(made: Any, row: dict[str, Any]) -> bool:
    """What a condition means, by its own structure."""
    kind = type(made).__name__
    if kind == "_And":
        return all(meant(part, row) for part in made.parts)
    if kind == "_Or":
        return any(meant(part, row) for part in made.parts)
    if kind == "_Not":
        return not meant(made.inner, row)
    value = row[made.field]
    return {"eq": value == made.value, "gt": made.operator == "gt" and value > made.value,
            "startswith": str(value).startswith(str(made.value))}[made.operator]  # fmt: skip


def read(node: Node, row: dict[str, Any]) -> bool:
    """What the text means, by the grammar of the language."""
    match node:
        case Join("and", parts):
            return all(read(part, row) for part in parts)
        case Join(_, parts):
            return any(read(part, row) for part in parts)
        case Not(inner):
            return not read(inner, row)
        case Call("startswith", (Member((name,)), Literal(_, text))):
            return bool(row[name].startswith(text[1:-1]))
        case Compare("eq", Member((name,)), Literal(_, text)):
            return bool(str(row[name]) == text.strip("'"))
        case Compare("gt", Member((name,)), Literal(_, text)):
            return bool(row[name] > int(text))
    raise AssertionError(node)


@given(CONDITIONS)
@example(~((sn.F("Index") == 0) & ~((sn.F("Name") != "a") & (sn.F("Name") != "b"))))
@settings(deadline=None, max_examples=300)
def test_any_condition_is_written_without_what_the_server_misreads(made: Filter) -> None:
    text = made.text(FIELDS)
    reject_misinterpreted(text, FIELDS)
    tree = parse(text)
    assert tree is not None
    assert [read(tree, row) for row in ROWS] == [meant(made, row) for row in ROWS]


@given(st.sets(st.integers(1, 60), min_size=10), st.booleans())
@settings(deadline=None)
def test_ids_in_a_row_are_the_same_ids_as_a_range(ids: set[int], joined: bool) -> None:
    made = sn.F("Id").isin(ids)
    asked = sn.Query("/Root", filter=str(made & (sn.F("Id") > 7)) if joined else str(made))
    text = str(shorter(asked).filter)
    reject_misinterpreted(text, FIELDS)
    inner = re.sub(r"Id (eq|ge|le|gt) (\d+)", lambda m: f"i {_OPERATORS[m[1]]} {m[2]}", text)
    assert {i for i in range(70) if eval(inner, {"i": i})} == {i for i in ids if i > 7 or not joined}


_OPERATORS = {"eq": "==", "ge": ">=", "le": "<=", "gt": ">"}


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_no_text_breaks_out_of_a_filter(text: str) -> None:
    try:
        written = (sn.F("Name") == text).text(FIELDS)
    except sn.QueryError:
        return
    assert parse(written) == Compare(
        "eq", Member(("Name",)), Literal("text", "'" + text.replace("'", "''") + "'")
    )
    assert sn.Query.parse(sn.Query("/Root", filter=written).url()).filter == written


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (sn.Q("Index") > 5, "Index:>5"),
        (sn.Q("Index") == -5, 'Index:"-5"'),
        (sn.Q("Status") == "a", 'Status:"$a"'),
        (sn.Q("Name") == "x .TOP:1", r'Name:"x .\TOP:1"'),
        (sn.Q("Url") == "http://x", r'Url:"http:/\/x"'),
        (sn.Q("Hidden") == True, "Hidden:yes"),  # noqa: E712 - a condition, not a comparison
        (sn.Q("Name").startswith("a b"), 'Name:"a b*"'),
        (sn.Q("Index").between(1, 5), "Index:[1 TO 5]"),
        (sn.Q("Due") >= dt.datetime(2026, 1, 31, 12, 30), 'Due:>="2026-01-31 12:30:00"'),
        (~(sn.Q("Name") == "a"), '(+Id:>0 -Name:"a")'),
        ((sn.Q("Name") != "a") & (sn.Q("Name") != "b"), '(+Id:>0 -Name:"a" -Name:"b")'),
        (sn.Q(TypeIs="Task") & sn.Q("Index:>5 OR Name:x"), '(+TypeIs:"Task" +(Index:>5 OR Name:x))'),
        (sn.Q("Keeper").where(sn.Q("Name") == "x"), 'Keeper:{{Name:"x"}}'),
        (sn.Q("Id").isin([]), "Id:0"),
    ],
)
def test_content_queries(made: Any, text: str) -> None:
    assert made.text({**FIELDS, "Url": Field("Url", "ShortText")}) == text
