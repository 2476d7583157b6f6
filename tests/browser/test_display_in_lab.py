"""What a JupyterLab shows of tables, reports, plots, bars and trees: letters as letters, now and later."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from .harness import Notebook, notebook

pytestmark = pytest.mark.browser

TASKS = "/Root/Content/IT/Tasks"
SLOW = f"repo.read('{TASKS}', select=['Name'], page_size=10, workers=1)"
CELLS = (
    "%load_ext sn_pandas\nimport sn_pandas as sn\nfrom sn_pandas.embedded import Faults\n"
    "import ipywidgets\nfaults = Faults()\n"
    "repo = sn.connect('embedded://', faults=faults, user='olga.okafor')",
    "other = repo.create('/Root/Content', 'Folder', 'AA', fields={'DisplayName': 'From $5_a to $9_b'})\n"
    f"tasks = repo.read('{TASKS}', select=['Name', 'DisplayName', 'Status', 'Path'])\n"
    f"repo.patch('{TASKS}/T001', {{'DisplayName': 'Offer from $5_a to $9_b <b>bold</b>'}})\n"
    "tasks.loc[tasks.index[:2], 'DisplayName'] = 'Offer from $1_a to $2_b <img src=x onerror=alert(1)>'\n"
    "tasks.head(3)",
    "tasks.sn.changes()",
    "report = tasks.sn.save(on_conflict='skip')\nreport",
    "report.conflicts",
    f"%sensenet count {TASKS}?$filter=Name ne '$x' and Name ne '$y'",
    "%sensenet history",
    "tasks.sn.plot.types('Status');",
    f"faults.on('GET', match='Tasks').delay(0.4)\nrows = {SLOW}",
    f"out = ipywidgets.Output()\nwith out:\n    {SLOW}\nout",
    "tree = repo.browse('/Root/Content')\ntree",
)
#: The contrast of a text and its background, as WCAG defines it.
CONTRAST = """element => {
    const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
    const parents = [];
    for (let e = element; e; e = e.parentElement) parents.unshift(getComputedStyle(e).backgroundColor);
    const paint = color => { canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1); };
    const light = () => [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)
        .map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
        .reduce((sum, v, n) => sum + v * [0.2126, 0.7152, 0.0722][n], 0);
    parents.forEach(paint);
    const ground = light();
    paint(getComputedStyle(element).color);
    const text = light();
    return (Math.max(ground, text) + 0.05) / (Math.min(ground, text) + 0.05);
}"""
ERRORS = "() => document.body.innerText.split('Error displaying widget').length - 1"


@pytest.fixture(scope="module")
def shown(open_notebook: Callable[..., Notebook]) -> Notebook:
    opened = open_notebook("display.ipynb", notebook(*CELLS))
    opened.run_all()
    opened.page.locator(".sn-tree").wait_for()  # a kernel is idle before the page has drawn all outputs
    return opened


def test_what_a_repository_holds_is_letters_in_every_output(shown: Notebook) -> None:
    assert shown.errors() == []
    tables = shown.page.locator(".jp-RenderedHTMLCommon")
    for words in ("$1_a to $2_b <img src=x onerror=alert(1)>", "$5_a to $9_b <b>bold</b>"):
        expect(tables.filter(has_text=f"Offer from {words}").first).to_be_visible()
    assert shown.page.locator("mjx-container, .MathJax").count() == 0, "no formula was made"
    assert shown.page.locator(".jp-OutputArea-output img[src=x]").count() == 0


@pytest.mark.parametrize("theme", ["JupyterLab Dark", "JupyterLab Light"])
def test_frames_are_tables_for_reading(shown: Notebook, theme: str) -> None:
    shown.theme(theme)
    table = shown.page.locator(".sn-frame").first
    table.scroll_into_view_if_needed()
    expect(table.locator("thead th")).to_have_text(["DisplayName", "Name", "Status", "Path", "Id"])
    expect(table.locator("p")).to_have_text("3 rows")
    expect(table.locator("tbody td").first).to_have_css("text-align", "left")
    expect(table.locator("tbody td").last).to_have_css("text-align", "right")
    for place in ("thead th", "td:first-child", "tr:nth-child(2) td.sn-id", "p"):
        assert table.locator(place).first.evaluate(CONTRAST) >= 4.5, place
    shown.shot(f"frame-{theme.split()[-1].lower()}")


def test_pictures_have_no_card_of_the_other_theme(shown: Notebook) -> None:
    picture = shown.page.locator(".jp-RenderedImage img").first
    picture.scroll_into_view_if_needed()
    assert "jp-needs" not in (picture.get_attribute("class") or "")
    shown.shot("display-light")
    shown.theme("JupyterLab Dark")
    shown.shot("display-dark")
    shown.theme("JupyterLab Light")


def test_a_page_that_is_loaded_again_shows_no_errors(shown: Notebook) -> None:
    shown.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    shown.reload()
    shown.line("/Root/Content/IT").wait_for()
    assert shown.page.evaluate(ERRORS) == 0
    assert shown.page.locator("progress").count() == 0


def test_a_tree_says_that_its_kernel_was_restarted(shown: Notebook) -> None:
    shown.line("/Root/Content/HR").click()
    shown.kernel.until("tree.selected", lambda path: path == "/Root/Content/HR")
    shown.page.evaluate(
        "async () => { await window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart() }"
    )
    shown.page.locator(".sn-tree.sn-dead").wait_for()
    shown.line("/Root/Content/IT").dblclick()
    expect(shown.page.locator(".sn-tree")).to_contain_text("kernel is gone")
    expect(shown.page.locator(".sn-selected")).to_have_attribute("title", "/Root/Content/HR")
    assert shown.problems == []
    shown.shot("tree-dead")
