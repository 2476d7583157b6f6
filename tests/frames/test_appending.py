"""New rows behind a frame."""

from __future__ import annotations

import warnings

import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas import RefusedError, SaveWarning, TrackingError

from ..fakes import open_sample
from .labs import LAB, fill, held

NEW = pd.DataFrame(
    {
        "Name": ["B0", "B1"],
        "Serial": ["XY-1", "XY-2"],
        "Quantity": [5, 6],
        "BoughtOn": pd.to_datetime(["2026-01-01", None], utc=True),
        "Condition": ["Used", None],
        "Labels": [["red", "blue"], None],
        "InUse": [True, False],
        "Notes": ["a note", None],
    }
)


@pytest.mark.parametrize("shape", ["index", "column"])
def test_rows_behind_a_frame_are_created(repo, shape):
    frame = fill(repo, 3)
    read = frame.copy()
    frame = frame.reset_index() if shape == "column" else frame
    both = frame.sn.append(NEW)
    ids = both["Id"] if shape == "column" else both.index
    assert ids.tolist()[3:] == [-1, -2]
    assert both.dtypes[read.columns].equals(read.dtypes)
    assert both.sn.check().empty
    report = both.sn.save(create=True)
    assert report.counts == {"saved": 2, "unchanged": 3}
    assert (both["Id"] if shape == "column" else both.index).tolist()[3:] == report.saved["Id"].tolist()
    assert (held(repo, "Labels", "B0"), held(repo, "Condition", "B0")) == (["red", "blue"], ["used"])
    assert held(repo, "Notes", "B0") == "a note", "a field that was not read"
    assert len(frame) == 3, "the frame itself has no more rows than before"


def test_rows_are_put_behind_again_and_edits_stay(repo):
    frame = fill(repo, 2)
    frame["Quantity"] += 1
    both = frame.sn.append({"Name": ["B0"], "Serial": ["XY-1"]}).sn.append([{"Name": "B1", "Serial": "XY-2"}])
    assert both.index.tolist()[2:] == [-1, -2]
    assert both.sn.save(create=True).counts == {"saved": 4}
    assert both.sn.changes().empty


def test_cells_that_do_not_fit_are_refused_by_the_save(repo):
    both = fill(repo, 2).sn.append({"Name": ["B0"], "Quantity": ["2,5"], "Condition": ["usd"], "Code": [5]})
    found = both.sn.check()
    assert found["field"].tolist() == ["Code", "Quantity", "Condition", "Name"]
    assert found["problem"].iloc[-1].startswith("Serial: is required"), "all problems in one round"
    assert found.index.tolist() == [-1] * 4, "on the label of the row"
    with pytest.raises(RefusedError, match="Did you mean used"):
        both.sn.save(create=True)


def test_what_cannot_be_put_behind_is_told(repo):
    frame = fill(repo, 2)
    with pytest.raises(TrackingError, match=r"Quantety is neither .*Did you mean Quantity"):
        frame.sn.append({"Name": ["B"], "Quantety": [5]})
    with pytest.raises(TrackingError, match=f"have the Id {frame.index[0]} of a content"):
        frame.sn.append(frame)
    with pytest.raises(TrackingError, match="has Id as its index or a column"):
        frame.reset_index(drop=True).sn.append(NEW)
    with pytest.warns(SaveWarning, match="dates of BoughtOn have no time zone") as warned:
        frame.sn.append({"Name": ["B"], "BoughtOn": ["2026-01-01"]})
    assert warned[0].filename == __file__


@pytest.mark.parametrize("do", [lambda df: df.sn.save(create=True), lambda df: sn.rebase(df, open_sample())])
def test_rows_put_behind_by_concat_are_told_the_way(repo, do):
    frame = fill(repo, 2).drop(columns="Path")
    with pytest.raises(TrackingError, match=r"df\.sn\.append\(rows\)"):
        do(pd.concat([frame, NEW]))


def test_an_empty_folder_takes_rows_too(repo):
    frame = repo.read(LAB, select=["Name", "Type", "Serial"], filter="isof('Asset')")
    both = frame.sn.append(NEW[["Name", "Serial"]].assign(Type="Asset"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert both.sn.save(create=True).frame["Path"].tolist() == [f"{LAB}/B0", f"{LAB}/B1"]
