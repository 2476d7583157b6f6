"""Law 2: an untouched frame that went through a file sends nothing; what cannot be distinguished is asked."""

from __future__ import annotations

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

from .every_field import EDITS, LAB, VALUES, assets, rows, written
from .labs import client_of, in_another_process, prepare

TYPES = "/Root/System/Schema/ContentTypes"

SERVED = settings(
    deadline=None,
    max_examples=4,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


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
    yield from assets()


def through(way, frame, path, repo):
    """Return a frame that went through a file and another process, tied to the repository again."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        back = in_another_process(WAYS[way](frame, path))
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
@example(values=[{"Weight": weight} for weight in (2.22044604925e-16, 0.123456789012)])
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


#: Fields that no built-in type has, or none that a list shows, each with a value that files mistake.
RARE = {
    "Xml": "<a>1</a>", "YesNo": ["yes"], "RichText": "007", "Captcha": "1.50", "PageBreak": "2026-01-02",
    "PermissionChoice": None, "HyperLink": '<a href="/x" title="">NA</a>', "Color": "#FF0000", "Rating": None,
}  # fmt: skip


@pytest.fixture(scope="module")
def rare():
    """Yield a repository with a content of all rare field types, and one in which they are empty."""
    application = Application(sample=False)
    prepare(application)
    fields = "".join(f'<Field name="A{kind}" type="{kind}"/>' for kind in RARE)
    definition = (
        '<ContentType name="Rare" parentType="GenericContent" '
        'handler="SenseNet.ContentRepository.GenericContent" '
        'xmlns="http://schemas.sensenet.com/SenseNet/ContentRepository/ContentTypeDefinition">'
        f"<Fields>{fields}</Fields></ContentType>"
    )
    admin = client_of(application, user=None)
    admin.upload(TYPES, definition.encode(), name="Rare.xml")
    admin.allow(f"{TYPES}/GenericContent/Rare", "/Root/IMS/BuiltIn/Portal/Everyone", "See")
    for name, values in (("full", RARE), ("empty", {})):
        body = {f"A{kind}": value for kind, value in values.items() if value is not None}
        admin.client.send(
            "POST",
            f"/odata.svc{LAB}?metadata=no&$select=Id",
            body={"__ContentType": "Rare", "Name": name, **body},
        )
    yield client_of(application)
    application.close()


@pytest.mark.parametrize("way", [*WAYS, "sheet"])
def test_rare_field_types_come_back_without_an_edit(rare, tmp_path, way):
    frame = rare.read(LAB, select=["Name", "Path", *(f"A{kind}" for kind in RARE)], filter="isof('Rare')")
    if way == "sheet":
        frame.sn.to_excel(tmp_path / "it.xlsx")
        back = sn.read_excel(tmp_path / "it.xlsx", rare)
    else:
        back = through(way, frame, tmp_path, rare)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plan = back.sn.save(dry_run=True, on_conflict="skip", on_refused="skip")
    if way in (*FAITHFUL, "sheet"):
        assert back.sn.changes().empty
    assert set(plan.frame["outcome"]) <= {"unchanged", "conflict", "refused"}
