"""The grid as a user meets it: the real module in a real browser, over rows that others change, too."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pandas as pd
import pytest
from playwright.sync_api import Browser

import sn_pandas as sn
from tests.benchmarks.pages import Rows
from tests.fakes import FakeServer

from .grid_page import Page

pytestmark = pytest.mark.browser

TASKS = "/Root/Content/IT/Tasks"
FIELDS = ["Name", "Type", "DisplayName", "Status", "DueDate", "TaskCompletion", "AssignedTo"]
PASTE = """(text) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', text);
    const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
    document.activeElement.dispatchEvent(event);
}"""


Show = Callable[..., Page]


@pytest.fixture
def show(browser: Browser) -> Iterator[Show]:
    pages: list[Page] = []

    def show(frame: pd.DataFrame, **options: Any) -> Page:
        pages.append(Page(browser, frame.sn.edit(**options)))
        pages[-1].page.set_viewport_size({"width": 1900, "height": 700})  # all columns are in sight
        pages[-1].until(lambda: pages[-1].page.locator(".sn-space .sn-row:not([aria-busy])").count())
        return pages[-1]

    yield show
    for page in pages:
        page.close()


@pytest.fixture
def tasks(fake: Callable[..., FakeServer]) -> pd.DataFrame:
    """The tasks of the sample company, as its editor reads them."""
    return fake().connect().read(TASKS, select=FIELDS, orderby="Name")


def test_the_keyboard_alone_edits_undoes_and_leaves(show: Show, tasks: pd.DataFrame) -> None:
    page = show(tasks)
    before = tasks["DisplayName"].tolist()
    page.page.locator(".sn-scroll").focus()
    page.press("ArrowRight", "ArrowRight")
    page.type("New name")
    page.press("Enter")
    page.until(lambda: tasks["DisplayName"].iat[0] == "New name")
    page.shows_cell(1, "Display Name", "New name")
    assert page.cell(1, "Display Name").get_attribute("title") == f"was: {before[0]}"
    page.press("F2", "End")
    page.type(" and more")
    page.press("Escape", "F2", "End")
    page.type("!")
    page.press("Shift+Enter")
    page.until(lambda: tasks["DisplayName"].iat[1] == f"{before[1]}!")
    page.press("ArrowDown", "Delete")
    page.until(lambda: pd.isna(tasks["DisplayName"].iat[1]))
    page.until(lambda: page.cell(2, "Display Name").get_attribute("aria-invalid") == "true")
    page.press("Control+z", "Control+z")
    page.until(lambda: tasks["DisplayName"].tolist()[1:] == before[1:])
    page.press("Control+y")
    page.until(lambda: tasks["DisplayName"].iat[1] == f"{before[1]}!")
    page.press("Control+End")
    active = page.page.locator(".sn-scroll").get_attribute("aria-activedescendant")
    assert page.page.locator(f"#{active}").get_attribute("aria-colindex") == str(len(FIELDS) + 4)
    page.press("Tab")
    assert page.page.evaluate("document.activeElement.closest('.sn-grid')") is None


def test_the_mouse_picks_options_people_and_rows(show: Show, tasks: pd.DataFrame) -> None:
    page = show(tasks)
    page.cell(1, "Status").dblclick()
    page.page.locator(".sn-option", has_text="Deferred").click()
    page.until(lambda: tasks["Status"].iat[0] == "deferred")
    tasks["AssignedTo"] = [[] for _ in range(len(tasks))]
    page.widget.refresh()
    page.shows_cell(1, "Assigned to", "")
    page.cell(1, "Assigned to").dblclick()
    page.type("okafor")
    page.until(lambda: page.page.locator(".sn-option", has_text="Olga Okafor").count())
    page.page.locator(".sn-option", has_text="Olga Okafor").click()
    page.press("Enter")
    page.until(lambda: tasks["AssignedTo"].iat[0] == ["/Root/IMS/Public/olga.okafor"])
    page.shows_cell(1, "Assigned to", "Olga Okafor")
    page.cell(1, "Completion").hover()
    page.page.mouse.down()
    page.cell(3, "Completion").hover()
    page.page.mouse.up()
    page.press("7", "Enter", "ArrowUp", "Shift+ArrowDown", "Shift+ArrowDown", "Control+d")
    page.until(lambda: tasks["TaskCompletion"].iloc[2:5].nunique() == 1)


def test_what_is_wrong_is_said_while_typing_and_stays_marked(show: Show, tasks: pd.DataFrame) -> None:
    page = show(tasks)
    page.cell(1, "Completion").click()
    page.type("101")
    page.until(lambda: page.text(".sn-hint") == "101 is above 100")
    page.press("Enter", "ArrowUp")
    page.says("101 is above 100")
    page.cell(1, "Type").click()
    page.says("Read-only: the type of a content cannot be changed")
    page.page.locator(".sn-bar select").select_option("problems")
    page.until(lambda: page.widget.totals["shown"] == 1)


def test_twenty_rows_come_in_from_a_spreadsheet(show: Show, tasks: pd.DataFrame) -> None:
    page = show(tasks)
    page.cell(1, "Status").click()
    page.page.evaluate(PASTE, "".join(f"Waiting\t2027-02-{day:02}\t{day}\r\n" for day in range(1, 21)))
    page.says("cells changed")
    assert tasks["TaskCompletion"].iloc[:20].tolist() == list(range(1, 21))
    assert tasks["DueDate"].iat[19] == pd.Timestamp("2027-02-20", tz="UTC")
    assert set(tasks["Status"].iloc[:20]) == {"waiting"}
    page.press("Control+z")
    page.until(lambda: tasks.sn.changes().empty)


def test_rows_are_asked_for_before_they_come_into_sight(show: Show, fake: Callable[..., FakeServer]) -> None:
    rows = Rows(400)
    server = fake(lambda request: httpx.Response(200, content=rows.answer(request.url.raw_path.decode())))
    repo = server.connect(anonymous=True)
    page = show(repo.read(TASKS, select=["Id", "Name"]))
    starts = "window.sent.filter((one) => one.ask === 'block').map((one) => one.start)"
    page.until(lambda: page.page.evaluate(starts)[:3] == [0, 100, 200])


def test_a_save_shows_conflicts_and_does_what_was_chosen(show: Show, fake: Callable[..., FakeServer]) -> None:
    repo = (server := fake()).connect()
    tasks = repo.read(TASKS, select=FIELDS, orderby="Name").head(6)
    page = show(tasks)
    for row in (1, 2, 3, 4):
        page.cell(row, "Display Name").click()
        page.type(f"mine {row}")
        page.press("Enter")
    paths = [f"{TASKS}/{name}" for name in tasks["Name"]]
    for path in paths[:3]:
        server.connect().patch(path, {"DisplayName": "<b>theirs</b>"})
    page.button("Save …").click()
    page.until(lambda: page.page.locator(".sn-conflicts input").count() == 6)
    assert "1 row would be sent, 3 rows in conflict" in page.text(".sn-panel")
    assert page.page.locator(".sn-conflicts b").count() == 0
    page.page.locator(".sn-conflicts input[value=mine]").nth(0).check()
    page.page.locator(".sn-conflicts input[value=theirs]").nth(1).check()
    page.button("Save 3 rows").click()
    page.until(lambda: page.widget.report is not None and not page.widget.saving)
    assert [repo.value(path, "DisplayName") for path in paths[:4]] == [
        "mine 1",
        "<b>theirs</b>",
        "<b>theirs</b>",
        "mine 4",
    ]
    page.until(lambda: page.widget.totals["cells"] == 1)
    assert tasks["DisplayName"].tolist()[:4] == ["mine 1", "<b>theirs</b>", "mine 3", "mine 4"]
    page.shows_cell(2, "Display Name", "<b>theirs</b>")


def test_rows_that_the_server_had_no_time_for_stay_and_are_tried_again(
    show: Show, fake: Callable[..., FakeServer]
) -> None:
    server = fake()
    tasks = server.connect().read(TASKS, select=FIELDS, orderby="Name")
    page = show(tasks)
    page.cell(1, "Completion").click()
    page.page.evaluate(PASTE, "1\n2\n3\n")
    page.says("3 cells changed")
    fault = server.on("PATCH", str(tasks.index[1])).unavailable(503, retry_after=0)
    page.button("Save …").click()
    page.until(lambda: page.button("Save 3 rows").count())
    page.button("Save 3 rows").click()
    page.until(lambda: page.button("Show these rows").count())
    page.button("Show these rows").click()
    page.until(lambda: page.widget.totals["shown"] == 1)
    page.shows_cell(1, "Completion", "2")
    fault.off()
    page.button("Save …").click()
    page.until(lambda: page.button("Save 1 row").count())
    page.button("Save 1 row").click()
    page.until(lambda: page.widget.totals["cells"] == 0)
    assert tasks.sn.changes().empty


def test_edits_that_were_left_unsaved_are_offered(show: Show, tasks: pd.DataFrame) -> None:
    tasks["Index"] = 1
    left = show(tasks)
    left.cell(1, "Display Name").click()
    left.type("left behind")
    left.press("Enter")
    left.until(lambda: left.widget.totals["cells"])
    left.widget.close()
    again = tasks.copy().sn.revert()
    page = show(again)
    assert "1 edit of 1 row, made until" in page.text(".sn-offer")
    page.shot("offer")
    page.button("Restore").press("Enter")
    page.shows_cell(1, "Display Name", "left behind")
    assert not page.page.locator(".sn-offer").is_visible()
    assert again["DisplayName"].iat[0] == "left behind"
    page.until(lambda: page.page.evaluate("document.activeElement.className") == "sn-scroll")
    page.widget.close()
    other = show(again.copy().sn.revert())
    other.button("Discard").click()
    other.says("The edits are forgotten.")
    assert other.widget.totals["cells"] == 0


def test_new_rows_are_added_filled_removed_and_saved(show: Show, tasks: pd.DataFrame) -> None:
    page = show(tasks)
    page.button("New row").click()
    page.until(lambda: len(tasks) == 61)
    page.shows_cell(61, "Change", "new")
    page.press("Shift")
    page.type("from-the-grid")
    page.press("Enter", "ArrowRight", "F2")
    page.until(lambda: page.page.locator(".sn-option", has_text="Task").count())
    page.shot("new-row")
    page.press("Escape")
    page.cell(60, "Name").click()
    page.page.evaluate(PASTE, f"{tasks['Name'].iat[59]}\nfrom-the-grid\nc\nd\n")
    page.says("2 new rows")
    page.cell(62, "Name").click()
    page.press("Shift+ArrowDown")
    page.button("Remove row").click()
    page.says("2 new rows removed")
    page.press("Control+z", "Control+y")
    page.until(lambda: len(tasks) == 61)
    page.cell(61, "Name").click()
    page.press("F2")
    page.page.locator(".sn-editor textarea").fill("from-the-grid")
    page.press("Enter")
    page.button("Save …").click()
    page.until(lambda: page.button("Save 1 row").count())
    page.button("Save 1 row").click()
    page.until(lambda: page.widget.report is not None and not page.widget.saving)
    page.says("1 saved")
    assert page.widget.totals["new"] == 0
    assert tasks.index[-1] > 0


def test_a_save_is_undone_after_a_look(show: Show, fake: Callable[..., FakeServer]) -> None:
    repo = (server := fake()).connect()
    tasks = repo.read(TASKS, select=FIELDS, orderby="Name").head(6)
    before = tasks["DisplayName"].tolist()
    paths = [f"{TASKS}/{name}" for name in tasks["Name"]]
    page = show(tasks)
    page.cell(1, "Display Name").click()
    page.page.evaluate(PASTE, "one\ntwo\n")
    page.cell(6, "Name").click()
    page.page.evaluate(PASTE, f"{tasks['Name'].iat[5]}\nmade-here\n")
    page.says("1 new row")
    assert page.button("Take back …").is_disabled()
    page.button("Save …").click()
    page.until(lambda: page.button("Save 3 rows").count())
    page.button("Save 3 rows").click()
    page.until(lambda: page.widget.report is not None and not page.widget.saving)
    server.connect().patch(paths[1], {"DisplayName": "theirs"})
    page.until(lambda: page.button("Take back …").is_enabled())
    page.button("Take back …").click()
    page.until(lambda: "2 rows would be as before" in page.text(".sn-panel"))
    assert "1 row stays, because" in page.text(".sn-panel")
    page.shot("undo-save")
    page.button("Undo the save").press("Enter")
    page.says("Undone: ")
    assert [repo.value(path, "DisplayName") for path in paths[:2]] == [before[0], "theirs"]
    page.shows_cell(1, "Display Name", before[0])
    page.until(lambda: len(tasks) == 6)
    assert repo.count(TASKS, filter="Name eq 'made-here'") == 0


def test_rows_that_are_saved_wait_and_others_are_edited(show: Show, fake: Callable[..., FakeServer]) -> None:
    server = fake()
    tasks = server.connect().read(TASKS, select=FIELDS, orderby="Name")
    page = show(tasks)
    page.cell(1, "Completion").click()
    page.type("7")
    page.press("Enter")
    page.until(lambda: page.widget.totals["cells"] == 1)
    answered = threading.Event()
    server.on("PATCH", str(tasks.index[0])).call(
        lambda request, forward: forward(request) if answered.wait(60) else None
    )
    page.button("Save …").click()
    page.until(lambda: page.button("Save 1 row").count())
    page.button("Save 1 row").click()
    page.until(lambda: page.page.locator(".sn-row.sn-saving").count())
    page.button("Hide").click()
    page.cell(1, "Completion").click()
    page.type("8")
    page.says("This row is being saved: edit it when the save has ended.")
    page.shot("saving")
    page.cell(2, "Completion").click()
    page.type("9")
    page.press("Enter")
    page.until(lambda: tasks["TaskCompletion"].iat[1] == 9)
    answered.set()
    page.until(lambda: not page.widget.saving)
    page.until(lambda: page.page.locator(".sn-row.sn-saving").count() == 0)
    assert tasks["TaskCompletion"].tolist()[:2] == [7, 9]
    assert len(tasks.sn.changes()) == 1


def test_a_frame_that_cannot_be_shown_says_why(show: Show, tasks: pd.DataFrame) -> None:
    page = show(tasks)
    index = tasks.index
    tasks.index = [*index[:-1], index[0]]
    tasks.index.name = "Id"
    with pytest.raises(sn.TrackingError):
        page.widget.refresh()
    page.says("The grid does not show the frame as it is: ")
    tasks.index = index
    page.widget.refresh()
    page.until(lambda: "does not show" not in page.text(".sn-status"))


def test_a_link_opens_what_is_on_the_server_and_nothing_else(
    show: Show, fake: Callable[..., FakeServer]
) -> None:
    repo = fake().connect()
    files = repo.read("/Root/Content", query="TypeIs:File", select=["Name", "Path", "Binary"]).head(3)
    files["Path"] = [files["Path"].iat[0], "javascript:alert(1)", "https://elsewhere.example/Root"]
    evil = {"__mediaresource": {"media_src": "https://elsewhere.example/x", "content_type": "text/plain"}}
    files["Binary"] = [
        files["Binary"].iat[0],
        evil,
        {"__mediaresource": {"media_src": "javascript:alert(1)"}},
    ]
    page = show(files)
    links = page.page.locator(".sn-space .sn-link")
    assert links.count() == 2
    assert [links.nth(n).get_attribute("rel") for n in (0, 1)] == ["noopener noreferrer"] * 2
    assert links.nth(0).get_attribute("href") == repo.url + files["Path"].iat[0]
    page.shot("links")
    page.page.evaluate(
        "window.opened = []; document.addEventListener('click', (event) => { if "
        "(event.target.href) { event.preventDefault(); window.opened.push(event.target.href); } })"
    )
    page.cell(1, "Path").click()
    page.says("Alt+Enter opens it.")
    page.press("Alt+Enter")
    links.nth(1).click()
    assert len(page.page.evaluate("window.opened")) == 2
    page.cell(2, "Path").click()
    page.press("Alt+Enter")
    page.says("This cell leads nowhere.")


def test_rich_text_is_read_in_the_editor_and_nothing_of_it_runs(
    show: Show, fake: Callable[..., FakeServer]
) -> None:
    hostile = (
        "<h2>Minutes</h2><p onclick='document.title=1'>All <b>agreed</b>.</p>"
        "<script>document.title=2</script>"
        "<img src=x onerror='document.title=3'><a href='javascript:document.title=4'>link</a>"
        "<style>* { display: none }</style><iframe src='x'></iframe><form><input name=a></form>"
    )
    tasks = fake().connect().read(TASKS, select=["Name", "Description"], orderby="Name").head(3)
    tasks["Description"] = [hostile, "plain < text", "more"]
    page = show(tasks)
    page.shows_cell(1, "Description", hostile)
    page.cell(1, "Description").dblclick()
    page.until(lambda: page.page.locator(".sn-preview b").count())
    assert page.page.locator(".sn-preview").inner_text().split() == ["Minutes", "All", "agreed.", "link"]
    inside = page.page.evaluate(
        "[...document.querySelectorAll('.sn-preview *')].map((el) => el.tagName + el.attributes.length)"
    )
    assert inside == ["H20", "P0", "B0", "A0"]
    page.shot("rich-text")
    assert page.page.title() == ""
    page.press("Escape")
    page.cell(2, "Description").dblclick()
    assert not page.page.locator(".sn-preview").is_visible()
    page.press("Escape")


def test_the_keyboard_sorts_filters_and_moves_columns_and_edits_stay(show: Show, tasks: pd.DataFrame) -> None:
    page = show(tasks)
    page.cell(1, "Display Name").click()
    page.type("zzz first")
    page.press("Enter", "ArrowUp", "Alt+s", "Alt+s")
    page.shows_cell(1, "Display Name", "zzz first")
    assert page.page.locator(".sn-h[aria-sort=descending]").inner_text().startswith("Display Name")
    page.press("Alt+ArrowLeft", "Alt+ArrowLeft")
    page.says("Display Name is column 1 of")
    page.shows_cell(1, "Display Name", "zzz first")
    page.press("Control+f")
    page.type("zzz")
    page.until(lambda: page.widget.totals["shown"] == 1)
    page.press("Escape")
    page.until(lambda: page.widget.totals["shown"] == 60)
    page.button("Columns …").press("Enter")
    page.page.get_by_label("Status").press("Space")
    page.press("Escape")
    page.until(lambda: page.page.locator(".sn-h", has_text="Status").count() == 0)
    page.button("Replace …").press("Enter")
    page.type("zzz")
    page.press("Tab")
    page.type("aaa")
    page.button("Replace all").press("Enter")
    page.until(lambda: tasks["DisplayName"].iat[0] == "aaa first")
    assert len(tasks.sn.changes()) == 1


def test_two_views_and_two_grids_of_one_frame_show_the_same(show: Show, tasks: pd.DataFrame) -> None:
    page = show(tasks)
    page.page.evaluate("window.show()")
    page.shows_cell(2, "Name", "T002", view=1)
    page.cell(2, "Display Name", view=1).dblclick()
    page.type("seen twice")
    page.press("Enter")
    page.shows_cell(2, "Display Name", "seen twice", view=0)
    page.shows_cell(2, "Display Name", "seen twice", view=1)
    other = show(tasks)
    page.cell(1, "Display Name").click()
    page.type("in the other grid, too")
    page.press("Enter")
    page.until(lambda: tasks["DisplayName"].iat[0] == "in the other grid, too")
    other.shows_cell(1, "Display Name", "in the other grid, too")


def test_names_of_others_are_text_and_turn_nothing_around(show: Show, tasks: pd.DataFrame) -> None:
    hostile = "<img src=x onerror=\"document.title='run'\">\u202eevil\x1b[2J"
    tasks["DisplayName"] = [hostile, "עברית 1", *tasks["DisplayName"].iloc[2:]]
    page = show(tasks)
    page.shows_cell(1, "Display Name", "<img src=x onerror=\"document.title='run'\">\\u202eevil\\x1b[2J")
    assert page.cell(2, "Display Name").locator(".sn-text").get_attribute("dir") == "auto"
    assert page.page.locator(".sn-grid img").count() == 0
    assert page.page.title() == ""
    page.cell(1, "Display Name").dblclick()
    assert page.page.locator(".sn-editor textarea").input_value() == hostile
    page.press("Escape")
    assert tasks["DisplayName"].iat[0] == hostile
    assert "<img" not in page.widget._repr_html_()


def test_a_grid_whose_kernel_is_gone_says_so_and_one_that_is_busy_waits(
    show: Show, tasks: pd.DataFrame
) -> None:
    page = show(tasks)
    page.deaf = True
    page.cell(1, "Display Name").click()
    page.type("x")
    page.press("Enter")
    page.says("No answer yet")
    assert page.cell(1, "Display Name").locator(".sn-text").inner_text() == "x"
    page.page.evaluate("window.models[0].tell('comm_live_update')")
    page.says("The kernel is gone: run the cells of this notebook again")
    assert page.button("Save …").is_disabled()
    page.press("F2")
    assert page.page.locator(".sn-editor").count() == 0


def test_a_view_leaves_nothing_behind(show: Show, tasks: pd.DataFrame) -> None:
    page = show(tasks)
    page.page.evaluate("window.views[0]()")
    assert page.page.locator(".sn-grid").count() == 0
    assert page.page.evaluate("Object.values(window.models[0].on_).flat().length") == 0


def test_a_page_without_widgets_shows_a_table(tasks: pd.DataFrame) -> None:
    tasks["DisplayName"] = ["<script>alert(1)</script>", *tasks["DisplayName"].iloc[1:]]
    grid = tasks.sn.edit()
    shown = grid._repr_mimebundle_()[0]["text/html"]
    assert "&lt;script&gt;" in shown
    assert "<script>" not in shown
    assert "1 changed cell" in shown
    assert repr(grid).startswith(f"<EditGrid {len(tasks)} rows, 1 changed cells")
    grid.close()


def test_an_answer_of_the_server_that_fails_is_said(show: Show, fake: Callable[..., FakeServer]) -> None:
    server = fake()
    tasks = server.connect().read(TASKS, select=FIELDS, orderby="Name")
    page = show(tasks)
    page.cell(1, "Display Name").click()
    page.type("x")
    page.press("Enter")
    page.until(lambda: page.widget.totals["cells"] == 1)
    server.on("GET", "content").status(500)
    page.button("Save …").click()
    page.until(lambda: "Nothing was saved" in page.text(".sn-panel"))
    page.press("Escape")
    assert page.page.evaluate("document.activeElement.className") == "sn-button sn-primary"
