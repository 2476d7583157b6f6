"""Frames that come back from files: which cells are edits, and that nobody else's edit is lost in silence."""

from __future__ import annotations

import datetime as dt
import warnings

import httpx
import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas import ConflictError, SaveWarning
from sn_pandas.frames.accessor import rebase
from sn_pandas.odata.client import Client
from tests.fakes import FakeServer

from .labs import LAB, fill, held, in_another_process

ONE = [[f"{LAB}/A1", "Quantity", 1, 50]]
BOTH = [*ONE, [f"{LAB}/A2", "Quantity", 99, 2]]


def told(frame):
    return frame.sn.changes()[["Path", "field", "before", "after"]].values.tolist()


@pytest.fixture
def written(repo, tmp_path, monkeypatch):
    """Return a way to write a frame, have others edit A2 and A3, and read it back in another process."""

    monkeypatch.setattr(rebase, "SAVE_TIME", pd.Timedelta(0))  # the rows are made a moment before

    def back(write, read, edited=()):
        frame = fill(repo)
        for name, quantity in edited:
            frame.loc[frame.Name == name, "Quantity"] = quantity
        file = tmp_path / "mine"
        write(frame, file)
        repo.patch(f"{LAB}/A2", {"Quantity": 99})
        repo.patch(f"{LAB}/A3", {"Code": "theirs"})
        return in_another_process(read(file))

    return back


def ours(frame, file):
    frame.sn.to_parquet(file)


def test_a_parquet_file_of_ours_keeps_what_the_frame_was_read_as(repo, written):
    back = written(ours, pd.read_parquet)
    back.loc[back.Name == "A1", "Quantity"] = 50
    sn.rebase(back, repo)
    assert told(back) == ONE
    assert back.sn.save().counts == {"saved": 1, "unchanged": 4}
    assert (held(repo, "Quantity", "A2"), held(repo, "Code", "A3")) == (99, "theirs")


def test_edits_before_and_after_the_writing_are_compared_with_what_was_read(repo, written):
    back = written(ours, pd.read_parquet, [("A1", 7), ("A2", 3)])
    back.loc[back.Name == "A1", "Quantity"] = 50
    back.loc[back.Name == "A2", "Code"] = "mine"
    sn.rebase(back, repo)
    assert told(back) == [*ONE, [f"{LAB}/A2", "Code", "c2", "mine"], [f"{LAB}/A2", "Quantity", 2, 3]]
    with pytest.raises(ConflictError, match="A2: Quantity was 2, is 99 now, you want 3"):
        back.sn.save()
    assert back.sn.save(on_conflict="skip").counts == {"saved": 1, "unchanged": 3, "conflict": 1}
    assert (held(repo, "Quantity", "A1"), held(repo, "Quantity", "A2")) == (50, 99)


def pickled(frame, file):
    frame.to_pickle(file)


@pytest.mark.parametrize(
    ("write", "read"),
    [
        (pickled, pd.read_pickle),
        (lambda frame, file: frame.to_parquet(file), pd.read_parquet),
        (lambda frame, file: (ours(frame, file), frame.to_parquet(file)), pd.read_parquet),
    ],
    ids=["pickle", "parquet", "overwritten"],
)
def test_what_may_be_the_edit_of_somebody_else_is_a_conflict(repo, written, write, read):
    back = written(write, read)
    back.loc[back.Name == "A1", "Quantity"] = 50
    with pytest.warns(SaveWarning, match=r"2 cells \(Quantity, Code\) of .*A2, .*A3 differ") as warned:
        sn.rebase(back, repo)
    assert warned[0].filename == __file__
    assert told(back)[:2] == BOTH
    with pytest.raises(ConflictError, match="Quantity is 99 in a row that was changed after the frame was"):
        back.sn.save()
    assert back.sn.save(on_conflict=lambda c: c.theirs).counts == {"saved": 1, "unchanged": 4}
    assert (held(repo, "Quantity", "A1"), held(repo, "Quantity", "A2")) == (50, 99)
    assert back["Quantity"].tolist()[1:3] == [50, 99]
    assert back.sn.changes().empty
    back["Quantity"] += 1
    assert back.sn.save().counts == {"saved": 5}, "what was decided is no conflict any more"


def test_doubts_stay_when_the_frame_is_written_again(repo, written, tmp_path):
    back = written(pickled, pd.read_pickle)
    for _ in range(2):
        with pytest.warns(SaveWarning, match="differ"):
            sn.rebase(back, repo)
        with pytest.raises(ConflictError):
            back.sn.save()
        back.sn.to_parquet(tmp_path / "again")
        back = in_another_process(pd.read_parquet(tmp_path / "again"))


def test_where_nothing_is_known_every_difference_counts_and_is_told(repo, written):
    back = written(lambda frame, file: frame[["Name", "Quantity"]].to_csv(file), pd.read_csv)
    back.loc[back.Name == "A1", "Quantity"] = 50
    with pytest.warns(SaveWarning, match="time of the read is unknown: all of them count as your edits"):
        sn.rebase(back, repo)
    assert told(back) == BOTH


def test_nothing_is_said_where_nothing_differs(repo, written):
    back = written(lambda frame, file: frame[["Name", "Weight"]].to_csv(file), pd.read_csv)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert sn.rebase(back, repo).sn.changes().empty


def test_a_session_knows_what_its_frames_were(repo, tmp_path):
    frame = fill(repo)
    frame.to_pickle(tmp_path / "mine")
    back = pd.read_pickle(tmp_path / "mine")
    back.loc[back.Name == "A1", "Quantity"] = 50
    repo.patch(f"{LAB}/A2", {"Quantity": 99})
    assert told(sn.rebase(back, repo)) == ONE


def test_options_that_are_numbers_come_back_from_csv(repo, tmp_path):
    repo.create(LAB, "Task", "T1", {"Priority": "3"})
    repo.create(LAB, "Task", "T2")
    frame = repo.read(LAB, select="Name,Priority", filter="isof('Task')")
    frame["Priority"] = pd.Series([3.0, float("nan")], index=frame.index)
    assert frame.iloc[:1].sn.changes().empty
    frame["Priority"] = 2.0
    assert frame.sn.check().empty
    assert frame.sn.save().ok
    assert held(repo, "Priority", "T1") == ["2"]


def test_rows_that_are_gone_are_named_by_the_rebase(repo, written):
    back = written(pickled, pd.read_pickle).drop(columns=["Quantity", "Code"])
    repo.delete(f"{LAB}/A4", permanent=True)
    with pytest.raises(sn.TrackingError, match=f"no content with the Id {back.index[4]} at"):
        sn.rebase(back, repo)
    assert sn.rebase(back.iloc[:4].copy(), repo).sn.changes().empty


@pytest.mark.parametrize("told", ["Wed, 01 Jan 2025 12:00:00 GMT", "Wed, 01 Jan 2025 12:00:00"])
def test_the_time_of_a_read_is_that_of_the_server(told):
    dates = [{"Date": told}, {"Date": "no date"}, {}]
    server = FakeServer(None)
    server.on().script(*(httpx.Response(200, json={}, headers=date) for date in dates))
    client = Client("http://lab.example", transport=server)
    assert abs(client.now - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1), "ours before it said"
    for _ in range(3):
        client.get("/odata.svc/Root")
        behind = client.now - dt.datetime(2025, 1, 1, 12, tzinfo=dt.UTC)
        assert dt.timedelta(0) <= behind < dt.timedelta(minutes=1)
