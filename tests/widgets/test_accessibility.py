"""The grid, its dialogs and the tree have no faults that axe-core knows of, in any theme."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser

from sn_pandas.frames.tracking.baseline import get_baseline
from sn_pandas.widgets.grid.stash import Stash
from tests.browser.accessibility import violations_by_theme
from tests.fakes import FakeServer

from .bridge import Bridge
from .grid_page import Page
from .source import small

pytestmark = pytest.mark.browser

TASKS = "/Root/Content/IT/Tasks"
FIELDS = ["Name", "Type", "DisplayName", "Status", "DueDate", "TaskCompletion", "AssignedTo"]


def test_the_grid_and_its_dialogs_have_no_faults(browser: Browser, fake: Callable[..., FakeServer]) -> None:
    server = fake()
    tasks = server.connect().read(TASKS, select=FIELDS, orderby="Name").head(4)
    page = Page(browser, tasks.sn.edit())
    page.page.set_viewport_size({"width": 1700, "height": 700})
    page.until(lambda: page.page.locator(".sn-space .sn-row:not([aria-busy])").count())
    found: dict[str, Any] = {}

    def look(state: str) -> None:
        if some := violations_by_theme(page.page, ".sn-grid"):
            found[state] = some

    page.cell(1, "Display Name").click()
    page.type("mine")
    page.press("Enter")
    page.cell(2, "Completion").click()
    page.type("101")
    page.until(lambda: page.text(".sn-hint"))
    look("a text with a problem")
    page.press("Enter")
    page.until(lambda: page.cell(2, "Completion").get_attribute("aria-invalid") == "true")
    page.cell(1, "Display Name").click()
    page.press("Shift+ArrowDown", "Shift+ArrowRight")
    look("changed cells")
    page.cell(1, "Due Date").dblclick()
    look("a date")
    page.press("Escape")
    page.cell(1, "Assigned to").dblclick()
    page.type("okafor")
    page.until(lambda: page.page.locator(".sn-option", has_text="Olga Okafor").count())
    page.press("ArrowDown")
    look("people")
    page.press("Escape")
    for name in ("Replace …", "Columns …"):
        page.button(name).click()
        look(name)
        page.press("Escape")
    server.connect().patch(f"{TASKS}/{tasks['Name'].iat[0]}", {"DisplayName": "theirs"})
    page.button("Save …").click()
    page.until(lambda: page.page.locator(".sn-conflicts input").count() == 2)
    look("the plan")
    page.page.locator(".sn-conflicts input[value=mine]").check()
    page.button("Save 1 row").click()
    page.until(lambda: page.button("Show these rows").count())
    look("the outcome")
    page.button("Show these rows").click()
    page.until(lambda: page.widget.totals["shown"] == 1)
    page.page.locator(".sn-filter").fill("nothing has this")
    page.until(lambda: page.widget.totals["shown"] == 0)
    page.until(lambda: page.page.locator(".sn-empty").count())
    look("no rows")
    page.press("Escape")
    page.until(lambda: page.widget.totals["shown"] == 1)
    page.page.locator(".sn-bar select").select_option("all")
    page.until(lambda: page.widget.totals["shown"] == 4)
    page.button("Take back …").click()
    page.until(lambda: page.button("Undo the save").count())
    look("the undo of a save")
    page.press("Escape")
    page.button("New row").click()
    page.until(lambda: page.widget.totals["new"] == 1)
    look("a new row")
    page.page.evaluate("window.models[0].tell('comm_live_update')")
    page.says("The kernel is gone")
    look("a kernel that is gone")
    page.close()

    again = server.connect().read(TASKS, select=["Name", "Path", "Description"], orderby="Name").head(4)
    again["Description"] = ["<h2>Minutes</h2><ul><li>one</li></ul>", *again["Description"].iloc[1:]]
    stashed = Stash(get_baseline(again))
    stashed.update({(int(again.index[1]), "Description"): ("before", "after")})
    stashed.let_go()
    page = Page(browser, again.sn.edit())
    page.until(lambda: page.page.locator(".sn-offer").count())
    page.until(lambda: page.page.locator(".sn-link").count())
    look("edits that were left, and links")
    page.cell(1, "Description").dblclick()
    page.until(lambda: page.page.locator(".sn-preview h2").count())
    look("rich text")
    page.close()
    assert found == {}


def test_the_tree_has_no_faults(show: Callable[..., Bridge]) -> None:
    tree = show(small())
    tree.until(lambda: tree.lines())
    tree.line("F000000").dblclick()
    tree.until(lambda: len(tree.lines()) > 8)
    found = violations_by_theme(tree.page, ".sn-tree")
    assert found == {}
