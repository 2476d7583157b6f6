"""Files change no cell: read, write to a file, read back, rebase, and nothing is an edit but what was one."""

from __future__ import annotations

import datetime as dt
import decimal
import io
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import sn_pandas as sn

from .labs import lab

COLUMNS = [
    "Name",
    "Path",
    "DisplayName",
    "Serial",
    "Notes",
    "Quantity",
    "Weight",
    "Price",
    "InUse",
    "BoughtOn",
]
COLUMNS += ["Condition", "Labels", "Keeper"]
DTYPES = {
    "as read": {},
    "object": dict.fromkeys(COLUMNS, object),
    "nullable": {"Weight": "Float64", "Notes": "string"},
    "float32": {"Weight": "float32", "Price": "Float32", "Quantity": "Int32"},
    "float16": {"Weight": "float16"},
    "arrow": {"Weight": "float[pyarrow]", "Quantity": "int32[pyarrow]", "InUse": "bool[pyarrow]"},
    "categories": {"Notes": "category", "Serial": "category", "Quantity": "category"},
    "zone": {"BoughtOn": "datetime64[ns, Asia/Tokyo]"},
    "texts": {"Condition": "str", "Serial": "string"},
}  # fmt: skip


@pytest.fixture
def repo(fake):
    client = lab(fake, rows=6).connect()
    texts = ["2024", "007", "plain", 'say "hi"', "a, b; c", "line\nbreak"]
    for n, text in enumerate(texts):
        values = {
            "Notes": text,
            "Weight": 247.85 + n,
            "InUse": n % 2 == 0,
            "Labels": [["red"], ["red", "blue"], []][n % 3],
        }
        if n % 2:
            values |= {
                "BoughtOn": dt.datetime(2026, 1, n, 12, 30, 15, 123456, dt.UTC),
                "Condition": "used",
                "Price": 0.1 * n,
            }
        client.patch(f"/Root/Content/Lab/a{n}", values)
    return client  # fmt: skip


def parquet(frame, path):
    frame.sn.to_parquet(path / "it.parquet")
    return pd.read_parquet(path / "it.parquet")


def plain_parquet(frame, path):
    frame.to_parquet(path / "it.parquet")
    return pd.read_parquet(path / "it.parquet")


def pickled(frame, path):
    frame.to_pickle(path / "it.pickle")
    return pd.read_pickle(path / "it.pickle")


def csv(frame, path):
    return pd.read_csv(io.StringIO(frame.to_csv()), index_col="Id", dtype={"Notes": str})


def json_table(frame, path):
    text = frame.to_json(orient="table", date_unit="us", double_precision=15)
    return pd.read_json(io.StringIO(text), orient="table", precise_float=True, dtype=False)


def excel(frame, path):
    plain = frame.assign(
        BoughtOn=frame["BoughtOn"].astype("datetime64[us, UTC]").dt.tz_localize(None).astype(str)
    )
    plain.to_excel(path / "it.xlsx")
    return pd.read_excel(path / "it.xlsx", index_col="Id", dtype={"Notes": str})


@pytest.mark.filterwarnings("ignore:.*no time zone", "ignore:.*differ from what the server holds")
@pytest.mark.parametrize(
    ("file", "dtypes"),
    [(file, dtypes) for file in (parquet, csv) for dtypes in DTYPES if (file, dtypes) != (csv, "float16")]
    + [(file, dtypes) for file in (pickled, json_table, excel) for dtypes in ("as read", "object", "float32")]
    + [(pickled, "float16"), (plain_parquet, "as read"), (plain_parquet, "arrow")],
)
def test_a_file_makes_no_edit_and_loses_none(repo, tmp_path, file, dtypes):
    if file is excel:
        pytest.importorskip("openpyxl")
    frame = repo.read("/Root/Content/Lab", select=COLUMNS)
    frame = frame.astype(DTYPES[dtypes])
    assert not len(frame.sn.changes())
    row = frame.index[2]
    frame.at[row, "Price"] = 12.5
    frame = file(frame, tmp_path)
    frame = frame.astype({"Price": "float64"})
    sn.rebase(frame, repo)
    changes = frame.sn.changes()
    assert changes[["Id", "field", "after"]].values.tolist() == [[row, "Price", 12.5]]
    frame.sn.save(dry_run=True)


def test_parquet_keeps_ids_that_are_consecutive_numbers(repo, tmp_path):
    """``pandas.read_csv`` makes a range of them, which is no column of its own in a file."""
    read = repo.read("/Root/Content/Lab", select=["Name", "Path", "Notes"])
    read.index = pd.RangeIndex(read.index[0], read.index[-1] + 1, name="Id")
    back = parquet(read, tmp_path)
    assert back.index.equals(read.index)
    assert back.index.name == "Id"
    repo.patch("/Root/Content/Lab/a1", {"Notes": "theirs"})
    back.loc[back.index[2], "Notes"] = "mine"
    sn.rebase(back, repo)
    changes = back.sn.changes()
    assert changes[["Path", "after"]].values.tolist() == [["/Root/Content/Lab/a2", "mine"]]


def test_parquet_keeps_what_a_joined_frame_was_read_as(repo, tmp_path):
    """``join`` drops the attrs of a frame."""
    read = repo.read("/Root/Content/Lab", select=["Name", "Path", "Notes", "Quantity"])
    frame = read.join(pd.Series(1, index=read.index, name="extra"))
    frame.loc[frame.index[2], "Quantity"] = 77
    back = parquet(frame, tmp_path)
    repo.patch("/Root/Content/Lab/a1", {"Notes": "theirs"})
    back.loc[back.index[2], "Notes"] = "mine"
    sn.rebase(back, repo)
    changes = back.sn.changes()
    assert dict(zip(changes["field"], changes["after"], strict=True)) == {"Quantity": 77, "Notes": "mine"}


def test_parquet_keeps_the_order_of_what_a_set_was_read_as(repo, tmp_path):
    read = repo.read("/Root/Content/Lab", select=["Name", "Path", "Labels"])
    frame = read.assign(Labels=read["Labels"].map(set))
    frame.at[frame.index[0], "Labels"] = {"blue"}
    back = parquet(frame, tmp_path).sn.rebase(read)
    assert back.sn.changes()[["Id", "field"]].values.tolist() == [[read.index[0], "Labels"]]
    assert list(back["Labels"].iloc[1]) == ["red", "blue"]


def test_parquet_keeps_the_labels_of_rows_without_ids(repo, tmp_path):
    read = repo.read("/Root/Content/Lab", select=["Name", "Path"])
    for index in (pd.RangeIndex(6), pd.RangeIndex(5, 17, 2), pd.RangeIndex(6, name="row")):
        frame = read.set_axis(index)
        back = parquet(frame, tmp_path)
        assert back.index.equals(index)
        assert back.index.name == index.name
        assert list(back.columns) == list(frame.columns)


MIXED = {
    "truths": [True, None, False],
    "numbers": [1, 2.5, None],
    "big": [1, 2**80, None],
    "decimals": [decimal.Decimal("1.10"), None, decimal.Decimal("2")],
    "texts and numbers": ["a", 5, None],
    "texts and lists": ["a", ["b", "c"], None],
    "sets": [{"b", "a"}, None, set()],
    "arrays": [np.array(["a"], dtype=object), None, np.array([], dtype=object)],
    "ids": [[1, 2], [], None],
    "names": [["Anna", None], [], None],
    "dates": [pd.Timestamp("2026-01-01 12:00:00.1234567", tz="UTC"), None, pd.NaT],
    "naive dates": [dt.datetime(2026, 1, 1), None, dt.datetime(2026, 1, 2, 3, 4, 5, 6)],
    "days": [dt.date(2026, 1, 1), None, dt.date(1, 1, 1)],
    "dicts": [{"a": 1}, {"b": [None]}, None],
    "quotes": ['"note"', "'", "\\"],
}


@pytest.mark.parametrize("kind", MIXED)
def test_objects_of_any_kind_come_back_from_parquet_as_they_were(repo, tmp_path, kind):
    from sn_pandas.frames.columns.cells import are_same_cells

    with pytest.warns(sn.IncompleteWarning):
        frame = repo.read("/Root/Content/Lab", select=["Name", "Path"], top=3)
    cells = np.fromiter(MIXED[kind], dtype=object, count=3)
    frame["mine"] = pd.Series(cells, index=frame.index, dtype=object)
    back = parquet(frame, tmp_path)["mine"].tolist()
    for cell, other in zip(cells, back, strict=True):
        shown = cell.isoformat() if isinstance(cell, dt.date) and isinstance(other, str) else cell
        assert are_same_cells(None, shown, other), (cell, other)
    if all(cell is None or isinstance(cell, str) for cell in cells):
        assert back == cells.tolist()


def test_half_a_character_is_named_by_row_and_column(repo, tmp_path):
    frame = repo.read("/Root/Content/Lab", select=["Name", "Notes"])
    frame["Notes"] = frame["Notes"].astype(object)
    frame.at[frame.index[1], "Notes"] = "x\ud800"
    with pytest.raises(ValueError, match=f"Notes of row {frame.index[1]}"):
        frame.sn.to_parquet(tmp_path / "it.parquet")
    assert frame.sn.changes()["after"].tolist() == ["x\ud800"]
    assert "half a character" in frame.sn.check()["problem"].iloc[0]


WITHOUT = """
import sys

class Without:
    def __init__(self, finder):
        self.finder = finder
    def __getattr__(self, name):
        return getattr(self.finder, name)
    def find_spec(self, name, path=None, target=None):
        return None if name.partition(".")[0] == "pyarrow" else self.finder.find_spec(name, path, target)

sys.meta_path[:] = [Without(finder) for finder in sys.meta_path]
import io, pandas as pd, sn_pandas as sn
repo = sn.connect(user="olga.okafor")
names = ["Name", "Notes", "Price", "Labels", "InUse"]
frame = repo.read("/Root/Content/Inventory", select=names, filter="isof('Asset')")
frame["Notes"].array[0] = "edited"
assert len(frame.sn.changes()) == 1
frame.sn.revert()
assert not len(frame.sn.changes())
for act in (lambda: frame.sn.to_parquet("x.parquet"), lambda: repo.read("/Root/Nothing", output="arrow")):
    try:
        act()
    except ImportError as error:
        assert "sn_pandas[fast]" in str(error), error
    else:
        raise AssertionError
later = pd.read_csv(io.StringIO(frame.to_csv()), index_col="Id", dtype={"Notes": str})
sn.rebase(later, repo)
assert not len(later.sn.changes()), later.sn.changes()
"""


def test_without_pyarrow_cells_are_the_same_and_parquet_says_what_to_install(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT], capture_output=True, text=True, cwd=tmp_path, check=False
    )
    assert done.returncode == 0, done.stderr
