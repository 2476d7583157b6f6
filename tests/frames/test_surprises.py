"""What would surprise people when they save: each is refused, told or asked about before it does harm."""

from __future__ import annotations

import json

import httpx
import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas import AuthenticationError, ConflictError, RefusedError, SaveError, SaveWarning, TrackingError

from ..fakes import open_sample
from .labs import LAB, fill, held, lab, watch


@pytest.fixture
def lost(repo):
    """Return a function after which the server treats calls as anonymous, as when a key expires."""

    def lose():
        watch(repo, lambda request: request.headers.pop("apikey", None))

    return lose


@pytest.mark.parametrize(
    "do",
    [
        lambda repo, frame: frame.sn.save(),
        lambda repo, frame: frame.sn.save(dry_run=True),
        lambda repo, frame: frame.sn.refresh(),
        lambda repo, frame: frame.sn.delete(),
        lambda repo, frame: repo.delete(f"{LAB}/A0"),
        lambda repo, frame: repo.delete([int(frame.index[0])]),
        lambda repo, frame: repo.patch(f"{LAB}/A0", {"Quantity": 3}),
        lambda repo, frame: repo.move([f"{LAB}/A0"], "/Root"),
        lambda repo, frame: repo.create(LAB, "Asset", "B", {"Serial": "AB-9"}),
    ],
    ids=["save", "dry run", "refresh", "delete", "delete path", "delete id", "patch", "move", "create"],
)
def test_nothing_is_gone_only_because_we_are_not_ourselves_any_more(repo, lost, do):
    frame = fill(repo, 2)
    frame["Quantity"] += 10
    lost()
    with pytest.raises(AuthenticationError, match="treats the connection as anonymous"):
        do(repo, frame)


def test_a_content_in_the_trash_is_not_saved_without_a_word(repo):
    frame = fill(repo, 2)
    frame["Quantity"] += 10
    repo.delete(f"{LAB}/A1")
    with pytest.raises(ConflictError, match="moved it to the trash"):
        frame.sn.save()
    assert held(repo, "Quantity") == 0, "nothing was sent"
    report = frame.sn.save(on_conflict="skip")
    assert report.counts == {"saved": 1, "conflict": 1}
    trashed = repo.read("/Root/Trash", select=["Quantity"], query="TypeIs:Asset", autofilters=False)
    trashed["Quantity"] = 55
    assert trashed.sn.save().counts == {"saved": 1}, "who reads the trash means it"


def test_other_words_of_a_choice_come_last(repo):
    frame = fill(repo, 1)
    frame["Labels"] = [["red", "~other.x y", "green"]]
    assert json.loads(frame.sn.save(dry_run=True).requests[0].partition("  ")[2]) == {
        "Labels": ["red", "green", "~other.x y"]
    }
    assert frame.sn.save().counts == {"saved": 1}
    assert frame.sn.changes().empty
    assert held(repo, "Labels") == ["red", "green", "~other.x y"]


def test_conflicts_show_values_as_the_frame_does(repo):
    frame = fill(repo, 1)
    frame["Condition"] = "used"
    report = frame.sn.save()
    repo.patch(f"{LAB}/A0", {"Condition": "broken"})
    with pytest.raises(ConflictError, match="Condition was 'used', is 'broken' now, you want None"):
        sn.undo(report)


def test_a_refused_move_says_why_in_words(repo):
    fill(repo, 1)
    with pytest.raises(SaveError) as error:
        repo.move(f"{LAB}/A0", LAB)
    assert "{" not in str(error.value)


def test_new_rows_of_a_rebased_frame_go_where_the_others_are(repo):
    fill(repo, 2)
    read = repo.read(LAB, select="Name,Type,Serial", filter="isof('Asset')")
    new = pd.DataFrame({"Name": ["C1"], "Type": ["Asset"], "Serial": ["XY-1"]})
    both = sn.rebase(pd.concat([read.reset_index(), new]), repo)
    assert both.sn.check().empty
    assert both.sn.save(create=True).frame["Path"].iloc[-1] == f"{LAB}/C1"
    repo.create("/Root/Content", "Folder", "Other")
    other = repo.read("/Root/Content", select="Name,Type,Serial", filter="Name eq 'Other'")
    both = sn.rebase(pd.concat([read.reset_index(), other.reset_index(), new.assign(Name="C2")]), repo)
    with pytest.raises(RefusedError, match="its Path is missing"):
        both.sn.save(create=True)


def test_no_name_is_given_twice(admin):
    repo = admin  # only the administrator may put
    fill(repo, 3)
    for rename in (repo.patch, repo.put):
        with pytest.raises(RefusedError, match="there is a /Root/Content/Lab/a1 already"):
            rename(f"{LAB}/A0", {"Name": "a1", "Serial": "AB-1"})
    assert repo.patch(f"{LAB}/A0", {"Name": "a0"}).Name == "a0", "another case of one's own name"
    assert repo.patch(f"{LAB}/a0", {"Name": "B"}).Path == f"{LAB}/B"


def test_two_contents_of_one_path_are_told(fake):
    """As the in-memory edition of the server leaves them behind a rename."""

    def renamed(request, forward):
        answer = forward(request)
        return httpx.Response(
            200, headers=dict(answer.headers), content=answer.read().replace(b"/a0", b"/a1")
        )

    server = lab(fake)
    server.on("GET", "filter=isof").call(renamed)
    frame = server.connect().read(LAB, select=["Path", "Quantity"], filter="isof('Asset')")
    with pytest.raises(TrackingError, match=r"a1.* is the path of several contents"):
        frame.reset_index(drop=True).sn.changes()


def test_refresh_names_what_is_gone_or_in_the_trash(repo):
    frame = fill(repo, 4)
    a1, a2 = frame.index[1:3]
    repo.delete(f"{LAB}/A1", permanent=True)
    repo.delete(f"{LAB}/A2")
    with pytest.warns(sn.IncompleteWarning) as warned:
        frame.sn.refresh()
    assert [str(w.message) for w in warned] == [
        f"1 content is gone, or you may not see it; Id {a1}",
        f"1 content is in the trash; Id {a2}",
    ]


@pytest.mark.parametrize(
    "do", [lambda sn_: sn_.changes(), lambda sn_: sn_.check(), lambda sn_: sn_.save(dry_run=True)]
)
def test_columns_that_are_not_saved_are_told_before_the_save(repo, do):
    fill(repo, 4)
    frame = repo.read(LAB, select=["Name", "Quantity"], filter="isof('Asset')")
    frame["Index"] = 5
    with pytest.warns(SaveWarning, match="the column Index is not saved: it was not read"):
        do(frame.sn)
    frame = repo.read(LAB, select=["Name", "Quantity"], filter="isof('Asset')")
    frame = frame.rename(columns={"Quantity": "Amount"}).assign(late=True)
    frame.iloc[0, 1] = 99
    with pytest.warns(SaveWarning) as warned:
        do(frame.sn)
    assert [str(w.message).partition(",")[0] for w in warned] == [
        "the column Amount is not saved: it was read as Quantity"
    ]
    assert all(w.filename == __file__ for w in warned)


def test_what_is_no_journal_and_no_file_is_told(repo):
    frame = fill(repo, 1)
    for what in (None, 5, frame.sn.save(dry_run=True).journal):
        with pytest.raises(sn.JournalError, match="takes a report or its journal"):
            sn.undo(what)
        with pytest.raises(sn.JournalError, match="takes a report or its journal"):
            sn.resume(what)
    with pytest.raises(sn.JournalError, match="there is nothing to resume: this save changed nothing"):
        sn.resume(frame.sn.save())
    with pytest.raises(RefusedError, match="5 is not a file"):
        repo.upload(LAB, 5)
    for files in ([5], {"a": 5}, [b"bytes without a name"]):
        with pytest.raises(RefusedError, match=r"nothing was sent: .*(not a file|pass the name)"):
            repo.upload(LAB, files)


def test_the_way_back_that_a_lost_id_is_told_works(repo):
    frame = fill(repo, 3)[["Name", "Quantity"]]
    extra = pd.DataFrame({"Name": ["A0", "A1", "A2"], "extra": range(3)})
    for lost in (frame.reset_index(drop=True), frame.set_index("Name")):
        with pytest.raises(TrackingError, match=r"df.reset_index\(\).merge\(…\) call merged.sn.rebase\(df\)"):
            lost.sn.changes()
    merged = frame.reset_index().merge(extra)
    assert merged.sn.rebase(frame).sn.changes().empty
    merged = frame.reset_index().merge(extra).set_index("Id")
    merged["Quantity"] += 1
    assert len(merged.sn.rebase(frame).sn.changes()) == 3


def test_a_resume_of_a_finished_save_says_that_nothing_was_left(repo):
    frame = fill(repo, 3)
    frame["Quantity"] += 10
    report = frame.sn.save()
    resumed = sn.resume(report.journal)
    assert resumed.counts == {"unchanged": 3}
    assert resumed.frame["reason"].unique().tolist() == [
        "the save is already complete: there was nothing left to do"
    ]
    assert sn.undo(report).ok
    assert sn.resume(report).counts == {"unchanged": 3}
    assert held(repo, "Quantity", "A1") == 1, "what was undone since stays so"


def test_a_report_offers_only_what_it_can_do(repo):
    frame = fill(repo, 1)
    frame.loc[-1, ["Name", "Serial"]] = ["B1", "XY-1"]
    report = frame.sn.save()
    assert "create=True" in repr(report)
    assert "retry" not in repr(report)


def test_one_is_no_plural(repo):
    frame = fill(repo, 1)
    frame["Quantity"] = 5
    assert "1 request;" in repr(frame.sn.save(dry_run=True))
    repo.patch(f"{LAB}/A0", {"Quantity": 7})
    with pytest.raises(ConflictError, match=r"in 1 row\."):
        frame.sn.save()
    frame["Quantity"] = 5000
    with pytest.raises(RefusedError, match="1 cell cannot be"):
        frame.sn.save()


def test_the_versions_of_one_content_can_be_asked_for_changes() -> None:
    with open_sample() as repo:
        place = repo.read("/Root/Content/IT/Documents/2026", select=["Name"], filter="isof('File')").index[0]
        repo.patch(int(place), {"VersioningMode": ["3"]})
        repo.patch(int(place), {"Description": "again"})
        versions = repo.read(int(place), property="Versions", select=["Version"])
        assert len(versions) > 1
        assert versions.sn.changes().empty
