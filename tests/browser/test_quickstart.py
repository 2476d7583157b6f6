"""The notebook that users begin with, in a real JupyterLab: every cell, and the tree in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from .harness import Notebook

pytestmark = pytest.mark.browser

QUICKSTART = Path(__file__).parents[2] / "notebooks" / "quickstart.ipynb"


def test_all_cells_run_and_the_tree_gives_what_is_picked(open_notebook: Callable[..., Notebook]) -> None:
    opened = open_notebook("quickstart.ipynb", QUICKSTART)
    opened.run_all()
    for path in ("/Root/Content/IT", "/Root/Content/IT/Tasks"):
        opened.line(path).dblclick()
    task = opened.page.locator(".sn-line[title^='/Root/Content/IT/Tasks/']").first
    task.scroll_into_view_if_needed()
    picked = task.get_attribute("title")
    task.click()
    opened.kernel.until("tree.selected", lambda path: path == picked)
    assert opened.kernel.value("tree.folder") == "/Root/Content/IT/Tasks"
    assert opened.kernel.value("len(tree.read(select=['Name']))") > 0
    opened.page.locator(".sn-tree").scroll_into_view_if_needed()
    opened.shot("quickstart-light")
    opened.theme("JupyterLab Dark")
    opened.shot("quickstart-dark")
    opened.theme("JupyterLab Light")
    assert opened.problems == []
