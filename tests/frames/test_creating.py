"""New rows whose answer was lost: created once, whatever is done with the frame before the next save."""

from __future__ import annotations

import pytest

import sn_pandas as sn
from sn_pandas import AlreadyExistsError, ConflictError, RefusedError
from sn_pandas.embedded import Faults
from sn_pandas.frames.writes import settling

from .labs import LAB, fill, held, sorted_in_place

FIELDS = ["Type", "Serial", "Quantity"]


class Lost:
    """A frame with new rows that have no names, and a save of it that heard no answer."""

    def __init__(self, opened, names=(), done=True):
        self.faults = Faults()
        self.repo = opened(self.faults)
        fill(self.repo, 2)
        select = [*FIELDS, *(["Name"] if names else [])]
        self.frame = self.repo.read(LAB, select=select, filter="isof('Asset')")
        self.frame.loc[-1, FIELDS] = ["Asset", "XY-1", 5]
        self.frame.loc[-2, FIELDS] = ["Asset", "XY-2", 6]
        if names:
            self.frame.loc[[-1, -2], "Name"] = names
        self.faults.on("POST", match="Lab").reset(after=done)
        self.faults.on("GET", match="'Asset|'N").reset()
        self.report = self.frame.sn.save(create=True, workers=1)
        self.faults.clear()
        assert self.report.counts == {"unchanged": 2, "unknown": 2}

    def made(self):
        read = self.repo.read(LAB, select=["Name", "Serial", "Quantity"], filter="isof('Asset')")
        assert read["Serial"].is_unique, "nothing is created twice"
        return read.set_index("Serial")["Name"].to_dict()


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    """Look at once for what may have been created."""
    monkeypatch.setattr(settling, "LOOKS", (0.0,))


@pytest.fixture
def lost(opened):
    """Return a frame whose two new rows were created, and a report that does not know it."""
    return Lost(opened)


@pytest.mark.parametrize(
    "reshape",
    [
        lambda frame: frame,
        lambda frame: frame.copy(),
        lambda frame: frame.sort_values("Quantity", ascending=False),
        lambda frame: frame.reset_index().sort_values("Quantity", ascending=False, ignore_index=True),
        lambda frame: frame[frame.index < 0],
        sorted_in_place,
    ],
    ids=["same", "copy", "sorted", "numbered anew", "filtered", "sorted in place"],
)
def test_what_was_created_is_found_by_the_next_save(lost, reshape):
    frame = reshape(lost.frame)
    dry = frame.sn.save(create=True, dry_run=True)
    assert dry.requests == []
    report = frame.sn.save(create=True)
    assert report.counts["saved"] == 2
    assert report.saved["reason"].str.contains("verified by reading").all()
    assert frame.sn.changes().empty
    names = lost.made()
    assert len(names) == 4
    frame["Quantity"] = 9
    assert frame.sn.save(create=True).counts["saved"] == len(frame)
    assert held(lost.repo, "Quantity", names["XY-2"]) == 9


def test_a_retry_creates_nothing_twice(lost):
    assert lost.report.retry().counts == {"saved": 2, "unchanged": 2}
    assert len(lost.made()) == 4
    assert (lost.frame.index > 0).all()


def test_a_resume_and_then_a_save_create_nothing_twice(lost):
    assert sn.resume(lost.report).counts == {"saved": 2}
    assert lost.frame.sn.save(create=True).counts == {"saved": 2, "unchanged": 2}
    assert len(lost.made()) == 4


def test_what_was_not_created_is_created_by_its_first_name(opened):
    lost = Lost(opened, done=False)
    first = lost.report.failed["Path"].tolist()
    assert lost.report.retry().saved["Path"].tolist() == first
    assert len(lost.made()) == 4


def test_named_rows_are_found_too(opened):
    lost = Lost(opened, names=["N1", "N2"])
    assert lost.frame.sn.save(create=True).counts == {"saved": 2, "unchanged": 2}
    assert lost.made()["XY-1"] == "N1"


def test_edits_after_the_lost_answer_are_saved_as_edits(opened):
    lost = Lost(opened, names=["N1", "N2"])
    lost.frame.loc[-1, "Quantity"] = 50
    lost.frame.loc[-2, "Name"] = "M2"
    changes = lost.frame.sn.save(create=True, dry_run=True).requests
    assert [request.partition(" ")[0] for request in changes] == ["PATCH", "PATCH"]
    assert lost.frame.sn.save(create=True).counts == {"saved": 2, "unchanged": 2}
    assert lost.made()["XY-2"] == "M2"
    assert held(lost.repo, "Quantity", "N1") == 50


def test_what_somebody_else_made_by_that_name_is_not_ours(opened, monkeypatch):
    lost = Lost(opened, done=False)
    lost.repo.create(LAB, "Asset", "Asset", {"Serial": "XY-9"})
    monkeypatch.setattr(type(lost.repo), "user", "/Root/IMS/BuiltIn/Portal/Visitor")
    assert lost.report.retry().counts == {"saved": 2, "unchanged": 2}
    assert lost.made() == {
        "AB-0000": "A0",
        "AB-0001": "A1",
        "XY-9": "Asset",
        "XY-1": "Asset-3",
        "XY-2": "Asset-2",
    }


def test_what_may_be_ours_and_was_changed_since_is_a_conflict(lost):
    name = lost.made()["XY-1"]
    lost.repo.patch(f"{LAB}/{name}", {"Quantity": 77})
    with pytest.raises(
        ConflictError, match=f"may have created {LAB}/{name}, which differs in Quantity"
    ) as error:
        lost.frame.sn.save(create=True)
    assert error.value.report.counts == {"saved": 1, "unchanged": 2, "conflict": 1}
    assert lost.frame.sn.save(create=True, on_conflict="skip").counts == {"unchanged": 3, "conflict": 1}
    assert len(lost.made()) == 4


def test_a_foreign_content_at_the_name_is_never_taken_for_the_row(opened):
    repo = opened()
    frame = fill(repo, 1)
    frame.loc[-1, ["Name", "Serial", "Quantity"]] = ["B", "XY-1", 5]
    original = repo.client.send

    def send(method, target, **more):
        if method == "POST":
            original(method, target, body={"__ContentType": "Asset", "Name": "B", "Serial": "ZZ-9"})
            raise AlreadyExistsError("there is one", status=403, code="ContentAlreadyExists")
        return original(method, target, **more)

    repo.client.send = send
    with pytest.raises(ConflictError) as error:
        frame.sn.save(create=True)
    assert error.value.report.counts == {"unchanged": 1, "conflict": 1}
    repo.client.send = original
    assert frame.index.tolist()[1] == -1, "it is still a new row"


def test_a_retry_goes_by_ids_not_by_places(opened):
    faults = Faults()
    repo = opened(faults)
    frame = fill(repo, 4)
    frame["Quantity"] += 10
    refused = b'{"error":{"code":"NotSpecified","message":{"value":"No."}}}'
    faults.on("PATCH", match=rf"content\({frame.index[3]}\)").status(500, refused)
    report = frame.sn.save()
    assert report.counts == {"saved": 3, "failed": 1}
    faults.clear()
    frame.loc[frame.Name == "A0", "Quantity"] = 1
    sorted_in_place(frame)
    again = report.retry()
    assert again.frame["outcome"].tolist() == ["saved", "unchanged", "unchanged", "unchanged"]
    assert held(repo, "Quantity", "A3") == 13
    assert held(repo, "Quantity", "A0") == 10, "what was edited since is for the next save"


def test_check_says_all_that_a_save_refuses(repo):
    fill(repo, 3)
    repo.create(LAB, "Folder", "F")
    frame = repo.read(LAB, select=["Name", "Code", "Serial"])
    frame.loc[frame.Name == "F", "Code"] = "a Folder has none"
    frame.loc[frame.Name == "A0", "Name"] = "A1"
    frame.loc[-1, ["Name", "Serial"]] = ["N", "XY-1"]
    checked = frame.sn.check()
    with pytest.raises(RefusedError) as error:
        frame.sn.save(create=True)
    report = error.value.report
    assert len(checked) == 3
    assert sorted(checked["problem"]) == sorted(
        part.partition(": ")[2] for part in report.frame["reason"][report.frame["outcome"] == "refused"]
    )
    old = repo.read(LAB, select=["Name"], filter="isof('Asset')", version="V1.0.A")
    for do in (old.sn.check, old.sn.save):
        with pytest.raises(sn.TrackingError, match="would change the latest one"):
            do()


def test_a_name_that_was_decided_on_must_be_free(repo):
    frame = fill(repo, 3)
    frame.loc[frame.Name == "A0", "Name"] = "B"
    repo.patch(f"{LAB}/A0", {"Name": "C"})
    report = frame.sn.save(on_conflict=lambda conflict: "A1")
    assert report.counts == {"unchanged": 2, "refused": 1}
    assert f"there is a {LAB}/A1 already" in report.failed["reason"].iloc[0]
    assert frame.sn.save(on_conflict=lambda conflict: "D").counts["saved"] == 1


@pytest.mark.parametrize(
    ("name", "words"), [("-", "remove every character"), ("--", "remove every character"), ("a--b", "'a-b'")]
)
def test_names_that_the_server_would_change_are_refused(repo, name, words):
    frame = fill(repo, 1)
    new = frame.sn.append([{"Name": name, "Type": "Asset", "Serial": "XY-1"}])
    assert words in new.sn.check()["problem"].iloc[0]
    with pytest.raises(RefusedError, match=words):
        repo.create(LAB, "Asset", name, {"Serial": "XY-1"})
    repo.patch(f"{LAB}/A0", {"Name": "a--b"})
    assert held(repo, "Quantity", "a--b") == 0, "a rename keeps it"
