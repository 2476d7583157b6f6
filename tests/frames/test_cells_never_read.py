"""Cells that were never read are no values, and what the server fills in is shown."""

from __future__ import annotations

import pandas as pd
import pytest

import sn_pandas as sn

from .labs import LAB, lab


@pytest.fixture
def repo(fake):
    client = lab(fake, rows=3).connect()
    for n in range(3):
        client.patch(f"{LAB}/a{n}", {"Notes": f"theirs {n}"})
    return client


def appended(repo):
    df = repo.read(LAB, select=["Name", "Type", "Quantity"], orderby="Name")
    df = df.sn.append([{"Name": "zz", "Type": "Asset", "Serial": "AB-9999", "Notes": "mine"}])
    assert df.sn.save(create=True).counts["saved"] == 1
    return df


@pytest.mark.parametrize("by", ["rebase", "pickle"])
def test_a_column_that_only_append_brought_empties_nothing(repo, tmp_path, by):
    df = appended(repo)
    if by == "pickle":
        df.to_pickle(tmp_path / "it")
        origin = df.attrs["sensenet"]
        df = pd.read_pickle(tmp_path / "it")
        df.attrs = {"sensenet": {key: value for key, value in origin.items() if key != "token"}}
        df.index = df.index.rename("Id")
    sn.rebase(df, repo)
    assert not len(df.sn.changes())
    assert df["Notes"].tolist() == ["theirs 0", "theirs 1", "theirs 2", "mine"]
    df.loc[df.index[0], "Notes"] = "edited"
    assert df.sn.changes()["field"].tolist() == ["Notes"]
    df.sn.save()
    assert [repo.value(f"{LAB}/a{n}", "Notes") for n in range(3)] == ["edited", "theirs 1", "theirs 2"]


def test_what_the_server_fills_in_at_a_creation_is_shown_and_never_an_edit(repo, tmp_path):
    df = repo.read(LAB, select=["Name", "Type", "DisplayName", "Index", "Quantity", "Serial"])
    df = df.sn.append([{"Name": "new", "Type": "Asset", "Serial": "AB-9998"}])
    df.sn.save(create=True)
    assert df.iloc[-1][["DisplayName", "Index", "Quantity"]].tolist() == ["new", 0, 0]
    assert not len(df.sn.changes())
    df.to_pickle(tmp_path / "it")
    later = pd.read_pickle(tmp_path / "it")
    sn.rebase(later, repo)
    assert not len(later.sn.changes())
    later.loc[later.index[0], "Quantity"] = 55
    assert later.sn.save().counts["saved"] == 1
