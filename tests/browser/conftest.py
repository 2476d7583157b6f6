from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from .harness import Lab, Notebook


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    home = tmp_path_factory.mktemp("lab")
    (home / "notebooks").mkdir()
    lab = Lab(home / "notebooks", home)
    yield lab
    lab.close()


@pytest.fixture(scope="module")
def open_notebook(lab: Lab, browser: Browser) -> Iterator[Callable[[str, str | Path], Notebook]]:
    """Open a notebook in JupyterLab: a text, or a copy of a file."""
    opened: list[Notebook] = []

    def open_(name: str, source: str | Path) -> Notebook:
        text = source.read_text("utf-8") if isinstance(source, Path) else source
        (lab.notebooks / name).write_text(text, "utf-8")
        opened.append(lab.open(browser, name))
        return opened[-1]

    yield open_
    for notebook in opened:
        notebook.close()
