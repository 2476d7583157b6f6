"""The edit grid in a real JupyterLab: what only a notebook can break."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, expect

from .harness import Notebook, notebook

pytestmark = pytest.mark.browser

CELLS = (
    "%load_ext sn_pandas\n"
    "import sn_pandas as sn\n"
    'repo = sn.connect("embedded://grid.db", user="olga.okafor")\n'
    'tasks = repo.read("/Root/Content/IT/Tasks", orderby="Name",\n'
    '                  select=["Name", "DisplayName", "Status", "DueDate", "TaskCompletion", "AssignedTo"])\n'
    "grid = tasks.sn.edit()",
    "grid",
    'tasks.loc[tasks.index[2], "DisplayName"] = "by Python"',
)


@pytest.fixture(scope="module")
def shown(open_notebook: Callable[..., Notebook]) -> Notebook:
    return open_notebook("grid.ipynb", notebook(*CELLS))


@pytest.fixture
def opened(shown: Notebook) -> Notebook:
    """Show a new grid in the notebook that is open."""
    shown.run_all()
    cell(shown, 3, 3).get_by_text("by Python").wait_for()
    return shown


def cell(opened: Notebook, row: int, column: int) -> Locator:
    place = f".sn-space .sn-row[aria-rowindex='{row + 1}'] .sn-cell[aria-colindex='{column}']"
    return opened.page.locator(place)


def test_edits_go_both_ways_and_survive_a_reload_of_the_page(opened: Notebook) -> None:
    cell(opened, 1, 3).click()
    opened.page.keyboard.type("from the grid")
    opened.page.keyboard.press("Enter")
    opened.kernel.until('tasks["DisplayName"].iat[0]', lambda text: text == "from the grid")
    cell(opened, 2, 6).click()
    opened.page.keyboard.type("101")
    opened.page.keyboard.press("Enter")
    expect(cell(opened, 2, 6)).to_have_attribute("aria-invalid", "true")
    cell(opened, 1, 4).dblclick()
    opened.page.locator(".sn-option").first.wait_for()
    opened.shot("grid-light")
    opened.page.keyboard.press("Escape")
    opened.theme("JupyterLab Dark")
    expect(cell(opened, 12, 6)).to_be_visible()  # the theme is changed while the page is hidden
    opened.shot("grid-dark")
    opened.page.get_by_role("button", name="Save …").click()
    opened.page.get_by_role("button", name="Save 2 rows").wait_for()
    opened.shot("grid-plan-dark")
    opened.theme("JupyterLab Light")
    opened.page.keyboard.press("Escape")
    opened.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    opened.reload()
    cell(opened, 1, 3).get_by_text("from the grid").wait_for()
    assert opened.problems == []


def test_the_clipboard_of_the_browser_goes_in_and_out(opened: Notebook) -> None:
    opened.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    opened.page.evaluate("() => navigator.clipboard.writeText('Waiting\\t2027-02-01\\t5\\nActive\\t\\t6\\n')")
    cell(opened, 4, 4).click()
    opened.page.keyboard.press("Control+v")
    rows: Any = opened.kernel.until('tasks["TaskCompletion"].tolist()[3:5]', lambda found: found == [5, 6])
    assert rows == [5, 6]
    cell(opened, 4, 4).get_by_text("Waiting").wait_for()
    cell(opened, 5, 6).get_by_text("6").wait_for()
    cell(opened, 4, 4).click()
    for key in ("Shift+ArrowRight", "Shift+ArrowRight", "Shift+ArrowDown", "Control+c"):
        opened.page.keyboard.press(key)
    expect(opened.page.locator(".sn-grid .sn-status")).to_have_text("6 cells copied")
    text = opened.page.evaluate("() => navigator.clipboard.readText()")
    assert text == "Waiting\t2027-02-01 00:00\t5\nActive\t\t6"


def test_keys_in_the_grid_do_not_reach_the_notebook(opened: Notebook) -> None:
    cells = "() => window.jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model.id)"
    before = opened.page.evaluate(cells)
    expect(opened.page.locator(".sn-grid[data-lm-suppress-shortcuts=true]")).to_have_count(1)
    cell(opened, 1, 3).click()
    for key in "ddbax00j":
        opened.page.keyboard.press(key)
    for key in ("Escape", "Delete", "Control+Enter", "Control+b", "Shift+Enter"):
        opened.page.keyboard.press(key)
    opened.page.get_by_role("button", name="Columns …").click()
    for key in ("d", "d", "b", "Escape"):
        opened.page.keyboard.press(key)
    assert opened.page.evaluate(cells) == before
    assert opened.page.evaluate("document.activeElement.closest('.sn-grid') !== null")


def test_a_grid_whose_kernel_was_restarted_says_so(opened: Notebook) -> None:
    cell(opened, 1, 3).click()
    opened.page.keyboard.type("before the restart")
    opened.page.keyboard.press("Enter")
    opened.kernel.until('tasks["DisplayName"].iat[0]', lambda text: text == "before the restart")
    restart = "() => window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()"
    opened.page.evaluate(restart)
    expect(opened.page.locator(".sn-grid .sn-status")).to_contain_text("The kernel is gone")
    expect(opened.page.get_by_role("button", name="Save …")).to_be_disabled()
    opened.shot("grid-gone")
    opened.run_all()
    offer = opened.page.locator(".sn-offer")
    expect(offer).to_contain_text("were not saved.")
    opened.shot("grid-offer-light")
    opened.theme("JupyterLab Dark")
    opened.shot("grid-offer-dark")
    opened.theme("JupyterLab Light")
    offer.get_by_role("button", name="Restore").click()
    cell(opened, 1, 3).get_by_text("before the restart").wait_for()
    expect(offer).to_be_hidden()
