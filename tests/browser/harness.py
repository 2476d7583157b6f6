"""A real browser, a real JupyterLab, and a look into the kernel: what tests drive notebooks with."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
from jupyter_client import BlockingKernelClient
from nbformat.v4 import new_code_cell, new_notebook
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
#: Where pictures go that a person may want to look at.
SHOTS = Path("build/browser")
#: Milliseconds that a page has for what a test waits for; only a failure takes as long.
PATIENCE = 60_000
expect.set_options(timeout=PATIENCE)
_ROOT = Path(__file__).parents[2]
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
_HOMES = {
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "IPYTHONDIR": "ipython",
    "MPLCONFIGDIR": "mpl",
    "JUPYTERLAB_SETTINGS_DIR": "lab-settings",
    "JUPYTERLAB_WORKSPACES_DIR": "lab-workspaces",
}


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """Start the browser; a missing one is an error, never a skipped test."""
    if not Path(CHROMIUM).exists():
        raise RuntimeError(f"{CHROMIUM} is missing: install Debian's chromium, or set $CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=_ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


def jupyter_environment(home: Path) -> dict[str, str]:
    """Return the environment of a server of notebooks that keeps all its files below a folder."""
    env = dict(os.environ, PYDEVD_DISABLE_FILE_VALIDATION="1")
    # Kernels find the tests, too: some notebooks are made by them.
    env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    for name, folder in _HOMES.items():
        (home / folder).mkdir(parents=True, exist_ok=True)
        env[name] = str(home / folder)
    return env


class Lab:
    """A JupyterLab on this machine, which keeps all its files below ``home``.

    Parameters
    ----------
    notebooks : Path
        The folder it shows.
    home : Path
        Where its settings and logs go.
    theme : str
        ``"JupyterLab Light"`` or ``"JupyterLab Dark"``.
    """

    def __init__(self, notebooks: Path, home: Path, theme: str = "JupyterLab Light") -> None:
        self.env = jupyter_environment(home)
        self._set(home, "notification", checkForUpdates=False, doNotDisturbMode=True, fetchNews="false")
        self._set(home, "themes", theme=theme)
        self.notebooks = notebooks
        self._log = home / "lab.log"
        for attempt in (1, 2, 3):
            try:
                self._start()
                return
            except RuntimeError:  # somebody else may have taken the port meanwhile
                if attempt == 3:
                    raise

    def _start(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        command = [
            *(sys.executable, "-m", "jupyterlab", "--allow-root", "--no-browser", "--ip=127.0.0.1"),
            *(f"--port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={self.notebooks}"),
            *("--IdentityProvider.token=", "--ServerApp.password=", "--ServerApp.disable_check_xsrf=True"),
            *("--LabApp.expose_app_in_browser=True", "--LabApp.extension_manager=readonly"),
        ]
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                command, env=self.env, stdout=log, stderr=log, start_new_session=True
            )
        try:
            self._wait()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Stop the server and its kernels."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
                return

    def open(self, browser: Browser, notebook: str, width: int = 1300, height: int = 1000) -> Notebook:
        """Open a notebook on a page of its own."""
        page = browser.new_context(viewport={"width": width, "height": height}).new_page()
        return Notebook(self, page, notebook)

    def kernel(self, notebook: str) -> Kernel:
        """Connect to the kernel of an open notebook, as soon as it runs."""
        end = time.monotonic() + 180
        while time.monotonic() < end:
            with urllib.request.urlopen(self.url + "/api/sessions") as answer:
                sessions = [s for s in json.load(answer) if s["path"] == notebook and s["kernel"]]
            for session in sessions:
                file = Path(self.env["JUPYTER_RUNTIME_DIR"]) / f"kernel-{session['kernel']['id']}.json"
                if file.exists():
                    return Kernel(file)
            time.sleep(0.1)
        raise AssertionError(f"{notebook} has no kernel: {self._log.read_text()[-2000:]}")

    def _set(self, home: Path, plugin: str, **settings: Any) -> None:
        place = home / "lab-settings" / "@jupyterlab" / "apputils-extension" / f"{plugin}.jupyterlab-settings"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(json.dumps(settings))

    def _wait(self) -> None:
        end = time.monotonic() + 180
        while time.monotonic() < end:
            if self._process.poll() is not None:
                raise RuntimeError(f"JupyterLab ended: {self._log.read_text()[-3000:]}")
            try:
                urllib.request.urlopen(self.url + "/api/status", timeout=20).close()
                return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError(f"JupyterLab did not start: {self._log.read_text()[-3000:]}")


class Notebook:
    """A notebook that is open in JupyterLab."""

    def __init__(self, lab: Lab, page: Page, name: str) -> None:
        self.page = page
        self.problems: list[str] = []
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.set_default_timeout(PATIENCE)
        page.goto(f"{lab.url}/lab/tree/{name}?reset")
        self._until_open()
        self.kernel = lab.kernel(name)

    def run_all(self, timeout: float = 300) -> None:
        """Run all cells; an error in one stops the run and fails the test."""
        ran = "window.jupyterapp.commands.execute('notebook:run-all-cells')"
        self.page.evaluate(f"async () => {{ await {ran} }}")
        self._until_idle(timeout)
        if failed := self.errors():
            raise AssertionError(f"the notebook failed: {failed}")

    def errors(self) -> list[str]:
        """Return the errors that the cells show, but for cells whose tag says that they raise one."""
        return list(
            self.page.evaluate(
                """() => window.jupyterapp.shell.currentWidget.content.widgets
                .filter(cell => !(cell.model.getMetadata('tags') ?? []).includes('raises-exception'))
                .flatMap(cell => (cell.model.sharedModel.outputs ?? []).filter(o => o.output_type === 'error')
                .map(o => o.ename + ': ' + o.evalue))"""
            )
        )

    def line(self, path: str) -> Locator:
        """Return the line of a content in the tree, to click on."""
        return self.page.locator(f".sn-line:not(.sn-notice)[title='{path}']")

    def shot(self, name: str) -> Path:
        """Keep a picture of the page."""
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png")
        return SHOTS / f"{name}.png"

    def theme(self, name: str) -> None:
        """Change to ``JupyterLab Light`` or ``JupyterLab Dark``."""
        self.page.evaluate(
            "async (theme) => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", name
        )
        self.page.wait_for_function("(theme) => document.body.dataset.jpThemeName === theme", arg=name)
        self.page.locator("#jupyterlab-splash").wait_for(state="detached")

    def reload(self) -> None:
        """Load the page again; the kernel stays."""
        self.page.reload()
        self._until_open()

    def close(self) -> None:
        """Leave the page; the kernel goes with the server."""
        self.kernel.close()
        self.page.context.close()

    def _until_open(self) -> None:
        cells = "() => window.jupyterapp?.shell?.currentWidget?.content?.widgets?.length"
        self.page.wait_for_function(cells, timeout=2 * PATIENCE)
        self._until_idle()

    def _until_idle(self, timeout: float = 120) -> None:
        idle = "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'"
        self.page.wait_for_function(idle, timeout=timeout * 1000)


class Kernel:
    """A second client of the kernel behind a page, which reads its state."""

    def __init__(self, connection_file: Path) -> None:
        self._client = BlockingKernelClient(connection_file=str(connection_file))
        self._client.load_connection_file()
        self._client.start_channels()
        for _ in range(3):  # a kernel on a busy machine may miss its first heartbeats
            with contextlib.suppress(RuntimeError):
                self._client.wait_for_ready(60)
                return
        raise RuntimeError(f"the kernel of {connection_file.name} does not answer")

    def value(self, expression: str) -> Any:
        """Return the value of an expression in the kernel, as JSON has it."""
        asked = {"value": f"__import__('json').dumps({expression}, default=str)"}
        answer = self._client.execute(
            "", silent=True, store_history=False, user_expressions=asked, reply=True, timeout=180
        )
        value = answer["content"]["user_expressions"]["value"]
        if value["status"] != "ok":
            raise RuntimeError(f"{expression}: {value['ename']}: {value['evalue']}")
        return json.loads(ast.literal_eval(value["data"]["text/plain"]))

    def until(self, expression: str, wanted: Callable[[Any], object], timeout: float = 60) -> Any:
        """Wait for an expression to have a value that is wanted."""
        end = time.monotonic() + timeout
        while not wanted(value := self.value(expression)):
            if time.monotonic() > end:
                raise AssertionError(f"{expression} stayed {value!r}")
            time.sleep(0.05)
        return value

    def close(self) -> None:
        """End the connection, not the kernel."""
        self._client.stop_channels()


def notebook(*cells: str) -> str:
    """Write a notebook of some cells."""
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}  # or Lab asks which
    made = new_notebook(cells=[new_code_cell(cell) for cell in cells], metadata={"kernelspec": kernel})
    return str(nbformat.writes(made))
