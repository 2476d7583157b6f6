from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start one Chromium for all tests that need it; a missing one is an error, never a skipped test."""
    from .browser.harness import chromium

    with chromium() as browser:
        yield browser
