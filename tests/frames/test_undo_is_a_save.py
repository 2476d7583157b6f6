"""An undo, and a resume, check, compare and verify like a save, and put back what was there exactly."""

from __future__ import annotations

import pandas as pd
import pytest

import sn_pandas as sn

from .labs import LAB, lab

VISITOR = "/Root/IMS/BuiltIn/Portal/Visitor"


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """Have journals in a folder of the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def read(repo, *more):
    return repo.read(
        LAB, select=["Name", "Path", "Type", "Quantity", *more], filter="isof('Asset')", orderby="Name"
    )


def folders(repo):
    found = repo.read(LAB, query="TypeIs:Folder", select=["Path"], autofilters=False)
    return sorted(path.removeprefix(f"{LAB}/") for path in found["Path"] if path != LAB)


def held(repo, field, name="a0"):
    return repo.client.get(f"/odata.svc{LAB}('{name}')?metadata=no&$select={field}")["d"][field]


@pytest.mark.parametrize("way", ["frame", "patch"])
@pytest.mark.parametrize("stored", ["2026-01-02T03:04:05.1234567Z", "1999-12-31T00:00:00.0000001Z"])
def test_dates_come_back_to_the_last_digit(fake, way, stored):
    repo = lab(fake, rows=1).connect()
    repo.client.send("PATCH", f"/odata.svc{LAB}('a0')", body={"BoughtOn": stored})
    if way == "frame":
        frame = read(repo, "BoughtOn")
        frame["BoughtOn"] = frame["BoughtOn"] + pd.Timedelta("3D")
        saved = frame.sn.save()
    else:
        repo.patch(f"{LAB}/a0", {"BoughtOn": pd.Timestamp("2030-01-01", tz="UTC")})
        saved = sn.journals()["journal"].iloc[0]
    assert held(repo, "BoughtOn") != stored
    assert sn.undo(saved, repo).counts == {"saved": 1}
    assert held(repo, "BoughtOn") == stored


def test_nested_moves_go_back_in_their_order(fake):
    server = lab(fake, rows=0)
    repo = server.connect()
    for parent, name in (("", "X"), ("", "T"), ("/X", "A"), ("/X/A", "B"), ("/X/A/B", "C")):
        repo.create(f"{LAB}{parent}", "Folder", name)
    before = folders(repo)
    report = repo.move([f"{LAB}/X/A", f"{LAB}/X/A/B", f"{LAB}/X/A/B/C"], f"{LAB}/T")
    assert report.counts == {"saved": 3}
    server.on("POST", "MoveBatch", nth=1).slow(0.1)
    assert sn.undo(report).counts == {"saved": 3}
    assert folders(repo) == before


def test_nested_deletions_come_back_in_their_order(fake):
    repo = lab(fake, rows=0).connect()
    repo.create(LAB, "Folder", "F")
    repo.create(f"{LAB}/F", "Folder", "G")
    first, second = repo.delete(f"{LAB}/F/G"), repo.delete(f"{LAB}/F")
    assert sn.undo(second).ok
    assert sn.undo(first).ok
    assert folders(repo) == ["F", "F/G"]


def test_what_is_in_a_deleted_folder_comes_back_with_it_only(fake):
    repo = lab(fake, rows=0).connect()
    repo.create(LAB, "Folder", "F")
    inner = int(repo.create(f"{LAB}/F", "Folder", "G")["Id"])
    gone = repo.delete(inner)
    repo.delete(f"{LAB}/F")
    repo.restore(f"{LAB}/F")
    repo.restore(inner)
    gone = repo.delete(f"{LAB}/F")
    with pytest.raises(
        sn.SaveError, match=r"was deleted with F, and can only be restored with it: repo\.restore"
    ):
        repo.restore(inner)
    assert sn.undo(gone).ok
    assert folders(repo) == ["F", "F/G"]


def test_references_of_a_patch_come_back(fake):
    repo = lab(fake, rows=2).connect()
    repo.patch(f"{LAB}/a0", {"Keeper": VISITOR})
    repo.patch(f"{LAB}/a0", {"Keeper": repo.user})
    assert sn.undo(sn.journals()["journal"].iloc[0], repo).counts == {"saved": 1}
    assert repo.value(f"{LAB}/a0", "Keeper") == VISITOR


def test_overwrite_takes_a_changed_creation_back(fake):
    repo = lab(fake, rows=1).connect()
    frame = read(repo).sn.append([{"Name": "new", "Type": "Asset", "Serial": "AB-9999", "Quantity": 5}])
    report = frame.sn.save(create=True)
    repo.patch(f"{LAB}/new", {"Quantity": 6})
    with pytest.raises(sn.ConflictError, match="changed Quantity of it since") as error:
        sn.undo(report)
    assert repr(error.value.report).startswith("undo:")
    assert sn.undo(report, on_conflict="overwrite").counts["saved"] == 1
    assert read(repo)["Name"].tolist() == ["a0"]


@pytest.mark.parametrize("do", ["undo", "resume"])
def test_nothing_is_renamed_onto_what_took_the_name_meanwhile(fake, do):
    server = lab(fake, rows=1)
    repo, other = server.connect(), server.connect()
    frame = read(repo)
    frame.loc[frame.index[0], "Name"] = "b0"
    if do == "resume":
        server.on("PATCH").refused()
    journal = frame.sn.save().journal
    server.clear()
    taken = "a0" if do == "undo" else "b0"
    other.create(LAB, "Asset", taken, {"Serial": "AB-1111"})
    report = getattr(sn, do)(journal, repo)
    assert report.counts == {"refused": 1}
    assert sorted(read(other)["Name"]) == ["a0", "b0"]
    other.delete(f"{LAB}/{taken}", permanent=True)
    assert getattr(sn, do)(journal, repo).counts == {"saved": 1}, "it is still open"
    assert read(other)["Name"].tolist() == [taken]


def test_an_undone_permission_leaves_the_entry_as_it_was(fake):
    repo = lab(fake, rows=1).connect()
    place = f"{LAB}/a0"
    repo.allow(LAB, VISITOR, "See")
    repo.deny(place, VISITOR, "Delete")

    def own():
        found = repo.permissions(place)
        found = found[(found["identity"] == VISITOR) & ~found["inherited"]]
        return dict(zip(found["permission"], found["value"], strict=True))

    before = own()
    report = repo.allow(place, VISITOR, "Save")
    assert report.counts == {"saved": 1}
    assert "along with that: " in report.frame["reason"].iloc[0]
    assert own() != before
    assert sn.undo(report).counts == {"saved": 1}
    assert own() == before
    repo.allow(place, VISITOR, "Open")
    taken = repo.unset(place, VISITOR, "Open")
    assert f"repo.unset('{place}', '{VISITOR}', 'See')" in taken.frame["reason"].iloc[0]
    assert sn.undo(taken).counts == {"saved": 1}
    assert own()["Open"] == "allow"


def test_after_a_save_the_frame_reads_as_the_server_does(fake):
    repo = lab(fake, rows=2).connect()
    repo.patch(f"{LAB}/a0", {"Keeper": VISITOR})
    columns = ["Keeper", "Keeper/Name", "Keeper/Id"]
    frame = read(repo, *columns)
    frame.loc[frame.index[0], "Keeper"] = repo.user
    frame.loc[frame.index[1], "Name"] = "b1"
    assert frame.sn.save().counts == {"saved": 2}
    now = read(repo, *columns)
    for column in ["Path", *columns]:
        assert frame[column].astype(str).tolist() == now[column].astype(str).tolist(), column
    assert frame.sn.changes().empty
    assert frame.sn.save().frame["Path"].tolist() == now["Path"].tolist()


def test_a_resume_by_its_report_settles_the_frame(fake):
    server = lab(fake, rows=2)
    repo = server.connect()
    frame = read(repo)
    frame["Quantity"] += 5
    server.on("PATCH").refused()
    report = frame.sn.save()
    server.clear()
    assert sn.resume(report).counts == {"saved": 2}
    assert frame.sn.changes().empty


def test_check_finds_every_problem_at_once_on_the_labels_of_the_rows(fake):
    repo = lab(fake, rows=2).connect()
    frame = read(repo).sn.append(
        [
            {"Name": "a0", "Type": "Asset", "Quantity": "many"},
            {"Name": "user", "Type": "User"},
            {"Name": "good", "Type": "Asset"},
        ]
    )
    frame["Quantity"] = frame["Quantity"].astype(object)
    frame.loc[frame.index[0], "Quantity"] = "few"
    found = frame.sn.check()
    assert set(found.index) == {frame.index[0], -1, -2, -3}
    assert frame.join(found[["problem"]])["problem"].notna().sum() == len(found)
    problems = found.groupby(level=0)["problem"].agg("; ".join)
    assert "Serial: is required" in problems[-1]
    assert "there is a /Root/Content/Lab/a0 already" in problems[-1]
    assert "is not an integer" in problems[-1]
    with pytest.raises(sn.RefusedError, match=r"row -2"):
        frame.sn.save(create=True)
    frame.loc[-3, "Quantity"] = 4
    frame.loc[frame.index[1], "Quantity"] = 9
    report = frame.sn.save(on_refused="skip")
    assert report.counts["saved"] == 1
    assert read(repo)["Quantity"].tolist() == [0, 9]
