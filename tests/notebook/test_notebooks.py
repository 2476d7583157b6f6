"""Every notebook runs from top to bottom on the embedded repository and gives the outputs that it holds."""

from __future__ import annotations

import os
import pathlib
import subprocess
import sys

import nbformat
import pytest

HERE = pathlib.Path(__file__).parent
NOTEBOOKS = sorted((HERE.parents[1] / "notebooks").glob("*.ipynb"))


def test_there_are_notebooks() -> None:
    assert "quickstart" in [path.stem for path in NOTEBOOKS]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_gives_the_outputs_it_holds(path: pathlib.Path, tmp_path: pathlib.Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--nbval"]
    options = [
        "--nbval-sanitize-with",
        str(HERE / "sanitize.cfg"),
        "--nbval-current-env",
        "--nbval-cell-timeout",
        "120",
    ]
    environment = {**os.environ, "XDG_STATE_HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path)}
    run = subprocess.run(
        [*command, *options, str(path)],
        capture_output=True,
        text=True,
        cwd=path.parent,
        timeout=300,
        env=environment,
    )
    assert run.returncode == 0, run.stdout[-6000:] + run.stderr[-2000:]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_in_the_documentation_and_clean(path: pathlib.Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    assert notebook.metadata.kernelspec.name == "python3"
    index = (HERE.parents[1] / "docs" / "tutorial.md").read_text(encoding="utf-8")
    assert f"generated/{path.stem}" in index
    text = path.read_text(encoding="utf-8")
    assert not any(place in text for place in ("/work/", "/home/", "/tmp/")), "a path of a machine"
