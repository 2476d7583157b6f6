"""Taking a save back: only what it did itself, and nothing of what others did since."""

from __future__ import annotations

import json

import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas import ConflictError, JournalError, recovering
from sn_pandas.frames.writes.journal import JournalWriter
from sn_pandas.frames.writes.report import Line
from sn_pandas.frames.writes.works import Move

from .labs import LAB, fill

VISITOR = "/Root/IMS/BuiltIn/Portal/Visitor"


@pytest.fixture
def created(repo):
    """Return the report of a save that created the folder B, and the file C in it."""
    repo.create(LAB, "Folder", "F0")
    frame = repo.read(LAB, select=["Name", "Path", "Type", "DisplayName"], filter="isof('Folder')")
    frame.loc[-1, ["Name", "Type"]] = ["B", "Folder"]
    return frame.sn.save(create=True)


@pytest.fixture
def nested(repo, created):
    """Return the report of a save that created a folder in the folder B, and one in that."""
    frame = repo.read(LAB, select=["Name", "Path", "Type"], filter="isof('Folder')")
    frame.loc[-1, ["Path", "Type"]] = [f"{LAB}/D", "Folder"]
    report = frame.sn.save(create=True)
    frame.loc[-1, ["Path", "Type"]] = [f"{LAB}/D/E", "Folder"]
    inner = frame.sn.save(create=True)
    join(report, inner)
    return report


def join(report, other):
    """Have a journal say what another one says, too."""
    lines = [json.loads(line) for line in report.journal.read_text().splitlines()]
    more = [json.loads(line) for line in other.journal.read_text().splitlines()]
    lines[0]["rows"] = 2
    lines[2:2] = [{**more[1], "plan": 1}]
    lines.append({**more[2], "done": 1})
    report.journal.write_text("".join(json.dumps(line) + "\n" for line in lines))


def change(report, number, **facts):
    """Have a line of a journal say something else."""
    lines = [json.loads(line) for line in report.journal.read_text().splitlines()]
    lines[number].update(facts)
    report.journal.write_text("".join(json.dumps(line) + "\n" for line in lines))


def count(repo, name="B"):
    return repo.count(LAB, filter=f"Name eq '{name}'")


def test_what_was_not_sent_is_not_undone(repo, created):
    change(created, 3, outcome="unsent", id=-1)
    assert sn.undo(created).frame["reason"].tolist() == ["it was not saved"]
    assert count(repo) == 1


LATER = "2999-01-01T00:00:00+00:00"


@pytest.mark.parametrize("other", [{"began": LATER, "server_began": LATER}, {"user": VISITOR}])
def test_what_was_lost_is_undone_only_if_we_made_it(repo, created, other):
    original = created.journal.read_bytes()
    change(created, 3, outcome="unknown", id=-1)
    change(created, 0, **other)
    with pytest.raises(ConflictError, match="somebody else created the content of this name"):
        sn.undo(created)
    assert count(repo) == 1
    created.journal.write_bytes(original)
    change(created, 3, outcome="unknown", id=-1)
    assert sn.undo(created).counts == {"saved": 1}
    assert count(repo) == 0
    assert sn.undo(created).frame["reason"].tolist() == ["it is already gone"]


def test_what_somebody_else_made_meanwhile_is_no_save_of_ours(repo, created):
    change(created, 3, outcome="unknown", id=-1)
    change(created, 0, user=VISITOR)
    with pytest.raises(ConflictError, match="somebody else created a content of this name"):
        sn.resume(created)


def test_a_created_folder_that_others_put_something_into_is_not_undone(repo, created):
    repo.create(f"{LAB}/B", "Folder", "theirs")
    with pytest.raises(ConflictError, match=r"holds 1 content that this save did not create, as .*/B/theirs"):
        sn.undo(created)
    assert sn.undo(created, on_conflict="overwrite").counts == {"conflict": 1}
    assert count(repo) == 1
    repo.delete(f"{LAB}/B/theirs")
    assert sn.undo(created).counts == {"saved": 1}


def test_a_created_folder_goes_with_what_the_same_save_created_in_it(repo, nested):
    undone = sn.undo(nested)
    assert undone.frame["reason"].tolist() == ["", f"with {LAB}/D"]
    assert undone.counts == {"saved": 2}
    assert len(undone.requests) == 1
    assert sn.undo(undone).counts == {"saved": 1}
    assert repo.count(f"{LAB}/D") == 1, "and comes back with it"


def test_a_part_of_what_is_in_a_created_folder_keeps_it(repo, nested):
    repo.create(f"{LAB}/D/E", "Folder", "theirs")
    assert sn.undo(nested, on_conflict="skip").counts == {"conflict": 2}
    inner = int(repo.get(f"{LAB}/D").Id)
    assert sn.undo(nested, ids=[inner], on_conflict="skip").counts == {"unchanged": 1, "conflict": 1}
    assert repo.count(f"{LAB}/D") == 1


def test_what_is_in_the_trash_already_is_not_deleted_for_good(repo, created):
    repo.delete(f"{LAB}/B")
    assert sn.undo(created).frame["reason"].tolist() == ["it is already in the trash"]
    assert repo.restore(f"{LAB}/B").ok


@pytest.fixture
def moved(repo):
    """Return the journal of a move of two assets."""
    frame = fill(repo, 2)
    repo.create(LAB, "Folder", "F")
    works = [Move(n, int(id_), f"{LAB}/A{n}", f"{LAB}/F") for n, id_ in enumerate(frame.index)]
    log = JournalWriter.begin(None, works, what="move", origin=repo.url, user=repo.user)
    repo.move([f"{LAB}/A0", f"{LAB}/A1"], f"{LAB}/F")
    for n, work in enumerate(works):
        log.done(n, Line("saved", "", (), work.id, work.destination))
    log.close()
    return log.path


def test_a_move_is_undone(repo, moved):
    repo.create(f"{LAB}/F", "Folder", "G")
    repo.move(f"{LAB}/F/A1", f"{LAB}/F/G")
    with pytest.raises(ConflictError, match=r"somebody moved it to .*/F/G/A1 since"):
        sn.undo(moved, repo)
    undone = sn.undo(moved, repo, on_conflict="skip")
    assert undone.frame["outcome"].tolist() == ["saved", "conflict"]
    assert undone.frame["Path"].tolist()[0] == f"{LAB}/A0"
    assert sn.undo(undone).counts == {"saved": 1}
    assert repo.get(f"{LAB}/F/A0").Name == "A0"


def test_a_move_back_that_the_server_refuses_is_failed(repo, moved):
    repo.create(LAB, "Folder", "A0")
    undone = sn.undo(moved, repo)
    assert undone.counts == {"saved": 1, "failed": 1}
    assert undone.failed["reason"].iloc[0]


@pytest.mark.parametrize(
    ("do", "way"),
    [
        (lambda repo: repo.copy([f"{LAB}/A0"], f"{LAB}/F"), r"repo\.delete\(report\.saved"),
        (lambda repo: repo.upload(LAB, b"text", "a.txt"), "delete the new ones"),
        (lambda repo: repo.check_out([f"{LAB}/a.txt"]), r"repo\.undo_check_out"),
    ],
)
def test_what_cannot_be_undone_says_what_to_do_by_hand(repo, do, way):
    fill(repo, 1)
    repo.create(LAB, "Folder", "F")
    repo.upload(LAB, b"before", "a.txt")
    report = do(repo)
    assert report.ok
    with pytest.raises(JournalError, match=way):
        sn.undo(report)
    with pytest.raises(JournalError, match="keeps no journal"):
        sn.resume(report)


def test_the_frame_of_a_save_follows_its_undo(repo):
    frame = fill(repo, 3)
    frame["Quantity"] += 10
    frame.loc[frame.Name == "A1", "Labels"] = pd.Series([["blue"]], index=frame.index[1:2])
    report = frame.sn.save()
    repo.patch(f"{LAB}/A0", {"Code": "theirs"})
    assert repr(sn.undo(report, dry_run=True)).startswith("dry run of an undo: 3 requests")
    assert frame["Quantity"].tolist() == [10, 11, 12]
    frame.loc[frame.index[0], "Quantity"] = 77
    undone = sn.undo(report, ids=frame.index[:2])
    assert "2 taken back" in repr(undone)
    assert "the frame shows what the server holds now" in undone._repr_html_()
    assert frame["Quantity"].tolist() == [77, 1, 12]
    assert frame["Labels"].tolist()[1] == ["red"]
    assert frame.sn.changes()[["field", "before", "after"]].values.tolist() == [["Quantity", 0, 77]]
    frame.sn.revert()
    sn.undo(undone)
    assert frame["Quantity"].tolist() == [10, 11, 12], "the undo was undone"
    assert frame.sn.changes().empty
    again = sn.undo(report)
    assert again.counts == {"saved": 3}
    assert frame["Quantity"].tolist() == [0, 1, 2]
    assert frame.sn.save().counts == {"unchanged": 3}


def test_an_undo_by_its_journal_says_that_frames_stay_as_they_are(repo):
    frame = fill(repo, 1)
    frame["Quantity"] += 10
    report = frame.sn.save()
    assert "df.sn.refresh() reads" in repr(sn.undo(report.journal.name))
    assert frame.sn.refresh()["Quantity"].tolist() == [0]


def test_a_journal_of_a_repository_that_nobody_is_connected_to_says_how(repo, monkeypatch):
    frame = fill(repo, 1)
    frame["Quantity"] += 10
    path = frame.sn.save().journal
    monkeypatch.setattr(recovering, "find_open_repository", lambda origin: None)
    for name, do in (("undo", sn.undo), ("resume", sn.resume)):
        with pytest.raises(
            sn.JournalError,
            match=rf"not connected.*connect\('http://lab.example'.* sn_pandas\.{name}\('.*', repo\)",
        ):
            do(path)


@pytest.mark.parametrize("do", [sn.undo, sn.resume])
def test_a_misspelt_way_to_decide_conflicts_overwrites_nothing(repo, do):
    frame = fill(repo, 2)
    frame["Quantity"] += 10
    report = frame.sn.save()
    repo.patch(f"{LAB}/A0", {"Quantity": 77})
    with pytest.raises(ValueError, match=r"on_conflict is one of raise, skip, overwrite, not 'Skip'\..*skip"):
        do(report, on_conflict="Skip")
    assert repo.get(f"{LAB}/A0", select="Quantity")["Quantity"] == 77
