"""Journals: what is on disk, and what a damaged, an old or a full disk does to it."""

from __future__ import annotations

import datetime as dt
import errno
import json
import os
import stat

import pytest

import sn_pandas as sn
from sn_pandas.frames.writes import file_locks, journal, journal_folders, undoing

from ..fakes import open_sample
from .labs import LAB, fill, held


@pytest.fixture
def saved(repo):
    """Return the report of a save of two rows."""
    frame = fill(repo, 2)
    frame["Quantity"] += 10
    return frame.sn.save()


def break_line(file, number, text):
    lines = file.read_text().splitlines()
    lines[number - 1] = text
    file.write_text("\n".join(lines) + "\n")


DAMAGES = [
    (1, '{"journal":1}'),
    (1, "[]"),
    (2, '{"plan":0,"do":"dance"}'),
    (3, "{"),
    (4, '{"done":0,"outcome":"fine"}'),
]


@pytest.mark.parametrize(("number", "text"), DAMAGES)
def test_a_damaged_journal_is_told_by_file_and_line_and_hides_no_other(repo, saved, state, number, text):
    count = len(sn.journals())
    damaged = state / "20260101-000000-abc.jsonl"
    damaged.write_bytes(saved.journal.read_bytes())
    break_line(damaged, number, text)
    with pytest.warns(sn.IncompleteWarning, match=rf"{damaged}, line {number}"):
        assert len(sn.journals()) == count
    for do in (sn.undo, sn.resume):
        with pytest.raises(sn.JournalError, match=rf"{damaged}, line {number}"):
            do(damaged, repo)
    assert held(repo, "Quantity") == 10


def test_the_name_of_a_journal_is_on_disk_before_anything_is_sent(repo, monkeypatch):
    frame = fill(repo, 1)
    synced = []
    original = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (synced.append(os.fstat(file).st_mode), original(file)))
    frame["Quantity"] += 1
    frame.sn.save()
    assert [stat.S_ISDIR(mode) for mode in synced[:2]] == [False, True]


def test_a_disk_that_is_full_when_a_save_is_resumed_loses_nothing(repo, saved, monkeypatch):
    break_line(saved.journal, 4, '{"x":0}')
    whole = saved.journal.read_bytes()

    def full(self, number, line):
        raise OSError(errno.ENOSPC, "no space left")

    with monkeypatch.context() as patched:
        patched.setattr(journal.JournalWriter, "done", full)
        with pytest.raises(sn.JournalError, match=r"nothing was sent.*no space left"):
            sn.resume(saved, repo)
    assert saved.journal.read_bytes() == whole
    assert sn.resume(saved, repo).ok, "it is held by nobody"


def test_a_journal_is_held_before_it_is_read(repo, saved, monkeypatch):
    break_line(saved.journal, 4, '{"x":0}')
    original = undoing.JournalWriter.record

    def record(self):
        with pytest.raises(sn.JournalError, match="another process"):
            journal.JournalWriter.go_on(saved.journal)
        return original(self)

    monkeypatch.setattr(undoing.JournalWriter, "record", record)
    assert sn.resume(saved, repo).ok


def test_finished_journals_go_after_ninety_days_and_open_ones_stay(repo, saved, state):
    long_ago = (dt.datetime.now() - journal.KEPT - dt.timedelta(days=1)).timestamp()
    names = ("finished", "open", "damaged", "young")
    files = {name: state / f"20250101-000000-{name}.jsonl" for name in names}
    for file in files.values():
        file.write_bytes(saved.journal.read_bytes())
    break_line(files["open"], 4, json.dumps({"done": 0, "outcome": "unknown", "id": 1, "path": None}))
    break_line(files["damaged"], 3, "{")
    for name in ("finished", "open", "damaged"):
        os.utime(files[name], (long_ago, long_ago))
    frame = repo.read(LAB, select=["Name", "Quantity"], filter="isof('Asset')")
    frame["Quantity"] += 1
    frame.sn.save(journal=state / "own.jsonl")
    assert files["finished"].exists(), "a journal with a place of its own tidies up nothing"
    frame["Quantity"] += 1
    assert frame.sn.save().ok
    assert {name for name, file in files.items() if file.exists()} == {"open", "damaged", "young"}


def test_journals_tell_their_sizes(saved):
    listed = sn.journals().set_index("journal")
    assert listed.loc[saved.journal.name, "bytes"] == saved.journal.stat().st_size


def test_journals_are_named_and_in_the_order_they_began(repo, saved):
    frame = repo.read(LAB, select=["Name", "Quantity"], filter="isof('Asset')")
    made = [saved.journal]
    for _ in range(3):
        frame["Quantity"] += 1
        made.append(frame.sn.save().journal)
    assert sn.journals()["journal"].tolist()[:4] == [file.name for file in reversed(made)]
    assert sn.undo(sn.journals()["journal"][0], repo).ok


def test_a_resume_says_what_was_saved_before(repo, saved):
    lines = saved.journal.read_text().splitlines()
    rows = len(saved.frame)
    saved.journal.write_text("\n".join(lines[: 1 + rows + 1]) + "\n")
    resumed = sn.resume(saved.journal, repo)
    assert repr(resumed) == f"resume: 0 saved now, {rows} before"
    assert resumed.counts == {"saved": rows}


def test_a_journal_that_was_killed_as_it_began_troubles_nobody(repo, saved):
    where = saved.journal.parent
    old = [where / "20200101-000000-000-a.jsonl", where / "20200101-000000-000-b.jsonl"]
    old[0].touch()
    old[1].write_text('{"journal":1,"beg')
    for file in old:
        os.utime(file, (0, 0))
        with pytest.raises(sn.JournalError, match="nothing was sent"):
            sn.resume(file, repo)
    assert not {file.name for file in old} & set(sn.journals()["journal"])
    frame = repo.read(LAB, select=["Quantity"])
    frame["Quantity"] = 7
    frame.sn.save()
    assert not any(file.exists() for file in old)


def test_an_interruption_as_it_begins_leaves_no_journal(repo, monkeypatch, tmp_path):
    frame = fill(repo, 1)
    frame["Quantity"] += 10

    def interrupt(handle):
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        frame.sn.save(journal=tmp_path / "own.jsonl")
    assert not (tmp_path / "own.jsonl").exists()
    assert held(repo, "Quantity") == 0


@pytest.mark.parametrize("do", [sn.undo, sn.resume])
def test_a_repository_in_memory_is_gone_with_its_process(saved, do):
    header, rest = saved.journal.read_text().split("\n", 1)
    facts = {**json.loads(header), "origin": "http://embedded", "process": "another"}
    saved.journal.write_text(json.dumps(facts) + "\n" + rest)
    with open_sample(), pytest.raises(sn.JournalError, match="process that has ended"):
        do(saved.journal)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="files have no such owners")
@pytest.mark.parametrize("owner", ["me", "another"])
def test_a_journal_in_a_folder_of_another_user_is_not_found_by_its_name(
    repo, saved, monkeypatch, tmp_path, owner
):
    me = os.getuid() + 1  # not the superuser, whose folders are fine
    monkeypatch.setattr(os, "getuid", lambda: me)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv(journal_folders.PLACE, str(tmp_path / "nothing"))
    planted = tmp_path / f"sn_pandas-{me}" / "journals" / "20260101-000000-000-a.jsonl"
    planted.parent.mkdir(parents=True)
    planted.write_bytes(saved.journal.read_bytes())
    original = os.stat

    def owned(path, **options):
        found = list(original(path, **options))
        found[stat.ST_UID] = me if owner == "me" else me + 1
        return os.stat_result(found)

    monkeypatch.setattr(os, "stat", owned)
    if owner == "me":
        assert planted.name in set(sn.journals()["journal"])
        assert sn.undo(planted.name, repo).ok
        return
    assert not len(sn.journals())
    for do in (sn.undo, sn.resume):
        with pytest.raises(sn.JournalError, match="there is no such file"):
            do(planted.name, repo)


class Msvcrt:
    """Locks of Windows: of a byte of a file, for one handle, which may lie behind the end."""

    LK_NBLCK = 2

    def __init__(self):
        self.held = {}

    def locking(self, handle, mode, count):
        place = os.fstat(handle).st_ino, os.lseek(handle, 0, os.SEEK_CUR)
        if self.held.get(place, handle) != handle:
            raise PermissionError(errno.EACCES, "Permission denied")
        self.held[place] = handle


def test_two_processes_on_windows_do_not_go_on_with_the_same_journal(repo, saved, monkeypatch):
    content = saved.journal.read_bytes()
    monkeypatch.setattr(file_locks, "fcntl", None)
    monkeypatch.setattr(file_locks, "msvcrt", Msvcrt())
    first = journal.JournalWriter.go_on(saved.journal)
    with pytest.raises(sn.JournalError, match="another process is writing it"):
        sn.resume(saved.journal, repo)
    with pytest.raises(sn.JournalError, match="being written right now"):
        sn.undo(saved.journal, repo)
    first.close()
    assert saved.journal.read_bytes().startswith(content), "what is written goes behind the rest"


@pytest.mark.parametrize("workers", [0, 4])
def test_a_resume_that_does_not_begin_lets_go_of_the_journal(repo, saved, workers):
    lines = saved.journal.read_text().splitlines()
    saved.journal.write_text("\n".join(lines[:3]) + "\n")
    before = saved.journal.read_bytes()
    frame = repo.read(LAB, select=["Name", "Quantity"], filter="isof('Asset')")
    frame["Quantity"] -= 10
    frame.sn.save()
    repo.client.read_only = workers > 0
    with pytest.raises((ValueError, sn.ReadOnlyError)) as held_by_the_traceback:
        sn.resume(saved.journal, repo, workers=workers)
    repo.client.read_only = False
    assert saved.journal.read_bytes() == before
    assert sn.resume(saved.journal, repo).counts == {"saved": 2}
    assert held_by_the_traceback.tb is not None


def test_a_journal_lists_what_a_save_planned_and_what_is_open(repo, saved):
    journal_ = sn.Journal.read(saved.journal)
    assert (journal_.origin, journal_.what, journal_.user) == (repo.url, "save", str(repo.user))
    assert journal_.began.tzinfo is not None
    entries = journal_.entries
    assert entries["Id"].tolist() == saved.frame["Id"].tolist()
    assert entries["Path"].tolist() == saved.frame["Path"].tolist()
    assert set(entries["operation"]) == {"Patch"}
    assert set(entries["outcome"]) == {"saved"}
    assert not entries["open"].any()
    break_line(saved.journal, 4, '{"x":0}')
    entries = sn.Journal.read(saved.journal.name).entries
    assert sorted(entries["outcome"].isna()) == [False, True]
    assert entries["open"].tolist() == entries["outcome"].isna().tolist()


def test_undo_and_resume_take_a_journal(repo, saved):
    assert sn.resume(sn.Journal.read(saved.journal), repo).ok
    assert held(repo, "Quantity") == 10
    assert sn.undo(sn.Journal.read(saved.journal), repo).ok
    assert held(repo, "Quantity") == 0


def test_an_entry_of_a_row_that_was_not_created_has_a_path_but_no_id(repo, tmp_path):
    frame = fill(repo, 1)
    rows = frame[["Serial"]].reset_index(drop=True).assign(Name=["B0"], Type="Asset")
    report = frame.sn.append(rows).sn.save(create=True, journal=tmp_path / "new.jsonl")
    entry = sn.Journal.read(report.journal).entries.iloc[-1]
    assert (entry["operation"], entry["Path"], entry["Id"]) == (
        "Create",
        f"{LAB}/B0",
        report.frame["Id"].iloc[-1],
    )
    lines = report.journal.read_text().splitlines(keepends=True)
    report.journal.write_text("".join(line for line in lines if not line.startswith(('{"done"', '{"end"'))))
    entry = sn.Journal.read(report.journal).entries.iloc[-1]
    assert entry["Path"] == f"{LAB}/B0"
    assert entry[["Id", "outcome"]].isna().all()
    assert entry["open"]
