"""Law 2: an untouched frame that went through a file sends nothing; what cannot be told apart is asked."""

from __future__ import annotations

import datetime as dt
import io
import warnings
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas.embedded import Application

from .labs import client_of, prepare

LAB = "/Root/Content/Lab"
ADMIN, VISITOR = "/Root/IMS/BuiltIn/Portal/Admin", "/Root/IMS/BuiltIn/Portal/Visitor"
SERVED = settings(
    deadline=None,
    max_examples=4,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
#: Texts that readers of files take for something else.
MISLEADING = (
    "2024|007|1.50|1e5|+36|-0|0x10|1_000|NA|None|null|nan|N/A|true|False|yes|2026-01-02|2026-01-02 03:04:05|"
    "12:30|1,5|=1+2|=A1|@x|-x|[1, 2]|['a']|[]|{'a': 1}|{\"a\": 1}|a, b; c|say \"hi\"|it's|'quoted'|#REF!|∞|ő"
).split("|")
texts = (
    st.none()
    | st.sampled_from(["", " ", " pad ", "line\nbreak", "line\r\nbreak", "tab\t", *MISLEADING])
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12)
)
# pandas writes no dates to JSON that its nanoseconds do not hold
moments = st.none() | st.datetimes(
    dt.datetime(1950, 1, 1), dt.datetime(2260, 12, 31), timezones=st.just(dt.UTC)
)
VALUES = {
    "DisplayName": texts.filter(bool),
    "Serial": st.from_regex(r"[A-Z]{2}-[0-9]{1,9}", fullmatch=True),
    "Notes": texts,
    "Story": texts,
    "Code": texts,
    "Quantity": st.integers(0, 1000),
    "Weight": st.floats(0, 1e15, allow_nan=False) | st.integers(0, 10**12),
    "Price": st.floats(-1e15, 1e15, allow_nan=False) | st.sampled_from([0.1, 1 / 3, 1e-7]),
    "InUse": st.booleans(),
    "BoughtOn": moments,
    "CheckedAt": moments,
    "Condition": st.sampled_from([[], ["new"], ["used"], ["broken"]]),
    "Labels": st.lists(st.sampled_from(["red", "green", "blue", "~other.x y"]), unique=True, max_size=3),
    "Keeper": st.none() | st.sampled_from([ADMIN, VISITOR]),
    "Parts": st.lists(st.sampled_from([f"{LAB}/A0", f"{LAB}/A1"]), max_size=2, unique=True),
    "Index": st.integers(-(2**31), 2**31 - 1),
    "VersioningMode": st.sampled_from([["0"], ["1"]]),
}
BEHIND = ["Id", "LoginName", "Email", "Enabled", "CreationDate", "Index", "InUse", "BoughtOn", "Condition"]
READ_ONLY = ["Type", "CreationDate", "ModificationDate", "Version", "CreatedBy", "Locked", "Icon"]
COLUMNS = ["Name", "Path", *READ_ONLY, *VALUES, "AllowedChildTypes"]
COLUMNS += [f"{reference}/{field}" for reference in ("Keeper", "Parts") for field in BEHIND]


def csv(**options: object) -> Callable[[pd.DataFrame, Path], pd.DataFrame]:
    def through(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
        return pd.read_csv(io.StringIO(frame.to_csv()), **options)

    return through


def json(orient: str, reading: dict[str, object], **writing: object):
    def through(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
        frame = frame.reset_index() if orient == "records" else frame
        text = frame.to_json(orient=orient, **writing)
        return pd.read_json(io.StringIO(text), orient=orient, **reading)

    return through


def pickled(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    frame.to_pickle(path / "it")
    return pd.read_pickle(path / "it")


def parquet(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    frame.to_parquet(path / "it")
    return pd.read_parquet(path / "it")


def own_parquet(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    frame.sn.to_parquet(path / "it")
    return pd.read_parquet(path / "it")


def excel(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    dates = frame.select_dtypes("datetimetz").columns
    frame.assign(**{name: frame[name].dt.tz_localize(None) for name in dates}).to_excel(path / "it.xlsx")
    return pd.read_excel(path / "it.xlsx")


#: Ways through files that keep every cell.
FAITHFUL = {
    "pickle": pickled,
    "parquet": parquet,
    "own parquet": own_parquet,
    "csv of texts": csv(dtype=str, keep_default_na=False),
}
#: Ways that lose something: what texts are, digits of numbers and seconds.
LOSSY = {
    "csv": csv(),
    "csv, texts": csv(dtype=str),
    "csv, index": csv(index_col="Id"),
    "csv, nullable": csv(dtype_backend="numpy_nullable"),
    "csv, arrow": csv(engine="pyarrow", dtype_backend="pyarrow"),
    "json": json("columns", {}),
    "json records": json("records", {"dtype": False}, date_format="iso"),
    "json table": json("table", {"precise_float": True}, date_unit="us", double_precision=15),
    "json epochs": json("records", {"convert_dates": False}, date_unit="us"),
    "json seconds": json("records", {}, date_unit="s"),
    "excel": excel,
}
WAYS = {**FAITHFUL, **LOSSY}


@pytest.fixture(scope="module")
def served():
    """Return one repository with three assets and a folder, which lacks their fields, for all examples."""
    application = Application(sample=False)
    prepare(application)
    repo = client_of(application)
    for n in range(3):
        repo.create(LAB, "Asset", f"A{n}", {"Serial": f"AB-{n}"})
    repo.create(LAB, "Folder", "inner")
    yield repo
    application.close()


rows = st.lists(st.fixed_dictionaries(VALUES), min_size=3, max_size=3)


def written(repo, values) -> pd.DataFrame:
    for n, row in enumerate(values):
        body = {name: "0001-01-01T00:00:00Z" if name in ("BoughtOn", "CheckedAt") and value is None else value
                for name, value in row.items()}  # fmt: skip
        body = {k: v.isoformat() if isinstance(v, dt.datetime) else v for k, v in body.items()}
        repo.client.send("PATCH", f"/odata.svc{LAB}('A{n}')?metadata=no&$select=Id", body=body)
    return repo.read(LAB, select=COLUMNS)


def through(way, frame, path, repo):
    """Return a frame that went through a file and another process, tied to the repository again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        back = WAYS[way](frame, path)
        back.attrs.get("sensenet", {}).pop("token", None)  # another process knows nothing of this one
        sn.rebase(back, repo)
    return back


@pytest.mark.parametrize("way", FAITHFUL)
@SERVED
@given(values=rows)
def test_a_faithful_file_makes_no_edit(served, tmp_path, way, values):
    back = through(way, written(served, values), tmp_path, served)
    changes = back.sn.changes()
    assert changes.empty, changes.to_dict("records")


@pytest.mark.parametrize("way", LOSSY)
@SERVED
@given(values=rows)
@example(values=[dict.fromkeys(["Notes", "Code"], text) for text in ("NA", "", "007")])
@example(
    values=[{"Notes": text, "Code": other} for text, other in (("2024", "true"), ("12", None), ("", "1"))]
)
def test_no_file_makes_an_edit_that_is_saved(served, tmp_path, way, values):
    frame = written(served, values)
    back = through(way, frame, tmp_path, served)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plan = back.sn.save(dry_run=True, on_conflict="skip", on_refused="skip")
    changes = back.sn.changes()
    assert set(plan.frame["outcome"]) <= {"unchanged", "conflict", "refused"}, changes.to_dict("records")
    for id_, column, before in zip(changes["Id"], changes["field"], changes["before"], strict=True):
        assert column in VALUES, "nobody edits what cannot be edited"
        assert isinstance(before, (str, float, pd.Timestamp)), (id_, column, before)
    if "csv" in way:
        assert all(isinstance(before, str) for before in changes["before"]), "CSV keeps numbers and dates"


#: Two values for each field; one of them is not what the field holds.
EDITS = {
    **dict.fromkeys(("DisplayName", "Notes", "Story", "Code"), ("mine", "mine, too")),
    "Serial": ("MI-1", "MI-2"),
    "Quantity": (5, 6),
    "Index": (5, 6),
    "Weight": (5.5, 6.5),
    "Price": (5.5, -6.5),
    "InUse": (True, False),
    "BoughtOn": (pd.Timestamp("2026-02-03 04:05", tz="UTC"), None),
    "CheckedAt": (pd.Timestamp("2026-02-03 04:05", tz="UTC"), None),
    "Condition": ("new", "used"),
    "Labels": (["red"], []),
    "Keeper": (ADMIN, VISITOR),
    "Parts": ([f"{LAB}/A0"], []),
    "VersioningMode": ("0", "1"),
}


@settings(SERVED, max_examples=20)
@given(
    way=st.sampled_from(list(WAYS)), values=rows, row=st.integers(0, 2), column=st.sampled_from(list(VALUES))
)
def test_an_edit_after_the_file_is_saved(served, tmp_path, way, values, row, column):
    frame = written(served, values)
    back = through(way, frame, tmp_path, served)
    place = list(back["Path"]).index(f"{LAB}/A{row}")
    held = served.value(f"{LAB}/A{row}", column)
    mine, other = EDITS[column]
    mine = other if repr(held) == repr(mine) else mine
    cells = back[column].astype(object)
    cells.iat[place] = mine
    back[column] = cells
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = back.sn.save(on_conflict="skip", on_refused="skip")
    outcome = report.frame["outcome"].iloc[place]
    if way in FAITHFUL:
        assert outcome == "saved", report
    if outcome in ("saved", "unchanged"):
        now = served.value(f"{LAB}/A{row}", column)
        assert (pd.isna(now) and mine is None) if not isinstance(mine, list) and pd.isna(now) else now == mine


def test_what_a_file_may_have_made_is_named_and_never_saved_in_silence(served, tmp_path):
    frame = written(served, [{"Notes": "NA"}, {"Notes": "red"}, {"Notes": "blue"}])
    back = pd.read_csv(io.StringIO(frame[["Name", "Notes"]].to_csv()), index_col="Id")
    back.loc[back["Name"] == "A1", "Notes"] = "mine"
    with pytest.warns(sn.SaveWarning) as warned:
        sn.rebase(back, served)
    said = [str(warning.message) for warning in warned]
    assert any("1 cell (Notes) of /Root/Content/Lab/A0" in text and "'NA'" in text for text in said), said
    assert {warning.filename for warning in warned} == {__file__}
    with pytest.raises(sn.ConflictError, match="Notes is 'NA', which a file may have made None"):
        back.sn.save()
    assert back.sn.save(on_conflict="skip").counts == {"saved": 1, "unchanged": 2, "conflict": 1}
    assert served.value(f"{LAB}/A0", "Notes") == "NA"
    assert back.sn.save(on_conflict="overwrite").counts == {"saved": 1, "unchanged": 3}
    assert served.value(f"{LAB}/A0", "Notes") is None
