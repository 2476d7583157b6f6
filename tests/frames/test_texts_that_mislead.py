"""Texts that are not what they look like: those of missing cells, and names in another Unicode form."""

from __future__ import annotations

import unicodedata

import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas.odata.errors import did_you_mean

from .labs import LAB, lab


@pytest.fixture
def repo(fake):
    return lab(fake, rows=3).connect()


@pytest.mark.parametrize("text", ["nan", "None", "<NA>", "NaT"])
def test_the_text_of_a_missing_cell_is_warned_of_with_the_way_back(repo, text):
    df = repo.read(LAB, select=["Name", "Notes"])
    df["Notes"] = df["Notes"].astype(object).where(df["Notes"].notna(), text)
    with pytest.warns(sn.SaveWarning, match=f"3 missing cells of Notes became the text '{text}'") as seen:
        df.sn.check()
    exec(str(seen[0].message).rpartition("as it is: ")[2])
    assert not len(df.sn.changes())


def test_a_text_that_somebody_means_is_not_warned_of(repo):
    df = repo.read(LAB, select=["Name", "Notes"])
    df["Notes"] = "None of these"
    assert df.sn.save().counts == {"saved": 3}
    df["Notes"] = "None"  # it was not missing
    assert df.sn.save().counts == {"saved": 3}


@pytest.mark.parametrize("name", ["Café", "Bőszájú terv", "naïve"])
def test_names_that_look_alike_are_refused(repo, name):
    composed, apart = (unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
    df = repo.read(LAB, select=["Name", "Type", "Serial"])
    rows = pd.DataFrame({"Name": [composed, apart], "Type": "Asset", "Serial": ["AB-9990", "AB-9991"]})
    with pytest.raises(sn.RefusedError, match="another Unicode form"):
        df.sn.append(rows).sn.save(create=True)
    created = df.sn.append(rows.iloc[:1])
    assert created.sn.save(create=True).counts["saved"] == 1
    with pytest.raises(sn.RefusedError, match="another Unicode form"):
        df.sn.append(rows.iloc[1:]).sn.save(create=True)
    df.loc[df.index[0], "Name"] = apart
    assert "another Unicode form" in df.sn.check()["problem"].iloc[0]
    created.loc[created.index[-1], "Name"] = apart  # its own name in another form is a rename like any other
    assert not len(created.sn.check())


def test_the_hint_for_a_path_says_what_differs(repo):
    repo.create(LAB, "Asset", "Cafe\u0301", {"Serial": "AB-9992"})
    with pytest.raises(sn.NotFoundError, match="another Unicode form") as caught:
        repo.get(f"{LAB}/Caf\u00e9/below", select=["Name"])
    assert f"{LAB}/Cafe\\u0301/below" in str(caught.value)


def test_a_hint_says_what_differs_where_nothing_else_does():
    assert did_you_mean("Caf\u00e9", ["Cafe\u0301"]).count("e\\u0301") == 1
