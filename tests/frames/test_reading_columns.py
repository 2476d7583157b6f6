"""Law 10, same query, same dtypes; law 2 as far as reading goes; and the values that are easily lost."""

from __future__ import annotations

import datetime as dt
import decimal
import warnings
from typing import Any

import httpx
import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas.frames.columns import cells, codecs
from sn_pandas.frames.columns.kinds import create_codec
from sn_pandas.odata.schema import Field, Option

from .lists import Server

OPTIONS = (Option("a", "A"), Option("b", "B"), Option("c d", "C D"))
FIELDS = {
    "ShortText": Field("F", "ShortText"),
    "RichText": Field("F", "RichText"),
    "Integer": Field("F", "Integer"),
    "Number": Field("F", "Number"),
    "Currency": Field("F", "Currency"),
    "Boolean": Field("F", "Boolean"),
    "DateTime": Field("F", "DateTime"),
    "Choice": Field("F", "Choice", options=OPTIONS),
    "open Choice": Field("F", "Choice", options=OPTIONS, extra_values=True),
    "multiple Choice": Field("F", "Choice", options=OPTIONS, multiple=True),
    "Reference": Field("F", "Reference"),
    "References": Field("F", "Reference", multiple=True),
    "AllowedChildTypes": Field("F", "AllowedChildTypes", multiple=True),
    "HyperLink": Field("F", "HyperLink"),
    "Version": Field("F", "Version"),
}


def when(draw_digits: int, moment: dt.datetime) -> str:
    text = moment.strftime("%Y-%m-%dT%H:%M:%S").zfill(19)
    digits = f"{moment.microsecond:06}1"[:draw_digits].rstrip("0")
    return f"{text}.{digits}Z" if digits else f"{text}Z"


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
DATES = st.builds(when, st.integers(0, 7), st.datetimes(dt.datetime(2, 1, 2), dt.datetime(9999, 12, 30)))
UNSET = st.sampled_from(["0001-01-01T00:00:00", "0001-01-01T00:00:00Z"])
POINTED = st.builds(lambda n: {"Id": n, "Path": f"/Root/x{n}", "Name": f"x{n}"}, st.integers(1, 99))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "ShortText": TEXT,
    "RichText": TEXT,
    "Version": TEXT,
    "Integer": st.integers(-(2**31), 2**31 - 1),
    "Number": st.floats(allow_nan=False, allow_infinity=False),
    "Currency": st.floats(allow_nan=False, allow_infinity=False),
    "Boolean": st.booleans(),
    "DateTime": DATES | UNSET,
    "Choice": st.lists(st.sampled_from(["a", "b", "c d"]), max_size=1),
    "open Choice": st.lists(st.sampled_from(["a", "b", "~other.x y"]), max_size=1),
    "multiple Choice": st.lists(st.sampled_from(["a", "b", "c d"]), unique=True),
    "Reference": POINTED,
    "References": st.lists(POINTED),
    "AllowedChildTypes": st.lists(POINTED),
    "HyperLink": st.fixed_dictionaries({"Href": TEXT, "Text": TEXT}),
}


@pytest.mark.parametrize("kind", FIELDS)
@pytest.mark.parametrize("backend", [None, "numpy_nullable", "pyarrow"])
def test_the_dtype_comes_from_the_field_alone(kind: str, backend: codecs.Backend) -> None:
    field = FIELDS[kind]
    empty = codecs.convert_array(create_codec(field).decode([]), field, backend)

    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.none() | VALUES[kind], max_size=30))
    def every(values: list[Any]) -> None:
        column = codecs.convert_array(create_codec(field).decode(values), field, backend)
        assert column.dtype == empty.dtype
        assert len(column) == len(values)
        if backend is None:
            assert str(column.dtype) == field.dtype or (field.dtype == "str" and column.dtype == "str")
        assert [v is None for v in values] <= [
            bool(m) for m in pd.array(column).isna()
        ] or field.dtype == "object"

    every()


@pytest.mark.parametrize("kind", FIELDS)
def test_what_was_read_means_what_the_server_wrote(kind: str) -> None:
    field = FIELDS[kind]

    @settings(max_examples=60, deadline=None)
    @given(st.lists(VALUES[kind], max_size=30))
    def every(values: list[Any]) -> None:
        column = pd.Series(create_codec(field).decode(values))
        for cell, value in zip(column, values, strict=True):
            if field.type in ("Reference", "AllowedChildTypes"):
                key = "Path" if field.type == "Reference" else "Name"
                assert cell == ([v[key] for v in value] if field.multiple else value[key])
            elif field.why_not_editable:
                assert cell == value
            else:
                assert cells.are_same_json(field, cells.encode(field, cell), value)

    every()


@given(
    pieces=st.lists(st.lists(st.none() | DATES | UNSET, max_size=9), max_size=80),
)
@example(pieces=[["2026-01-31T12:30:15.1234567Z", "0001-01-01T00:00:00"], ["2026-01-31T12:30:15.1Z"]])
@settings(deadline=None)
def test_a_column_of_many_pages_is_that_of_one(pieces: list[list[str | None]]) -> None:
    decoder = create_codec(FIELDS["DateTime"])
    column = decoder.gather(3)
    for piece in pieces:
        column.add(decoder.chunk(piece))
    whole = pd.Series(column.done())
    pd.testing.assert_series_equal(whole, pd.Series(decoder.decode([v for piece in pieces for v in piece])))


def test_objects_that_happen_to_be_texts_stay_objects() -> None:
    fields = {"Keeper": {"type": "Reference"}}
    with Server([{"Id": 1, "Keeper": {"Path": "/Root/x"}}], fields).connect() as repo:
        frame = repo.read("/Root/x", select="Keeper")
        empty = repo.read("/Root/x", select="Keeper", filter="Id gt 5")
    assert frame["Keeper"].dtype == empty["Keeper"].dtype == object


def test_null_everywhere_is_missing_and_never_zero() -> None:
    rows = [{"Id": 1, "Name": None, "Index": None, "DueDate": None}]
    with Server(rows).connect() as repo:
        frame = repo.read("/Root/x", select="Name,Index,DueDate")
    assert frame.isna().all(axis=None)
    assert [str(t) for t in frame.dtypes] == ["str", "Int64", "datetime64[us, UTC]"]


def test_texts_that_look_like_numbers_stay_texts() -> None:
    texts = ["9007199254740993", "0123", "1e5", "12345678901234567890.1234567890", "true", "null", "NaN", ""]
    rows = [{"Id": n, "Name": text} for n, text in enumerate(texts, 1)]
    with Server(rows).connect() as repo:
        assert list(repo.read("/Root/x", select="Name")["Name"]) == texts


DECIMALS = st.builds(
    lambda digits, places, sign: decimal.Decimal((sign, tuple(map(int, str(digits))), -places)),
    st.integers(0, 10**28) | st.integers(0, 10**15 - 1),
    st.integers(0, 12),
    st.integers(0, 1),
)


def written(value: decimal.Decimal) -> str:
    """A number as the server writes it: always with a fraction, never an exponent."""
    text = f"{value:f}"
    return text if "." in text else f"{text}.0"


@given(st.lists(DECIMALS, min_size=1, max_size=5))
@example([decimal.Decimal("12345678901234567890.1234567891")])
@example([decimal.Decimal("922337203685477.58071")])
@example([decimal.Decimal("79228162514264337593543950335")])
@example([decimal.Decimal("100000000000000000000"), decimal.Decimal("0.0000000001")])
@settings(deadline=None, max_examples=60)
def test_decimals_are_the_nearest_number_and_are_said_if_a_float_has_fewer_digits(
    values: list[decimal.Decimal],
) -> None:
    rows = ",".join(f'{{"Id": {n}, "Name": "n", "Price": {written(v)}}}' for n, v in enumerate(values, 1))
    server = Raw(f'{{"d": {{"__count": {len(values)}, "results": [{rows}]}}}}')
    with server.connect() as repo, warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        frame = repo.read("/Root/x", select="Name,Price")
    assert list(frame["Price"]) == [float(v) for v in values]
    long = any(len(decimal.Decimal(repr(float(v))).normalize().as_tuple().digits) > 15 for v in values)
    assert bool(said) is long
    assert frame.attrs["sensenet"].get("rounded") == (["Price"] if long else None)
    assert len(frame.sn.changes()) == 0
    frame["Name"] = "x"  # another cell of the rows
    assert set(frame.sn.changes()["field"]) == {"Name"}


@given(DECIMALS)
@settings(deadline=None, max_examples=60)
def test_a_single_number_has_all_its_digits(value: decimal.Decimal) -> None:
    with Raw(f'{{"d": {{"Id": 1, "Price": {written(value)}}}}}').connect() as repo:
        for cell in (repo.get("/Root/x", select="Price")["Price"], repo.value("/Root/x", "Price")):
            assert isinstance(
                cell, decimal.Decimal if value != decimal.Decimal(repr(float(value))) else float
            )
            assert cell == (value if isinstance(cell, decimal.Decimal) else float(value))


class Raw(Server):
    """Answers every question for contents with the same text."""

    def __init__(self, text: str) -> None:
        super().__init__([], {"Name": "ShortText", "Price": "Currency"})
        self.text = text

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if "GetSchema" in request.url.path or "GetCurrentUser" in request.url.path:
            return super().__call__(request)
        return httpx.Response(200, text=self.text)


def test_a_whole_number_with_a_fraction_is_no_whole_number() -> None:
    assert list(create_codec(FIELDS["Integer"]).decode([1, 2.0, None])) == [1, 2, pd.NA]
    with pytest.raises(Exception, match="integer field"):
        create_codec(FIELDS["Integer"]).decode([1.5])


def test_digits_of_a_second_and_zones() -> None:
    texts = [
        "2026-01-31T12:30:15.1234567Z",
        "2026-01-31T14:30:15+02:00",
        "0001-01-01T00:00:00",
        None,
        "9999-12-31T23:59:59Z",
    ]
    column = pd.Series(create_codec(FIELDS["DateTime"]).decode(texts))
    assert [None if pd.isna(cell) else cell.isoformat() for cell in column] == [
        "2026-01-31T12:30:15.123456+00:00",
        "2026-01-31T12:30:15+00:00",
        None,
        None,
        "9999-12-31T23:59:59+00:00",
    ]


def test_a_value_that_is_no_option_is_kept_and_said() -> None:
    fields = {"Status": {"type": "Choice", "Options": [{"Value": "a", "Text": "A"}]}}
    server = Server([{"Id": 1, "Status": ["a"]}, {"Id": 2, "Status": ["z"]}], fields)
    with server.connect() as repo, pytest.warns(UserWarning, match="Status holds 'z'"):
        frame = repo.read("/Root/x", select="Status")
    assert list(frame["Status"]) == ["a", "z"]
    assert list(frame["Status"].cat.categories) == ["a", "z"]


def test_columns_without_pyarrow(monkeypatch: pytest.MonkeyPatch) -> None:
    from sn_pandas.frames.columns import builders

    values = {
        "ShortText": ["é", None],
        "DateTime": ["2026-01-31T12:30:15.1234567Z", None],
        "Number": [1.5, None],
    }
    with_arrow = {k: create_codec(FIELDS[k]).decode(v) for k, v in values.items()}
    monkeypatch.setattr(codecs, "pa", None)
    monkeypatch.setattr(builders, "pa", None)
    for kind, decoded in with_arrow.items():
        again = create_codec(FIELDS[kind]).decode(values[kind])
        assert again.dtype == decoded.dtype
        assert list(pd.Series(again).dropna()) == list(pd.Series(decoded).dropna())
        assert np.array_equal(pd.isna(again), pd.isna(decoded))


@pytest.mark.parametrize("digits", ["", ".1", ".123", ".12345", ".123456", ".1234567"])
@pytest.mark.parametrize("zone", ["+02:00", "-05:30"])
def test_a_date_with_a_zone_is_that_moment(digits: str, zone: str) -> None:
    text = f"2026-01-31T12:30:15{digits}{zone}"
    read = create_codec(FIELDS["DateTime"]).decode([text, "2026-01-31T12:30:15.1234567Z", None])
    assert list(read[:2]) == [
        pd.Timestamp(text).tz_convert("UTC").floor("us"),
        pd.Timestamp("2026-01-31T12:30:15.123456Z"),
    ]


@pytest.mark.parametrize("values", [["true"], [2], [True, None, "false"], [None, 1.5], [True, 2]])
def test_what_is_no_truth_value_is_not_taken_for_one(values: list[Any]) -> None:
    with pytest.raises(sn.AnswerError, match="a boolean field"):
        create_codec(FIELDS["Boolean"]).decode(values)


def test_truth_values_can_be_numbers() -> None:
    assert create_codec(FIELDS["Boolean"]).decode([1, 0, None, True]).tolist() == [True, False, pd.NA, True]
