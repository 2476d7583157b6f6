"""Rows that are matched to the contents of a folder by a key: updated, created or left alone."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas import ConflictError, NotFoundError, RefusedError, TrackingError

from .labs import LAB, fill, held, requests_of

ROWS = pd.DataFrame(
    {"Name": ["A1", "B0", "A0"], "Serial": ["AB-0001", "XY-0001", "AB-0000"], "Quantity": [70, 80, 0]},
    index=["x", "y", "z"],
)


def contents(repo):
    frame = repo.read(LAB, select=["Name", "Serial", "Quantity"], filter="isof('Asset')")
    return {row.Name: (row.Serial, row.Quantity) for row in frame.itertuples()}


# --- repo.upsert


def test_rows_are_updated_created_or_left(repo):
    fill(repo, 3)
    report = repo.upsert(LAB, ROWS, type="Asset")
    assert report.what == "upsert"
    assert report.frame.index.tolist() == ["x", "y", "z"], "on the labels of the rows"
    assert report.frame["outcome"].tolist() == ["saved", "saved", "unchanged"]
    assert report.frame["Path"].tolist() == [f"{LAB}/A1", f"{LAB}/B0", f"{LAB}/A0"]
    assert contents(repo) == {
        "A0": ("AB-0000", 0), "A1": ("AB-0001", 70), "A2": ("AB-0002", 2), "B0": ("XY-0001", 80)
    }  # fmt: skip
    assert repo.upsert(LAB, ROWS, type="Asset").counts == {"unchanged": 3}


def test_the_contents_are_looked_up_together(repo):
    fill(repo, 20)
    rows = [{"Name": f"A{n}", "Quantity": 500} for n in range(20)]
    sent = requests_of(repo)
    assert repo.upsert(LAB, rows).counts == {"saved": 20}
    assert sum(method == "GET" for method, _ in sent) < 12


def test_the_report_tells_new_contents_from_updated_ones(repo):
    fill(repo, 3)
    report = repo.upsert(LAB, ROWS, type="Asset")
    assert (report.created, repr(report)) == (1, "upsert: 2 saved (1 created, 1 updated), 1 unchanged")
    assert repo.upsert(LAB, ROWS, type="Asset").created == 0


NAIVE = {"Serial": "XY-0001", "BoughtOn": pd.Timestamp("2026-05-06")}


@pytest.mark.parametrize(
    "do",
    [
        lambda repo: repo.upsert(LAB, [{"Name": "A0", **NAIVE}]),
        lambda repo: repo.upsert(LAB, [{"Name": "B0", **NAIVE}], type="Asset"),
        lambda repo: repo.read(LAB, select=["Name", "Serial", "BoughtOn"]).sn.upsert(
            [{"Name": "B0", **NAIVE}]
        ),
    ],
    ids=["update", "create", "frame"],
)
def test_warnings_point_to_the_line_of_the_caller(repo, do):
    fill(repo, 1)
    with pytest.warns(sn.SaveWarning, match=r"dates? of BoughtOn ha(s|ve) no time zone") as warned:
        do(repo)
    assert [warning.filename for warning in warned] == [__file__]


def test_nothing_is_sent_in_a_dry_run(repo):
    fill(repo, 2)
    sent = requests_of(repo)
    report = repo.upsert(LAB, ROWS, type="Asset", dry_run=True)
    assert {method for method, _ in sent} == {"GET"}
    assert [request.partition(" ")[0] for request in report.requests] == ["PATCH", "POST"]
    assert repr(report).startswith("dry run of an upsert: 2 requests")


def test_undo_takes_back_both_kinds(repo):
    fill(repo, 3)
    before = contents(repo)
    report = repo.upsert(LAB, ROWS, type="Asset")
    assert sn.journals().iloc[0]["what"] == "upsert"
    assert sn.undo(report).counts == {"saved": 2}
    assert contents(repo) == before


def test_missing_cells_leave_what_is_there(repo):
    fill(repo, 2)
    rows = [{"Name": "A0", "Quantity": None, "Code": "new"}, {"Name": "A1", "Quantity": 9, "Labels": []}]
    assert repo.upsert(LAB, rows).counts == {"saved": 2}
    assert [held(repo, "Quantity", name) for name in ("A0", "A1")] == [0, 9]
    assert [held(repo, "Code", name) for name in ("A0", "A1")] == ["new", "c1"]
    assert [held(repo, "Labels", name) for name in ("A0", "A1")] == [["red"], []]


def test_names_are_the_same_in_any_letter_case(repo):
    fill(repo, 1)
    assert repo.upsert(LAB, [{"Name": "a0", "Quantity": 9}]).counts == {"saved": 1}
    assert held(repo, "Quantity", "A0") == 9
    assert repo.value(f"{LAB}/A0", "Name") == "A0"


def test_the_type_is_only_that_of_new_contents(repo):
    repo.create(LAB, "Folder", "B0")
    rows = [{"Name": "B0", "DisplayName": "Old"}, {"Name": "A0", "DisplayName": "New"}]
    report = repo.upsert(LAB, [rows[0], {**rows[1], "Serial": "AB-0000"}], type="Asset")
    assert report.counts == {"saved": 2}
    assert repo.value(f"{LAB}/B0", "Type") == "Folder"
    assert repo.value(f"{LAB}/B0", "DisplayName") == "Old"
    assert repo.value(f"{LAB}/A0", "Type") == "Asset"


def test_another_field_can_be_the_key(repo):
    fill(repo, 3)
    rows = [{"Serial": "AB-0002", "Quantity": 9}, {"Serial": "XY-0009", "Quantity": 1, "Name": "B0"}]
    assert repo.upsert(LAB, rows, key="Serial", type="Asset").counts == {"saved": 2}
    assert contents(repo)["A2"] == ("AB-0002", 9)
    assert contents(repo)["B0"] == ("XY-0009", 1)


def test_ambiguous_keys_are_rejected_by_row(repo):
    fill(repo, 3)
    repo.patch(f"{LAB}/A1", {"Code": "c0"})
    rows = pd.DataFrame(
        {"Code": ["c0", "c2", None, "n1", "n1", " "], "Quantity": [1, 90, 3, 4, 5, 6]}, index=list("abcdef")
    )
    with pytest.raises(RefusedError) as error:
        repo.upsert(LAB, rows.assign(Serial="XY-1"), key="Code")
    problems = error.value.report.problems
    assert problems.index.tolist() == list("acdef")
    assert f"2 contents have this key: {LAB}/A0, {LAB}/A1" in problems["problem"].iloc[0]
    assert "is empty" in problems["problem"].iloc[1]
    assert "the rows 'd', 'e' have the same Code" in problems["problem"].iloc[2]
    assert problems["mine"].tolist()[2:4] == ["n1", "n1"]
    report = repo.upsert(LAB, rows, key="Code", on_refused="skip")
    assert repr(report).splitlines()[-1] == "  Correct the cells in .problems and upsert again."
    assert report.frame["outcome"].tolist() == ["refused", "saved", *["refused"] * 4]
    assert contents(repo)["A2"] == ("AB-0002", 90)
    assert len(contents(repo)) == 3


def test_rows_of_another_frame_go_into_the_folder(repo):
    rows = fill(repo, 2)
    repo.create(LAB, "Folder", "copies")
    report = repo.upsert(f"{LAB}/copies", rows[["Name", "Type", "Path", "Serial", "Quantity"]])
    assert report.frame["Path"].tolist() == [f"{LAB}/copies/A0", f"{LAB}/copies/A1"]
    assert report.frame.index.tolist() == rows.index.tolist()


def test_references_go_by_name(repo):
    fill(repo, 1)
    rows = [{"Name": "A0", "Keeper": sn.ref("edna")}]
    assert repo.upsert(LAB, rows).ok
    assert repo.value(f"{LAB}/A0", "Keeper") == "/Root/IMS/Public/edna"


@pytest.mark.parametrize(
    ("place", "rows", "key", "error", "message"),
    [
        (LAB, [{"Name": "A0", "Quantety": 5}], "Name", TrackingError, "Did you mean Quantity"),
        (LAB, [{"Quantity": 5}], "Name", TrackingError, "no column 'Name'"),
        (f"{LAB}/none", [{"Name": "A0"}], "Name", NotFoundError, "none"),
        (LAB, [{"Name": "B0", "Serial": "XY-0001"}], "Name", RefusedError, "fill in a content type"),
        (LAB, [{"Name": "A0", "Quantity": -5}], "Name", RefusedError, "-5 is below 0"),
        (
            LAB,
            [{"Name": "a/b", "Type": "Asset", "Serial": "X-1"}],
            "Name",
            RefusedError,
            "is not a valid name",
        ),
    ],
)
def test_what_cannot_be_done_is_an_error_and_nothing_is_sent(repo, place, rows, key, error, message):
    fill(repo, 1)
    before = contents(repo)
    with pytest.raises(error, match=message):
        repo.upsert(place, rows, key=key)
    assert contents(repo) == before


def test_a_retry_does_the_rest(repo):
    fill(repo, 2)
    rows = ROWS.assign(Quantity=[5000, 80, 7])
    report = repo.upsert(LAB, rows, type="Asset", on_refused="skip")
    assert report.counts == {"saved": 2, "refused": 1}
    again = report.retry if report.again else None
    assert again is None or again().frame.index.tolist() == ["x", "y", "z"]


def test_labels_that_come_twice_stay(repo):
    fill(repo, 2)
    rows = pd.DataFrame({"Name": ["A0", "A1"], "Quantity": [50, 51]}, index=["x", "x"])
    assert repo.upsert(LAB, rows).frame.index.tolist() == ["x", "x"]


def test_no_rows_are_no_work(repo):
    fill(repo, 1)
    assert repo.upsert(LAB, pd.DataFrame({"Name": [], "Quantity": []})).counts == {}


# --- df.sn.upsert


def test_a_frame_takes_rows_as_edits_and_new_rows(repo):
    frame = fill(repo, 3)
    both = frame.sn.upsert(ROWS)
    assert both["Name"].tolist() == ["A0", "A1", "A2", "B0"]
    changes = both.sn.changes()
    assert changes.loc[changes["Id"].notna(), ["field", "after"]].values.tolist() == [["Quantity", 70]]
    assert frame.sn.changes().empty, "the frame itself stays as it is"
    assert both.sn.save(create=True).counts == {"saved": 2, "unchanged": 2}


def test_what_changed_since_the_frame_was_read_is_a_conflict(repo):
    frame = fill(repo, 3)
    repo.patch(f"{LAB}/A1", {"Quantity": 99})
    both = frame.sn.upsert(ROWS.head(1))
    with pytest.raises(ConflictError):
        both.sn.save()
    assert repo.upsert(LAB, ROWS.head(1)).ok, "what is read at that moment is not"


def test_the_key_is_a_column_of_both(repo):
    frame = fill(repo, 1)[["Name", "Quantity"]]
    with pytest.raises(TrackingError, match=r"the frame has no column 'Code'"):
        frame.sn.upsert([{"Code": "c0"}], key="Code")


# --- at random


NAMES = st.sampled_from([f"N{n}" for n in range(6)])
ROW = st.fixed_dictionaries({"Name": NAMES, "Quantity": st.none() | st.integers(0, 999)})


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(first=st.lists(ROW, max_size=6), then=st.lists(ROW, max_size=8))
def test_an_upsert_is_what_a_dictionary_does(opened, first, then):
    repo = opened()
    expected = {}
    for rows in (first, then):
        names = [row["Name"] for row in rows]
        good = [row for row in rows if names.count(row["Name"]) == 1]
        report = repo.upsert(
            LAB, pd.DataFrame(rows, columns=["Name", "Quantity"], dtype=object).assign(Serial="XY-0001"),
            type="Asset", on_refused="skip",
        )  # fmt: skip
        for row in good:
            before = expected.get(row["Name"], 0)
            expected[row["Name"]] = before if row["Quantity"] is None else row["Quantity"]
        refused = [outcome == "refused" for outcome in report.frame["outcome"]]
        assert refused == [names.count(name) > 1 for name in names]
    assert {name: quantity for name, (_, quantity) in contents(repo).items()} == expected
