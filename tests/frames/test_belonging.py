"""Frames made of several reads: rows of one are never saved into another."""

from __future__ import annotations

import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas import ConflictError, SaveWarning, TrackingError
from sn_pandas.connecting import InProcess
from sn_pandas.embedded import Application

from .labs import EDITOR, LAB, SWIFT, fill, prepare

SELECT = ["Name", "Quantity", "Code"]


def read(repo, select=SELECT):
    return repo.read(LAB, select=select, filter="isof('Asset')")


@pytest.fixture
def other():
    """Return another repository, whose contents have the same ids, names and paths."""
    application = Application(sample=False)
    prepare_on(application)
    yield connected(application)
    application.close()


def prepare_on(application):
    prepare(application)


def connected(application):
    transport = InProcess(application)
    return sn.connect(
        "http://other.example", api_key=application.key_of(EDITOR), transport=transport, retries=SWIFT
    )


def doings(frame, repo):
    return [
        frame.sn.changes,
        frame.sn.check,
        frame.sn.save,
        frame.sn.refresh,
        frame.sn.delete,
        frame.sn.revert,
    ]


@pytest.mark.parametrize("first", [0, 1])
def test_rows_of_two_repositories_are_no_frame(repo, other, first):
    one, two = fill(repo, 3), fill(other, 3)
    assert one.index.equals(two.index), "the same ids"
    two = two.assign(Quantity=77)
    both = pd.concat([one.iloc[:first], two.iloc[first:]])
    for do in doings(both, repo):
        with pytest.raises(TrackingError, match="dropped its origin"):
            do()
    joined = one.join(two[["Quantity"]].add_suffix("_there"))
    assert joined.sn.changes().empty, "rows of the first with what the second says of them"
    assert repo.count(LAB, filter="isof('Asset')") == 3


def test_a_frame_of_another_repository_is_not_rebased_by_its_ids(repo, other, tmp_path):
    frame, there = fill(repo, 3), fill(other, 3)
    assert frame.index.equals(there.index), "the same ids"
    frame.to_pickle(tmp_path / "it.pickle")
    for one in (
        frame,
        pd.read_pickle(tmp_path / "it.pickle"),
        frame.join(pd.Series(1, frame.index, name="x")),
    ):
        for rebase in (lambda one: sn.rebase(one, other), lambda one: one.sn.rebase(there)):
            with pytest.raises(TrackingError, match=r"from http://lab.example, and at http://other.example"):
                rebase(one)


@pytest.mark.filterwarnings("ignore:.*the time of the read is unknown")
def test_the_ways_to_rebase_on_another_repository_work(repo, other):
    frame, _ = fill(repo, 3), fill(other, 3)
    frame["Quantity"] += 70
    by_path = frame.reset_index(drop=True).drop(columns="Id", errors="ignore")
    by_path.attrs.clear()
    assert sn.rebase(by_path, other).sn.changes()["after"].tolist() == [70, 71, 72]
    frame.attrs.clear()
    frame.index = frame.index.rename(str(frame.index.name))
    assert sn.rebase(frame, other).sn.changes()["after"].tolist() == [70, 71, 72]


def test_rows_of_another_read_do_not_pass_for_edits(repo):
    fill(repo, 4)
    old = read(repo)
    repo.patch(f"{LAB}/A3", {"Quantity": 500})
    new = read(repo)
    both = pd.concat([new.iloc[:2], old.iloc[2:]])
    for do in doings(both, repo):
        with pytest.raises(TrackingError, match=r"they are as .*Lab was read another time"):
            do()
    assert both.sn.rebase(new).sn.changes()["field"].tolist() == ["Quantity"], "who says so knows"
    both = pd.concat([new.iloc[:2], old.iloc[2:]])
    with pytest.warns(SaveWarning, match="the time of the read is unknown"):
        sn.rebase(both, repo)
    assert len(both.sn.changes()) == 1


@pytest.mark.parametrize("select", [SELECT, ["Path", "Quantity"]])
def test_rows_of_a_file_of_another_repository_are_told_by_path_or_name(repo, tmp_path, select):
    fill(repo, 3)
    frame = read(repo, select)
    there = frame.copy()
    there.attrs = {}
    there.index = pd.Index(there.index.to_numpy(), name="Id")
    there[select[0]] = [f"{LAB}/B{n}" for n in range(3)]
    there["Quantity"] = 77
    there[select[-1]] = 88
    both = pd.concat([frame.iloc[:1], there.iloc[1:]])
    with pytest.raises(TrackingError, match="are not the rows that this frame was read with"):
        both.sn.save()


def test_rows_without_ids_may_be_labelled_by_a_column_that_was_read(repo):
    fill(repo, 3)
    frame = read(repo, ["Name", "Path", "Quantity"])
    frame.loc[frame.index[1], "Quantity"] = 77
    for column in ("Path", "Name"):
        assert frame.set_index(column, drop=False).sn.changes()["after"].tolist() == [77]
    renamed = frame.set_axis(list("abc"))
    with pytest.raises(TrackingError, match=r"have other labels.*reset_index\(drop=True\)"):
        renamed.sn.changes()
    assert renamed.reset_index(drop=True).sn.changes()["after"].tolist() == [77]


def test_what_is_made_of_one_read_goes_on(repo):
    fill(repo, 4)
    frame = read(repo)
    extra = pd.DataFrame({"Name": [f"A{n}" for n in range(4)], "extra": range(4)})
    frame.loc[frame.Name == "A3", ["Name", "Quantity"]] = ["B", 99]
    for made in (
        pd.concat([frame.iloc[2:], frame.iloc[:2]]),
        pd.concat([frame.iloc[2:].assign(extra=1), frame.iloc[:2]]),
        frame.join(extra[["extra"]].set_axis(frame.index)),
        frame.merge(extra[["extra"]].set_axis(frame.index), left_index=True, right_index=True),
        frame.join(read(repo, ["DisplayName"])[["DisplayName"]].add_suffix("_now")),
        frame.loc[frame.index.intersection(read(repo).index)],
        frame.sort_values("Name").sample(frac=1, random_state=1),
    ):
        assert made.sn.changes()["field"].tolist() == ["Name", "Quantity"]


def test_a_frame_of_an_old_version_says_what_it_cannot(repo):
    fill(repo, 2)
    old = repo.read(LAB, select=["Name", "Quantity"], filter="isof('Asset')", version="V1.0.A")
    repo.patch(f"{LAB}/A0", {"Quantity": 500})
    with pytest.raises(TrackingError, match=r"shows the version V1.0.A, which never changes"):
        old.sn.refresh()
    old["Quantity"] = [3, 4]
    with pytest.warns(SaveWarning, match=r"\(Quantity\) of .*A0.* differ"):
        old.sn.rebase()
    assert old.sn.changes()["before"].tolist() == [500, 1]
    with pytest.raises(
        ConflictError, match="Quantity is 500 in a row that was changed after the frame was read"
    ):
        old.sn.save()
    assert old.sn.save(on_conflict="overwrite").counts == {"saved": 2}


@pytest.mark.parametrize(
    "table",
    [
        lambda f: f.mode(),
        lambda f: f.agg(["max"]),
        lambda f: f.describe(include="all"),
        lambda f: f.groupby("Type").agg("max"),
        lambda f: f.nunique().to_frame(),
        lambda f: f.select_dtypes("number").quantile([0.5]),
        lambda f: f.drop_duplicates("Type").reset_index(drop=True).agg(["min", "max"]),
        lambda f: f.value_counts("Path").reset_index(),
        lambda f: f.T,
    ],
)
def test_tables_of_aggregates_are_no_rows(repo, table):
    fill(repo, 4)
    made = table(read(repo, ["Name", "Path", "Type", "Quantity", "InUse"]))
    for do in (lambda: made.sn.changes(), lambda: made.sn.save(create=True)):
        with pytest.raises(TrackingError):
            do()


@pytest.mark.parametrize("more", [0.5, float("inf")])
def test_an_id_with_a_fraction_is_that_of_no_content(repo, more):
    frame = fill(repo, 3)
    means = pd.DataFrame({"Id": frame.index.to_numpy() + more, "Quantity": 99})
    for do in (
        lambda: sn.rebase(means, repo),
        lambda: means.sn.rebase(frame),
        lambda: frame.sn.append(means),
        lambda: sn.rebase(means.set_index("Id"), repo),
    ):
        with pytest.raises(TrackingError, match="is not an Id"):
            do()
    whole = means.assign(Id=frame.index.to_numpy().astype(float))
    with pytest.warns(SaveWarning, match="count as your edits"):
        assert sn.rebase(whole, repo).sn.changes()["Id"].tolist() == frame.index.tolist()
