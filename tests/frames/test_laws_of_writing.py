"""The laws of writing, for every field type and any value."""

from __future__ import annotations

import datetime as dt
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from sn_pandas import ConflictError, RefusedError
from sn_pandas.embedded import Application
from sn_pandas.frames.columns.cells import are_same_cells, list_items
from sn_pandas.frames.columns.encoders import get_target
from sn_pandas.frames.writes.checking import find_problem
from sn_pandas.odata.schema import Field

from .labs import LAB, client_of, prepare, requests_of

ADMIN, VISITOR = "/Root/IMS/BuiltIn/Portal/Admin", "/Root/IMS/BuiltIn/Portal/Visitor"
SERVED = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
moments = st.datetimes(dt.datetime(1753, 1, 1), dt.datetime(9999, 12, 31), timezones=st.just(dt.UTC))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def kept(number):
    """Return a number without the decimal places that the server does not keep."""
    return round(number, 13)


#: Values that each field takes, by name; every field type of the schema that can be written is among them.
GOOD = {
    "DisplayName": texts.filter(bool),
    "Serial": st.from_regex(r"[A-Z]{2}-[0-9]{1,9}", fullmatch=True),
    "Notes": st.none() | texts,
    "Story": st.none() | texts,
    "Code": st.none() | texts,
    "Quantity": st.integers(0, 1000),
    "Weight": st.floats(0, 1e15, allow_nan=False).map(kept) | st.integers(0, 10**12),
    "Price": st.floats(-1e15, 1e15, allow_nan=False).map(kept),
    "InUse": st.booleans(),
    "BoughtOn": st.none() | moments,
    "CheckedAt": st.none() | moments.map(pd.Timestamp),
    "Condition": st.none() | st.sampled_from(["new", "used", "broken", "New", "Used"]),
    "Labels": st.lists(
        st.sampled_from(["red", "green", "blue", "Green", "~other.x y"]), unique=True, max_size=3
    ),
    "Keeper": st.none() | st.sampled_from([ADMIN, VISITOR, 1, [ADMIN]]),
    "Parts": st.lists(st.sampled_from([f"{LAB}/A0", f"{LAB}/A1"]), max_size=3),
    "Index": st.integers(-(2**31), 2**31 - 1),
    "VersioningMode": st.sampled_from(["0", "1"]),
}
COLUMNS = ["Name", "Path", "Type", *GOOD]
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.decimals() | st.text(max_size=20) | moments
    | st.dates() | st.binary(max_size=5) | st.datetimes()
    | st.sampled_from([pd.NA, pd.NaT, np.float64("nan"), np.int64(3), np.bool_(True), 2**31, -1e300, "2,5"])
    | st.sampled_from(["2026-01-02T03:04:05Z", "/Date(17)/", "/Root", "/Root/", "", " ", "a\ud800", "true"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)  # fmt: skip


@pytest.fixture(scope="module")
def served():
    """Return one repository with three assets for all examples."""
    application = Application(sample=False)
    prepare(application)
    repo = client_of(application)
    for n in range(3):
        repo.create(LAB, "Asset", f"A{n}", {"Serial": f"AB-{n}"})
    yield repo
    application.close()


BASE = {
    "DisplayName": "d", "Serial": "AB-1", "Notes": None, "Story": "s", "Code": "c", "Quantity": 5,
    "Weight": 2.5, "Price": 10.0, "InUse": True,
    "BoughtOn": "2025-01-01T00:00:00Z", "CheckedAt": "0001-01-01T00:00:00Z",
    "Condition": ["used"], "Labels": ["red"], "Keeper": VISITOR, "Parts": [f"{LAB}/A0"], "Index": 0,
    "VersioningMode": ["0"],
}  # fmt: skip


def read(repo):
    """Put the assets back to what every example begins with, and read them."""
    for n in range(3):
        repo.client.send("PATCH", f"/odata.svc{LAB}('A{n}')?metadata=no&$select=Id", body=BASE)
    return again(repo)


def again(repo):
    return repo.read(LAB, select=COLUMNS, filter="isof('Asset')")


def put(frame, row, column, value):
    """Edit a cell as a person does who does not care about dtypes."""
    cells = frame[column].astype(object)
    cells.iat[row] = value
    frame[column] = cells


@SERVED
@given(data=st.data())
def test_what_is_edited_is_what_is_read_again(served, data):
    """Law 2 and 3: the edit comes back, no other cell changes, only real differences are sent."""
    before = read(served)
    frame = before.copy()
    wanted = {}
    for row, column in data.draw(
        st.sets(st.tuples(st.integers(0, 2), st.sampled_from(list(GOOD))), min_size=1, max_size=6)
    ):
        value = data.draw(GOOD[column])
        assume(not (isinstance(value, str) and looks_like_date(value)))
        put(frame, row, column, value)
        wanted[row, column] = value
    changes = frame.sn.changes()
    assert set(zip(changes["Id"], changes["field"], strict=True)) <= {(frame.index[r], c) for r, c in wanted}
    sent = requests_of(served)
    report = frame.sn.save()
    patched = [target for method, target in sent if method == "PATCH"]
    assert len(patched) == len(set(patched)) == changes["Id"].nunique(), "one PATCH a content"
    assert report.ok, report
    assert frame.sn.changes().empty
    after = again(served)
    fields = frame.sn.baseline.fields
    for row in range(3):
        for column in GOOD:
            expected = wanted[row, column] if (row, column) in wanted else before[column].iloc[row]
            assert meant(fields[column], after[column].iloc[row], expected), (row, column, expected)
    sent.clear()
    assert after.sn.save().counts == {"unchanged": 3}
    assert not sent, "a save of nothing sends nothing"


@SERVED
@given(row=st.integers(0, 2), column=st.sampled_from(list(GOOD)), value=anything)
@example(row=0, column="Weight", value="2,5")
@example(row=0, column="Story", value="2026-01-02T03:04:05Z")
@example(row=0, column="Labels", value=["~other.a", "~other.b"])
@example(row=1, column="Parts", value={"Id": 1})
def test_any_value_is_stored_as_meant_or_said_not_to_be(served, row, column, value):
    """Law 4 and 6: nothing is sent that cannot work, and what the server changes is never saved."""
    before = read(served)
    frame = before.copy()
    put(frame, row, column, value)
    fields = frame.sn.baseline.fields
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        check = frame.sn.check()
        sent = requests_of(served)
        try:
            report = frame.sn.save()
        except RefusedError as error:
            report = error.report
            assert not [method for method, _ in sent if method != "GET"], (
                "nothing is sent if a cell is refused"
            )
    outcome = report.frame["outcome"].iloc[row]
    assert (outcome == "refused") == bool(len(check))
    after = again(served)
    for n in range(3):
        for name in GOOD:
            if (n, name) != (row, column) or outcome != "saved":
                assert meant(fields[name], after[name].iloc[n], before[name].iloc[n])
    if outcome == "saved":
        assert meant(fields[column], after[column].iloc[row], value)
    assert outcome in ("saved", "unchanged", "refused"), (outcome, report)


cells = st.tuples(st.integers(0, 2), st.sampled_from(["Quantity", "Code"]))
some = st.dictionaries(cells, st.integers(0, 3), max_size=4)


@SERVED
@given(mine=some, theirs=some, rule=st.sampled_from(["raise", "skip", "overwrite"]))
def test_no_update_is_lost_in_silence(served, mine, theirs, rule):
    """Law 5: other field changed means merged, same field changed means conflict."""
    frame = read(served)
    held = {(r, c): frame[c].iloc[r] for r in range(3) for c in ("Quantity", "Code")}
    value = {"Quantity": int, "Code": lambda n: f"v{n}"}
    mine = {key: value[key[1]](n) for key, n in mine.items()}
    theirs = {key: value[key[1]](n) for key, n in theirs.items()}
    for (row, column), cell in mine.items():
        put(frame, row, column, cell)
    for (row, column), cell in theirs.items():
        served.patch(int(frame.index[row]), {column: cell})
    now = held | theirs
    edited = {key: cell for key, cell in mine.items() if cell != held[key]}
    clashing = {key for key, cell in edited.items() if now[key] != held[key] and now[key] != cell}
    rows = {row for row, _ in clashing}
    expected = {
        k: v
        for k, v in edited.items()
        if rule == "overwrite" or (k[0] not in rows and not (rule == "raise" and rows))
    }
    if clashing and rule == "raise":
        with pytest.raises(ConflictError) as error:
            frame.sn.save(on_conflict=rule)
        report = error.value.report
    else:
        report = frame.sn.save(on_conflict=rule)
    assert len(report.frame) == 3, "every row has exactly one outcome"
    assert report.frame.index.equals(frame.index)
    after = again(served)
    assert {(r, c): after[c].iloc[r] for r, c in held} == now | expected
    if rule != "overwrite":
        assert {n for n in range(3) if report.frame["outcome"].iloc[n] == "conflict"} == rows


def looks_like_date(text):
    return bool(find_problem(Field("x", "LongText"), text))


def meant(field, stored, cell):
    """Whether a cell that was read again is what was put in."""
    if field.is_reference:
        named = [{1: ADMIN}.get(target, target) for target in map(get_target, list_items(cell))]
        return list_items(stored) == named
    return are_same_cells(field, stored, cell)
