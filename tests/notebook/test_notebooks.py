"""Every notebook runs from top to bottom on the embedded repository and gives the outputs that it holds."""

from __future__ import annotations

import os
import pathlib
import re
import subprocess
import sys
from xml.etree import ElementTree as ET

import nbformat
import pandas as pd
import pytest

from .conftest import Session

HERE = pathlib.Path(__file__).parent
NOTEBOOKS = sorted((HERE.parents[1] / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert "quickstart" in [path.stem for path in NOTEBOOKS]


@pytest.fixture(scope="module")
def failures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """Have nbval run all notebooks, each in a kernel of its own, and give what failed in which."""
    home = tmp_path_factory.mktemp("nbval")
    found = home / "found.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "nbval.plugin",
        "--nbval",
    ]
    options = [
        *("--nbval-sanitize-with", str(HERE / "sanitize.cfg"), "--nbval-current-env"),
        *("--nbval-cell-timeout", "300", "--color=no", f"--junitxml={found}"),
    ]
    # Without the other plugins, which take as long to load as a notebook to run.
    alone = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "XDG_STATE_HOME": str(home), "IPYTHONDIR": str(home)}
    alone["TQDM_DISABLE"] = "1"  # a slow machine shows bars that a fast one does not
    alone["TZ"] = "UTC"  # tables show dates in the zone of the reader
    run = subprocess.run(
        [*command, *options, *map(str, NOTEBOOKS)],
        capture_output=True,
        text=True,
        cwd=NOTEBOOKS[0].parent,
        timeout=1200,
        env={**os.environ, **alone},
    )
    assert found.exists(), run.stdout[-6000:] + run.stderr[-2000:]
    failures: dict[str, list[str]] = {}
    for case in ET.parse(found).iter("testcase"):
        cells = failures.setdefault(str(case.get("classname")).split(".")[-2], [])
        cells.extend(f"{case.get('name')}: {problem.text}" for problem in case)
    return failures


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_gives_the_outputs_it_holds(path: pathlib.Path, failures: dict[str, list[str]]) -> None:
    assert failures[path.stem] == [], "\n".join(failures[path.stem])[:6000]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_says_as_whom_it_runs(path: pathlib.Path) -> None:
    first = nbformat.read(path, as_version=4).cells[0].source
    code = path.read_text(encoding="utf-8")
    assert ("Olga Okafor" in first) == ('user=\\"olga.okafor\\"' in code) != ("as the administrator" in first)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_cell_runs_as_the_administrator_too(
    path: pathlib.Path, session: Session, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pd.option_context("display.max_colwidth", 50):  # some cells set it
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type != "code":
                continue
            code = cell.source.replace('user="olga.okafor"', "").replace("%load_ext sn_pandas", "")
            code = code.replace("%matplotlib inline", "").replace(
                "http://embedded/", f"{session.names['repo'].url}/"
            )
            raises = "raises-exception" in cell.metadata.get("tags", ())
            assert session.run(code).success is not raises, code
    assert session.names["repo"].user == "/Root/IMS/BuiltIn/Portal/Admin"


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_in_the_documentation_and_clean(path: pathlib.Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    index = (HERE.parents[1] / "docs" / "tutorial.md").read_text(encoding="utf-8")
    assert f"generated/{path.stem}" in index
    text = path.read_text(encoding="utf-8")
    assert not any(place in text for place in ("/work/", "/home/", "/tmp/")), "a path of a machine"


#: A line of the table of daily work: its notebook, and how many cells it takes.
_LINE = re.compile(r"^\|.*generated/(\w+)\.ipynb.*howto/\w+\.md.*\| (\d+) \|$", re.MULTILINE)


def test_daily_work_takes_as_many_cells_as_the_tutorial_says() -> None:
    tutorial = (HERE.parents[1] / "docs" / "tutorial.md").read_text(encoding="utf-8")
    told = {name: int(cells) for name, cells in _LINE.findall(tutorial)}
    assert told["overdue"] <= 6
    books = {name: nbformat.read(NOTEBOOKS[0].parent / f"{name}.ipynb", as_version=4) for name in told}
    taken = {
        name: sum(c.cell_type == "code" and "setting" not in c.metadata.get("tags", ()) for c in book.cells)
        for name, book in books.items()
    }
    assert taken == told
