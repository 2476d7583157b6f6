"""What counts as the same cell: a table of edits with what is expected, and properties."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas.frames.columns.cells import are_same_cells, are_same_json, encode
from sn_pandas.frames.tracking.differences import find_differences
from sn_pandas.frames.writes.checking import find_problem
from sn_pandas.odata.schema import Field, Option

from .labs import LAB, fill

OPTIONS = (Option("red", "Red"), Option("blue", "Blue"), Option("green", "Green"))
TEXT = Field("Notes", "LongText")
WHOLE = Field("Quantity", "Integer")
NUMBER = Field("Weight", "Number")
TRUTH = Field("InUse", "Boolean")
DATE = Field("BoughtOn", "DateTime")
ONE = Field("Condition", "Choice", options=OPTIONS)
SEVERAL = Field("Labels", "Choice", options=OPTIONS, multiple=True)
OTHERS = Field("Tags", "Choice", options=OPTIONS, multiple=True, extra_values=True)
PERSON = Field("Keeper", "Reference")
PEOPLE = Field("AssignedTo", "Reference", multiple=True)
BEHIND = Field("AssignedTo/FullName", "List", read_only=True)
ANNA, NOAH = "/Root/IMS/Public/anna.acs", "/Root/IMS/Public/noah.nagy"
NOON = pd.Timestamp("2026-05-05 12:00", tz="UTC")

#: A field, a cell as it was read, a cell as it is now, and what that is: "same", "edit" or "rejected".
TABLE = [
    (TRUTH, True, "False", "edit"),
    (TRUTH, True, "false ", "edit"),
    (TRUTH, True, "True", "same"),
    (TRUTH, True, "no", "rejected"),
    (TRUTH, True, "0", "rejected"),
    (TRUTH, True, "disabled", "rejected"),
    (TRUTH, True, 0, "edit"),
    (TRUTH, True, 1.0, "same"),
    (TRUTH, False, np.float32(0), "same"),
    (TRUTH, True, 2, "rejected"),
    (TRUTH, True, [], "rejected"),
    (TRUTH, False, np.array([], dtype=object), "rejected"),
    (TRUTH, True, None, "rejected"),
    (WHOLE, 5, "5.0", "same"),
    (WHOLE, 5, " 5 ", "same"),
    (WHOLE, 5, 5.0, "same"),
    (WHOLE, 5, np.float16(5), "same"),
    (WHOLE, 5, decimal.Decimal("5"), "same"),
    (WHOLE, 5, "6", "edit"),
    (WHOLE, 5, "five", "rejected"),
    (WHOLE, 5, "5,0", "rejected"),
    (WHOLE, 5, 5.5, "rejected"),
    (WHOLE, 1, True, "rejected"),
    (WHOLE, 5, float("inf"), "rejected"),
    (WHOLE, 5, "9" * 5000, "rejected"),
    (WHOLE, 5, np.array(5), "same"),
    (WHOLE, 5, np.array(6), "edit"),
    (WHOLE, 5, np.array([5]), "rejected"),
    (WHOLE, 5, (0, (5,), 0), "rejected"),
    (WHOLE, 0, np.array([], dtype=object), "rejected"),
    (NUMBER, 247.85, np.float32(247.85), "same"),
    (NUMBER, 247.85, np.float16(247.85), "same"),
    (NUMBER, 247.85, np.float32(247.86), "edit"),
    (NUMBER, 247.85, "247.85", "same"),
    (NUMBER, 247.85, decimal.Decimal("247.850"), "same"),
    (NUMBER, 2.5, "two", "rejected"),
    (NUMBER, 2.5, float("-inf"), "rejected"),
    (NUMBER, 2.5, True, "rejected"),
    (NUMBER, 2.5, np.array([2.5]), "rejected"),
    (NUMBER, 2.5, [2.5], "rejected"),
    (DATE, NOON, "2026-05-05T12:00:00Z", "same"),
    (DATE, NOON, "2026-05-05 14:00:00+02:00", "same"),
    (DATE, NOON, NOON.tz_convert("Asia/Tokyo"), "same"),
    (DATE, NOON, NOON.to_pydatetime(), "same"),
    (DATE, NOON, np.datetime64("2026-05-05T12:00"), "same"),
    (DATE, NOON, "2026-05-05T12:00:00.0000001Z", "edit"),
    (DATE, NOON, "2026-05-06", "edit"),
    (DATE, NOON, "05/06/2026", "rejected"),
    (DATE, NOON, "tomorrow", "rejected"),
    (DATE, NOON, NOON.value // 10**9, "rejected"),
    (DATE, NOON, None, "edit"),
    (DATE, pd.NaT, "0001-01-01T00:00:00Z", "same"),
    (DATE, pd.NaT, "0001-06-15", "rejected"),
    (DATE, pd.NaT, pd.Timestamp("0001-12-31 23:59:59", tz="UTC"), "rejected"),
    (ONE, "red", "Red", "same"),
    (ONE, "red", ["red"], "same"),
    (ONE, "red", np.array("blue"), "edit"),
    (ONE, "red", "nan", "rejected"),
    (ONE, "red", np.array(5), "rejected"),
    (SEVERAL, ["red", "blue"], {"blue", "red"}, "same"),
    (SEVERAL, ["red", "blue"], frozenset({"red", "green"}), "edit"),
    (SEVERAL, ["red", "blue"], np.array(["red", "blue"], dtype=object), "same"),
    (SEVERAL, ["red", "blue"], ("red", "blue"), "same"),
    (SEVERAL, ["red", "blue"], pd.array(["red", "blue"], dtype="str"), "same"),
    (SEVERAL, ["red", "blue"], "['red', 'blue']", "same"),
    (SEVERAL, ["red", "blue"], "['red' 'blue']", "same"),
    (SEVERAL, ["red", "blue"], '["red", "blue"]', "same"),
    (SEVERAL, ["red", "blue"], "{'blue', 'red'}", "same"),
    (SEVERAL, ["blue", "red"], "frozenset({'blue', 'red'})", "same"),
    (SEVERAL, ["red", "blue"], "{'blue'}", "edit"),
    (SEVERAL, ["red"], "set()", "edit"),
    (SEVERAL, [], "set()", "same"),
    (PEOPLE, [ANNA, NOAH], f"{{'{NOAH}', '{ANNA}'}}", "same"),
    (SEVERAL, ["red", "blue"], "('red', 'green')", "edit"),
    (SEVERAL, ["red", "blue"], "['red', blue]", "rejected"),
    (SEVERAL, ["red", "blue"], "['red', 'violet']", "rejected"),
    (SEVERAL, [], "[]", "same"),
    (SEVERAL, [], None, "same"),
    (OTHERS, ["red"], "~other.\ud800", "rejected"),
    (OTHERS, ["red"], ["~other.x", "red"], "edit"),
    (PERSON, ANNA, "9" * 5000, "rejected"),
    (PERSON, ANNA, "²", "rejected"),
    (PERSON, ANNA, f"['{ANNA}']", "same"),
    (PERSON, ANNA, np.array(ANNA), "same"),
    (PERSON, ANNA, "Anna Ács", "rejected"),
    (PEOPLE, [ANNA, NOAH], f"['{ANNA}', '{NOAH}']", "same"),
    (PEOPLE, [ANNA, NOAH], {NOAH, ANNA}, "same"),
    (PEOPLE, [ANNA, NOAH], "[1398]", "edit"),
    (BEHIND, ["Anna Ács", None], "['Anna Ács', None]", "same"),
    (TEXT, "2024", 2024, "same"),
    (TEXT, "2024", 2024.0, "same"),
    (TEXT, "007", 7, "rejected"),
    (TEXT, "a", "a\ud800", "rejected"),
    (TEXT, "a", ["a"], "rejected"),
    (TEXT, "5", np.array([5]), "rejected"),
    (TEXT, None, np.nan, "same"),
    (TEXT, "a", np.str_("a"), "same"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "before", "after", "expected"), TABLE)
def test_each_edit_is_an_edit_a_rejection_or_the_same_value(field, before, after, expected):
    if are_same_cells(field, before, after):
        assert expected == "same"
    else:
        assert expected == ("rejected" if find_problem(field, after) else "edit")


FIELDS = [TEXT, WHOLE, NUMBER, TRUTH, DATE, ONE, SEVERAL, OTHERS, PERSON, PEOPLE]
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(st.characters(), max_size=8),
    st.sampled_from(["red", "Blue", "~other.x", "5.0", "1e5", "nan", "[]", "['red']", "{'a'", ANNA]),
    st.sampled_from(["2026-01-05", "١", "²"]),
    st.datetimes(timezones=st.just(dt.UTC) | st.none()),
    st.dates(),
    st.sampled_from([pd.NA, pd.NaT, np.nan, np.datetime64("NaT", "ns"), np.float16(1.1), b"x", 1j]),
    st.sampled_from([np.bool_(True), dt.time(1)]),
    st.timedeltas(),
)  # fmt: skip
CELLS = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=2), inner, max_size=2),
        st.frozensets(st.text(max_size=3), max_size=3).map(set),
        inner.map(lambda cell: np.array(cell, dtype=object)),
    ),
    max_leaves=5,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(FIELDS), CELLS, CELLS)
def test_comparing_and_checking_never_fail_and_what_is_checked_is_sent(field, one, other):
    assert are_same_cells(field, one, one) or find_problem(field, one) != ""
    assert are_same_cells(field, one, other) in (True, False)
    if not find_problem(field, other):
        sent = encode(field, other)
        json.dumps(sent, allow_nan=False).encode()
        assert are_same_json(field, sent, sent)
        assert are_same_cells(field, other, other)


class Word(str, enum.Enum):  # noqa: UP042 - a StrEnum would be written by its value
    RED = "red"
    HIS = NOAH


class Count(int, enum.Enum):
    FIVE = 5


class Liar(str):
    def __str__(self):
        return "blue"


@pytest.mark.parametrize(
    ("field", "cell", "sent"),
    [
        (TEXT, Word.RED, "red"),
        (TEXT, Liar("red"), "red"),
        (ONE, Word.RED, ["red"]),
        (ONE, Liar("red"), ["red"]),
        (SEVERAL, [Word.RED, "blue"], ["red", "blue"]),
        (PERSON, Word.HIS, NOAH),
        (PERSON, Count.FIVE, 5),
        (PEOPLE, [Word.HIS], [NOAH]),
        (WHOLE, Count.FIVE, 5),
        (NUMBER, Count.FIVE, 5.0),
    ],
)
def test_a_member_of_an_enum_is_what_it_holds(field, cell, sent):
    assert encode(field, cell) == sent
    assert json.loads(json.dumps(encode(field, cell))) == sent
    assert find_problem(field, sent) == find_problem(field, cell)
    assert are_same_cells(field, sent, cell)


DTYPES = ["float32", "float16", "Float32", "Float64", *map(pd.ArrowDtype, (pa.float32(), pa.float64()))]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(width=16) | st.floats(-1e5, 1e5), min_size=1, max_size=20))
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_a_column_of_fewer_digits_is_no_edit(dtype, numbers):
    old = pd.Series(numbers, dtype="float64")
    with np.errstate(over="ignore"):
        new = old.astype(dtype)
    shown = new.to_numpy(float, na_value=np.nan)
    finite = [place for place in find_differences(old.array, new.array) if np.isfinite(shown[place])]
    assert all(are_same_cells(NUMBER, old[place], new[place]) for place in finite)
    with_edit = new.copy()
    with_edit.iloc[0] = 12.5 if old.iloc[0] != 12.5 else 13.5
    assert 0 in find_differences(old.array, with_edit.array)


def test_a_set_is_sent_in_the_order_of_the_options():
    assert encode(SEVERAL, {"green", "blue", "red"}) == ["red", "blue", "green"]
    assert encode(PEOPLE, {NOAH, ANNA}) == [ANNA, NOAH]


def test_a_small_float_is_sent_as_it_shows():
    assert encode(NUMBER, np.float32(1.1)) == 1.1
    assert encode(NUMBER, np.float16(0.1)) == 0.1


@pytest.mark.parametrize("column", ["Notes", "Labels", "Quantity", "Condition"])
@pytest.mark.parametrize("depth", [900, 20_000])
def test_a_cell_that_is_nested_without_end_is_refused_like_any_other(opened, column, depth):
    repo = opened()
    fill(repo, 2)
    frame = repo.read(LAB, select=["Name", "Path", column], filter="isof('Asset')").astype({column: object})
    cell = []
    for _ in range(depth):
        cell = [cell]
    frame[column] = pd.Series([cell] * 2, index=frame.index, dtype=object)
    assert frame.sn.changes()["field"].tolist() == [column] * 2
    assert frame.sn.check()["field"].tolist() == [column] * 2
    with pytest.raises(sn.RefusedError):
        frame.sn.save()
