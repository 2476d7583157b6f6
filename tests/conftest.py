"""What all tests share: one browser, and an order in which the long ones begin first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session", autouse=True)
def _no_journals_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Have the journals of all tests in a folder of this run."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start one Chromium for all tests that need it; a missing one is an error, never a skipped test."""
    from .browser.harness import chromium

    with chromium() as browser:
        yield browser


def pytest_configure(config: pytest.Config) -> None:
    """Have pytest-xdist hand out the files in our order, not by the number of their tests."""
    config.option.loadscopereorder = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no worker is left alone with one at the end."""
    weights: dict[str, int] = {}
    for item in items:
        slow = 2 if item.get_closest_marker("slow") else 0
        weight = slow or bool(item.get_closest_marker("browser")) or "notebook" in item.nodeid
        weights[str(item.path)] = max(weights.get(str(item.path), 0), int(weight))
    items.sort(key=lambda item: -weights[str(item.path)])
