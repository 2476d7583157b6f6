"""The tree in a real JupyterLab: what only a notebook can break."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .harness import Notebook, notebook

pytestmark = pytest.mark.browser

CELLS = (
    "from sn_pandas.widgets import TreeBrowser\n"
    "from tests.widgets.source import repository, small\n"
    "source = small()\n"
    "browser = TreeBrowser(repository(source))",
    "browser",
    "done = True",
)


@pytest.fixture(scope="module")
def shown(open_notebook: Callable[..., Notebook]) -> Notebook:
    return open_notebook("tree.ipynb", notebook(*CELLS))


@pytest.fixture
def opened(shown: Notebook) -> Notebook:
    """Show a new tree in the notebook that is open."""
    shown.run_all()
    return shown


def test_the_tree_opens_selects_and_survives_a_reload(opened: Notebook) -> None:
    opened.line("/Root/Content/F000000").dblclick()
    opened.line("/Root/Content/F000000/F000001").click()
    opened.page.keyboard.press("Enter")
    opened.line("/Root/Content/F000000/F000001/c000004").click()
    opened.kernel.until("browser.selected", lambda path: path == "/Root/Content/F000000/F000001/c000004")
    assert opened.kernel.value("browser.expanded[1:]") == [
        "/Root/Content/F000000",
        "/Root/Content/F000000/F000001",
    ]
    opened.shot("tree-light")
    opened.theme("JupyterLab Dark")
    opened.shot("tree-dark")
    opened.theme("JupyterLab Light")
    opened.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    opened.reload()
    opened.line("/Root/Content/F000000/F000001/c000004").wait_for()
    expect(opened.page.locator(".sn-selected .sn-label")).to_have_text("Content 000004")
    assert opened.problems == []


def test_keys_in_the_tree_do_not_reach_the_notebook(opened: Notebook) -> None:
    cells = "() => window.jupyterapp.shell.currentWidget.content.widgets.map(cell => cell.model.id)"
    before = opened.page.evaluate(cells)
    # What Notebook 7 goes by, too, where keeping the events to oneself is not enough.
    expect(opened.page.locator(".sn-tree[data-lm-suppress-shortcuts=true]")).to_have_count(1)
    opened.line("/Root/Content/F000000").click()
    for key in "ddbax00j":
        opened.page.keyboard.press(key)
    assert opened.page.evaluate(cells) == before
    opened.page.locator(".sn-filter").click()
    opened.page.keyboard.type("ddb")
    opened.kernel.until("browser.filters", lambda filters: "ddb" in filters.values())
    assert opened.page.evaluate(cells) == before


def test_the_tree_answers_while_a_folder_is_slow_and_the_kernel_runs_on(opened: Notebook) -> None:
    opened.kernel.value("source.gate.clear()")
    opened.line("/Root/Content/F000002").dblclick()
    opened.page.get_by_text("Loading …").wait_for()
    opened.kernel.until("browser.expanded[-1]", lambda path: path == "/Root/Content/F000002")
    opened.kernel.value("source.gate.set()")
    opened.line("/Root/Content/F000002/c000003").wait_for()
    opened.page.wait_for_function("() => document.querySelectorAll('.sn-notice').length === 0")
