"""The magic where it runs: a kernel, a plain IPython, a pipeline that executes notebooks."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

TASKS = "/Root/Content/IT/Tasks"
CONNECT = "%sensenet connect --user olga.okafor"


@pytest.fixture(scope="module")
def client() -> Iterator[NotebookClient]:
    """Start one kernel for all cells here."""
    client = NotebookClient(nbformat.v4.new_notebook(), timeout=240, kernel_name="python3")
    with client.setup_kernel():
        yield client


def executed(client: NotebookClient, *sources: str, allow_errors: bool = True) -> list[Any]:
    """Run cells one after the other and give them with their outputs."""
    client.allow_errors = allow_errors
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    for cell in cells:
        client.nb.cells.append(cell)
        client.execute_cell(cell, len(client.nb.cells) - 1)
    return cells


def test_a_kernel_shows_notes_tables_errors_and_progress(client: NotebookClient) -> None:
    load, read, quiet, wrong, bar, shown = executed(
        client,
        f"%load_ext sn_pandas\n{CONNECT}",
        f"%%sensenet tasks\n{TASKS}\n$select=Name,Status\n$top=3",
        f"%%sensenet tasks\n{TASKS}\n$select=Name;",
        f"%%sensenet\n{TASKS}\n$select=Nam",
        f"%config SensenetMagics.progress = 'always'\n%sensenet x << {TASKS}?$select=Name --page-size 20",
        "%sensenet status",
    )
    (connected,) = load.outputs
    assert connected.text.startswith("connected to http://embedded as /Root/IMS/Public/olga.okafor")
    *said, table = read.outputs
    text = "".join(output.text for output in said)
    assert "tasks: 3 of 60 rows" in text
    assert TASKS in table.data["text/html"]
    assert "T001" in table.data["text/plain"]
    assert quiet.outputs == []
    (error,) = wrong.outputs
    assert (error.ename, len(error.traceback)) == ("QueryError", 1)
    assert "Did you mean Name" in error.traceback[0]
    assert set(bar.outputs[0].data) == {"text/plain", "text/html"}, "no widget, whose model would be gone"
    assert not any(bar.outputs[0].data.values()), "a bar that is done leaves nothing"
    assert "* embedded: http://embedded" in shown.outputs[0].text


def test_a_pipeline_fails_when_a_cell_fails(client: NotebookClient) -> None:
    with pytest.raises(CellExecutionError, match="no such content"):
        executed(client, "%reload_ext sn_pandas", "%sensenet /Root/Nowhere", allow_errors=False)


def test_a_plain_ipython_runs_the_magic(tmp_path: Path) -> None:
    lines = ["%load_ext sn_pandas", CONNECT, f"rows = %sensenet {TASKS}?$select=Name&$top=2", "print(rows)"]
    options = ["--no-banner", "--colors=NoColor", f"--ipython-dir={tmp_path}", "-c", "\n".join(lines)]
    command = [sys.executable, "-m", "IPython", *options]
    run = subprocess.run(command, capture_output=True, text=True, timeout=240, check=True)
    assert "2 of 60 rows" in run.stdout
    assert "T002" in run.stdout


HEAVY = {"httpx", "stamina", "matplotlib.pyplot", "ipywidgets", "anywidget", "tqdm", "werkzeug"}
LOAD = """
import sys, pandas, IPython
from IPython.core.interactiveshell import InteractiveShell
InteractiveShell.instance().run_line_magic("load_ext", "sn_pandas")
print(*sys.modules)
"""


def test_loading_is_light() -> None:
    run = subprocess.run(
        [sys.executable, "-c", LOAD], capture_output=True, text=True, timeout=240, check=True
    )
    loaded = set(run.stdout.split())
    assert "sn_pandas.notebook.magic" in loaded
    assert not loaded & HEAVY
    assert not [name for name in loaded if name.startswith(("sn_pandas.embedded", "sn_pandas.frames"))]


READ = """
import sys
import sn_pandas as sn
sn.connect(user="olga.okafor").read("/Root/Content", select="Name", progress=False)
print(*sys.modules)
"""


def test_connecting_and_reading_load_nothing_that_writes() -> None:
    run = subprocess.run(
        [sys.executable, "-c", READ], capture_output=True, text=True, timeout=240, check=True
    )
    loaded = set(run.stdout.split())
    assert "sn_pandas.frames.reads.reading" in loaded
    assert not loaded & {"sn_pandas.frames.writes.saving", "sn_pandas.frames.contents.uploads"}
