"""How a notebook displays frames of a repository: tables for reading, of which nothing reaches the frame."""

from __future__ import annotations

import datetime as dt
import html
import time
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sn_pandas as sn
from sn_pandas.frames import Repository
from sn_pandas.notebook.frame_table import belongs_to_repository, format_frame
from sn_pandas.odata.escaping import escape_controls

from ..fakes import FakeServer
from ..frames.every_field import ADMIN, COLUMNS, LAB, assets, written
from .conftest import Session

TASKS = "/Root/Content/IT/Tasks"
FIELDS = ["Path", "Status", "DisplayName", "DueDate", "TaskCompletion", "AssignedTo", "ParentId"]
HOSTILE = {
    "markup": "<img src=x onerror=alert(1)>",
    "attribute": '" onmouseover="alert(1)" x=\'',
    "mathematics": "from $x$ to $$y$$ and \\(z\\)",
    "emoji": "👩‍👩‍👧 🎉",
    "right to left": "שלום עולם",
    "entity": "&lt;b&gt; &amp;",
    "lines": "two\nlines\tand a tab",
    "control": "\x1b[2Jgone \u202egpj.exe",
    "style": "</style></td></table><script>alert(1)</script>",
}
TAGS = set("div style table thead tbody tr th td bdi span a p".split())


class Table(HTMLParser):
    """What a browser makes of a table: its rows of texts, and the elements with their attributes."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.rows: list[list[str]] = []
        self.foot = ""
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == [], "each element is closed"

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        self._open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("th", "td"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"th", "td"} & set(self._open):
            self.rows[-1][-1] += data
        elif "p" in self._open:
            self.foot += data

    @property
    def head(self) -> list[str]:
        return self.rows[0]

    def column(self, name: str) -> list[str]:
        return [row[self.head.index(name)] for row in self.rows[1:]]

    def found(self, tag: str, name: str) -> list[str]:
        """Return the values of an attribute of some elements."""
        return [attrs[name] for found, attrs in self.elements if found == tag and name in attrs]


def shown(frame: pd.DataFrame, zone: dt.tzinfo | None = dt.UTC) -> Table:
    return Table(format_frame(frame, zone) or "")


def in_notebook(session: Session, frame: Any) -> str:
    text: str = session.shell.display_formatter.format(frame)[0]["text/html"]  # type: ignore[union-attr]  # there is one
    return text


@pytest.fixture(scope="module")
def tasks(repo: Repository) -> pd.DataFrame:
    return repo.read(TASKS, select=FIELDS)


@pytest.fixture(scope="module")
def lab() -> Iterator[Repository]:
    yield from assets()


# ---- what a cell shows ----


def test_each_field_type_reads_well(lab: Repository) -> None:
    values: dict[str, Any] = {
        "DisplayName": "A desk", "Serial": "AB-12", "Notes": "two\nlines", "Story": "<p>Once</p>",
        "Code": None, "Quantity": 7, "Weight": 36.5, "Price": 1234.5, "InUse": True,
        "BoughtOn": dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
        "CheckedAt": dt.datetime(2026, 3, 1, 23, 30, 5, 123456, tzinfo=dt.UTC),
        "Condition": ["used"], "Labels": ["red", "blue"], "Keeper": ADMIN,
        "Parts": [f"{LAB}/A0", f"{LAB}/A1"], "Index": -3, "VersioningMode": ["0"],
    }  # fmt: skip
    empty = {**values, "Weight": 2.25, "Price": 3.0, "BoughtOn": None, "CheckedAt": None, "Condition": [],
             "Labels": [], "Keeper": None, "Parts": [], "InUse": False}  # fmt: skip
    frame = written(lab, [values, empty, values])
    with pd.option_context("display.max_columns", None):
        table = shown(frame, ZoneInfo("Europe/Budapest"))
    texts = {name: table.column(name) for name in table.head}
    assert set(texts) == {*COLUMNS, "Id"}
    expected = {
        "DisplayName": ["A desk", "A desk"], "Serial": ["AB-12", "AB-12"], "Notes": [r"two\nlines"] * 2,
        "Story": ["<p>Once</p>"] * 2, "Code": ["", ""], "Quantity": ["7", "7"], "Weight": ["36.50", "2.25"],
        "Price": ["1234.50", "3.00"], "InUse": ["yes", "no"], "BoughtOn": ["2026-03-01", ""],
        "CheckedAt": ["2026-03-02 00:30:05", ""], "Condition": ["used", ""], "Labels": ["red, blue", ""],
        "Keeper": ["Admin", ""], "Parts": ["A0, A1", ""], "Index": ["-3", "-3"], "VersioningMode": ["0", "0"],
        "Keeper/LoginName": ["Admin", ""], "Path": [f"{LAB}/A0", f"{LAB}/A1"], "Type": ["Asset", "Asset"],
    }  # fmt: skip
    rows = [table.column("Name").index(name) for name in ("A0", "A1")]
    found = {name: [texts[name][row] for row in rows] for name in expected}
    assert found == expected
    assert texts["Parts/InUse"][rows[0]] == "yes, no"
    folder = table.column("Name").index("inner")
    assert {texts[name][folder] for name in ("Quantity", "Weight", "InUse", "Labels", "Keeper")} == {""}
    assert {ADMIN, f"{LAB}/A0"} <= set(table.found("a", "title")), "the whole paths are the tooltips"
    assert "Europe/Budapest" in table.foot


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_texts_are_letters(tasks: pd.DataFrame, text: str) -> None:
    frame = tasks.head(2).assign(**{text: text, "Status": text, "AssignedTo": [[f"/Root/{text}", text]] * 2})
    frame = frame.rename_axis(text, axis=1)
    for made in (frame, frame.set_index(text), frame.set_index(["DisplayName", text]).unstack()):
        table = shown(made)
        assert {tag for tag, _ in table.elements} <= TAGS
        names = {name for _, attrs in table.elements for name in attrs}
        assert names <= {"class", "title", "dir", "scope", "colspan"}
        assert escape_controls(text, lines=False) in [cell for row in table.rows for cell in row]
        assert "\x1b" not in table.source
        assert "mathjax_ignore" in table.source.partition(">")[0]


@given(st.lists(st.text(st.characters(codec=None, categories=None), max_size=60), max_size=3))
def test_any_text_is_shown_letter_by_letter(texts: list[str]) -> None:
    frame = pd.DataFrame({"a": pd.Series(texts, dtype=object)})
    with pd.option_context("display.max_colwidth", None):
        table = Table(format_frame(frame, dt.UTC) or "")
    assert table.column("a") == [escape_controls(text, lines=False) for text in texts]


def test_names_stand_apart_from_the_direction_of_the_text_around_them(tasks: pd.DataFrame) -> None:
    frame = tasks.head(1).assign(AssignedTo=[["/Root/IMS/שלום", "/Root/IMS/b"]])
    source = shown(frame).source
    assert '<bdi title="/Root/IMS/שלום">שלום</bdi>, <bdi title="/Root/IMS/b">b</bdi>' in source
    assert '<td dir="auto">' in source


def test_long_texts_are_cut_and_paths_keep_both_ends(tasks: pd.DataFrame) -> None:
    path = "/Root/Content/" + "/".join(f"folder {n}" for n in range(12)) + "/the name.docx"
    frame = tasks.head(1).assign(Path=path, DisplayName="word " * 40, Status="🎉" * 60)
    table = shown(frame)
    (cut,) = table.column("Path")
    assert len(cut) == 50
    assert cut.startswith("/Root/Content/")
    assert cut.endswith("/the name.docx")
    assert path in table.found("bdi", "title")
    assert table.column("DisplayName")[0] == ("word " * 40)[:49] + "…"
    assert "word " * 40 in table.found("span", "title")
    assert table.column("Status")[0] == "🎉" * 49 + "…"
    with pd.option_context("display.max_colwidth", None):
        assert shown(frame).column("Path") == [path]


def test_long_lists_say_how_many_more_there_are(tasks: pd.DataFrame) -> None:
    people = [f"/Root/IMS/Public/person-{n}" for n in range(30)]
    table = shown(tasks.head(1).assign(AssignedTo=[people]))
    assert table.column("AssignedTo") == ["person-0, person-1, person-2, person-3, person-4, … 25 more"]
    assert people[29] in " ".join(table.found("span", "title"))


def test_numbers_stand_right_and_obey_the_options_of_pandas(tasks: pd.DataFrame) -> None:
    frame = tasks.head(3).assign(x=[1 / 3, 2.5, np.nan], y=[1e-9, 1e20, 0.0], z=[1.0, 2.0, np.inf])
    table = shown(frame)
    assert table.column("x") == ["0.333333", "2.500000", ""]
    assert table.column("y") == ["1e-09", "1e+20", "0"]
    assert table.column("z") == ["1", "2", "inf"]
    with pd.option_context("display.precision", 2):
        assert shown(frame).column("x") == ["0.33", "2.50", ""]
    with pd.option_context("display.float_format", "{:,.1f}$".format):
        assert shown(frame).column("x") == ["0.3$", "2.5$", ""]
    assert '<td class="sn-number">0.333333</td>' in table.source


def test_files_and_pictures_are_shown_by_what_they_are(repo: Repository) -> None:
    files = repo.read("/Root/Content/IT/Documents/2026", select=["Name", "Binary"])
    assert set(shown(files).column("Binary")) >= {"text/plain", "text/csv"}
    people = repo.read("/Root/IMS/Public", select=["Name", "Avatar", "ImageData"], filter="isof('User')")
    assert set(shown(people).column("Avatar") + shown(people).column("ImageData")) == {""}


# ---- dates ----

MOMENTS = pd.to_datetime(
    ["2026-07-01 22:30:00.000001", "2026-12-31 23:59:00", None], utc=True, format="ISO8601"
)


@pytest.mark.parametrize(
    ("zone", "texts", "foot"),
    [
        ("UTC", ["2026-07-01 22:30", "2026-12-31 23:59", ""], "times in UTC"),
        ("Europe/Budapest", ["2026-07-02 00:30", "2027-01-01 00:59", ""], "times in Europe/Budapest"),
        ("America/New_York", ["2026-07-01 18:30", "2026-12-31 18:59", ""], "times in America/New_York"),
    ],
)
def test_dates_are_on_the_clock_of_the_reader(
    session: Session, tasks: pd.DataFrame, zone: str, texts: list[str], foot: str
) -> None:
    frame = tasks.head(3).assign(DueDate=MOMENTS)
    session.value(f"%config SensenetMagics.time_zone = {zone!r}")
    table = Table(in_notebook(session, frame).partition("<code")[0])
    assert table.column("DueDate") == texts
    assert foot in table.foot
    assert list(frame["DueDate"]) == list(MOMENTS), "the frame is as it was"


def test_the_local_zone_is_the_one_of_the_computer(
    tasks: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame = tasks.head(2).assign(DueDate=MOMENTS[:2])
    try:
        with monkeypatch.context() as patched:
            patched.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
            time.tzset()
            table = shown(frame, None)
    finally:
        time.tzset()
    assert table.column("DueDate") == ["2026-07-02 00:30", "2027-01-01 00:59"]
    assert table.foot == "2 rows · times in CEST, CET"


def test_other_dates_stay_in_their_zone(tasks: pd.DataFrame) -> None:
    zone = ZoneInfo("Asia/Tokyo")
    frame = tasks.head(3).assign(
        seconds=MOMENTS + pd.Timedelta("5s"),
        tokyo=MOMENTS.tz_convert("Asia/Tokyo"),
        naive=MOMENTS.tz_localize(None),
        days=pd.to_datetime(["2026-07-01", "2026-07-02", None], utc=True),
        late=pd.to_datetime(["9999-12-31 23:30"] * 3, utc=True),
    )
    table = shown(frame, zone)
    assert table.column("seconds")[0] == "2026-07-02 07:30:05"
    assert table.column("tokyo")[0] == "2026-07-02 07:30"
    assert table.column("naive")[0] == "2026-07-01 22:30"
    assert table.column("days")[0] == "2026-07-01 09:00"
    assert table.column("late")[0].startswith("9999-12-31 23:30")
    assert shown(frame).column("days") == ["2026-07-01", "2026-07-02", ""]


def test_an_unknown_time_zone_is_rejected(session: Session, caplog: pytest.LogCaptureFixture) -> None:
    for name in ("Mars/Base", "../../etc/passwd"):
        session.run(f"%config SensenetMagics.time_zone = {name!r}")
        assert session.value("%config SensenetMagics.time_zone") == ""
    assert "use a name such as 'Europe/Budapest'" in caplog.text


# ---- rows and columns ----


def test_names_stand_first_and_ids_last(tasks: pd.DataFrame, repo: Repository) -> None:
    expected = ["DisplayName", "Status", "DueDate", "TaskCompletion", "AssignedTo", "Path", "ParentId", "Id"]
    assert shown(tasks).head == expected
    every = repo.read(TASKS)
    with pd.option_context("display.max_columns", 20):
        table = shown(every)
    assert table.head[:6] == ["DisplayName", "Name", "Type", "StartDate", "DueDate", "Priority"]
    assert table.head[-2:] == ["…", "Id"]
    assert "47 columns, showing 20" in table.foot
    assert "ModifiedById" in "".join(table.found("span", "title"))
    assert list(tasks.columns) == FIELDS, "the frame is as it was"
    no_name = tasks[["Path", "Status", "ParentId"]]
    assert shown(no_name).head == ["Path", "Status", "ParentId", "Id"]


def test_an_order_that_the_user_chose_stays(tasks: pd.DataFrame) -> None:
    assert shown(tasks[["ParentId", "DueDate", "Path"]]).head == ["ParentId", "DueDate", "Path", "Id"]
    assert shown(tasks.assign(Late=True)).head[-4:] == ["Late", "Path", "ParentId", "Id"]


@pytest.mark.parametrize(
    ("options", "rows", "foot"),
    [
        ({"display.max_rows": 60}, 60, "60 rows · times in UTC"),
        ({"display.max_rows": 20}, 10, "60 rows, showing the first 10 · times in UTC"),
        ({"display.max_rows": 20, "display.min_rows": None}, 20, "60 rows, showing the first 20"),
        ({"display.max_rows": None}, 60, "60 rows ·"),
        ({"display.show_dimensions": False}, 60, "times in UTC"),
        ({"display.max_columns": 3}, 60, "60 rows · 7 columns, showing 3"),
    ],
    ids=str,
)
def test_the_options_of_pandas_say_how_much_is_shown(
    tasks: pd.DataFrame, options: dict[str, Any], rows: int, foot: str
) -> None:
    with pd.option_context(options):
        table = shown(tasks)
    assert len(table.rows) == rows + 1
    assert table.foot.startswith(foot)


class Counted:
    """A value that counts how often it was made a text."""

    def __init__(self) -> None:
        self.texts = 0

    def __str__(self) -> str:
        self.texts += 1
        return "counted"


def test_only_what_is_shown_is_formatted(tasks: pd.DataFrame) -> None:
    counted = Counted()
    frame = tasks.iloc[np.zeros(1_000_000, dtype=int)].assign(counted=pd.Series(dtype=object))
    frame["counted"] = [counted] * len(frame)
    table = shown(frame)
    assert table.column("counted") == ["counted"] * 10
    assert counted.texts == 10
    assert "1,000,000 rows, showing the first 10" in table.foot


# ---- which frames ----

DERIVED: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "head": lambda df: df.head(2),
    "query": lambda df: df.query("TaskCompletion > 50"),
    "sort": lambda df: df.sort_values("DueDate"),
    "no rows": lambda df: df.iloc[:0],
    "no columns": lambda df: df[[]],
    "assign": lambda df: df.assign(late=df["DueDate"] < MOMENTS[0]),
    "own index": lambda df: df.set_index("DisplayName"),
    "two levels": lambda df: df.set_index(["Status", "DisplayName"]).sort_index(),
    "reset": lambda df: df.reset_index(),
    "two heads": lambda df: df.set_index(["DisplayName", "Status"])[["TaskCompletion"]].head(4).unstack(),
    "turned": lambda df: df.head(3).T,
    "repeated columns": lambda df: df.set_axis(["Name"] * 3 + list(df.columns[3:]), axis=1),
    "concat": lambda df: pd.concat([df, df]),
    "merge": lambda df: df.merge(df[["Status"]].drop_duplicates().assign(n=1), on="Status"),
    "join": lambda df: df.join(pd.DataFrame({"n": [1]}, index=df.index[:1])),
    "means": lambda df: df[["TaskCompletion"]].describe(),
    "object": lambda df: df.astype(object),
    "arrow": lambda df: df.convert_dtypes(dtype_backend="pyarrow"),
    "numbers as names": lambda df: df.rename(columns={"Status": 5}),
}


@pytest.mark.parametrize("derive", DERIVED.values(), ids=DERIVED)
def test_frames_after_operations_of_pandas_are_shown_alike(
    session: Session, tasks: pd.DataFrame, derive: Callable[[pd.DataFrame], pd.DataFrame]
) -> None:
    frame = derive(tasks)
    assert belongs_to_repository(frame)
    before = frame.copy()
    options = {name: pd.get_option(name) for name in ("display.max_colwidth", "display.html.use_mathjax")}
    table = Table(in_notebook(session, frame).partition("<code")[0])
    assert "sn-frame" in table.source
    assert len({len(row) for row in table.rows if row}) >= 1
    pd.testing.assert_frame_equal(frame, before)
    assert frame.attrs == before.attrs
    assert {name: pd.get_option(name) for name in options} == options
    assert "<script" not in table.source, "exported notebooks need none"


def test_the_head_has_a_row_for_each_level(tasks: pd.DataFrame) -> None:
    wide = tasks.set_index(["DisplayName", "Status"])[["TaskCompletion"]].head(4).unstack()
    first, second, *rows = shown(wide).rows
    assert first == ["", "TaskCompletion"]
    assert second[0] == "DisplayName / Status"
    assert {len(row) for row in rows} == {len(second)}


def test_other_frames_are_shown_by_pandas(session: Session, tasks: pd.DataFrame) -> None:
    plain = pd.DataFrame({"a": [1.5], "Path": ["/Root/Content"]})
    other = plain.copy()
    other.attrs["sensenet"] = 3
    for frame in (
        plain,
        other,
        pd.DataFrame(tasks.to_dict("list")),
        tasks.groupby("Status", observed=True).size().to_frame(),
    ):
        assert "sn-frame" not in in_notebook(session, frame)
    assert in_notebook(session, plain) == plain._repr_html_()


@pytest.mark.parametrize(
    "table",
    [
        "repo.access('/Root/Content/IT', 'read', users='/Root/IMS/Public/anna.acs')",
        "repo.permissions('/Root/Content/IT')",
        "repo.versions('/Root/Content/IT/Tasks')",
        "repo.actions('/Root/Content/IT')",
    ],
)
def test_tables_about_contents_are_shown_like_frames_of_contents(session: Session, table: str) -> None:
    html = in_notebook(session, session.run(table).result)
    assert "sn-frame" in html
    assert "True" not in html, "yes and no"


def test_it_can_be_switched_off(session: Session, tasks: pd.DataFrame) -> None:
    assert "sn-frame" in in_notebook(session, tasks)
    session.value("%config SensenetMagics.readable = False")
    off = in_notebook(session, tasks)
    assert "sn-frame" not in off
    assert html.unescape(off).count("+00:00") > 1
    assert "sensenet-caption" in off
    session.value("%config SensenetMagics.readable = True")
    for option, value in (("display.large_repr", "info"), ("display.notebook_repr_html", False)):
        with pd.option_context(option, value, "display.max_rows", 5):
            assert "sn-frame" not in (session.shell.display_formatter.format(tasks)[0].get("text/html") or "")  # type: ignore[union-attr]  # there is one


def test_exports_are_those_of_pandas(session: Session, tasks: pd.DataFrame) -> None:
    exports = ("to_html", "_repr_html_", "to_csv", "to_string", "to_dict", "__repr__")
    before = [getattr(tasks, name)() for name in exports]
    in_notebook(session, tasks)
    for name, value in zip(exports, before, strict=True):
        assert str(getattr(tasks, name)()) == str(value)
    plain = pd.DataFrame(tasks.copy())
    plain.attrs = {}
    assert plain.to_html() == tasks.to_html()


# ---- links ----


def test_links_lead_to_the_contents_of_the_server(fake: Callable[..., FakeServer]) -> None:
    repo = fake().connect()
    repo.create("/Root/Content", "Folder", "Q1 (a-b)", {"DisplayName": "/Root/x' onclick='alert(1)"})
    frame = repo.read("/Root/Content", select=["Name", "CreatedBy"])
    table = shown(frame)
    links = [attrs for tag, attrs in table.elements if tag == "a"]
    assert "https://repo.example/odata.svc/Root/Content('IT')" in [link["href"] for link in links]
    assert "https://repo.example/odata.svc/Root/Content('Q1%20(a-b)')" in [link["href"] for link in links]
    for link in links:
        assert set(link) == {"href", "target", "rel", "title"}
        assert link["href"].startswith("https://repo.example/odata.svc/Root/")
        assert "noopener" in link["rel"]
    assert "<a" not in shown(frame[["CreatedBy"]].assign(CreatedBy="")).source
    display = repo.read("/Root/Content", select=["DisplayName", "Path"])
    assert {tag for tag, _ in shown(display).elements} <= TAGS


def test_nothing_leads_to_a_repository_inside_the_process(tasks: pd.DataFrame) -> None:
    assert shown(tasks).found("a", "href") == []


@pytest.mark.parametrize(
    "origin",
    ["javascript:alert(1)//", "ftp://repo.example", "https://olga:secret@repo.example", "", None, 5, "http://embedded-3",
     "data:text/html,<script>", "https://repo.example\" onclick=\"alert(1)"],
)  # fmt: skip
def test_an_address_out_of_a_file_makes_no_link_but_to_a_web_server(origin: object) -> None:
    frame = pd.DataFrame({"Name": ["a"], "Path": ["/Root/Content/a"]})
    frame.attrs["sensenet"] = {"origin": origin, "query": "/Root"}
    table = shown(frame)
    assert [link for link in table.found("a", "href") if not link.startswith("https://repo.example")] == []
    assert {name for _, attrs in table.elements for name in attrs} <= {
        "class", "title", "dir", "scope", "href", "rel", "target",
    }  # fmt: skip
    assert table.column("Name") == ["a"]


def test_a_frame_of_a_file_links_to_its_server() -> None:
    frame = pd.DataFrame({"Name": ["a"], "Path": ["/Root/Content/a"]})
    frame.attrs["sensenet"] = {"origin": "https://repo.example/proxy", "query": "/Root"}
    assert shown(frame).found("a", "href") == ["https://repo.example/proxy/odata.svc/Root/Content('a')"] * 2


def test_new_rows_have_no_link(fake: Callable[..., FakeServer]) -> None:
    repo = fake().connect()
    frame = repo.read(TASKS, select=["Name", "Status"])
    both = frame.head(1).sn.append([{"Name": "new", "Type": "Task"}])
    assert len(shown(both).found("a", "href")) == 1
    assert isinstance(both, pd.DataFrame)
    assert sn.__name__ == "sn_pandas"
