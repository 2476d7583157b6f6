"""``%%sensenet`` in a real JupyterLab: the table, the bar, the error, the configuration, and the Tab key."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .harness import Notebook, notebook

pytestmark = pytest.mark.browser

TASKS = "/Root/Content/IT/Tasks"
CELLS = (
    "%load_ext sn_pandas\nimport sn_pandas as sn\nfrom sn_pandas.embedded import Faults\n"
    "faults = Faults()\nrepo = sn.connect('embedded://', faults=faults, user='olga.okafor')",
    f"%%sensenet tasks\n{TASKS}\n$select=Path,Status,DueDate,AssignedTo/FullName\n$top=4",
    "tasks.loc[tasks.index[0], 'Status'] = 'waiting'\ntasks.sn.changes()",
    "%config SensenetMagics",
    f"%sensenet explain {TASKS}?$filter=Status eq '$active' and Name ne '$x'&$select=Name",
    f"%sensenet {TASKS}?$select=Nmae",
    "",
)


@pytest.fixture(scope="module")
def opened(open_notebook: Callable[..., Notebook]) -> Notebook:
    source = json.loads(notebook(*CELLS))
    source["cells"][5]["metadata"]["tags"] = ["raises-exception"]
    opened = open_notebook("magic.ipynb", json.dumps(source))
    opened.run_all()
    return opened


def test_what_cells_show(opened: Notebook) -> None:
    cells = [opened.page.locator(".jp-Cell").nth(number) for number in range(1, 6)]
    table, changes, options, told, error = cells
    expect(table.locator(".jp-OutputArea")).to_contain_text("tasks: 4 of 60 rows")
    expect(table.locator("table.dataframe tbody tr")).to_have_count(4)
    expect(table.locator(".sensenet-caption")).to_contain_text(TASKS)
    expect(changes.locator("ins")).to_have_text("waiting")
    expect(options.locator(".jp-OutputArea")).to_contain_text("SensenetMagics.page_size")
    expect(error.locator(".jp-OutputArea")).to_contain_text("Did you mean Name?")
    expect(error.locator(".jp-OutputArea")).not_to_contain_text("Traceback")
    expect(told.locator(".jp-OutputArea")).to_contain_text("Status is '$active'")
    assert opened.page.locator("mjx-container, .MathJax").count() == 0, "dollars are no mathematics here"
    opened.page.locator(".jp-Cell").nth(1).scroll_into_view_if_needed()
    opened.shot("magic-light")
    opened.theme("JupyterLab Dark")
    opened.shot("magic-dark")
    opened.theme("JupyterLab Light")
    assert opened.problems == []


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("%sensenet /Root/Content/", ["HR", "IT", "Inventory", "Projects"]),
        (f"%%sensenet tasks\n{TASKS}\n$filter=Status eq ", ["'$active'", "'$waiting'"]),
        (f"%%sensenet tasks\n{TASKS}\n$select=Name,Du", ["DueDate"]),
    ],
    ids=["paths", "choice values", "fields"],
)
def test_the_tab_key_offers_what_fits(opened: Notebook, typed: str, offered: list[str]) -> None:
    type_in_last_cell(opened, typed)
    opened.page.keyboard.press("Tab")
    menu = opened.page.locator(".jp-Completer")
    if len(offered) > 1:
        for name in offered:
            expect(menu).to_contain_text(name)
        assert "print" not in menu.inner_text(), "names of Python have no place here"
        opened.shot(f"completion-{offered[0].strip(chr(39) + '$').lower()}")
    else:  # the only one is put in, or a menu of its kin stands open
        opened.page.wait_for_function(
            "(name) => document.querySelector('.jp-Cell:last-child .cm-content').innerText.includes(name)"
            " || document.querySelector('.jp-Completer')?.innerText.includes(name)",
            arg=offered[0],
        )


def test_a_slow_read_shows_how_far_it_is(opened: Notebook) -> None:
    opened.kernel.value("faults.on('GET', match='Tasks').delay(1.0)")
    type_in_last_cell(opened, f"%sensenet every << {TASKS}?$select=Name --page-size 10")
    opened.page.keyboard.press("Shift+Enter")
    bar = opened.page.locator(".jp-OutputArea progress").last
    bar.wait_for()
    opened.page.get_by_text("rows/s").last.wait_for()
    opened.shot("progress")
    opened.kernel.until("len(every)", lambda rows: rows == 60)
    bar.wait_for(state="detached")


def type_in_last_cell(opened: Notebook, text: str) -> None:
    """Write into the last cell what is to stand there alone."""
    opened.page.keyboard.press("Escape")  # a menu that a test before has left open
    opened.page.locator(".jp-Cell").last.locator(".cm-content").click()
    opened.page.keyboard.press("Control+a")
    opened.page.keyboard.press("Delete")
    for number, line in enumerate(text.split("\n")):
        if number:
            opened.page.keyboard.press("Enter")
        opened.page.keyboard.insert_text(line)
