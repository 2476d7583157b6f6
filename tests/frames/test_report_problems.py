"""What a report says of rows that were not saved: one line a cell, reasons once, and what to do next."""

from __future__ import annotations

import pandas as pd
import pytest

import sn_pandas as sn
from sn_pandas import ConflictError, RefusedError

from .labs import LAB, fill, held, requests_of

PROBLEM = ["Id", "Path", "outcome", "field", "base", "mine", "theirs", "problem"]


def test_rejected_cells_are_listed_with_what_was_and_what_is_written(repo):
    frame = fill(repo)
    frame["Condition"] = frame["Condition"].astype(object)
    frame.loc[frame.Name == "A1", ["Quantity", "Condition"]] = [-5, "usd"]
    frame.loc[frame.Name == "A3", "Quantity"] = 50
    with pytest.raises(RefusedError, match=r"on_refused='skip'") as error:
        frame.sn.save()
    problems = error.value.report.problems
    assert list(problems.columns) == PROBLEM
    assert problems[["field", "mine"]].values.tolist() == [["Quantity", -5], ["Condition", "usd"]]
    assert problems["base"].iloc[0] == 1
    assert problems.index.tolist() == [frame.index[1]] * 2, "on the label of the row"
    assert "-5 is below 0" in problems.set_index("field").at["Quantity", "problem"]
    assert "Did you mean used" in problems.set_index("field").at["Condition", "problem"]
    assert "on_refused='skip'" in repr(error.value.report).splitlines()[-1]


def test_the_other_rows_are_saved_where_it_was_asked_for(repo):
    frame = fill(repo)
    frame.loc[frame.Name == "A1", "Quantity"] = -5
    frame.loc[frame.Name == "A3", "Quantity"] = 50
    report = frame.sn.save(on_refused="skip")
    assert report.counts == {"saved": 1, "unchanged": 3, "refused": 1}
    assert held(repo, "Quantity", "A3") == 50
    assert report.problems["Path"].tolist() == [f"{LAB}/A1"]
    assert "Correct the cells in .problems and save again." in repr(report)
    assert "Correct the cells in .problems" in report._repr_html_()
    assert frame.sn.changes()["after"].tolist() == [-5], "it stays an edit"


def test_an_existing_name_stops_only_its_row(repo):
    frame = fill(repo, 3)
    rows = [{"Name": name, "Serial": f"XY-{n:04}"} for n, name in enumerate(["B0", "A1", "B2", "B0", "B3"])]
    both = frame.sn.append(rows)
    with pytest.raises(RefusedError, match=r"there is a .*/A1 already"):
        both.sn.save(create=True)
    report = both.sn.save(create=True, on_refused="skip")
    assert report.counts == {"saved": 3, "unchanged": 3, "refused": 2}
    assert report.problems["mine"].tolist() == ["A1", "B0"]
    assert set(repo.read(LAB, select=["Name"])["Name"]) == {"A0", "A1", "A2", "B0", "B2", "B3"}
    both.loc[both.Name.isin(["A1"]) & (both.index < 0), "Name"] = "B4"
    again = both.sn.save(create=True, on_refused="skip")
    assert again.counts == {"saved": 1, "unchanged": 6, "refused": 1}


def test_an_error_names_the_table_of_all_problems(repo):
    frame = fill(repo, 12)
    frame["Quantity"] = [-n for n in range(1, 13)]
    with pytest.raises(RefusedError, match=r"and 2 more in sys\.last_value\.report\.problems") as error:
        frame.sn.save()
    assert len(error.value.report.problems) == 12


def test_conflicts_show_three_values(repo):
    frame = fill(repo)
    frame.loc[frame.Name == "A1", "Quantity"] = 50
    frame.at[frame.index[1], "Labels"] = ["blue"]
    frame.loc[frame.Name == "A2", "Quantity"] = 60
    repo.patch(f"{LAB}/A1", {"Quantity": 70, "Labels": ["green"]})
    with pytest.raises(ConflictError) as error:
        frame.sn.save()
    found = error.value.report.conflicts
    assert list(found.columns) == ["Id", "Path", "outcome", "fields", "reason", "base", "mine", "theirs"]
    values = {row.fields: (row.base, row.mine, row.theirs) for row in found.itertuples()}
    assert values == {"Quantity": (1, 50, 70), "Labels": (["red"], ["blue"], ["green"])}
    assert found.index.tolist() == [frame.index[1]] * 2
    problems = error.value.report.problems
    assert problems["theirs"].tolist() == found["theirs"].tolist(), "rows that only waited are not in it"
    assert "base, mine and theirs in .conflicts" in repr(error.value.report)


def test_an_undo_shows_its_conflicts_alike(repo):
    frame = fill(repo, 2)
    frame["Quantity"] = [10, 11]
    report = frame.sn.save()
    repo.patch(f"{LAB}/A1", {"Quantity": 70})
    undone = sn.undo(report, on_conflict="skip")
    assert undone.conflicts[["base", "mine", "theirs"]].values.tolist() == [[11, 1, 70]]


def test_a_failure_is_a_line_of_its_row(repo):
    frame = fill(repo, 3)
    repo.delete(f"{LAB}/A1", permanent=True)
    frame["Quantity"] = 50
    report = frame.sn.save(on_conflict="skip")
    (problem,) = report.problems["problem"]
    assert "it is gone" in problem
    assert report.problems["field"].tolist() == ["Quantity"]
    assert report.problems[["base", "mine", "theirs"]].isna().all(axis=None)
    assert repr(report).splitlines()[-1] == "  .retry() tries the rest again"


def test_rows_with_the_same_reason_are_told_once(repo):
    frame = fill(repo, 12)
    frame["Quantity"] = -5
    frame.loc[frame.index[3], "Quantity"] = -6
    with pytest.raises(RefusedError) as error:
        frame.sn.save()
    lines = repr(error.value.report).splitlines()
    assert lines[1] == f"  11 rows, such as {LAB}/A0  refused: Quantity: -5 is below 0"
    assert lines[2] == f"  {LAB}/A3  refused: Quantity: -6 is below 0"
    assert len(error.value.report.problems) == 12
    assert str(error.value).count("-5 is below 0") == 1


def test_a_dry_run_has_problems_and_sends_nothing(repo):
    frame = fill(repo, 3)
    frame["Quantity"] = [50, -5, 51]
    sent = requests_of(repo)
    report = frame.sn.save(dry_run=True, on_refused="skip")
    assert report.problems["Path"].tolist() == [f"{LAB}/A1"]
    assert {method for method, _ in sent} == {"GET"}


def test_what_was_saved_has_no_problems(repo):
    frame = fill(repo, 2)
    frame["Quantity"] = 50
    report = frame.sn.save()
    assert report.problems.empty
    assert list(report.problems.columns) == PROBLEM
    assert report.conflicts.empty
    assert len(repr(report).splitlines()) == 1


def test_a_report_goes_to_a_workbook(repo, tmp_path):
    rows = [{"Name": "N1", "Serial": "XY-0001", "Quantity": "=1+1", "Labels": ["red", "no such"]}]
    report = repo.import_rows(LAB, rows, "Asset", on_refused="skip")
    report.to_excel(tmp_path / "report.xlsx")
    found = pd.read_excel(tmp_path / "report.xlsx", sheet_name=None)
    assert list(found) == ["problems", "rows"]
    assert found["problems"]["field"].tolist() == report.problems["field"].tolist()
    assert found["problems"]["mine"].tolist() == ["=1+1", "red; no such"]
    assert found["rows"]["outcome"].tolist() == ["refused"]
