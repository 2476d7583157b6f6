"""No way of pandas or numpy to write a cell escapes the comparison: a baseline shares no memory."""

from __future__ import annotations

import errno
import gc
import mmap
import os
import pickle

import numpy as np
import pandas as pd
import pytest

from sn_pandas.frames.tracking import snapshots

from .labs import lab

NEW = {
    "Quantity": [70, 71],
    "Weight": [7.5, 8.5],
    "Price": [7.25, 8.25],
    "InUse": [True, False],
    "BoughtOn": [pd.Timestamp("2001-02-03", tz="UTC"), pd.Timestamp("2011-12-13", tz="UTC")],
    "Condition": ["broken", "used"],
    "Notes": ["one", "another"],
}


def through_array(frame, column, new):
    frame[column].array[0] = new


def through_values(frame, column, new):
    frame[column].values[0] = new


def through_a_slice(frame, column, new):
    frame[column].array[:1] = [new]


def through_a_mask(frame, column, new):
    frame[column].array[np.arange(len(frame)) == 0] = new


def through_numpy(frame, column, new):
    frame[column].to_numpy()[0] = new


def without_zone(values, new):
    """Return a time without its zone for an array of times, as numpy 1 warns of one that has it."""
    return new.tz_localize(None) if values.dtype.kind == "M" else new


def through_asarray(frame, column, new):
    values = np.asarray(frame[column].array)
    values[0] = without_zone(values, new)


def through_putmask(frame, column, new):
    values = np.asarray(frame[column].array)
    np.putmask(values, np.arange(len(values)) == 0, without_zone(values, new))


def through_a_row(frame, column, new):
    frame.iloc[0].array[list(frame.columns).index(column)] = new


def through_iat(frame, column, new):
    frame.iat[0, list(frame.columns).index(column)] = new


def through_a_converted_column(frame, column, new):
    frame[column] = frame[column].convert_dtypes()
    frame.iat[0, list(frame.columns).index(column)] = new


WAYS = [value for name, value in list(globals().items()) if name.startswith("through_")]


@pytest.fixture(params=["copied", "mapped"])
def memory(request, monkeypatch):
    """Have the columns of a read in memory of either kind, however small they are."""
    monkeypatch.setattr(snapshots, "MAPPED_FROM", 0 if request.param == "mapped" else 1 << 40)
    return request.param


@pytest.fixture
def read(fake, memory):
    client = lab(fake, rows=4).connect()
    return lambda: client.read("/Root/Content/Lab", select=["Name", "Path", *NEW, "Labels"])


def after_a_read(frame):
    return frame


def after_a_save(frame):
    for column, (one, _) in NEW.items():
        frame[column] = pd.Series([one] * len(frame), index=frame.index, dtype=frame[column].dtype)
    assert frame.sn.save().ok
    assert not len(frame.sn.changes())
    return frame


def after_a_revert(frame):
    for column, (one, _) in NEW.items():
        frame[column] = pd.Series([one] * len(frame), index=frame.index, dtype=frame[column].dtype)
    return frame.sn.revert()


def after_a_refresh(frame):
    return frame.sn.refresh()


MOMENTS = [after_a_read, after_a_save, after_a_revert, after_a_refresh]


@pytest.mark.filterwarnings("ignore:Series.values:FutureWarning", "ignore:Series.values:DeprecationWarning")
@pytest.mark.parametrize("moment", MOMENTS)
def test_what_the_frame_shows_as_another_value_is_an_edit(read, moment):
    frame = moment(read())
    held = {column: frame[column].array.copy() for column in NEW}
    seen = 0
    for write in WAYS:
        for column, (one, other) in NEW.items():
            before = frame[column].tolist()
            try:
                write(frame, column, other if before[0] == one else one)
            except (ValueError, TypeError):
                continue  # pandas refuses the write
            shown = frame[column].astype(object).tolist()[0]
            if shown is not before[0] and not (pd.isna(shown) and pd.isna(before[0])) and shown != before[0]:
                changes = frame.sn.changes()
                assert changes["field"].tolist() == [column], (write.__name__, column)
                seen += 1
            frame.sn.revert()
            assert frame[column].astype(object).equals(pd.Series(held[column], frame.index).astype(object))
    assert seen >= len(NEW)


CELLS = {
    "list": (lambda: ["red"], lambda cell: cell.append("blue")),
    "order": (lambda: ["red", "blue"], lambda cell: cell.reverse()),
    "set": (lambda: {"red"}, lambda cell: cell.add("blue")),
    "ndarray": (lambda: np.array(["red", "blue"], dtype=object), lambda cell: cell.put(0, "green")),
    "array": (lambda: pd.array(["red", "blue"]), lambda cell: cell.__setitem__(0, "green")),
}


@pytest.mark.parametrize("kind", CELLS)
def test_what_is_written_into_a_list_is_an_edit(read, kind):
    make, write = CELLS[kind]
    frame = read()
    place = frame.columns.get_loc("Labels")
    cell = np.fromiter([make()], dtype=object, count=1)
    frame["Labels"] = pd.Series([*cell, *frame["Labels"].iloc[1:]], index=frame.index, dtype=object)
    assert frame.sn.save().ok
    assert not len(frame.sn.changes())
    write(frame.iat[0, place])
    assert frame.sn.changes()["field"].tolist() == ["Labels"]
    assert frame.sn.save().counts["saved"] == 1
    assert not len(frame.sn.changes())


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_list_of_any_moment_is_the_frames_own(read, moment):
    frame = moment(read())
    frame["Labels"] = pd.Series([["red"]] * len(frame), index=frame.index)
    frame.sn.save()
    frame = moment(frame)
    frame["Labels"].iloc[0].append("blue")
    assert frame.sn.changes()["field"].tolist().count("Labels") in (1, len(frame))
    frame.sn.revert()
    assert frame["Labels"].tolist() == [["red"]] * len(frame)


def test_what_changes_and_baseline_show_leads_to_no_memory_of_the_baseline(read):
    frame = read()
    row = frame.index[0]
    frame.at[row, "Labels"] = ["red"]
    frame.sn.save()
    frame.at[row, "Labels"] = ["blue"]
    frame.sn.changes()["before"].iloc[0].append("green")
    baseline = frame.sn.baseline.frame
    baseline["Quantity"].array[0] = 99
    baseline.loc[row, "Name"] = "x"
    baseline.at[row, "Labels"].append("green")
    assert frame.sn.changes()["before"].tolist() == [["red"]]
    assert frame.sn.changes()["field"].tolist() == ["Labels"]
    frame.sn.revert().at[row, "Labels"].append("green")
    assert frame.sn.changes()["before"].tolist() == [["red"]]


def test_ordinary_work_on_a_frame_in_mapped_memory(read):
    frame = read()
    plain = pd.DataFrame({name: frame[name].astype(object) for name in frame}, index=frame.index)
    plain = plain.astype(frame.dtypes.to_dict())
    for work in (
        lambda f: f["Quantity"].cumsum(),
        lambda f: f.groupby("Condition", observed=True)["Weight"].sum(),
        lambda f: f.sort_values("Quantity", ascending=False)["Name"],
        lambda f: f["BoughtOn"].dt.tz_convert("CET"),
        lambda f: f["InUse"].fillna(False).cumsum(),
        lambda f: pickle.loads(pickle.dumps(f))["Price"],
        lambda f: pd.concat([f, f])["Quantity"],
        lambda f: f["Weight"].rank(),
    ):
        pd.testing.assert_series_equal(work(frame), work(plain))
    column = frame["Quantity"]
    del frame
    gc.collect()
    column.iloc[0] = 5
    assert column.iloc[0] == 5


def test_frames_of_many_reads_hold_few_files(fake, monkeypatch):
    monkeypatch.setattr(snapshots, "MAPPED_FROM", 0)
    client = lab(fake, rows=1).connect()
    frames = [client.read("/Root/Content/Lab", select=["Name", "Quantity"]) for _ in range(120)]
    for number, frame in enumerate(frames):
        frame["Quantity"].array[0] = number + 1
    assert all(len(frame.sn.changes()) == 1 for frame in frames)


def refuse(code):
    def fail(*args, **options):
        raise OSError(code, os.strerror(code))

    return fail


@pytest.mark.parametrize(
    ("where", "what", "code"),
    [
        (os, "memfd_create", errno.EMFILE),
        (os, "pwrite", errno.ENOSPC),
        (mmap, "mmap", errno.ENOMEM),
    ],
)
def test_a_frame_is_read_where_the_system_has_no_memory_to_map(fake, monkeypatch, where, what, code):
    monkeypatch.setattr(snapshots, "MAPPED_FROM", 0)
    client = lab(fake, rows=2).connect()
    read = lambda: client.read("/Root/Content/Lab", select=["Name", *NEW])  # noqa: E731
    expected, files = read(), open_files()
    monkeypatch.setattr(where, what, refuse(code), raising=False)
    frame = read()
    pd.testing.assert_frame_equal(frame, expected)
    assert open_files() == files
    through_array(frame, "Quantity", 70)
    assert list(frame.sn.changes()["field"]) == ["Quantity"]


def open_files():
    """Return how many files this process has open, where the system tells."""
    return len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
