"""Rows of CSV files, workbooks and frames to new contents: what cells mean, and what is said of bad ones."""

from __future__ import annotations

import datetime as dt
import re
import zipfile

import openpyxl
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas import NotFoundError, RefusedError, TrackingError
from sn_pandas.frames.columns.coercing import Coercion
from sn_pandas.frames.columns.unusable import Unusable
from sn_pandas.odata.fields import Field, Option

from .labs import LAB, fill, requests_of

CSV = """Name;serial;PRICE;In use;Bought on;Condition;Labels;Keeper;Quantity
N1;XY-0001;1.234,56;yes;31.12.2025;Used;red; edna;3
N2;XY-0002;12;nein;2025-05-06;new;red, blue;/Root/IMS/Public/edna;1.000
;;;;;;;;
N3;XY-0003;;;;;;;
"""


def written(tmp_path, text, name="rows.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def imported(repo, names="Name Serial Price InUse BoughtOn Condition Labels Keeper Quantity"):
    frame = repo.read(LAB, select=names.split(), filter="isof('Asset')", orderby="Name")
    return frame.set_index("Name").astype(object)


# --- what comes in


@pytest.mark.parametrize("number", ["99999999999999999999", 10**20, "-99999999999999999999"])
def test_a_number_that_no_column_holds_is_a_problem_of_its_row(repo, number):
    rows = pd.DataFrame({"Name": ["N1", "N2"], "Serial": ["XY-0001", "XY-0002"], "Quantity": [number, "1"]})
    report = repo.import_rows(LAB, rows, "Asset", on_refused="skip")
    assert report.counts == {"saved": 1, "refused": 1}
    assert "is outside of the 32 bits of an Integer" in report.problems["problem"].item()


def test_a_csv_file_becomes_contents(repo, tmp_path):
    path = written(tmp_path, CSV)
    report = repo.import_rows(LAB, path, "Asset", decimal=",", resolve="names")
    assert report.what == "import"
    assert report.counts == {"saved": 3}
    assert report.frame.index.tolist() == [2, 3, 5], "the rows of the file"
    assert report.frame.index.name == "file row"
    now = imported(repo)
    assert now.loc["N1"].to_dict() == {
        "Serial": "XY-0001", "Price": 1234.56, "InUse": True,
        "BoughtOn": pd.Timestamp("2025-12-31", tz="UTC"),
        "Condition": "used", "Labels": ["red"], "Keeper": "/Root/IMS/Public/edna", "Quantity": 3,
    }  # fmt: skip
    assert now.loc["N2", ["Price", "InUse", "Labels", "Quantity"]].tolist() == [
        12,
        False,
        ["red", "blue"],
        1000,
    ]
    assert sn.journals().iloc[0]["what"] == "import"
    assert sn.undo(report).counts == {"saved": 3}
    assert imported(repo).empty


def test_a_workbook_becomes_contents(repo, tmp_path):
    rows = pd.DataFrame(
        {
            "Name": ["N1", "N2"],
            "Serial": ["XY-0001", "XY-0002"],
            "Code": [1001, None],
            "In use": [True, "no"],
            "Bought on": [dt.datetime(2025, 12, 31), "31.12.2025"],
            "Quantity": [3, None],
            "Labels": ["red; blue", "green"],
        }
    )
    rows.to_excel(tmp_path / "rows.xlsx", index=False, sheet_name="Assets")
    assert repo.import_rows(LAB, tmp_path / "rows.xlsx", "Asset", sheet="Assets").ok
    now = imported(repo, "Name Code InUse BoughtOn Labels")
    assert now["Code"].tolist()[0] == "1001"
    assert now["InUse"].tolist() == [True, False]
    assert [when.date() for when in now["BoughtOn"]] == [dt.date(2025, 12, 31)] * 2
    assert now["Labels"].tolist() == [["red", "blue"], ["green"]]


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_formulas_without_a_value_are_not_taken_for_empty_cells(repo, tmp_path, suffix):
    book = openpyxl.Workbook()
    book.active.append(["Name", "Serial", "Quantity", "Price", "Code"])
    for number, code in enumerate(["=1+1", "#N/A", None, "text"], 1):
        book.active.append([f"N{number}", f"XY-000{number}", number, 2.5, code])
    book.save(tmp_path / "rows.xlsx")
    bad = tmp_path / f"bad.{suffix}"
    report = repo.import_rows(LAB, tmp_path / "rows.xlsx", "Asset", rejected=bad)
    assert report.counts == {"saved": 2, "refused": 2}
    assert report.problems["field"].tolist() == ["Code", "Code"]
    assert report.problems["mine"].tolist() == ["=1+1", "#N/A"]
    assert "was not computed" in report.problems["problem"].iloc[0]
    assert "gives #N/A" in report.problems["problem"].iloc[1]
    rows = {"csv": pd.read_csv, "xlsx": pd.read_excel}[suffix](bad, dtype=object, keep_default_na=False)
    assert rows["Code"].tolist() == ["=1+1", "#N/A"]


def test_the_rest_of_merged_cells_is_not_taken_for_empty_cells(repo, tmp_path):
    book = openpyxl.Workbook()
    for line in (["Name", "Serial", "Quantity"], ["N1", "XY-0001", 5], ["N2", "XY-0002", None]):
        book.active.append(line)
    book.active.merge_cells("C2:C3")
    book.save(tmp_path / "rows.xlsx")
    report = repo.import_rows(LAB, tmp_path / "rows.xlsx", "Asset", on_refused="skip")
    assert report.frame["outcome"].tolist() == ["saved", "refused"]
    assert "no value of its own, because C2:C3 is one merged cell" in report.problems["problem"].iloc[0]


def test_formulas_that_give_an_empty_text_are_empty_cells(repo, tmp_path):
    path = tmp_path / "rows.xlsx"
    pd.DataFrame({"Name": ["N1"], "Serial": ["XY-0001"], "Code": ['=IF(A1="","","")']}).to_excel(
        path, index=False
    )
    with zipfile.ZipFile(path) as parts:
        files = {name: parts.read(name) for name in parts.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    files[sheet] = re.sub(
        rb'<c r="C2"[^>]*>(<f>.*?</f>)<v ?/?>(</v>)?', rb'<c r="C2" t="str">\1<v></v>', files[sheet]
    )
    assert b't="str"' in files[sheet], "as Excel writes it"
    with zipfile.ZipFile(path, "w") as parts:
        for name, data in files.items():
            parts.writestr(name, data)
    assert repo.import_rows(LAB, path, "Asset").counts == {"saved": 1}


def test_a_frame_keeps_its_labels(repo):
    rows = pd.DataFrame({"Name": ["N1", "N2"], "Serial": "XY-0001", "Quantity": ["5", "x"]}, index=["a", "b"])
    report = repo.import_rows(LAB, rows, "Asset", on_refused="skip")
    assert report.frame["outcome"].to_dict() == {"a": "saved", "b": "refused"}
    assert rows["Quantity"].tolist() == ["5", "x"], "the rows stay as they are"


@pytest.mark.parametrize("sep", [",", ";", "\t", "|"])
@pytest.mark.parametrize(("encoding", "named"), [("utf-8", None), ("utf-8-sig", None), ("cp1250", "cp1250")])
def test_separators_and_encodings(repo, tmp_path, sep, encoding, named):
    text = f"Name{sep}Serial{sep}Notes\nN1{sep}XY-0001{sep}őszi ács\n"
    path = written(tmp_path, text, encoding=encoding)
    assert repo.import_rows(LAB, path, "Asset", encoding=named).ok
    assert imported(repo, "Name Notes")["Notes"].tolist() == ["őszi ács"]


def test_texts_of_a_file_stay_texts(repo, tmp_path):
    path = written(tmp_path, "Name,Serial,Code,Notes\nN1,XY-0001,007,NA\nN2,XY-0002,1e5,=1+1\n")
    assert repo.import_rows(LAB, path, "Asset").ok
    now = imported(repo, "Name Code Notes")
    assert now["Code"].tolist() == ["007", "1e5"]
    assert now["Notes"].tolist() == ["NA", "=1+1"]


def test_rows_say_their_types_themselves(repo):
    rows = [{"Name": "docs", "Type": "Folder"}, {"Name": "N1", "Type": None, "Serial": "XY-0001"}]
    assert repo.import_rows(LAB, rows, "Asset").ok
    assert repo.get(f"{LAB}/docs")["Type"] == "Folder"
    assert repo.get(f"{LAB}/N1")["Type"] == "Asset"


# --- what is wrong


BAD = """Name,Serial,Quantity,In use,Bought on,Condition,Keeper
N1,XY-0001,5,yes,2025-12-31,new,edna
N2,XY-0002,many,perhaps,30.02.2025,odd,Nobody Here
A0,XY-0003,5,no,,,
N4,,5,no,,,
N5,XY-0005,-5,no,05/06/2025,,
N6,XY-0006,6,no,,,
"""


def test_each_problem_has_the_row_and_the_column_of_the_file(repo, tmp_path):
    fill(repo, 1)
    path = written(tmp_path, BAD)
    sent = requests_of(repo)
    with pytest.raises(RefusedError) as error:
        repo.import_rows(LAB, path, "Asset", resolve="names")
    assert {method for method, _ in sent} == {"GET"}
    problems = error.value.report.problems
    told = list(zip(problems.index, problems["field"], strict=True))
    assert sorted(told) == sorted([
        (3, "Quantity"), (3, "In use"), (3, "Bought on"), (3, "Condition"), (3, "Keeper"),
        (4, "Name"), (5, "Serial"), (6, "Bought on"), (6, "Quantity"),
    ])  # fmt: skip
    texts = dict(zip(told, problems["problem"], strict=True))
    assert "not a number" in texts[3, "Quantity"]
    assert "write yes or no" in texts[3, "In use"]
    assert "not a date of the calendar" in texts[3, "Bought on"]
    assert "the options are" in texts[3, "Condition"]
    assert "repo.find('Nobody Here', type='User')" in texts[3, "Keeper"]
    assert f"there is a {LAB}/A0 already" in texts[4, "Name"]
    assert texts[5, "Serial"].startswith("is required")
    assert "pass dayfirst=True" in texts[6, "Bought on"]
    assert "-5 is below 0" in texts[6, "Quantity"]
    assert dict(zip(told, problems["mine"], strict=True))[3, "Quantity"] == "many"


def test_one_name_in_two_rows_is_not_said_to_exist(repo):
    rows = pd.DataFrame({"Name": ["N", "n"], "Serial": ["AB-1", "AB-2"]})
    with pytest.raises(RefusedError, match=f"another row becomes {LAB}/n, too"):
        repo.import_rows(LAB, rows, "Asset")


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_bad_rows_are_mended_and_imported_again(repo, tmp_path, suffix):
    path, bad = (
        written(tmp_path, BAD.replace(",5,no,,,", ",5,no,,,=1+1").replace("A0", "N3")),
        tmp_path / f"bad.{suffix}",
    )
    report = repo.import_rows(LAB, path, "Asset", resolve="names", rejected=bad)
    assert report.counts == {"saved": 2, "refused": 4}
    assert f"4 rows that were not created are in {bad}" in repr(report)
    read = {"csv": pd.read_csv, "xlsx": pd.read_excel}[suffix]
    rows = read(bad, dtype=object)
    assert rows.columns.tolist() == [*BAD.splitlines()[0].split(","), "problem"]
    assert rows["Name"].tolist() == ["N2", "N3", "N4", "N5"]
    if suffix == "xlsx":
        cells = [cell for line in openpyxl.load_workbook(bad).active.iter_rows() for cell in line]
        assert "=1+1" in [cell.value for cell in cells]
        assert "f" not in {cell.data_type for cell in cells}, "a text is no formula"
    rows["Quantity"] = ["7", "5", "5", "5"]
    rows[["In use", "Condition"]] = ["no", "new"]
    rows[["Bought on", "Keeper"]] = None
    rows.loc[2, "Serial"] = "XY-0004"
    {"csv": rows.to_csv, "xlsx": rows.to_excel}[suffix](bad, index=False)
    assert repo.import_rows(LAB, bad, "Asset").counts == {"saved": 4}
    assert sorted(imported(repo).index) == ["N1", "N2", "N3", "N4", "N5", "N6"]


@pytest.mark.parametrize(
    ("encoding", "sep", "reading"),
    [
        ("utf-8", ";", {}),
        ("utf-8", ";", {"encoding": "utf-8"}),
        ("utf-8", "\t", {"sep": "\t"}),
        ("cp1252", ";", {"encoding": "cp1252", "sep": ";"}),
        ("utf-16", ";", {"encoding": "utf-16"}),
    ],
)
def test_rejected_rows_are_written_as_the_file_was(repo, tmp_path, encoding, sep, reading):
    lines = ["Name,Serial,In use,Keeper", "Ä1,XY-0001,yes,edna", "Ä2,XY-0002,perhaps,Tő"]
    lines[2] = lines[2].replace("ő", "ö") if encoding == "cp1252" else lines[2]
    path = written(tmp_path, "\n".join(lines).replace(",", sep) + "\n", encoding=encoding)
    bad = tmp_path / "bad.csv"
    report = repo.import_rows(LAB, path, "Asset", resolve="names", rejected=bad, **reading)
    assert report.counts == {"saved": 1, "refused": 1}
    assert f"1 row that was not created is in {bad}" in repr(report)
    text = bad.read_text(encoding)
    assert text.lstrip("\ufeff").splitlines()[0] == sep.join(
        ["Name", "Serial", "In use", "Keeper", "problem"]
    )
    assert "In use: 'perhaps' is neither yes nor no" in text, "headers as in the file"
    mended = text.replace("perhaps", "no", 1).replace(lines[2].split(",")[3], "edna", 1)
    bad.write_bytes(mended.encode(encoding))
    assert repo.import_rows(LAB, bad, "Asset", resolve="names", **reading).counts == {"saved": 1}
    assert sorted(imported(repo).index) == ["Ä1", "Ä2"]


def test_no_file_is_written_where_all_is_well_or_nothing_is_sent(repo, tmp_path):
    bad = tmp_path / "bad.csv"
    assert repo.import_rows(LAB, [{"Name": "N1", "Serial": "XY-0001"}], "Asset", rejected=bad).ok
    repo.import_rows(LAB, [{"Name": "N2", "Quantity": "x"}], "Asset", rejected=bad, dry_run=True)
    assert not bad.exists()


def test_a_dry_run_sends_nothing(repo, tmp_path):
    sent = requests_of(repo)
    report = repo.import_rows(LAB, written(tmp_path, BAD), "Asset", dry_run=True, on_refused="skip")
    assert {method for method, _ in sent} == {"GET"}
    assert repr(report).startswith("dry run of an import: 3 requests") or report.counts["unsent"]


@pytest.mark.parametrize(
    ("rows", "options", "message"),
    [
        ([{"Name": "N1", "Quantety": 1}], {}, r"'Quantety'\. Did you mean Quantity"),
        ([{"Name": "N1", "a": 1, "b": 2}], {}, "2 columns cannot be imported"),
        ([{"Name": "N1", "a": 1}], {"columns": {"a": "Quantety"}}, r"'a' \(as 'Quantety'\)\. Did you mean"),
        ([{"Name": "N1", "x": 1}], {"columns": {"y": None}}, "'y', which is not a column"),
        ([{"In use": "yes", "InUse": "no"}], {}, "both InUse"),
    ],
)
def test_columns_that_mean_nothing_are_told(repo, rows, options, message):
    with pytest.raises(TrackingError, match=message):
        repo.import_rows(LAB, rows, "Asset", **options)


def test_a_type_that_is_not_known_is_told_first(repo):
    with pytest.raises(RefusedError, match="Did you mean Asset"):
        repo.import_rows(LAB, [{"Nonsense": "N1"}], "Asst")


@pytest.mark.parametrize(
    ("given_", "tz", "when"),
    [
        ("31.12.2025 14:30", None, "2025-12-31 14:30Z"),
        ("31.12.2025 14:30", "Europe/Budapest", "2025-12-31 13:30Z"),
        ("2025-12-31", "Europe/Budapest", "2025-12-30 23:00Z"),
        (dt.datetime(2025, 7, 1, 12), "Europe/Budapest", "2025-07-01 10:00Z"),
        (dt.date(2025, 7, 1), "Europe/Budapest", "2025-06-30 22:00Z"),
        ("2025-07-01T12:00+05:00", "Europe/Budapest", "2025-07-01 07:00Z"),
    ],
)
def test_dates_without_a_zone_are_in_the_one_that_is_named(repo, given_, tz, when):
    rows = [{"Name": "N1", "Serial": "XY-0001", "Checked at": given_}]
    report = repo.import_rows(LAB, rows, "Asset", tz=tz)
    assert imported(repo, "Name CheckedAt")["CheckedAt"].iloc[0] == pd.Timestamp(when)
    told = f"1 date of Checked at has no time zone and is taken as {tz or 'UTC'}"
    assert (told in repr(report)) is ("+05" not in str(given_))


@pytest.mark.parametrize(
    ("time", "why"), [("2025-10-26 02:30", "occurs twice"), ("2025-03-30 02:30", "does not exist")]
)
def test_a_time_at_which_the_clocks_change_is_rejected(repo, time, why):
    rows = [{"Name": "N1", "Serial": "XY-0001", "Checked at": time}]
    with pytest.raises(RefusedError, match=f"{why} in Europe/Budapest"):
        repo.import_rows(LAB, rows, "Asset", tz="Europe/Budapest")
    with pytest.raises(ValueError, match="name of a time zone"):
        repo.import_rows(LAB, rows, "Asset", tz="Budapest")


def test_a_header_names_the_zone_of_its_dates_as_excel_files_do(repo):
    rows = [{"Name": "N1", "Serial": "XY-0001", "Checked at (Europe/Budapest)": dt.datetime(2025, 7, 1, 12)}]
    report = repo.import_rows(LAB, rows, "Asset")
    assert imported(repo, "Name CheckedAt")["CheckedAt"].iloc[0] == pd.Timestamp("2025-07-01 10:00Z")
    assert "time zone" not in repr(report)


def test_cells_with_the_same_problem_are_one_line_with_their_rows(repo, tmp_path):
    lines = [f"N{n:02},XY-00{n:02},0{n % 9 + 1}.11.2025,no" for n in range(20)]
    path = written(tmp_path, "\n".join(["Name,Serial,Bought on,Used", *lines, "N99,XY-0099,,perhaps"]))
    with pytest.raises(RefusedError) as error:
        repo.import_rows(LAB, path, "Asset", columns={"Used": "InUse"})
    dates = "Bought on: '01.11.2025', … may be one of two dates: pass dayfirst=True if the day stands first"
    rows = "rows 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 10 more"
    used = "Used (InUse): 'perhaps' is neither yes nor no"
    message, shown = str(error.value).splitlines(), repr(error.value.report).splitlines()
    assert message[1].startswith(f"  {rows}, {dates}")
    assert message[2].startswith(f"  row 22, {used}")
    assert shown[1].startswith(f"  {rows}  refused: {dates}")
    assert shown[2].startswith(f"  row 22  refused: {used}")
    assert len(error.value.report.problems) == 21


def test_problems_show_what_the_file_says(repo):
    rows = [{"Name": "N1", "Serial": "XY-0001", "Keeper": "Nobody Here"}]
    with pytest.raises(RefusedError) as error:
        repo.import_rows(LAB, rows, "Asset", resolve="names")
    assert error.value.report.problems["mine"].tolist() == ["Nobody Here"]


@pytest.mark.parametrize(
    "text", ["Name;Serial;\nN1;XY-0001;\nN2;XY-0002;\n", "Name;Serial\nN1;XY-0001;\nN2;XY-0002;\n"]
)
def test_an_empty_last_column_is_left_out(repo, tmp_path, text):
    assert repo.import_rows(LAB, written(tmp_path, text), "Asset").counts == {"saved": 2}


def test_cells_in_a_column_without_a_header_are_told(repo, tmp_path):
    path = written(tmp_path, "Name;Serial;\nN1;XY-0001;\nN2;XY-0002;7\n")
    with pytest.raises(TrackingError, match="column 3 has no header, and its cell in row 3 is '7'"):
        repo.import_rows(LAB, path, "Asset")


def test_rejected_rows_go_to_the_sheet_that_they_come_from(repo, tmp_path):
    path, bad = tmp_path / "rows.xlsx", tmp_path / "bad.xlsx"
    with pd.ExcelWriter(path) as book:
        pd.DataFrame({"Remark": ["none"]}).to_excel(book, sheet_name="Read me", index=False)
        rows = pd.DataFrame({"Name": ["N1", "N2"], "Serial": ["XY-0001", "XY-0002"], "Quantity": [1, -5]})
        rows.to_excel(book, sheet_name="New ones", index=False)
    for sheet in ("New ones", 1):
        report = repo.import_rows(LAB, path, "Asset", sheet=sheet, rejected=bad)
        assert openpyxl.load_workbook(bad).sheetnames == ["New ones"]
    assert report.counts == {"refused": 2}


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_a_header_of_two_columns_is_told_as_it_is_written(repo, tmp_path, suffix):
    lines = [["Name", "Price", "Serial", "Price"], ["N1", "1", "AB-0001", "2"]]
    path = tmp_path / f"rows.{suffix}"
    if suffix == "csv":
        path.write_text("\n".join(map(",".join, lines)))
    else:
        book = openpyxl.Workbook()
        for line in lines:
            book.active.append(line)
        book.save(path)
    with pytest.raises(TrackingError, match="has several columns 'Price'"):
        repo.import_rows(LAB, path, "Asset")


def test_the_other_sheets_are_named_where_the_first_is_no_list(repo, tmp_path):
    book = openpyxl.Workbook()
    book.active.append(["Please read this"])
    for line in (["Name", "Serial"], ["N1", "AB-0001"]):
        (book["Data"] if "Data" in book else book.create_sheet("Data")).append(line)
    book.save(path := tmp_path / "rows.xlsx")
    with pytest.raises(TrackingError, match="To read another sheet: sheet='Data'"):
        repo.import_rows(LAB, path, "Asset")
    with pytest.raises(TrackingError, match=r"has no sheet 'Dta'\. Did you mean Data\?"):
        repo.import_rows(LAB, path, "Asset", sheet="Dta")
    assert repo.import_rows(LAB, path, "Asset", sheet="Data").ok


def test_a_bad_name_is_one_problem(repo):
    report = repo.import_rows(LAB, [{"Name": "a/b", "Serial": "AB-0001"}], "Asset", dry_run=True)
    (problem,) = report.problems["problem"]
    assert problem.startswith("'a/b' is not a valid name: the server would make it 'a-b'.")


def test_columns_are_named_or_left_out(repo):
    rows = [{"Article": "N1", "Number": "XY-0001", "Remark": "to be deleted"}]
    columns = {"Article": "Name", "Number": "serial", "Remark": None}
    assert repo.import_rows(LAB, rows, "Asset", columns=columns).ok
    assert imported(repo)["Serial"].tolist() == ["XY-0001"]


@pytest.mark.parametrize(
    ("text", "name", "error", "message"),
    [
        ("", "rows.csv", TrackingError, "is empty"),
        ("Name,Serial\nN1,XY-1,3\n", "rows.csv", TrackingError, "line 2"),
        ("Name,Serial\nőr,XY-1\n", "rows.csv", TrackingError, "name its encoding"),
        ("no workbook", "rows.xlsx", TrackingError, "cannot be read as a workbook"),
        (None, "none.csv", FileNotFoundError, "none.csv"),
    ],
)
def test_files_that_are_no_tables_are_told(repo, tmp_path, text, name, error, message):
    path = tmp_path / name
    if text is not None:
        path = written(tmp_path, text, name, "cp1250")
    with pytest.raises(error, match=message):
        repo.import_rows(LAB, path, "Asset")


@pytest.mark.parametrize(
    "options", [{"decimal": ";"}, {"dayfirst": "yes"}, {"resolve": "ids"}, {"rejected": "bad.txt"}]
)
def test_options_that_are_none_are_told(repo, options):
    with pytest.raises(ValueError, match=next(iter(options))):
        repo.import_rows(LAB, [{"Name": "N1"}], "Asset", **options)


def test_the_file_itself_is_never_overwritten(repo, tmp_path):
    path = written(tmp_path, BAD)
    with pytest.raises(ValueError, match="the very file"):
        repo.import_rows(LAB, path, "Asset", rejected=path)
    with pytest.raises(NotFoundError):
        repo.import_rows(f"{LAB}/none", path, "Asset")


# --- users


def people(count, bad):
    rows = [
        {
            "Name": f"u{n:02}", "Login name": f"u{n:02}", "Full name": f"User {n}",
            "Email": f"u{n}@example.com",
            "Password": f"Secret-{n:02}-word", "Enabled": "yes",
        }
        for n in range(count)
    ]  # fmt: skip
    for n in range(bad):
        rows[n * 5] |= {"Enabled": "perhaps"} if n % 2 else {"Login name": ""}
    return pd.DataFrame(rows)


def test_fifty_users_with_eight_bad_rows(admin, tmp_path, state):
    path, bad = tmp_path / "users.csv", tmp_path / "bad.csv"
    people(50, 8).to_csv(path, index=False)
    columns = {"Login name": "LoginName", "Full name": "FullName"}
    report = admin.import_rows("/Root/IMS/Public", path, "User", columns=columns, rejected=bad)
    assert report.counts == {"saved": 42, "refused": 8}
    assert "Passwords are not in it" in repr(report)
    shown = [
        repr(report),
        report._repr_html_(),
        report.frame.to_csv(),
        report.problems.to_csv(),
        bad.read_text("utf-8"),
    ]
    shown += [*report.requests, *(file.read_text("utf-8") for file in state.iterdir())]
    assert not [text for text in shown if re.search("Secret-", text)]
    mended = pd.read_csv(bad, dtype=object)
    mended["Login name"] = mended["Name"]
    mended["Enabled"] = "yes"
    mended["Password"] = "Another-12345"
    mended.to_csv(bad, index=False)
    assert admin.import_rows("/Root/IMS/Public", bad, "User", columns=columns).counts == {"saved": 8}
    assert admin.count("/Root/IMS/Public", query="TypeIs:User AND Name:u*") == 50


def test_passwords_go_to_the_server_as_they_are(fake):
    server = fake(sample=False)
    admin = server.connect(user="Admin")
    rows = people(1, 0).rename(columns={"Login name": "LoginName", "Full name": "FullName"})
    assert admin.import_rows("/Root/IMS/Public", rows, "User").ok
    assert [e for e in server.entries("POST") if b"Secret-00-word" in e.body]


def test_numbers_of_a_workbook_are_the_same_in_a_file_of_rejected_rows(repo, tmp_path):
    bad = tmp_path / "bad.csv"
    rows = pd.DataFrame({"Name": ["N1", "N2"], "Serial": ["XY-0001", "XY-0002"], "Price": [1.234, 0.125]})
    rows["Quantity"] = pd.array([3, None], dtype="Int64")
    rows["Condition"] = "Shiny"
    rows["Notes"] = 1.234  # a text, which has no decimal sign
    rows.to_excel(tmp_path / "rows.xlsx", index=False)
    report = repo.import_rows(LAB, tmp_path / "rows.xlsx", "Asset", decimal=",", rejected=bad)
    assert report.counts == {"refused": 2}
    pd.read_csv(bad, dtype=str).assign(Condition="new").to_csv(bad, index=False)
    assert repo.import_rows(LAB, bad, "Asset", decimal=",").counts == {"saved": 2}
    now = imported(repo, "Name Price Notes Quantity")
    assert now["Price"].tolist() == [1.234, 0.125]
    assert now["Quantity"].tolist() == [3, 0]
    assert now["Notes"].tolist() == ["1.234", "1.234"]


# --- what cells mean


TEXT, NUMBER, WHOLE = Field("Notes", "LongText"), Field("Price", "Currency"), Field("Quantity", "Integer")
DATE, TRUTH = Field("BoughtOn", "DateTime"), Field("InUse", "Boolean")
OPTIONS = (Option("1", "Low"), Option("2", "Middle"), Option("3", "High"), Option("low", "Other"))
CHOICE = Field("Rank", "Choice", options=OPTIONS)
SEVERAL = Field("Ranks", "Choice", multiple=True, options=OPTIONS)
KEEPER = Field("Keeper", "Reference")


@given(st.decimals(-(10**9), 10**9, places=2, allow_nan=False), st.sampled_from(["", " ", "\u00a0", "'"]))
def test_numbers_are_read_as_they_are_written(number, blank):
    english = f"{number:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    for text, sign in (
        (english, "."),
        (german, ","),
        (english.replace(",", blank), "."),
        (f"{number:.2f}", None),
    ):
        assert Coercion(decimal=sign).coerce(NUMBER, text) == float(number)
    assert Coercion(decimal=",").coerce(NUMBER, f"€ {german}") == float(number)


@given(st.integers(-(2**31), 2**31 - 1))
def test_whole_numbers_are_read_as_they_are_written(number):
    for given_, sign in (
        (str(number), None),
        (f"{number:,}", "."),
        (f"{number}.0", None),
        (float(number), None),
        (number, None),
    ):
        cell = Coercion(decimal=sign).coerce(WHOLE, given_)
        assert (cell, type(cell)) == (number, int)


@given(st.dates(dt.date(1800, 1, 1)), st.sampled_from("./-"))
def test_dates_are_read_as_they_are_written_or_rejected(date, sign):
    expected = pd.Timestamp(date, tz="UTC")
    first = f"{date.day}{sign}{date.month}{sign}{date.year:04}"
    second = f"{date.month:02}{sign}{date.day:02}{sign}{date.year:04}"
    assert Coercion(dayfirst=True).coerce(DATE, first) == expected
    assert Coercion(dayfirst=False).coerce(DATE, second) == expected
    assert Coercion().coerce(DATE, date.isoformat()) == expected
    guessed = Coercion().coerce(DATE, first)
    if date.day > 12 or date.day == date.month:
        assert guessed == expected
    else:
        assert isinstance(guessed, Unusable), "what may be two dates is never guessed"


@given(st.text(max_size=20), st.sampled_from([NUMBER, WHOLE, DATE, TRUTH, CHOICE, SEVERAL, KEEPER, TEXT]),
       st.sampled_from([Coercion(), Coercion(True, ",", "names"), Coercion(False, ".")]))  # fmt: skip
def test_no_text_is_an_error(text, field, how):
    cell = how.coerce(field, text)
    if field is TEXT:
        assert cell == (text if text.strip() else None)
    elif not text.strip():
        assert cell is None


@pytest.mark.parametrize(
    ("field", "given_", "cell"),
    [
        (TRUTH, "Yes", True), (TRUTH, " NO ", False), (TRUTH, 1, True), (TRUTH, "ja", True),
        (TRUTH, False, False),
        (CHOICE, "Middle", "2"), (CHOICE, "HIGH", "3"), (CHOICE, 2.0, "2"), (CHOICE, "low", "low"),
        (SEVERAL, "Middle; High", ["2", "3"]), (SEVERAL, "1, 3", ["1", "3"]),
        (SEVERAL, "['1', 'High']", ["1", "3"]), (KEEPER, "1398", "1398"), (KEEPER, 1398.0, 1398),
        (KEEPER, "/Root/IMS/Public/edna", "/Root/IMS/Public/edna"),
        (DATE, "31.12.2026 14:30", pd.Timestamp("2026-12-31 14:30Z")),
        (DATE, "2026-12-31T14:30:00Z", "2026-12-31T14:30:00Z"),
        (TEXT, 12.0, "12"), (TEXT, "  two  ", "  two  "), (NUMBER, "", None), (NUMBER, float("nan"), None),
        (Field("Name", "ShortText"), " a name ", "a name"),
    ],
)  # fmt: skip
def test_a_cell_means(field, given_, cell):
    assert Coercion().coerce(field, given_) == cell


@pytest.mark.parametrize(
    ("field", "given_", "reason"),
    [
        (NUMBER, "1,5", "decimal=','"), (NUMBER, "1.2.3", "not a number"), (WHOLE, "ten", "not a number"),
        (NUMBER, "12,34,567", "decimal="), (TRUTH, "perhaps", "yes or no"),
        (DATE, 46022, "format the cell as a date"),
        (DATE, "31.12.26", "not a date"), (DATE, "31.11.2026", "calendar"), (DATE, "soon", "not a date"),
        (KEEPER, "Edna", "resolve='names'"), (TEXT, True, "format it as text"),
        (TEXT, dt.datetime(2026, 1, 1), "format it as text"),
    ],
)  # fmt: skip
def test_a_cell_that_means_nothing_says_why(field, given_, reason):
    cell = Coercion().coerce(field, given_)
    assert isinstance(cell, Unusable)
    assert reason in cell.reason
    assert cell.value == given_


@pytest.mark.parametrize(("sign", "text"), [(",", "0.125"), (",", "00.125"), (".", "-0,125")])
def test_a_fraction_in_the_other_notation_is_not_a_group_of_thousands(sign, text):
    assert isinstance(Coercion(decimal=sign).coerce(NUMBER, text), Unusable)


def test_names_become_references_by_name():
    how = Coercion(resolve="names")
    assert how.coerce(KEEPER, "Edna Editor") == sn.ref("Edna Editor")
    parts = Field("Parts", "Reference", multiple=True)
    assert how.coerce(parts, "Edna Editor; /Root/IMS") == [sn.ref("Edna Editor"), "/Root/IMS"]
