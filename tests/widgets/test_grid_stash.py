"""Edits that were not saved survive the process, and come back only where they belong."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas.frames.tracking.baseline import get_baseline
from sn_pandas.widgets import EditGrid
from sn_pandas.widgets.grid.stash import Stash

TASKS = "/Root/Content/IT/Tasks"
FIELDS = ["Name", "Type", "DisplayName", "Status", "DueDate", "AssignedTo", "Index"]
OLGA = "/Root/IMS/Public/olga.okafor"


@pytest.fixture
def stashes(tmp_path: Path) -> Callable[[], list[Path]]:
    """Return the files of unsaved edits."""
    return lambda: sorted((tmp_path / "journals").glob("*.edits"))


@pytest.fixture
def repo() -> sn.Repository:
    return sn.connect(user="olga.okafor")


def opened(repo: sn.Repository, **options: Any) -> EditGrid:
    grid: EditGrid = repo.read(TASKS, **{"select": FIELDS, "orderby": "Name", **options}).sn.edit()
    return grid


def typed(grid: EditGrid, *cells: tuple[int, str, str]) -> None:
    """Type into the grid as the page does."""
    keys = [int(key) for key in grid.frame.index]
    asked = {"ask": "edit", "cells": [[keys[row], column, text] for row, column, text in cells]}
    grid._handle_msg({"content": {"data": {"method": "custom", "content": asked}}, "buffers": []})


def test_edits_come_back_after_a_grid_is_gone(repo: sn.Repository, stashes: Callable[[], list[Path]]) -> None:
    grid = opened(repo)
    assert (grid.offer, stashes()) == ("", [])
    typed(grid, (0, "DisplayName", "mine"), (0, "DueDate", "2027-03-04 05:06:07"), (1, "Index", "many"))
    typed(grid, (2, "AssignedTo", "Olga Okafor; nobody at all"))
    grid.frame.iloc[3, grid.frame.columns.get_loc("Index")] = 33
    grid.refresh()
    changes = grid.frame.sn.changes()
    (file,) = stashes()
    assert file.stat().st_mode & 0o777 == 0o600
    assert opened(repo).offer == ""  # the first grid is there
    grid.close()
    later = opened(repo)
    assert later.offer.startswith("5 edits of 4 rows, made until 20")
    assert later.offer.endswith("were not saved.")
    assert later.restore() == 5
    pd.testing.assert_frame_equal(later.frame.sn.changes(), changes)
    assert later.offer == ""
    assert len(stashes()) == 1
    later.close()


def test_the_file_goes_with_the_edits(repo: sn.Repository, stashes: Callable[[], list[Path]]) -> None:
    grid = opened(repo)
    typed(grid, (0, "DisplayName", "mine"))
    grid.frame.sn.revert()
    grid.refresh()
    assert stashes() == []
    typed(grid, (0, "DisplayName", "mine"))
    grid.frame.sn.save()
    grid.refresh()
    assert stashes() == []
    typed(grid, (0, "DisplayName", "other"))
    grid.close()
    later = opened(repo)
    later.discard()
    assert (later.offer, stashes(), opened(repo).offer) == ("", [], "")


def test_a_field_that_somebody_changed_since_is_a_conflict(repo: sn.Repository) -> None:
    grid = opened(repo)
    was = grid.frame["DisplayName"].iat[0]
    typed(grid, (0, "DisplayName", "mine"), (1, "DisplayName", "mine, too"))
    grid.close()
    repo.patch(f"{TASKS}/{grid.frame['Name'].iat[0]}", {"DisplayName": "theirs"})
    later = opened(repo)
    later.restore()
    assert later.frame.sn.changes()["before"].tolist()[0] == was
    report = later.frame.sn.save(on_conflict="skip")
    assert report.counts["conflict"] == 1
    assert report.counts["saved"] == 1
    later.close()


def test_what_the_frame_holds_already_is_not_offered(
    repo: sn.Repository, stashes: Callable[[], list[Path]]
) -> None:
    grid = opened(repo)
    typed(grid, (0, "DisplayName", "mine"))
    grid.close()
    assert grid.frame.sn.edit().offer == ""
    assert len(stashes()) == 1
    repo.patch(f"{TASKS}/{grid.frame['Name'].iat[0]}", {"DisplayName": "mine"})


def test_a_part_of_the_rows_takes_its_part(repo: sn.Repository) -> None:
    grid = opened(repo)
    typed(grid, (0, "DisplayName", "first"), (1, "DisplayName", "second"), (1, "Index", "7"))
    names = grid.frame["Name"].tolist()
    grid.close()
    part = opened(repo, filter=f"Name eq '{names[1]}'", select=["Name", "DisplayName"])
    assert part.offer.startswith("1 edit of 1 row")
    part.discard()
    rest = opened(repo)
    assert rest.offer.startswith("2 edits of 2 rows")
    rest.discard()


def test_cells_that_were_edited_again_stay(repo: sn.Repository) -> None:
    grid = opened(repo)
    typed(grid, (0, "DisplayName", "old"), (1, "DisplayName", "old"))
    grid.close()
    later = opened(repo)
    typed(later, (0, "DisplayName", "new"))
    assert later.restore() == 1
    assert later.frame["DisplayName"].tolist()[:2] == ["new", "old"]
    later.close()
    later.frame.sn.edit().close()


def test_new_rows_come_back_unless_their_save_had_begun(repo: sn.Repository) -> None:
    grid = opened(repo)
    added = {"ask": "paste", "start": 60, "rows": 1, "columns": ["Name"], "text": "new-a\nnew-b\n"}
    grid._handle_msg({"content": {"data": {"method": "custom", "content": added}}, "buffers": []})
    assert len(grid.frame) == 62
    grid.close()
    elsewhere = repo.read("/Root/Content/IT", select=FIELDS).sn.edit()
    assert elsewhere.offer == ""
    later = opened(repo)
    assert later.offer.startswith("2 new rows, made until")
    later.restore()
    assert later.frame["Name"].tolist()[-2:] == ["new-a", "new-b"]
    assert later.frame["Type"].tolist()[-2:] == ["Task", "Task"]
    later.frame.sn.revert()
    later.close()
    stash = Stash(get_baseline(later.frame))
    stash.update({(f"new {label}", "Name"): (None, f"row{label}") for label in (-1, -2)})
    stash.saving(["new -1"])
    stash.let_go()  # as if the process had ended in the middle of a save
    last = opened(repo)
    assert last.offer.startswith("1 new row, made until")
    assert "The session ended during a save of 1 new row" in last.offer
    assert (last.restore(), last.frame["Name"].iat[-1]) == (0, "row-2")
    last.discard()
    last.close()


def test_passwords_never_are_on_disk(stashes: Callable[[], list[Path]]) -> None:
    repo = sn.connect("embedded://")
    users = repo.read("/Root/IMS/Public", select=["Name", "Type", "FullName"], query="TypeIs:User")
    users = users.sn.append([{"Name": "new", "Type": "User", "FullName": "New", "Password": "s3cret!"}])
    users.sn.edit()
    (file,) = stashes()
    assert "s3cret" not in file.read_text()


def test_a_folder_that_cannot_be_written_is_said(
    repo: sn.Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SN_PANDAS_JOURNALS", str(tmp_path / "file" / "below"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "file"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "file"))
    grid = opened(repo)
    typed(grid, (0, "DisplayName", "mine"))
    assert grid.note.startswith("Edits are not kept on disk: ")
    assert grid.frame["DisplayName"].iat[0] == "mine"


def test_a_damaged_file_and_those_of_others_are_left_alone(
    repo: sn.Repository, stashes: Callable[[], list[Path]]
) -> None:
    grid = opened(repo)
    typed(grid, (0, "DisplayName", "mine"), (1, "DisplayName", "mine"))
    grid.close()
    (file,) = stashes()
    text = file.read_text()
    file.write_text(text[:-9])
    assert opened(repo).offer.startswith("1 edit of 1 row")
    for damaged in (text.replace('"stash"', '"sta'), text.replace("olga.okafor", "anna.acs"), "[]\n", ""):
        file.write_text(damaged)
        assert opened(repo).offer == ""


KILLED = f"""
import os, sys
import sn_pandas as sn
repo = sn.connect(sys.argv[1], user="olga.okafor")
grid = repo.read({TASKS!r}, select=["Name", "DisplayName"], orderby="Name").sn.edit()
asked = {{"ask": "edit", "cells": [[int(grid.frame.index[0]), "DisplayName", "before the crash"]]}}
grid._handle_msg({{"content": {{"data": {{"method": "custom", "content": asked}}}}, "buffers": []}})
os._exit(9)
"""


def test_edits_survive_a_crash_of_the_process(tmp_path: Path) -> None:
    place = f"embedded://{tmp_path}/repo.db"
    died = subprocess.run([sys.executable, "-c", KILLED, place], env=dict(os.environ), check=False)
    assert died.returncode == 9
    grid = opened(sn.connect(place, user="olga.okafor"))
    assert grid.offer.startswith("1 edit of 1 row")
    grid.restore()
    assert grid.frame["DisplayName"].iat[0] == "before the crash"
    assert repr(grid).startswith("<EditGrid 60 rows, 1 changed cell")
    grid.close()
