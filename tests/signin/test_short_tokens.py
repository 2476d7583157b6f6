"""A long read and a long save with tokens that live a few seconds: whole, with a token for each life."""

from __future__ import annotations

import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas.embedded import Faults

from ..embedded.authorities import REPOSITORY
from .conftest import MakeWorld

ROWS, PAGES, LIFE = 2000, 50, 5


@pytest.mark.long
def test_a_read_of_50_pages_and_a_save_of_2000_rows(make_world: MakeWorld) -> None:
    faults = Faults()
    world = make_world(faults=faults, life=LIFE, grace=0)
    with sn.connect(REPOSITORY, transport=world.transport, **world.program()) as repo:
        repo.create("/Root/Content", "SystemFolder", "many")
        frame = repo.read("/Root/Content/many", select=["Name", "Index"])
        rows = pd.DataFrame({"Type": "SystemFolder", "Name": [f"f{n:04}" for n in range(ROWS)], "Index": 1})
        faults.on("POST", match="many").delay(0.03)  # so that the save outlives a token on any machine
        report = frame.sn.append(rows).sn.save(create=True)
        faults.clear()
        assert (report.frame["outcome"] == "saved").sum() == ROWS
        after_save = world.authority.tokens_given

        faults.on("GET", match=r"many\?").delay(0.25)
        found = repo.read("/Root/Content/many", select=["Name", "Index"], page_size=ROWS // PAGES, workers=1)
        assert sorted(found["Name"]) == list(rows["Name"])
        faults.clear()

        found["Index"] = 2
        report = found.sn.save()
        assert (report.frame["outcome"] == "saved").sum() == ROWS
        given = world.authority.tokens_given
        assert (repo.read("/Root/Content/many", select=["Index"])["Index"] == 2).all()
    assert given > after_save > 1
    print(f"{after_save} tokens for creating {ROWS}, {given - after_save} for {PAGES} pages and {ROWS} edits")
