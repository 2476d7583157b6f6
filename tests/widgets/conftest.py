from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import comm
import pytest
from playwright.sync_api import Browser

from sn_pandas.widgets import TreeBrowser

from .bridge import Bridge, Wire
from .source import Source, repository


@pytest.fixture(autouse=True)
def wire(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have widgets speak to a queue instead of a kernel."""
    monkeypatch.setattr(comm, "create_comm", Wire)


@pytest.fixture(autouse=True)
def _own_journals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep journals and unsaved edits in a folder of each test: grids offer those of others."""
    monkeypatch.setenv("SN_PANDAS_JOURNALS", str(tmp_path / "journals"))


@pytest.fixture
def show(browser: Browser) -> Iterator[Callable[..., Bridge]]:
    """Show the tree of a source in the browser."""
    bridges: list[Bridge] = []

    def show(source: Source, path: str = "/Root/Content", **options: Any) -> Bridge:
        bridges.append(Bridge(browser, TreeBrowser(repository(source), path, **options)))
        return bridges[-1]

    yield show
    for bridge in bridges:
        bridge.close()
