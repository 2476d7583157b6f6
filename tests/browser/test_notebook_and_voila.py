"""The grid and the tree in Notebook 7 and in Voila: they open, edit and save there, too."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from ..npm import node_modules
from .harness import PATIENCE, SHOTS, jupyter_environment, notebook

pytestmark = pytest.mark.browser

CELLS = (
    "import sn_pandas as sn\n"
    'repo = sn.connect(user="olga.okafor")\n'
    'tasks = repo.read("/Root/Content/IT/Tasks", orderby="Name", select=["Name", "DisplayName", "Status"])\n'
    "tasks.sn.edit()",
    'repo.browse("/Root/Content")',
)
NOTEBOOK = (
    *("notebook", "--allow-root", "--no-browser", "--ip=127.0.0.1", "--ServerApp.port_retries=0"),
    *("--IdentityProvider.token=", "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True"),
    "--JupyterNotebookApp.expose_app_in_browser=True",
)
VOILA = ("voila", "--no-browser", "--Voila.ip=127.0.0.1")


@contextlib.contextmanager
def served(home: Path, *command: str) -> Iterator[str]:
    """Start a server for the notebook in a folder, and yield its address."""
    (home / "notebooks").mkdir()
    (home / "notebooks" / "grid.ipynb").write_text(notebook(*CELLS), "utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address, log = f"http://127.0.0.1:{port}", home / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", *command, f"--port={port}"],
            cwd=home / "notebooks",
            env=jupyter_environment(home),
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        end = time.monotonic() + 180
        while True:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the server did not start: {log.read_text()[-3000:]}")
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            time.sleep(0.1)
        yield address
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_context(viewport={"width": 1300, "height": 1200}).new_page()
    page.set_default_timeout(PATIENCE)
    yield page
    page.context.close()


def edit_save_and_browse(page: Page, name: str) -> None:
    """Edit a cell and save it with the keyboard and the mouse, and open a folder of the tree."""
    page.locator(".sn-line:not(.sn-notice)[title='/Root/Content/IT']").wait_for()
    cell = page.locator(".sn-space .sn-row[aria-rowindex='2'] .sn-cell[aria-colindex='3']")
    cell.click()
    page.keyboard.type("badd")  # in command mode, a notebook would add and delete cells
    page.keyboard.press("Enter")
    expect(cell.locator(".sn-text")).to_have_text("badd")
    page.get_by_role("button", name="Save …").click()
    page.get_by_role("button", name="Save 1 row").click()
    expect(page.locator(".sn-grid .sn-status")).to_have_text("Saved: 1 saved")
    page.locator(".sn-line:not(.sn-notice)[title='/Root/Content/IT']").dblclick()
    page.locator(".sn-line:not(.sn-notice)[title='/Root/Content/IT/Tasks']").click()
    page.keyboard.press("b")
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"grid-{name}.png")


def test_grid_and_tree_in_notebook_7(page: Page, tmp_path: Path) -> None:
    with served(tmp_path, *NOTEBOOK) as address:
        page.goto(f"{address}/notebooks/grid.ipynb")
        idle = "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
        page.wait_for_function(idle, timeout=2 * PATIENCE)
        page.evaluate("async () => { await window.jupyterapp.commands.execute('notebook:run-all-cells') }")
        page.wait_for_function(idle)
        cells = "window.jupyterapp.shell.currentWidget.content.widgets.length"
        before = page.evaluate(cells)
        edit_save_and_browse(page, "notebook-7")
        page.wait_for_timeout(300)  # a cell that a key adds is there a moment later
        assert page.evaluate(cells) == before


def test_grid_and_tree_in_voila(page: Page, tmp_path: Path) -> None:
    requirejs = node_modules(Path(__file__).parent) / "requirejs" / "require.js"
    page.route("https://**", lambda route: route.abort())
    page.route("**/require.min.js", lambda route: route.fulfill(path=requirejs))  # a CDN gives it otherwise
    with served(tmp_path, *VOILA, "grid.ipynb") as address:
        page.goto(address, timeout=2 * PATIENCE)
        edit_save_and_browse(page, "voila")
