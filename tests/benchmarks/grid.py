"""How fast the edit grid opens, edits and scrolls 100,000 x 25 cells, on a bare page and in JupyterLab."""

from __future__ import annotations

import importlib.util
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

import comm
from playwright.sync_api import Browser

import sn_pandas as sn
from tests.browser.harness import Lab, chromium, notebook
from tests.widgets.bridge import Bridge, Wire, ask

from .pages import FIELDS, serving

ROWS = 100_000
RUNS = 5
EDITS = {
    "DisplayName": ("one", "another"),
    "TaskCompletion": ("5", "6"),
    "Status": ("active", "deferred"),
    "DueDate": ("2027-01-05", "2027-01-06"),
}
#: The cells that show the frame, and what says that rows of it are on the page.
PEERS = {
    "ipydatagrid": ("import ipydatagrid\nipydatagrid.DataGrid(tasks)", ".lm-DataGrid-viewport canvas"),
    "itables": (
        "import itables\nitables.init_notebook_mode(connected=False)\nitables.show(tasks, maxBytes=0)",
        "table.dataTable tbody tr td",
    ),
}
# Scrolls at 4,000 pixels a second for some seconds; returns what each frame took, the shortest first, and the
# number of frames in which a row in sight was empty.
_SCROLL = """async (seconds) => {
  const grid = document.querySelector('.sn-scroll');
  const blank = () => {
    const { top, bottom } = grid.getBoundingClientRect();
    return [...grid.querySelectorAll('.sn-row[aria-busy]')].some((row) => {
      const place = row.getBoundingClientRect();
      return place.bottom > top + 28 && place.top < bottom;
    });
  };
  grid.scrollTop = 0;
  for (let n = 0; n < 30; n++) await new Promise(requestAnimationFrame);
  const frames = [];
  let blanks = 0, before = await new Promise(requestAnimationFrame);
  const end = before + seconds * 1000;
  while (before < end) {
    const now = await new Promise(requestAnimationFrame);
    frames.push(now - before);
    grid.scrollTop += 4 * (now - before);
    blanks += blank();
    before = now;
  }
  return { frames: frames.sort((a, b) => a - b), blanks };
}"""
# Runs the cell with a number, and returns how long it takes until something new that fits is on the page.
_RUN = """async ([number, wanted]) => {
  const old = new Set(document.querySelectorAll(wanted));
  const shown = () => [...document.querySelectorAll(wanted)].some((el) => !old.has(el) && el.offsetHeight);
  const { content } = window.jupyterapp.shell.currentWidget;
  content.activeCellIndex = number;
  const began = performance.now();
  window.jupyterapp.commands.execute('notebook:run-cell');
  const late = () => performance.now() - began > 60_000;
  while (wanted !== '*' && !shown() && !late()) await new Promise(requestAnimationFrame);
  return shown() ? performance.now() - began : null;
}"""
_FILLED = ".sn-space .sn-row:not([aria-busy])"


def main() -> None:
    """Measure the grid on a bare page and in JupyterLab, and the peers that are installed there."""
    with serving(ROWS) as address, chromium() as browser:
        _measure_bare(address, browser)
        with tempfile.TemporaryDirectory() as home:
            _measure_lab(address, browser, Path(home))


def _measure_bare(address: str, browser: Browser) -> None:
    comm.create_comm = Wire
    repo = sn.connect(address, anonymous=True)
    tasks = repo.read("/Root/Content/IT/Tasks", select=["Id", *FIELDS])
    grid = tasks.sn.edit()
    keys = ask(grid, "block", start=ROWS // 2, size=len(EDITS))["keys"]
    edits = []
    for text in (0, 1) * RUNS:
        for key, (column, texts) in zip(keys, EDITS.items(), strict=True):
            began = time.perf_counter()
            ask(grid, "edit", cells=[[key, column, texts[text]]])
            edits.append((time.perf_counter() - began) * 1000)
    print(f"a cell edited in a frame of {ROWS:,} x {len(tasks.columns)}: {_range(edits)}")
    print(f"figure grid_edit {statistics.median(edits):.0f} ms goal <= 50")
    page = Bridge(browser, grid)
    page.page.set_viewport_size({"width": 1200, "height": 560})
    page.until(lambda: page.page.locator(_FILLED).count())
    page.page.evaluate(f"() => {{ window.result = null; ({_SCROLL})(10).then(r => window.result = r); }}")
    _print_scrolling("bare", page.until(lambda: page.page.evaluate("window.result")), 25)
    page.close()


def _measure_lab(address: str, browser: Browser, home: Path) -> None:
    (home / "notebooks").mkdir()
    peers = {name: cell for name, cell in PEERS.items() if importlib.util.find_spec(name)}
    cells = (
        f"import sn_pandas as sn\nrepo = sn.connect({address!r}, anonymous=True)\n"
        f"tasks = repo.read('/Root/Content/IT/Tasks', select={['Id', *FIELDS]!r})",
        "tasks.sn.edit()",
    )
    (home / "notebooks" / "grid.ipynb").write_text(notebook(*cells, *(cell for cell, _ in peers.values())))
    lab = Lab(home / "notebooks", home)
    try:
        opened = lab.open(browser, "grid.ipynb")
        opened.page.evaluate(_RUN, [0, "*"])
        opened.kernel.until("'tasks' in globals()", bool)
        opens = [opened.page.evaluate(_RUN, [1, _FILLED]) for _ in range(RUNS)]
        print(f"the grid in JupyterLab, from running its cell to its first rows: {_range(opens)}")
        print(f"figure grid_open {statistics.median(opens):.0f} ms goal <= 300")
        _print_scrolling("lab", opened.page.evaluate(_SCROLL, 10), 40)
        for number, (name, (_, wanted)) in enumerate(peers.items(), 2):
            took = opened.page.evaluate(_RUN, [number, wanted])
            print(f"{name}, once: " + ("nothing within a minute" if took is None else f"{took:.0f} ms"))
    finally:
        lab.close()
    for name in PEERS.keys() - peers.keys():
        print(f"{name} is not installed: not measured")
    print("plain ipywidgets cannot show the size: one widget for each of 2,500,000 cells")


def _print_scrolling(place: str, found: dict[str, Any], goal: int) -> None:
    frames, blanks = found["frames"], found["blanks"]
    p95 = frames[int(len(frames) * 0.95)]
    print(f"scrolling, {place}: {len(frames)} frames, {_range(frames)}, {blanks} with empty rows")
    print(f"figure grid_frame_{place} {p95:.0f} ms goal <= {goal}")
    print(f"figure grid_blank_{place} {blanks} frames goal <= 0")


def _range(values: list[float]) -> str:
    return f"{statistics.median(values):.0f} ms ({min(values):.0f} to {max(values):.0f})"


if __name__ == "__main__":
    main()
