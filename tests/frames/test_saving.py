"""What people do with a frame: edit it with plain pandas, save it, read what became of each row."""

from __future__ import annotations

import datetime as dt
import json
import threading

import numpy as np
import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas import ConflictError, RefusedError, SaveError, SaveWarning, TrackingError
from sn_pandas.embedded import Faults
from sn_pandas.frames.writes import journal
from sn_pandas.frames.writes.flow import Flow

from .labs import COLUMNS, LAB, fill, held, requests_of

EXTRA = pd.DataFrame({"Name": [f"A{n}" for n in range(5)], "extra": range(5)})


def test_an_edit_is_saved_and_then_no_change_any_more(repo):
    frame = fill(repo)
    frame.loc[frame.Name == "A1", "Quantity"] = 77
    changes = frame.sn.changes()
    assert list(changes.columns) == ["Id", "Path", "field", "before", "after"]
    assert changes[["Path", "field", "before", "after"]].values.tolist() == [[f"{LAB}/A1", "Quantity", 1, 77]]
    report = frame.sn.save()
    assert report.counts == {"saved": 1, "unchanged": 4}
    assert report.frame.index.equals(frame.index)
    assert list(report.frame.columns) == ["Id", "Path", "outcome", "fields", "reason"]
    assert held(repo, "Quantity", "A1") == 77
    assert frame.sn.changes().empty


def test_a_save_of_nothing_sends_nothing(repo):
    frame = fill(repo)
    sent = requests_of(repo)
    report = frame.sn.save()
    assert not sent
    assert report.journal is None
    assert report.counts == {"unchanged": 5}


def test_only_what_was_edited_is_sent_one_patch_a_content(repo):
    frame = fill(repo)
    frame.loc[frame.Name == "A1", ["Quantity", "Code"]] = [50, "x"]
    report = frame.sn.save(dry_run=True)
    method, _, body = report.requests[0].partition(" ")
    assert len(report.requests) == 1
    assert method == "PATCH"
    assert json.loads(body[body.index("{") :]) == {"Quantity": 50, "Code": "x"}
    assert report.counts == {"unchanged": 4, "unsent": 1}
    assert "dry run" in repr(report)
    assert held(repo, "Quantity", "A1") == 1
    assert len(frame.sn.changes()) == 2


@pytest.mark.parametrize(
    "reshape",
    [
        lambda df: df[df.Quantity > 0],
        lambda df: df.sort_values("Quantity", ascending=False),
        lambda df: df.sample(frac=1, random_state=1),
        lambda df: df.assign(double=df.Quantity * 2),
        lambda df: df.astype({"Quantity": "float64", "Condition": "str"}),
        lambda df: df.reset_index(),
        lambda df: df.reset_index().set_index("Name", drop=False),
        lambda df: df.join(EXTRA[["extra"]].set_axis(df.index)),
        lambda df: df.merge(EXTRA[["extra"]].set_axis(df.index), left_index=True, right_index=True),
        lambda df: df.merge(EXTRA, on="Name", how="left").set_index(df.index),
        lambda df: df.join(EXTRA.set_index("Name"), on="Name"),
        lambda df: df.loc[df.index[::-1], ["Quantity", "Name"]],
        lambda df: df.drop(columns="Path"),
        lambda df: df.query("Quantity >= 0"),
        lambda df: df.convert_dtypes(),
        lambda df: df.copy(),
        lambda df: df.apply(lambda column: column),
    ],
)  # fmt: skip
def test_edits_are_found_after(repo, reshape):
    frame = reshape(fill(repo))
    assert frame.sn.changes().empty
    frame.loc[frame.Name == "A3", "Quantity"] = 99
    changes = frame.sn.changes()
    assert changes[["field", "before", "after"]].values.tolist() == [["Quantity", 3, 99]]
    report = frame.sn.save()
    assert report.counts["saved"] == 1
    assert report.frame.index.equals(frame.index)
    assert held(repo, "Quantity", "A3") == 99
    assert frame.sn.changes().empty


def test_a_frame_that_lost_its_origin_is_told_how_to_get_it_back(repo):
    read = fill(repo)
    merged = read.reset_index().merge(pd.DataFrame({"Name": ["A1"], "extra": [1]}), on="Name")
    with pytest.raises(TrackingError, match="rebase"):
        merged.sn.changes()
    merged.sn.rebase(read)
    merged["Quantity"] = 5
    assert len(merged.sn.changes()) == 1
    assert merged.sn.save().counts == {"saved": 1}


def test_rows_that_cannot_be_matched_are_refused(repo):
    frame = fill(repo)
    with pytest.raises(TrackingError, match="more than one row"):
        pd.concat([frame, frame]).sn.changes()
    with pytest.raises(TrackingError, match="neither Id nor Path"):
        frame.reset_index(drop=True).drop(columns="Path").sn.changes()
    stranger = frame.reset_index()
    stranger.loc[0, "Id"] = 999999
    with pytest.raises(TrackingError, match="not among the rows"):
        stranger.sn.changes()
    with pytest.raises(TrackingError, match="does not come from a repository"):
        pd.DataFrame({"Id": [1]}).sn.save()


def test_a_frame_without_id_is_matched_by_path(repo):
    frame = fill(repo).reset_index(drop=True)
    frame.loc[2, "Quantity"] = 33
    assert frame.sn.save().counts["saved"] == 1
    assert held(repo, "Quantity", "A2") == 33


def test_all_refusals_are_told_at_once_and_nothing_is_sent(repo):
    frame = fill(repo)
    frame.loc[frame.Name == "A1", "Serial"] = "bad"
    frame.loc[frame.Name == "A2", "Quantity"] = 5000
    frame.loc[frame.Name == "A3", "Code"] = "2026-01-02T03:04:05Z"
    frame.loc[frame.Name == "A4", "Quantity"] = 7
    check = frame.sn.check()
    assert list(check.columns) == ["Id", "Path", "field", "before", "after", "problem"]
    assert list(check["field"]) == ["Serial", "Quantity", "Code"]
    sent = requests_of(repo)
    with pytest.raises(RefusedError) as error:
        frame.sn.save()
    assert {method for method, _ in sent} == {"GET"}
    assert error.value.report.counts == {"unchanged": 1, "refused": 3, "unsent": 1}
    for part in (f"{LAB}/A1", "Serial", "shorter than 4", "above 1000", "date"):
        assert part in str(error.value)
    assert held(repo, "Quantity", "A4") == 4


def test_an_edit_of_another_field_is_merged_of_the_same_is_a_conflict(repo):
    frame = fill(repo)
    frame.loc[frame.Name.isin(["A1", "A2", "A3"]), "Quantity"] = 50
    repo.patch(f"{LAB}/A1", {"Code": "theirs"})
    repo.patch(f"{LAB}/A2", {"Quantity": 60})
    repo.patch(f"{LAB}/A3", {"Quantity": 50})
    with pytest.raises(ConflictError) as error:
        frame.sn.save()
    assert error.value.report.counts == {"unchanged": 3, "conflict": 1, "unsent": 1}
    assert held(repo, "Quantity", "A1") == 1, "nothing is sent if there is a conflict"
    report = frame.sn.save(on_conflict="skip")
    assert report.counts == {"saved": 1, "unchanged": 3, "conflict": 1}
    assert held(repo, "Code", "A1") == "theirs"
    assert held(repo, "Quantity", "A2") == 60
    assert "is 60 now" in report.conflicts["reason"].iloc[0]
    assert frame.sn.save(on_conflict="overwrite").counts["saved"] == 1
    assert held(repo, "Quantity", "A2") == 50


def test_conflicts_are_decided_cell_by_cell(repo):
    frame = fill(repo)
    seen = []
    frame.loc[frame.Name == "A2", ["Quantity", "BoughtOn"]] = [50, pd.Timestamp("2026-01-01", tz="UTC")]
    repo.patch(f"{LAB}/A2", {"Quantity": 60})

    def decide(conflict):
        seen.append(conflict)
        return max(conflict.mine, conflict.theirs) + 1

    assert frame.sn.save(on_conflict=decide).counts["saved"] == 1
    [one] = seen
    assert (one.field, one.before, one.mine, one.theirs, one.path) == ("Quantity", 2, 50, 60, f"{LAB}/A2")
    assert held(repo, "Quantity", "A2") == 61
    assert frame.loc[frame.Name == "A2", "Quantity"].item() == 61, "the frame shows what was decided"
    assert frame.sn.changes().empty
    frame.loc[frame.Name == "A2", "Quantity"] = 5
    repo.patch(f"{LAB}/A2", {"Quantity": 6})
    report = frame.sn.save(on_conflict=lambda conflict: None)
    assert report.counts["refused"] == 1


def test_what_the_server_stores_differently_is_ignored_not_saved(repo):
    frame = fill(repo)
    frame.loc[frame.Name == "A1", "Quantity"] = 50
    original = repo.client.send

    def send(method, target, **more):
        answer = original(method, target, **more)
        if method == "PATCH":
            answer["Quantity"] = 49
        return answer

    repo.client.send = send
    report = frame.sn.save()
    assert report.counts["ignored"] == 1
    assert "sent 50, the server shows 49" in report.failed["reason"].iloc[0]
    assert len(frame.sn.changes()) == 1


def test_one_error_that_carries_the_report(repo):
    frame = fill(repo)
    frame["Quantity"] += 10
    repo.delete(f"{LAB}/A1", permanent=True)
    with pytest.raises(SaveError) as error:
        frame.sn.save(on_error="raise")
    assert error.value.report.counts == {"saved": 4, "failed": 1}
    assert "gone" in str(error.value)


def test_retry_does_the_rest(opened):
    faults = Faults()
    repo = opened(faults)
    frame = fill(repo)
    frame["Quantity"] += 10
    name = f"content\\({frame.index[2]}\\)"
    faults.on("PATCH", match=name).status(
        500, b'{"error":{"code":"NotSpecified","message":{"value":"Boom"}}}'
    )
    report = frame.sn.save()
    assert report.counts == {"saved": 4, "failed": 1}
    assert "Boom" in report.failed["reason"].iloc[0]
    assert list(frame.sn.changes()["Id"]) == [frame.index[2]]
    faults.clear()
    again = report.retry()
    assert again.counts == {"saved": 1, "unchanged": 4}
    assert held(repo, "Quantity", "A2") == 12


def test_revert_takes_edits_back(repo):
    frame = fill(repo)
    before = frame.copy()
    frame["Quantity"] = 0
    frame["extra"] = 1
    frame.loc[-1, "Name"] = "new"
    assert frame.sn.revert() is frame
    pd.testing.assert_frame_equal(frame.drop(columns="extra"), before)
    assert frame.sn.changes().empty


def test_refresh_shows_what_the_server_holds_and_keeps_edits(repo):
    frame = fill(repo)
    frame.loc[frame.Name == "A1", "Quantity"] = 50
    repo.patch(f"{LAB}/A1", {"Quantity": 60, "Code": "theirs"})
    repo.patch(f"{LAB}/A2", {"Quantity": 70})
    frame.sn.refresh()
    assert frame.loc[frame.Name == "A2", "Quantity"].item() == 70
    assert frame.loc[frame.Name == "A1", "Code"].item() == "theirs"
    assert frame.sn.changes()[["before", "after"]].values.tolist() == [[60, 50]]
    assert frame.sn.save().counts["saved"] == 1, "a knowing overwrite"


def test_frames_that_were_derived_before_a_save_do_not_take_it_back(repo):
    frame = fill(repo)
    some = frame[frame.Name == "A1"].copy()
    some["Quantity"] = 50
    assert some.sn.save().counts == {"saved": 1}
    assert frame.sn.changes().empty, "the old frame was not edited"
    frame.loc[frame.Name == "A1", "Quantity"] = 51
    with pytest.raises(ConflictError):
        frame.sn.save()


def test_lists_that_are_changed_in_place_are_edits(repo):
    frame = fill(repo)
    frame.Labels.iloc[1].append("blue")
    assert frame.sn.changes()[["field", "before", "after"]].values.tolist() == [
        ["Labels", ["red"], ["red", "blue"]]
    ]
    assert frame.sn.save().counts["saved"] == 1
    assert held(repo, "Labels", "A1") == ["red", "blue"]


def test_references_are_written_by_id_path_and_row(repo):
    people = repo.read("/Root/IMS", query="TypeIs:User", select=["Name", "Path"], autofilters=False)
    admin, visitor = people[people.Name == "Admin"].iloc[0], people[people.Name == "Visitor"].iloc[0]
    frame = fill(repo)
    parts = list(frame.index[3:])
    for row, keeper in enumerate([int(admin.name), admin.Path, admin, [visitor.Path]]):
        frame.at[frame.index[row], "Keeper"] = keeper
    frame.at[frame.index[0], "Parts"] = parts
    frame.at[frame.index[1], "Parts"] = frame.iloc[3:]
    assert frame.sn.save().counts == {"saved": 4, "unchanged": 1}
    again = repo.read(LAB, select=["Name", "Keeper", "Parts"], filter="isof('Asset')")
    assert again.Keeper.tolist()[:4] == [admin.Path] * 3 + [visitor.Path]
    assert again.Parts.iloc[0] == again.Parts.iloc[1] == [f"{LAB}/A3", f"{LAB}/A4"]
    again.at[again.index[0], "Keeper"] = None
    again.at[again.index[0], "Parts"] = []
    assert again.sn.save().counts["saved"] == 1
    assert repo.read(LAB, select=["Keeper"], filter="isof('Asset')").Keeper.isna().iloc[0]


def test_a_reference_to_nothing_or_to_something_else_is_refused(repo):
    frame = fill(repo)
    frame.at[frame.index[0], "Keeper"] = "/Root/IMS/Nobody"
    frame.at[frame.index[1], "Keeper"] = f"{LAB}/A3"
    frame.at[frame.index[2], "Parts"] = [99999999]
    with pytest.warns(SaveWarning, match="You do not see every content type"):
        problems = list(frame.sn.check()["problem"])
    assert "there is no content /Root/IMS/Nobody" in problems[0]
    assert "is an Asset, Keeper takes User" in problems[1]
    assert "there is no content 99999999" in problems[2]


def test_options_go_by_value_or_label(repo):
    frame = fill(repo)
    frame["Condition"] = ["Used", "used", "New", None, "Broken"]
    assert frame.sn.save().counts == {"saved": 4, "unchanged": 1}
    again = repo.read(LAB, select=["Condition"], filter="isof('Asset')")
    assert again.Condition.tolist()[:3] == ["used", "used", "new"]
    frame["Condition"] = "Usd"
    assert "did you mean used?" in frame.sn.check()["problem"].iloc[0].lower()


@pytest.mark.parametrize(
    "moment",
    [
        pd.Timestamp("2026-05-06T07:08:09.123456Z"),
        pd.Timestamp("2026-05-06T09:08:09.123456+02:00"),
        dt.datetime(2026, 5, 6, 7, 8, 9, 123456, tzinfo=dt.UTC),
        dt.datetime(2026, 5, 6, 9, 8, 9, 123456, tzinfo=dt.timezone(dt.timedelta(hours=2))),
        "2026-05-06T07:08:09.123456Z",
    ],
)
def test_dates_of_any_type(repo, moment):
    frame = fill(repo, 1)
    frame["BoughtOn"] = pd.Series([moment], index=frame.index, dtype=object)
    assert frame.sn.save().counts == {"saved": 1}
    assert held(repo, "BoughtOn") == "2026-05-06T07:08:09.123456Z"


@pytest.mark.parametrize(
    "moment",
    [
        dt.datetime(2026, 5, 6),
        dt.date(2026, 5, 6),
        np.datetime64("2026-05-06"),
        pd.Timestamp("2026-05-06"),
        pd.Period("2026-05-06", "D"),
        "2026-05-06",
    ],
)
def test_dates_without_a_zone_are_utc_and_warn(repo, moment):
    frame = fill(repo, 1)
    frame["BoughtOn"] = pd.Series([moment], index=frame.index, dtype=object)
    with pytest.warns(SaveWarning, match="BoughtOn has no time zone"):
        assert frame.sn.save().counts == {"saved": 1}
    assert held(repo, "BoughtOn") == "2026-05-06T00:00:00Z"


def test_a_column_of_naive_dates(repo):
    frame = fill(repo)
    frame["BoughtOn"] = pd.date_range("2026-01-01", periods=5)
    with pytest.warns(SaveWarning, match="5 dates of BoughtOn"):
        assert frame.sn.save().counts == {"saved": 5}
    frame["BoughtOn"] = pd.NaT
    assert frame.sn.save().counts == {"saved": 5}
    assert held(repo, "BoughtOn").startswith("0001-01-01T00:00:00")
    assert repo.read(LAB, select=["BoughtOn"], filter="isof('Asset')").BoughtOn.isna().all()


def test_new_rows_are_created_only_if_asked_for(repo):
    frame = fill(repo, 2)
    frame.loc[-1, ["Name", "Serial", "Quantity"]] = ["B1", "XY-1", 5]
    frame.loc[-2, ["DisplayName", "Serial"]] = ["Größe: 5/6 cm", "XY-2"]
    frame.loc[-2, "BoughtOn"] = pd.Timestamp("2026-01-01", tz="UTC")
    frame.at[-2, "Parts"] = list(frame.index[:2])
    frame.loc[-3, ["Serial"]] = ["XY-3"]
    frame.loc[-4, ["Serial"]] = ["XY-4"]
    frame["extra"] = 1
    report = frame.sn.save()
    assert report.counts == {"unchanged": 2, "unsent": 4}
    labels = frame.index
    report = frame.sn.save(create=True)
    assert report.counts == {"saved": 4, "unchanged": 2}, report
    assert report.frame.index.equals(labels), "on the index that the caller had"
    assert (frame.index > 0).all(), "the new rows have their ids"
    assert frame.Name.tolist()[2:] == ["B1", "Größe- 5-6 cm", "Asset", "Asset-2"]
    assert frame.Path.iloc[2] == f"{LAB}/B1"
    assert held(repo, "Quantity", "B1") == 5
    assert frame.sn.changes().empty
    frame.loc[frame.Name == "B1", "Quantity"] = 6
    assert frame.sn.save(create=True).counts == {"saved": 1, "unchanged": 5}
    assert held(repo, "Quantity", "B1") == 6
    assert frame.drop(frame.index[0]).sn.save().counts == {"unchanged": 5}, "dropped rows are not deleted"
    assert repo.count(LAB, filter="isof('Asset')") == 6


def test_new_rows_that_cannot_be(repo):
    frame = fill(repo, 2)
    frame.loc[-1, "Name"] = "A1"
    frame.loc[-2, ["Name", "Type", "Serial"]] = ["B", "Aset", "XY-2"]
    frame.loc[-3, ["Name", "Serial", "Quantity"]] = ["C", "XY-3", 5000]
    frame.loc[-4, ["Path", "Serial"]] = ["/Root/Content/Nowhere/D", "XY-4"]
    with pytest.raises(RefusedError) as error:
        frame.sn.save(create=True)
    for words in ("Serial: is required", "did you mean Asset", "above 1000"):
        assert words.lower() in str(error.value).lower()
    frame = frame.drop([-1, -2, -3])
    frame.loc[-6, ["Name", "Serial"]] = ["E", "XY-6"]
    frame.at[-6, "Keeper"] = "/Root/IMS/Nobody"
    assert "there is no content /Root/IMS/Nobody" in frame.sn.check()["problem"].iloc[-1]
    frame = frame.drop([-6])
    frame.loc[-5, ["Name", "Serial"]] = ["A1", "XY-5"]
    with pytest.raises(RefusedError) as error:
        frame.sn.save(create=True)
    assert "there is no /Root/Content/Nowhere" in str(error.value)
    assert f"there is a {LAB}/A1 already" in str(error.value)


def test_renames_go_onto_free_names_only(repo):
    frame = fill(repo, 4)
    frame["Name"] = ["A1", "B", "b", "a3"]
    problems = frame.sn.save(dry_run=True).failed["reason"].tolist()
    assert "there is a /Root/Content/Lab/A1 already" in problems[0]
    assert "another row becomes /Root/Content/Lab/b, too" in problems[2]
    frame["Name"] = ["X", "B", "A2", "a3"]
    report = frame.sn.save()
    assert report.counts == {"saved": 3, "unchanged": 1}
    assert report.frame["Path"].tolist()[0] == f"{LAB}/X"
    assert repo.get(f"{LAB}/B").Quantity == 1


def test_two_columns_of_one_reference_must_agree(repo):
    fill(repo, 2)
    frame = repo.read(LAB, select=["Name", "Keeper", "Keeper/Id"], filter="isof('Asset')")
    frame["Keeper/Id"] = 1
    frame["Keeper"] = ["/Root/IMS/BuiltIn/Portal/Visitor", None]
    assert frame.sn.check()["problem"].str.contains("edit only one of the two").tolist() == [True]
    frame["Keeper"] = None
    assert frame.sn.save().counts == {"saved": 2}
    assert repo.read(LAB, select=["Keeper"], filter="isof('Asset')").Keeper.str.endswith("Admin").all()


def test_a_frame_of_an_old_version_is_not_saved(repo):
    fill(repo, 2)
    old = repo.read(LAB, select=["Name", "Quantity"], filter="isof('Asset')", version="V1.0.A")
    old["Quantity"] = 7
    with pytest.raises(TrackingError, match="would change the latest one"):
        old.sn.save()


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_other_dtypes_of_pandas(repo, backend):
    fill(repo, 3)
    frame = repo.read(LAB, select=COLUMNS, filter="isof('Asset')", dtype_backend=backend)
    assert frame.sn.changes().empty
    frame.loc[frame.Name == "A1", "Quantity"] = 50
    frame.loc[frame.Name == "A1", "Code"] = "x"
    frame.loc[frame.Name == "A2", "InUse"] = True
    frame.loc[frame.Name == "A2", "BoughtOn"] = pd.Timestamp("2026-01-02", tz="UTC")
    frame.loc[frame.Name == "A0", "Weight"] = 2.25
    assert len(frame.sn.changes()) == 5
    assert frame.sn.save().counts == {"saved": 3}
    assert frame.sn.changes().empty
    assert held(repo, "Quantity", "A1") == 50
    assert held(repo, "Code", "A1") == "x"
    assert held(repo, "InUse", "A2") is True
    assert held(repo, "Weight", "A0") == 2.25
    assert held(repo, "BoughtOn", "A2") == "2026-01-02T00:00:00Z"


def test_an_interrupted_save_says_how_to_go_on(repo):
    frame = fill(repo, 20)
    frame["Quantity"] += 1

    def stop(done, total):
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as error:
        frame.sn.save(workers=2, progress=stop)
    assert "sn_pandas.resume" in error.value.__notes__[0]
    left = len(frame.sn.changes())
    assert 0 < left <= 15, "what was saved is known, although the save was interrupted"
    listed = sn.journals()
    assert listed["open"].iloc[0] == left
    assert sn.resume(listed["journal"].iloc[0], repo).counts == {"saved": 20}
    assert frame.sn.save().counts == {"unchanged": 20}


def test_two_processes_cannot_go_on_with_one_journal(repo):
    frame = fill(repo, 2)
    frame["Quantity"] += 1
    report = frame.sn.save()
    first = journal.JournalWriter.go_on(report.journal)
    with pytest.raises(sn.JournalError, match="another process"):
        sn.resume(report)
    first.let_go()
    assert sn.resume(report).ok


def test_an_overloaded_server_gets_half_as_many_requests_until_it_recovers():
    overloads = [0]
    flow = Flow(16, lambda: overloads[0])

    def go(times):
        for _ in range(times):
            flow.enter()
            flow.leave()
        return flow.limit

    flow.enter()
    overloads[0] = 3
    flow.leave()
    assert flow.limit == 8
    assert 8 < go(8) < 16
    assert go(400) == 16
    for overloads[0] in range(4, 10):
        go(1)
    assert flow.limit < 3


def test_columns_that_look_like_fields_but_were_not_read_are_told(repo):
    frame = fill(repo).drop(columns=["Code"])
    read = repo.read(LAB, select=["Name", "Type", "Quantity"], filter="isof('Asset')")
    read["Code"] = "x"
    read["quantity"] = 1
    read["anything"] = 1
    with pytest.warns(SaveWarning) as warned:
        assert read.sn.save().counts == {"unchanged": 5}
    said = sorted(str(w.message) for w in warned)
    assert len(said) == 2
    assert "Code is not saved: it was not read" in said[0]
    assert "did you mean Quantity?" in said[1]
    assert frame.sn.changes().empty


def test_a_field_that_the_type_of_a_row_lacks_is_refused(repo):
    fill(repo, 2)
    repo.create(LAB, "Folder", "F")
    frame = repo.read(LAB, select=["Name", "Code"])
    frame["Code"] = "x"
    with pytest.raises(RefusedError, match="a Folder has no field Code"):
        frame.sn.save()


def test_columns_of_other_contents_are_not_edited_by_way_of_a_reference(repo):
    fill(repo, 2)
    frame = repo.read(LAB, select=["Name", "CreatedBy/Name"], filter="isof('Asset')")
    frame["CreatedBy/Name"] = "Me"
    assert "belongs to the content that CreatedBy refers to" in frame.sn.check()["problem"].iloc[0]


def test_out_of_date_is_read_again_and_retried_or_a_conflict(opened):
    faults = Faults()
    repo = opened(faults)
    frame = fill(repo)
    faults.on("PATCH", nth=1).out_of_date()
    frame.loc[frame.Name == "A1", "Quantity"] = 50
    assert frame.sn.save().counts["saved"] == 1
    faults.clear()
    original = repo.client.send

    def send(method, target, **more):
        if method == "PATCH" and not faults.log:
            original(method, target, body={"Quantity": 77})
            faults.on("PATCH", times=1).out_of_date()
        return original(method, target, **more)

    faults.log.clear()
    repo.client.send = send
    frame.loc[frame.Name == "A1", "Quantity"] = 51
    with pytest.raises(ConflictError, match="is 77 now"):
        frame.sn.save()
    assert held(repo, "Quantity", "A1") == 77


def test_progress_and_workers(repo):
    frame = fill(repo, 20)
    frame["Quantity"] += 1
    steps, threads = [], set()
    original = repo.client.send

    def send(method, target, **more):
        threads.add(threading.current_thread().name)
        return original(method, target, **more)

    repo.client.send = send
    frame.sn.save(workers=3, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(n, 20) for n in range(1, 21)]
    assert len({name for name in threads if name.startswith("sn_pandas-")}) <= 3
    with pytest.raises(ValueError, match="workers"):
        frame.assign(Quantity=0).sn.save(workers=0)
    with pytest.raises(ValueError, match="Did you mean skip"):
        frame.sn.save(on_conflict="skp")


def test_the_report_shows_itself(repo):
    frame = fill(repo, 15)
    frame["Quantity"] += 1
    for n in range(12):
        repo.patch(f"{LAB}/A{n}", {"Quantity": 500})
    report = frame.sn.save(on_conflict="skip")
    text, page = repr(report), report._repr_html_()
    assert text.splitlines()[0] == "save: 3 saved, 12 conflict"
    assert f"{LAB}/A0" in text
    assert "… and 2 more" in text
    assert "<table>" in page
    frame.loc[frame.index[14], "Quantity"] = -5
    with pytest.raises(RefusedError) as error:
        frame.sn.save()
    lines = repr(error.value.report).splitlines()
    assert "refused: Quantity: -5 is below 0" in lines[1]
    assert lines[2] == "  12 rows  unsent: not sent, because other cells were refused"
    assert "Quantity was 0, is 500 now" in page


def test_a_journal_that_was_cut_anywhere_is_read(repo, tmp_path):
    frame = fill(repo, 2)
    frame["Code"] = ["größer", "日本"]
    report = frame.sn.save()
    whole = report.journal.read_bytes()
    for length in range(len(whole)):
        part = tmp_path / "part.jsonl"
        part.write_bytes(whole[:length])
        if b"\n" not in whole[:length]:
            with pytest.raises(journal.JournalError):
                journal.read(part)
            continue
        record = journal.read(part)
        assert len(record.works) in (0, 2)
        log = journal.JournalWriter.go_on(part)
        assert log.record() == record
        log.close()
        assert journal.read(part).works == record.works
    assert sn.resume(report.journal, repo).counts == {"unchanged": 2}


def test_theirs_is_taken_into_the_frame_and_not_stored(repo):
    frame = fill(repo)
    frame.loc[frame.Name == "A1", ["Quantity", "Code"]] = [50, "mine"]
    frame.loc[frame.Name == "A2", "Quantity"] = 51
    repo.patch(f"{LAB}/A1", {"Quantity": 60})
    repo.patch(f"{LAB}/A2", {"Quantity": 61})
    sent = requests_of(repo)
    assert frame.sn.save(on_conflict=lambda c: c.theirs).counts == {"saved": 1, "unchanged": 4}
    assert [method for method, _ in sent].count("PATCH") == 1
    assert frame["Quantity"].tolist()[1:3] == [60, 61]
    assert frame.sn.changes().empty
    assert (held(repo, "Quantity", "A1"), held(repo, "Code", "A1")) == (60, "mine")


def test_a_dry_run_sends_as_little_as_the_save_because_of_a_conflict(repo):
    frame = fill(repo)
    frame["Quantity"] += 100
    repo.patch(f"{LAB}/A1", {"Quantity": 60})
    dry = frame.sn.save(dry_run=True)
    assert dry.counts == {"conflict": 1, "unsent": 4}
    assert not dry.requests
    with pytest.raises(ConflictError, match=r"sys\.last_value\.report\.conflicts") as error:
        frame.sn.save()
    assert error.value.report.counts == dry.counts
    assert len(frame.sn.save(dry_run=True, on_conflict="skip").requests) == 4


def test_a_column_that_was_renamed_and_edited_is_told(repo):
    fewer = fill(repo)
    frame = fewer.rename(columns={"BoughtOn": "Bought"})
    frame["Bought"] = pd.Timestamp("2026-01-01", tz="UTC").as_unit("us")
    for do in (lambda: frame.sn.check(), lambda: frame.sn.save(dry_run=True)):
        with pytest.warns(SaveWarning, match="BoughtOn that was read is gone. If this is it, rename it back"):
            do()
    added = repo.read(LAB, select=COLUMNS, filter="isof('Asset')").assign(late=True, note="x")
    assert added.sn.check().empty, "columns that are only added are nobody's concern"
    some = fewer[["Name", "Quantity"]].assign(label="x")
    assert some.sn.check().empty, "nor is one beside some that were left out"


@pytest.mark.parametrize("names", [{"BoughtOn": 0}, {"BoughtOn": ("Bought", "On")}])
def test_a_column_renamed_to_no_text_is_told(repo, names):
    frame = fill(repo).rename(columns=names)
    frame.iloc[:, list(frame.columns).index(names["BoughtOn"])] = pd.Timestamp("2026-01-01", tz="UTC")
    with pytest.warns(SaveWarning, match="BoughtOn that was read is gone. If this is it, rename it back"):
        assert frame.sn.changes().empty


def test_a_check_tells_of_dates_without_a_zone(repo):
    frame = fill(repo)
    frame["BoughtOn"] = pd.Timestamp("2026-01-01")
    with pytest.warns(SaveWarning, match="5 dates of BoughtOn have no time zone") as warned:
        frame.sn.check()
    assert warned[0].filename == __file__
