"""Changes and reports name contents by their paths, also where ``Path`` was not read as a column."""

from __future__ import annotations

import pandas as pd

import sn_pandas as sn
from sn_pandas.frames import Repository

from .labs import LAB


def filled(repo: Repository, **options: object) -> pd.DataFrame:
    for number in range(3):
        repo.create(LAB, "Asset", f"A{number}", {"Serial": f"AB-{number:04}", "Quantity": number})
    frame: pd.DataFrame = repo.read(
        LAB, **{"select": "Quantity", "filter": sn.isof("Asset"), "orderby": "Name", **options}
    )
    return frame


def test_changes_and_reports_show_paths_that_are_no_column(repo: Repository) -> None:
    frame = filled(repo)
    assert list(frame.columns) == ["Quantity"]
    assert frame.attrs["sensenet"]["query"].splitlines()[1] == "$select=Quantity"
    frame["Quantity"] = [0, 7, 8]
    assert list(frame.sn.changes()["Path"]) == [f"{LAB}/A1", f"{LAB}/A2"]
    part = frame[::-1].query("Quantity == 8")
    assert list(part.sn.changes()["Path"]) == [f"{LAB}/A2"]
    report = frame.sn.save()
    assert list(report.frame["Path"]) == [f"{LAB}/A{n}" for n in range(3)]
    frame["Quantity"] = 1
    assert list(frame.sn.changes()["Path"]) == [f"{LAB}/A0", f"{LAB}/A1", f"{LAB}/A2"]


def test_paths_follow_new_names_and_new_rows(repo: Repository) -> None:
    frame = filled(repo, select="Name,Type,Serial,Quantity")
    frame.loc[frame.index[0], "Name"] = "Z0"
    frame.loc[-1] = pd.Series({"Name": "new", "Type": "Asset", "Serial": "AB-9", "Quantity": 5})
    assert frame.sn.save(create=True).counts == {"saved": 2, "unchanged": 2}
    frame["Quantity"] = 100
    assert list(frame.sn.changes()["Path"]) == [f"{LAB}/{name}" for name in ("Z0", "A1", "A2", "new")]


def test_paths_of_a_search_of_ids_and_of_pages(repo: Repository) -> None:
    frame = filled(repo)
    searched = repo.read("/Root", select="Quantity", query="TypeIs:Asset", autofilters=False)
    by_id = repo.read(int(repo.get(LAB, select="Id")["Id"]), select="Quantity", filter=sn.isof("Asset"))
    (page,) = repo.read_pages(LAB, select="Quantity", filter=sn.isof("Asset"))
    for some in (searched, by_id, page):
        some.loc[frame.index[2], "Quantity"] = 50
        assert list(some.sn.changes()["Path"]) == [f"{LAB}/A2"]


def test_a_refresh_learns_where_contents_were_moved(repo: Repository) -> None:
    frame = filled(repo)
    repo.create(LAB, "Folder", "Other")
    repo.move(int(frame.index[1]), f"{LAB}/Other")
    frame.sn.refresh()
    frame["Quantity"] = 9
    assert list(frame.sn.changes()["Path"]) == [f"{LAB}/A0", f"{LAB}/Other/A1", f"{LAB}/A2"]
