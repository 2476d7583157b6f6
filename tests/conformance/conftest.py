"""Prints what the replays counted."""

from __future__ import annotations

import pytest

COUNTS: dict[str, tuple[int, int]] = {}
"""File -> how many of its exchanges agreed, how many did not."""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for name, (passed, failed) in sorted(COUNTS.items()):
        terminalreporter.write_line(f"{name}: {passed} passed, {failed} failed")
    if COUNTS:
        passed, failed = (sum(numbers) for numbers in zip(*COUNTS.values(), strict=True))
        terminalreporter.write_line(f"{passed} passed, {failed} failed")
