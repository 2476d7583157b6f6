"""Excel files that come back: their edits are what was changed in the sheet, and nothing else."""

from __future__ import annotations

import base64
import datetime as dt
import json
import os
import shutil
import subprocess
import warnings
import zipfile
import zlib

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas import ConflictError, SaveWarning, TrackingError
from tests.fakes import FakeServer

from .every_field import ADMIN, LAB, VISITOR, assets, rows, written

SERVED = settings(
    deadline=None,
    max_examples=12,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def served():
    yield from assets()


@pytest.fixture
def file(tmp_path):
    return tmp_path / "list.xlsx"


class Sheet:
    """The sheet of a file, to be changed as people do."""

    def __init__(self, file):
        self.file = file
        self.book = openpyxl.load_workbook(file)
        self.sheet = self.book["Contents"]

    def __enter__(self):
        return self

    def __exit__(self, *failed):
        self.book.save(self.file)

    def column(self, header, above=1):
        return [cell.value for cell in self.sheet[above]].index(header) + 1

    def row(self, name):
        names = [cell.value for cell in next(self.sheet.iter_cols(self.column("Name"), self.column("Name")))]
        return names.index(name) + 1

    def cell(self, name, header):
        return self.sheet.cell(self.row(name), self.column(header))


def read_quietly(file, repo):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return sn.read_excel(file, repo)


def told(frame):
    return frame.sn.changes()[["Path", "field", "after"]].values.tolist()


PLAIN = {
    "DisplayName": "a", "Notes": "n", "Code": "=1+2", "Quantity": 3, "Price": 2.5, "InUse": True,
    "BoughtOn": dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.UTC), "Condition": ["used"],
    "Labels": ["red", "blue"], "Keeper": ADMIN, "Parts": [f"{LAB}/A0"],
}  # fmt: skip


@pytest.fixture
def frame(served):
    """Return three assets of the same values, and a folder."""
    return written(served, [PLAIN] * 3)


@SERVED
@given(values=rows)
def test_what_nobody_changed_is_no_edit(served, file, values):
    frame = written(served, values)
    frame.sn.to_excel(file)
    back = read_quietly(file, served)
    assert back.sn.changes().empty, back.sn.changes().to_dict("records")
    assert dict(back.dtypes) == dict(frame.dtypes)
    assert back.sn.save(dry_run=True).counts == {"unchanged": 4}


#: Two edits for each field: what somebody writes into the sheet, and what is stored then.
TYPED = {
    **{name: [("mine", "mine"), ("007", "007")] for name in ("Display Name", "Notes", "Story", "Code")},
    "Serial number": [("MI-1", "MI-1"), ("MI-2", "MI-2")],
    "Quantity": [(5, 5), (6.0, 6)],
    "Index": [(5, 5), (-6, -6)],
    "Weight": [(5.5, 5.5), (6, 6.0)],
    "Price": [(5.5, 5.5), (-6.25, -6.25)],
    "In use": [("yes", True), ("no", False)],
    "Bought on (UTC)": [
        (dt.datetime(2026, 2, 3, 4, 5), pd.Timestamp("2026-02-03 04:05", tz="UTC")),
        ("2026-02-03 04:06", pd.Timestamp("2026-02-03 04:06", tz="UTC")),
    ],
    "Condition": [("New", "new"), ("used", "used")],
    "Labels": [("Red; Green", ["red", "green"]), (None, [])],
    "Keeper": [(ADMIN, ADMIN), (VISITOR, VISITOR)],
    "Parts": [(f"{LAB}/A0", [f"{LAB}/A0"]), (None, [])],
}
FIELDS = {
    "Display Name": "DisplayName", "Serial number": "Serial", "In use": "InUse", "Bought on (UTC)": "BoughtOn"
}  # fmt: skip


@SERVED
@given(values=rows, row=st.integers(0, 2), header=st.sampled_from(list(TYPED)))
def test_what_somebody_changed_is_saved(served, file, values, row, header):
    written(served, values).sn.to_excel(file)
    path, field = f"{LAB}/A{row}", FIELDS.get(header, header)
    before = served.value(path, field)
    typed, stored = next(pair for pair in TYPED[header] if repr(pair[1]) != repr(before))
    with Sheet(file) as sheet:
        sheet.cell(f"A{row}", header).value = typed
    back = read_quietly(file, served)
    assert [line[:2] for line in told(back)] == [[path, field]]
    assert back.sn.save().counts == {"saved": 1, "unchanged": 3}
    assert served.value(path, field) == stored


def test_what_stands_in_the_sheet(served, frame, file):
    frame.sn.to_excel(file)
    sheet = Sheet(file)
    shown = {header: sheet.cell("A0", header) for header in [cell.value for cell in sheet.sheet[1]]}
    values = {header: cell.value for header, cell in shown.items()}
    expected = {
        "Quantity": 3, "In use": "yes", "Bought on (UTC)": dt.datetime(2026, 1, 2, 3, 4, 5),
        "Condition": "Used", "Labels": "Red; Blue", "Keeper": "Admin", "Code": "=1+2",
        "Content Type Name": "Asset",
    }  # fmt: skip
    assert {header: values[header] for header in expected} == expected
    assert shown["Code"].data_type == "s", "a text that looks like a formula is a text"
    assert shown["Code"].quotePrefix
    assert "yy" in shown["Bought on (UTC)"].number_format
    locked = {header: cell.protection.locked for header, cell in shown.items()}
    assert all(locked[header] for header in ("Id", "Content Type Name", "Keeper / E-mail"))
    assert not any(locked[header] for header in ("Quantity", "Keeper", "Keeper / Id"))
    assert sheet.sheet.protection.sheet
    assert not sheet.sheet.protection.autoFilter, "the filter may be used"
    assert sheet.sheet.auto_filter.ref == sheet.sheet.dimensions
    assert sheet.sheet.freeze_panes == "B2"
    letter = shown["Display Name"].column_letter
    assert 8 <= sheet.sheet.column_dimensions[letter].width <= 61
    offered = {}
    for rule in sheet.sheet.data_validations.dataValidation:
        name, _, area = rule.formula1.removeprefix("=").partition("!")
        header = next(h for h, cell in shown.items() if cell.coordinate in rule.sqref)
        offered[header] = [cell.value for line in sheet.book[name][area.replace("$", "")] for cell in line]
    assert offered["In use"] == ["yes", "no"]
    assert offered["Condition"] == ["New", "Used", "Broken"]
    assert offered["Keeper"] == ["Admin"]
    assert [sheet.book[name].sheet_state for name in sheet.book.sheetnames] == [
        "visible",
        "hidden",
        "veryHidden",
    ]


def test_dates_are_shown_in_the_zone_of_their_column(served, frame, file):
    frame["BoughtOn"] = frame["BoughtOn"].dt.tz_convert("Europe/Budapest")
    frame.sn.to_excel(file)
    with Sheet(file) as sheet:
        header = "Bought on (Europe/Budapest)"
        assert sheet.cell("A0", header).value == dt.datetime(2026, 1, 2, 4, 4, 5)
        sheet.cell("A1", header).value = dt.datetime(2026, 7, 1, 12)
        sheet.cell("A2", header).value = dt.datetime(2026, 10, 25, 2, 30)
    with pytest.warns(SaveWarning, match=r"\(Bought on \(Europe/Budapest\)\): .* twice or never"):
        back = sn.read_excel(file, served)
    assert told(back) == [[f"{LAB}/A1", "BoughtOn", pd.Timestamp("2026-07-01 10:00", tz="UTC")]]


def test_rows_that_were_sorted_filtered_and_moved_down_are_the_same_rows(served, frame, file):
    frame.sn.to_excel(file)
    with Sheet(file) as sheet:
        lines = [[cell.value for cell in line] for line in sheet.sheet.iter_rows(min_row=2)]
        for number, line in enumerate(reversed(lines), 2):
            for place, value in enumerate(line, 1):
                cell = sheet.sheet.cell(number, place)
                cell.value = value
                cell.data_type = "s" if str(value).startswith("=") else cell.data_type
        sheet.cell("A1", "Quantity").value = 8
        sheet.sheet.insert_rows(1, 2)
        sheet.sheet.row_dimensions[5].hidden = True
        sheet.sheet["A1"] = "Prices of March"
    back = read_quietly(file, served)
    assert list(back["Name"]) == list(frame["Name"])[::-1]
    assert told(back) == [[f"{LAB}/A1", "Quantity", 8]]


def test_rows_that_were_inserted_are_new_and_those_that_are_gone_stay(served, frame, file):
    frame[["Name", "Type", "Serial", "Quantity"]].sn.to_excel(file)
    with Sheet(file) as sheet:
        sheet.sheet.insert_rows(3)
        for header, value in {"Name": "B1", "Content Type Name": "Asset", "Serial number": "NE-1"}.items():
            sheet.sheet.cell(3, sheet.column(header)).value = value
        sheet.sheet.delete_rows(sheet.row("A2"))
    with pytest.warns(SaveWarning, match=r"1 row of the list is gone \(.*\): contents are not deleted"):
        back = sn.read_excel(file, served)
    assert list(back["Name"][back.index < 0]) == ["B1"]
    try:
        assert back.sn.save(create=True).counts == {"saved": 1, "unchanged": 3}
        assert served.value(f"{LAB}/B1", "Serial") == "NE-1"
        assert served.value(f"{LAB}/A2", "Quantity") == 3
    finally:
        served.delete(f"{LAB}/B1", permanent=True)


def test_columns_may_be_moved_removed_and_added(served, frame, file):
    frame[["Name", "Path", "Quantity", "Price", "Code"]].sn.to_excel(file)
    with Sheet(file) as sheet:
        sheet.sheet.delete_cols(sheet.column("Code"))
        sheet.sheet.move_range("E1:E5", cols=3)
        sheet.sheet["G1"], sheet.sheet["G2"] = "remark", "dear"
        sheet.sheet["I1"], sheet.sheet["I2"] = "Notes", "not read"
        sheet.cell("A1", "Price").value = 9
    with pytest.warns(SaveWarning) as warned:
        back = sn.read_excel(file, served)
    said = " ".join(str(warning.message) for warning in warned)
    assert "the column Code is gone" in said
    assert "the columns remark, Notes are new" in said
    assert {warning.filename for warning in warned} == {__file__}
    assert back["remark"].iloc[0] == "dear"
    assert [f"{LAB}/A1", "Price", 9] in told(back)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = back.sn.save(on_conflict="skip")
    assert report.counts["saved"] == 1, "what was never read is a conflict"
    assert served.value(f"{LAB}/A0", "Notes") == "n"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: s.sheet.cell(3, 1, s.sheet["A2"].value), "rows 2 and 3 both have the Id"),
        (lambda s: s.sheet.cell(2, 1, 999999), "row 2 has the Id 999999, which is none of the list"),
        (lambda s: s.sheet.cell(2, 1, "x"), "row 2 has the Id x, which is none"),
        (lambda s: s.sheet.cell(2, 1, "=A3"), "the cell A2 has to say .* a formula that was not computed"),
        (lambda s: s.sheet.cell(1, 4, "Name"), "'Name' stands above several columns"),
        (lambda s: s.sheet.delete_rows(1), "write them again above the list"),
        (lambda s: s.sheet.delete_cols(1), "neither a column Id nor one of paths"),
        (lambda s: s.book.remove(s.book["_sensenet"]), "its hidden sheet is gone"),
        (lambda s: s.book["_sensenet"].cell(6, 2, "x"), "hidden sheet of this file was changed"),
    ],
)
def test_what_cannot_be_understood_is_named(served, frame, file, change, message):
    frame[["Name", "Quantity", "Price"]].sn.to_excel(file)
    with Sheet(file) as sheet:
        change(sheet)
    with pytest.raises(TrackingError, match=message):
        sn.read_excel(file, served)


@pytest.mark.parametrize("name", ["list.csv", "list.xlsx"])
def test_a_file_that_is_not_a_workbook_is_named(served, tmp_path, name):
    (tmp_path / name).write_text("Id,Name\n1,A1\n", "utf-8")
    with pytest.raises(TrackingError, match=rf"{name} is not an .xlsx file: .*repo.import_rows"):
        sn.read_excel(tmp_path / name, served)


def test_without_ids_rows_are_known_by_their_path(served, frame, file):
    frame[["Name", "Path", "Quantity"]].sn.to_excel(file)
    with Sheet(file) as sheet:
        sheet.cell("A1", "Quantity").value = 8
        sheet.sheet.delete_cols(1)
    assert told(read_quietly(file, served)) == [[f"{LAB}/A1", "Quantity", 8]]
    with Sheet(file) as sheet:
        sheet.cell("A1", "Path").value = f"{LAB}/elsewhere"
    with pytest.raises(TrackingError, match=r"the path '.*/elsewhere', which is none of the list"):
        sn.read_excel(file, served)


def test_edits_from_before_the_file_stay_edits(served, frame, file):
    frame.loc[frame["Name"] == "A0", "Quantity"] = 7
    frame.at[frame.index[0], "Labels"] = ["green"]
    frame.sn.to_excel(file)
    with Sheet(file) as sheet:
        sheet.cell("A1", "Quantity").value = 8
    back = read_quietly(file, served)
    assert sorted(map(str, told(back))) == sorted(
        map(
            str,
            [[f"{LAB}/A0", "Quantity", 7], [f"{LAB}/A0", "Labels", ["green"]], [f"{LAB}/A1", "Quantity", 8]],
        )
    )


def test_what_others_changed_meanwhile_is_a_conflict_as_if_the_frame_had_stayed(served, frame, file):
    frame.sn.to_excel(file)
    served.patch(f"{LAB}/A0", {"Quantity": 50, "Code": "theirs"})
    with Sheet(file) as sheet:
        sheet.cell("A0", "Quantity").value = 8
        sheet.cell("A1", "Quantity").value = 9
    back = read_quietly(file, served)
    with pytest.raises(ConflictError, match="A0: Quantity was 3, is 50 now, you want 8"):
        back.sn.save()
    assert back.sn.save(on_conflict="skip").counts == {"saved": 1, "unchanged": 2, "conflict": 1}
    assert served.value(f"{LAB}/A0", "Code") == "theirs"
    assert served.value(f"{LAB}/A1", "Quantity") == 9


def test_a_file_is_of_the_repository_that_it_was_written_from(served, frame, file, fake):
    frame.sn.to_excel(file)
    other = fake().connect()
    with pytest.raises(TrackingError, match=r"list\.xlsx was written from http://lab\.example.*connect"):
        sn.read_excel(file, other)


def test_values_that_mean_nothing_are_rejected_by_cell(served, frame, file):
    frame.sn.to_excel(file)
    with Sheet(file) as sheet:
        for header, value in {"Quantity": "many", "In use": "maybe", "Condition": "old", "Keeper": "Nobody",
                              "Bought on (UTC)": "soon"}.items():  # fmt: skip
            sheet.cell("A0", header).value = value
        sheet.cell("A1", "Content Type Name").value = "Task"
        sheet.cell("A2", "Quantity").value = 8
    with pytest.warns(SaveWarning, match=r"4 cells stay texts.*'many' is not a number"):
        back = sn.read_excel(file, served)
    problems = back.sn.check()
    fields = ["BoughtOn", "Condition", "InUse", "Keeper", "Quantity", "Type"]
    assert sorted(problems["field"]) == fields
    assert back.sn.save(on_refused="skip").counts == {"saved": 1, "unchanged": 1, "refused": 2}


TYPED_TEXTS = [
    ("Bought on (UTC)", "31.12.2026", {}, pd.Timestamp("2026-12-31", tz="UTC")),
    ("Bought on (UTC)", "03.04.2026", {"dayfirst": True}, pd.Timestamp("2026-04-03", tz="UTC")),
    ("Quantity", "7", {}, 7),
    ("Price", "1.234,5", {"decimal": ","}, 1234.5),
    ("Keeper", "Visitor", {"resolve": "names"}, "Visitor"),
]


@pytest.mark.parametrize(("header", "text", "options", "cell"), TYPED_TEXTS)
def test_typed_texts_are_read_as_in_an_import(served, frame, file, header, text, options, cell):
    frame.sn.to_excel(file)
    with Sheet(file) as sheet:
        sheet.cell("A0", header).value = text
    edit = sn.read_excel(file, served, **options).sn.changes().iloc[0]
    assert edit["after"] == cell


@pytest.mark.parametrize(
    ("header", "text", "message"),
    [
        ("Bought on (UTC)", "03.04.2026", "pass dayfirst=True"),
        ("Price", "1,5", "pass decimal=','"),
        ("Keeper", "Nobody Here", "pass resolve='names'"),
    ],
)
def test_typed_texts_that_may_mean_two_things_stay_texts(served, frame, file, header, text, message):
    frame.sn.to_excel(file)
    with Sheet(file) as sheet:
        sheet.cell("A0", header).value = text
    with pytest.warns(SaveWarning, match=rf"1 cell stays a text.*{message}"):
        back = sn.read_excel(file, served)
    assert back.sn.changes()["after"].tolist() == [text]
    assert len(back.sn.check()) == 1


def test_formulas_without_a_value_are_named_and_change_nothing(served, frame, file):
    frame.sn.to_excel(file)
    with Sheet(file) as sheet:
        sheet.cell("A0", "Quantity").value = "=1+2"
        sheet.cell("A1", "Notes").value = "#REF!"
    with pytest.warns(SaveWarning, match=r"2 cells could not be read .*#REF!.*formula that was not computed"):
        back = sn.read_excel(file, served)
    assert back.sn.changes().empty


def test_the_rest_of_merged_cells_is_named_and_changes_nothing(served, frame, file):
    frame.sn.to_excel(file)
    with Sheet(file) as sheet:
        first, second = sheet.cell("A0", "Quantity"), sheet.cell("A1", "Quantity")
        first.value = 8
        sheet.sheet.merge_cells(f"{first.coordinate}:{second.coordinate}")
    merged = f"{first.coordinate}:{second.coordinate} is one merged cell"
    with pytest.warns(SaveWarning, match=f"1 cell could not be read and stays as it was: .*{merged}"):
        back = sn.read_excel(file, served)
    assert told(back) == [[f"{LAB}/A0", "Quantity", 8]]


def test_long_texts_and_any_character_come_back(served, file):
    texts = ["x" * 40_000, "_x0041_ \r a\rb", "\u000b\ud7ff\U0001f600" * 9_000]
    frame = written(served, [{"Notes": text} for text in texts])
    frame.sn.to_excel(file)
    assert read_quietly(file, served).sn.changes().empty
    with Sheet(file) as sheet:
        sheet.cell("A0", "Notes").value = "short"
    with pytest.warns(SaveWarning, match="the text is cut in the sheet"):
        back = sn.read_excel(file, served)
    assert back.sn.changes().empty


def test_a_copy_of_a_row_with_a_cut_text_does_not_write_it(served, file):
    frame = written(served, [{"Notes": "x" * 40_000}])
    frame.sn.to_excel(file)
    with Sheet(file) as sheet:
        row, last = sheet.row("A0"), sheet.sheet.max_row + 1
        for cell in sheet.sheet[row]:
            sheet.sheet.cell(last, cell.column).value = cell.value
        sheet.sheet.cell(last, 1).value = None
    with pytest.warns(SaveWarning, match="the text is cut in the sheet"):
        back = sn.read_excel(file, served)
    assert pd.isna(back["Notes"].iloc[-1])


def test_a_number_where_a_text_was_is_asked(served, file):
    frame = written(served, [{"Notes": "007"}] * 3)
    frame.sn.to_excel(file)
    with Sheet(file) as sheet:
        sheet.cell("A0", "Notes").value = 7
    back = read_quietly(file, served)
    with pytest.raises(ConflictError, match=r"Notes is '007' in a row .* by a file, you want '7'"):
        back.sn.save()


def test_no_secret_is_in_the_file(fake, file):
    server: FakeServer = fake()
    admin = server.connect(user="Admin")
    frame = admin.read("/Root/IMS/Public", select=["Name", "LoginName", "Type"], query="TypeIs:User")
    frame = frame.sn.append({"Name": ["new"], "LoginName": ["new"], "Password": ["Very-Secret-12"]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.sn.to_excel(file)
    with zipfile.ZipFile(file) as parts:
        text = b"".join(parts.read(name) for name in parts.namelist()).decode()
    assert "Very-Secret-12" not in text
    assert server.app.api_key not in text
    assert "Password" not in text


def hidden_text(file):
    read = openpyxl.load_workbook(file)["_sensenet"]
    packed = "".join(line[1] for line in read.iter_rows(values_only=True) if line[0] == "data")
    return zlib.decompress(base64.b64decode(packed)).decode()


def test_a_password_for_a_user_who_exists_is_not_in_the_hidden_sheet(fake, file):
    admin = fake().connect(user="Admin")
    frame = admin.read("/Root/IMS/Public", select=["Name", "FullName", "Password"], query="TypeIs:User")
    frame["Password"] = pd.Series(["Very-Secret-12"] * len(frame), index=frame.index, dtype=object)
    frame["FullName"] = "Somebody"
    frame.sn.to_excel(file)
    assert "Somebody" in hidden_text(file)
    assert "Very-Secret-12" not in hidden_text(file)
    assert "Password" not in {edit[1] for edit in json.loads(hidden_text(file))["edits"]}


def test_columns_and_rows_that_were_dropped_leave_no_trace(served, file):
    frame = written(served, [{"Notes": "confidential"}, {"Code": "also so"}, {}])
    frame.loc[frame["Name"] != "A1", ["Name", "Code"]].iloc[1:].sn.to_excel(file)
    text = hidden_text(file)
    assert "A2" in text
    assert not [word for word in ("confidential", "also so", "A1", "A0") if word in text]


def test_a_field_that_was_never_read_is_not_saved_in_silence(served, frame, file):
    mine = frame[["Name", "Path"]].copy()
    mine["remark"] = ["a", None, 2.5, True]
    mine.sn.to_excel(file)
    with Sheet(file) as sheet:
        sheet.sheet["E1"], sheet.sheet["E2"] = "Quantity", 8
    with pytest.warns(SaveWarning, match="the column Quantity is new"):
        back = sn.read_excel(file, served)
    assert back["remark"].tolist() == ["a", None, 2.5, True]
    assert back.sn.save(on_conflict="skip").counts == {"unchanged": 3, "conflict": 1}


@pytest.mark.parametrize(
    "facts", [[], {}, {"columns": []}, {"columns": [{"header": "Name"}], "baseline": {}}]
)
def test_a_hidden_sheet_that_says_something_else_is_damaged(served, frame, file, facts):
    frame[["Name", "Quantity"]].sn.to_excel(file)
    packed = base64.b64encode(zlib.compress(json.dumps(facts).encode())).decode()
    with Sheet(file) as sheet:
        sheet.book["_sensenet"]["B6"] = packed
    with pytest.raises(TrackingError, match=r"was changed or cut|has the headers"):
        sn.read_excel(file, served)


@pytest.mark.parametrize("backend", ["numpy_nullable", "pyarrow"])
def test_columns_of_other_dtypes_come_back(served, frame, file, backend):
    other = served.read(LAB, select=list(frame.columns), dtype_backend=backend)
    other.sn.to_excel(file)
    back = read_quietly(file, served)
    assert dict(back.dtypes) == dict(other.dtypes)
    assert back.sn.changes().empty


def test_any_part_of_a_frame_comes_back(served, frame, file):
    frame[5] = 1.5
    for part in (frame.iloc[:0], frame[["Quantity"]], frame.reset_index(), frame[[5, "Name"]], frame[[]]):
        part.sn.to_excel(file)
        back = read_quietly(file, served)
        assert [*back.columns] == [str(name) for name in part.columns if name != "Id"]
        assert len(back) == len(part)
        assert back.sn.changes().empty


def test_another_ending_is_refused(served, frame, tmp_path):
    with pytest.raises(ValueError, match=r"does not end with \.xlsx"):
        frame.sn.to_excel(tmp_path / "list.xls")


def test_a_frame_without_an_origin_is_not_written(file):
    with pytest.raises(TrackingError, match="does not come from a repository"):
        pd.DataFrame({"Name": ["a"]}).sn.to_excel(file)
    assert not os.path.exists(file)


#: Values that a program may take for something else, or cannot hold.
TRICKY = [
    {"DisplayName": " pad ", "Notes": "007", "Story": "line\r\nbreak", "Code": "=A1",
     "Weight": 1 / 3, "Price": 1e-7, "BoughtOn": dt.datetime(1755, 1, 2, 3, 4, 5, tzinfo=dt.UTC),
     "Labels": ["red", "~other.x; y"]},
    {"DisplayName": "2026-01-02", "Notes": "_x0041_\x0b", "Story": "'quoted'", "Code": "#REF!",
     "Weight": 123456789012345, "Price": -0.1, "CheckedAt": dt.datetime(2030, 1, 2, 3, 4, 5, 678901, dt.UTC)},
]  # fmt: skip


def convert(file, kind, folder):
    assert shutil.which("soffice"), "LibreOffice is missing: apt-get install libreoffice-calc"
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = ["soffice", "--headless", "--norestore", profile, "--convert-to", kind, "--outdir", str(folder)]
    subprocess.run([*command, str(file)], check=True, capture_output=True, timeout=300)
    return folder / f"{file.stem}.{kind}"


@pytest.mark.long
def test_libreoffice_changes_nothing_and_keeps_edits(served, file, tmp_path):
    written(served, [PLAIN, *TRICKY]).sn.to_excel(file)
    with Sheet(file) as sheet:
        sheet.cell("A0", "Quantity").value = 8
        sheet.cell("A0", "Notes").value = "=mine"
        sheet.cell("A0", "Notes").data_type = "s"
    back = convert(convert(file, "ods", tmp_path / "ods"), "xlsx", tmp_path / "xlsx")
    again = read_quietly(back, served)
    assert sorted(map(str, told(again))) == sorted(
        map(str, [[f"{LAB}/A0", "Notes", "=mine"], [f"{LAB}/A0", "Quantity", 8]])
    )
    table = convert(file, "csv", tmp_path / "csv").read_text()
    assert "Bought on (UTC)" in table.splitlines()[0]
    assert "Red; Blue" in table
